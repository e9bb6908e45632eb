// Package modelfile turns a network's shape, parameters and metadata into the bytes of a file, and
// back.
//
// ParseModel and Open read a model, Model.Write writes one. Container is the layer below, for
// anything else made of tensors and strings, such as a training checkpoint. Model.WriteONNX writes
// a graph that other programs run.
//
// Files are in the safetensors format, so that any tool can read them. Everything in a file is
// checked before anything is used: a damaged or foreign file gives an error that says what is
// wrong, and takes memory in proportion to its length. What is written can be read back, and equal
// models are written as equal bytes.
package modelfile

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// The versions of model files. The first has no views and no floor; programs that know it alone
// refuse the second, which they would misread.
const (
	firstFormat  = "snowman/1"
	secondFormat = "snowman/2"
)

// MaxSymbolLimit is the most symbols that a network may read of a text: no text is longer.
const MaxSymbolLimit = 1 << 16

// maxFile is the largest size of a model file, in bytes. A thousand filters take a few million.
const maxFile = 64 << 20

// benign is the name of the first kind.
const benign = "benign"

// Levels are the names of the levels above none, in ascending order: a model has a threshold for
// each.
var Levels = [...]string{"low", "medium", "high"}

// A Model is a network's parameters and all that is needed to use and to judge them.
type Model struct {
	Parameters *cnn.Parameters        // of a model that was read, they must not change
	Families   func() *cnn.Parameters // the same filters with the families' head; nil if the model names none
	Metadata   Metadata
	SHA256     string // of the data section that was read, in hex: it identifies the model
}

// Metadata is what a model file says beside the parameters.
type Metadata struct {
	Shape           cnn.Shape
	Alphabet        json.RawMessage // from characters to symbols, for package canon
	SymbolLimit     int             // most symbols of a text that the network reads
	Kinds           []string        // names of the network's outputs, "benign" first
	Families        *Families       // nil if the model names none
	SymbolFrequency []float64       // of each symbol in training, adding up to 1; empty if not counted
	Imitated        []string        // registered domains that others imitate, the most popular first; may be empty
	Floor           cnn.Floor       // under the verdicts
	Temperature     float64         // divides the logits before the softmax
	Thresholds      []Threshold     // low, medium and high; empty if no texts were set aside to measure them
	URLThresholds   []Threshold     // likewise, of texts with a path; empty if they are those of names
	Created         string          // as 2006-01-02, or empty
	Seed            uint64          // of the training
	Training        json.RawMessage // what the model was trained on, or empty
	Figures         json.RawMessage // what was measured of it, or empty
	Reference       *Reference      // to hold texts against later; nil if none was measured
}

// A Threshold is the lowest score of a level.
type Threshold struct {
	Level             string  `json:"level"`
	Score             float64 `json:"score"`
	FalsePositiveRate float64 `json:"false_positive_rate"` // that the threshold was set for
	FalsePositives    int     `json:"false_positives"`     // measured: benign texts at or above the score
	Benign            int     `json:"benign"`              // measured: all benign texts

	// What the level gets in each group of benign texts, and in each country suffix with enough of
	// them, sorted by name. Older files lack both.
	Groups    []GroupCount `json:"groups,omitempty"`
	Countries []GroupCount `json:"countries,omitempty"`

	Own *OwnLevel `json:"own,omitempty"` // nil where the level is as training left it
}

// A GroupCount is how many of a group's benign texts reach a level.
type GroupCount struct {
	Name           string `json:"name"`
	FalsePositives int    `json:"false_positives"`
	Benign         int    `json:"benign"`
}

// What a level promises in each group and country with enough texts.
const (
	GroupTolerance = 3  // times its rate a level may have in one of them
	GroupExpected  = 10 // texts of one of them must reach the level by its rate, or it has no say
)

// HasSay reports whether a group of so many texts is large enough for the level's promise.
func (t Threshold) HasSay(texts int) bool { return float64(texts)*t.FalsePositiveRate >= GroupExpected }

// TooFew reports whether there were too few benign texts to measure the level: fewer than one of
// them may reach it.
func (t Threshold) TooFew() bool { return float64(t.Benign)*t.FalsePositiveRate < 1 }

// A field is one member of the metadata.
type field struct {
	key      string
	value    any
	optional bool // older files lack it
}

// fields lists all metadata. In the file a string or raw JSON stands as it is, anything else as
// JSON.
func (m *Metadata) fields() []field {
	return []field{
		{key: "shape", value: &m.Shape},
		{key: "alphabet", value: &m.Alphabet},
		{key: "symbol_limit", value: &m.SymbolLimit},
		{key: "kinds", value: &m.Kinds},
		{key: "families", value: &m.Families, optional: true},
		{key: "symbol_frequency", value: &m.SymbolFrequency, optional: true},
		{key: "imitated", value: &m.Imitated, optional: true},
		{key: "floor", value: &m.Floor, optional: true},
		{key: "temperature", value: &m.Temperature},
		{key: "thresholds", value: &m.Thresholds},
		{key: "url_thresholds", value: &m.URLThresholds, optional: true},
		{key: "created", value: &m.Created},
		{key: "seed", value: &m.Seed},
		{key: "training", value: &m.Training},
		{key: "figures", value: &m.Figures},
		{key: "reference", value: &m.Reference, optional: true},
	}
}

// encode returns the metadata as the strings of a container.
func (m Metadata) encode() (map[string]string, error) {
	texts := map[string]string{"format": m.format()}
	for _, f := range m.fields() {
		switch value := f.value.(type) {
		case *string:
			texts[f.key] = *value
		case *json.RawMessage:
			texts[f.key] = string(*value)
		default:
			text, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("metadata %q: %w", f.key, err)
			}
			if isEmpty := string(text) == "null" || f.value == &m.Floor && !m.Floor.Exists(); !f.optional || !isEmpty {
				texts[f.key] = string(text)
			}
		}
	}
	texts[metadataHashKey] = hashMetadata(texts)
	return texts, nil
}

// format returns the oldest version that has all of the metadata.
func (m Metadata) format() string {
	if m.Shape.HasViews() || m.Floor.Exists() {
		return secondFormat
	}
	return firstFormat
}

// metadataHashKey is the key of the hash of all metadata. The hash of the data section does not
// cover them, and a threshold with a flipped bit may still be a number.
const metadataHashKey = "metadata_sha256"

// hashMetadata returns the SHA-256 of what the file says of every field, in hex.
func hashMetadata(texts map[string]string) string {
	sum := sha256.New()
	w := bufio.NewWriter(sum)
	for _, f := range new(Metadata).fields() {
		if _, found := texts[f.key]; !found && f.optional {
			continue
		}
		fmt.Fprintf(w, "%s %d\n", f.key, len(texts[f.key]))
		w.WriteString(texts[f.key])
		w.WriteByte('\n')
	}
	w.Flush() // to a hash, which takes all
	return hex.EncodeToString(sum.Sum(nil))
}

// decodeMetadata is the inverse of encode. It ignores unknown keys.
func decodeMetadata(texts map[string]string) (Metadata, error) {
	if found := texts["format"]; found != firstFormat && found != secondFormat {
		return Metadata{}, fmt.Errorf("format is %q, this program reads %q and %q", found, firstFormat, secondFormat)
	}
	var m Metadata
	for _, f := range m.fields() {
		text, found := texts[f.key]
		if !found && f.optional {
			continue
		}
		if !found {
			return Metadata{}, fmt.Errorf("metadata %q is missing", f.key)
		}
		switch value := f.value.(type) {
		case *string:
			*value = text
		case *json.RawMessage:
			if text != "" { // encoding/json writes a nil message as null, and refuses an empty one
				*value = json.RawMessage(text)
			}
		default:
			if list, isList := value.(*[]string); isList {
				var ok bool
				if *list, ok = scanNames(text); ok {
					continue
				}
			}
			if err := json.Unmarshal([]byte(text), value); err != nil {
				return Metadata{}, fmt.Errorf("metadata %q: %w", f.key, err)
			}
		}
	}
	if found := texts["format"]; found < m.format() {
		return Metadata{}, fmt.Errorf("format is %q, views and a floor need %q", found, m.format())
	}
	return m, nil
}

// Validate returns an error if a model cannot have this metadata.
func (m Metadata) Validate() error {
	if err := m.Shape.Validate(); err != nil {
		return err
	}
	for _, f := range m.fields() {
		message, raw := f.value.(*json.RawMessage)
		if raw && len(*message) > 0 && !(utf8.Valid(*message) && json.Valid(*message)) {
			return fmt.Errorf("%s is not valid JSON", f.key)
		}
	}
	if len(m.Alphabet) == 0 {
		return errors.New("alphabet is empty")
	}
	if m.SymbolLimit < 1 || m.SymbolLimit > MaxSymbolLimit {
		return fmt.Errorf("symbol limit is %d, want 1 to %d", m.SymbolLimit, MaxSymbolLimit)
	}
	if len(m.Kinds) != m.Shape.Kinds {
		return fmt.Errorf("%d kinds have a name, want %d", len(m.Kinds), m.Shape.Kinds)
	}
	if m.Kinds[0] != benign {
		return fmt.Errorf("the first kind is %q, want %q", m.Kinds[0], benign)
	}
	if err := checkNames("kind", m.Kinds); err != nil {
		return err
	}
	if m.Families != nil {
		if err := m.Families.validate(m.Shape); err != nil {
			return err
		}
	}
	if err := validateFrequency(m.SymbolFrequency, m.Shape.Symbols); err != nil {
		return err
	}
	if err := lookalike.Check(m.Imitated); err != nil {
		return err
	}
	if err := m.Floor.Validate(); err != nil {
		return err
	}
	if !(m.Temperature > 0) || math.IsInf(m.Temperature, 1) {
		return fmt.Errorf("temperature is %v, want a finite number above 0", m.Temperature)
	}
	for _, thresholds := range [][]Threshold{m.Thresholds, m.URLThresholds} {
		if err := validateThresholds(thresholds); err != nil {
			return err
		}
	}
	if m.Reference != nil {
		if err := m.Reference.validate(); err != nil {
			return err
		}
	}
	if m.Created != "" {
		if _, err := time.Parse(time.DateOnly, m.Created); err != nil {
			return fmt.Errorf("created on %q, want a date as %s", m.Created, time.DateOnly)
		}
	}
	return nil
}

func validateFrequency(frequency []float64, symbols int) error {
	if n := len(frequency); n != 0 && n != symbols {
		return fmt.Errorf("%d symbols have a frequency, want none or %d", n, symbols)
	}
	sum := 0.0
	for symbol, share := range frequency {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("symbol %d has frequency %v, want 0 to 1", symbol, share)
		}
		sum += share
	}
	const rounding = 1e-3 // of numbers with few digits
	if len(frequency) > 0 && math.Abs(sum-1) > rounding {
		return fmt.Errorf("the symbols' frequencies add up to %v, want 1", sum)
	}
	return nil
}

func validateThresholds(thresholds []Threshold) error {
	if n := len(thresholds); n != 0 && n != len(Levels) {
		return fmt.Errorf("%d thresholds, want none or %d", n, len(Levels))
	}
	lowest := 0.0
	for i, t := range thresholds {
		if t.Level != Levels[i] {
			return fmt.Errorf("threshold %d is of level %q, want %q", i, t.Level, Levels[i])
		}
		// The number after 1, which no score reaches, stands for a level that too few texts could
		// set. Two levels may share it, so scores need not ascend strictly.
		if highest := math.Nextafter(1, 2); !(t.Score >= lowest && t.Score <= highest) {
			return fmt.Errorf("threshold %q has score %v, want %v to %v", t.Level, t.Score, lowest, highest)
		}
		lowest = t.Score
		if !(t.FalsePositiveRate > 0 && t.FalsePositiveRate < 1) {
			return fmt.Errorf("threshold %q has false positive rate %v, want above 0 and below 1", t.Level, t.FalsePositiveRate)
		}
		if t.FalsePositives < 0 || t.FalsePositives > t.Benign {
			return fmt.Errorf("threshold %q has %d false positives of %d", t.Level, t.FalsePositives, t.Benign)
		}
		if t.Own != nil {
			if err := t.Own.validate(); err != nil {
				return fmt.Errorf("threshold %q was set on own traffic: %w", t.Level, err)
			}
		}
		for _, g := range slices.Concat(t.Groups, t.Countries) {
			if g.FalsePositives < 0 || g.FalsePositives > g.Benign || g.Benign > t.Benign {
				return fmt.Errorf("threshold %q has %d false positives of %d in group %q", t.Level, g.FalsePositives, g.Benign, g.Name)
			}
		}
	}
	return nil
}

// Write writes the model as a safetensors file, equal models as equal bytes. It writes nothing that
// Open would refuse.
func (m Model) Write(w io.Writer) error {
	file, err := m.encode()
	if err != nil {
		return fmt.Errorf("writing model: %w", err)
	}
	_, err = w.Write(file)
	return err
}

func (m Model) encode() ([]byte, error) {
	if err := m.Metadata.Validate(); err != nil {
		return nil, err
	}
	if m.Parameters == nil || !m.Parameters.Shape.Equal(m.Metadata.Shape) {
		return nil, errors.New("the parameters are not of the shape in the metadata")
	}
	if m.Parameters.Floor != m.Metadata.Floor {
		return nil, fmt.Errorf("the parameters have a floor of %v, the metadata of %v", m.Parameters.Floor, m.Metadata.Floor)
	}
	tensors := m.Parameters.Tensors()
	switch families := m.Metadata.Families; {
	case families == nil && m.Families == nil:
	case families == nil || m.Families == nil || !m.Families().Shape.Equal(families.Shape(m.Metadata.Shape)):
		return nil, errors.New("the families' head is not of the shape in the metadata")
	default:
		tensors = append(tensors, familyTensors(m.Families())...)
	}
	texts, err := m.Metadata.encode()
	if err != nil {
		return nil, err
	}
	file, err := Container{Metadata: texts, Tensors: tensors}.encode()
	if err != nil {
		return nil, err
	}
	return file, checkSize(int64(len(file)))
}

func checkSize(size int64) error {
	if size > maxFile {
		return fmt.Errorf("file of %d bytes, want at most %d", size, maxFile)
	}
	return nil
}

// Open reads the model in a file of at most 64 MiB, which may be a pipe.
func Open(path string) (m *Model, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("reading model %q: %w", path, err)
		}
	}()
	content, err := inputfile.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	return parseModel(content)
}

// ParseModel reads a model from the content of a file, which must not change afterwards: the
// parameters may share its memory, and the families' head is read when it is asked for.
func ParseModel(file []byte) (*Model, error) {
	m, err := parseModel(file)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	return m, nil
}

func parseModel(file []byte) (*Model, error) {
	if err := checkSize(int64(len(file))); err != nil {
		return nil, err
	}
	texts, tensors, err := parse(file)
	if err != nil {
		return nil, err
	}
	metadata, err := decodeMetadata(texts)
	if err != nil {
		return nil, err
	}
	if err := metadata.Validate(); err != nil {
		return nil, err
	}
	parameters, families, err := newParameters(metadata, tensors)
	if err != nil {
		return nil, err
	}
	// Last, since the errors above say more about a file from elsewhere.
	if sum := hashMetadata(texts); sum != texts[metadataHashKey] {
		return nil, fmt.Errorf("metadata have SHA-256 %q, the file says %q", sum, texts[metadataHashKey])
	}
	return &Model{Parameters: parameters, Families: families, Metadata: metadata, SHA256: texts[hashKey]}, nil
}

// newParameters returns parameters with the values of tensors, which may come in any order, and, if
// the metadata name families, what makes those with the families' head. The metadata must be valid.
// Names and shapes are compared first: a small file can name a shape of gigabytes.
func newParameters(metadata Metadata, tensors []entry) (network *cnn.Parameters, families func() *cnn.Parameters, err error) {
	layout := func(shape cnn.Shape) *cnn.Parameters {
		return &cnn.Parameters{Shape: shape, Convolutions: make([]cnn.Convolution, len(shape.Widths))}
	}
	wanted := layout(metadata.Shape).Tensors()
	ofNetwork := len(wanted)
	if metadata.Families != nil {
		wanted = append(wanted, familyTensors(layout(metadata.Families.Shape(metadata.Shape)))...)
	}
	byName := map[string]entry{}
	for _, tensor := range tensors {
		byName[tensor.name] = tensor
	}
	var ordered []entry
	for _, want := range wanted {
		tensor, found := byName[want.Name]
		if !found {
			return nil, nil, fmt.Errorf("tensor %q is missing", want.Name)
		}
		if !slices.Equal(tensor.Shape, want.Shape) {
			return nil, nil, fmt.Errorf("tensor %q has shape %v, want %v", want.Name, tensor.Shape, want.Shape)
		}
		ordered = append(ordered, tensor)
		delete(byName, want.Name)
	}
	if len(byName) > 0 {
		return nil, nil, fmt.Errorf("tensor %q is not part of the network", slices.Min(slices.Collect(maps.Keys(byName))))
	}
	if network, err = cnn.ParametersOf(metadata.Shape, flat(ordered[:ofNetwork])); err != nil {
		return nil, nil, err
	}
	network.Floor = metadata.Floor
	if metadata.Families == nil {
		return network, nil, nil
	}
	return network, sync.OnceValue(func() *cnn.Parameters {
		families, err := cnn.NewParameters(metadata.Families.Shape(metadata.Shape))
		if err != nil {
			panic("the shape of the families' head is invalid: " + err.Error()) // the metadata are valid
		}
		families.CopyFilters(network)
		for i, view := range families.HeadTensors() {
			ordered[ofNetwork+i].decode(view.Data)
		}
		return families
	}), nil
}
