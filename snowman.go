// Package snowman says how likely a URL or a domain name is to be malicious, from its characters
// alone: nothing is looked up, resolved or sent.
//
//	score, err := snowman.Default().Score("zis32msdi3.com")
//
// The network is a character-level convolutional network whose convolutions are folded into tables:
//
//	text -> canonical URL -> symbols -> table rows added, maximum over time -> dense -> Verdict
//	        internal/canon              internal/kernel, internal/cnn
//
// Default is the model that comes with the package, Open reads another one. A Model is immutable and
// safe for any number of goroutines. A Scorer, one for each goroutine, does the same without
// allocating memory.
//
// A score is a probability only where malicious texts are as common as they were in training. What
// carries over to other traffic are the levels: each stands for the share of ordinary names that
// score as high.
package snowman

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

// MaxLength is the length in bytes beyond which a text is refused.
const MaxLength = canon.MaxLength

// A Model scores texts. It is immutable and safe for any number of goroutines.
type Model struct {
	network    *cnn.Network
	alphabet   *canon.Alphabet
	thresholds [High]float64 // the lowest score of each level above None
	file       *modelfile.Model
	scorers    sync.Pool
}

// A Verdict is what a model says of one text.
type Verdict struct {
	Score         float64   // probability of malicious, 0 to 1
	Level         Level     // how rarely ordinary names score as high
	Kind          string    // the likeliest malicious kind, or benign where the level is None
	Probabilities []float64 // of each of the model's kinds; they add up to 1
}

var loadDefault = sync.OnceValue(func() *Model {
	file, err := modelfile.ParseModel(models.Default)
	if err != nil {
		panic("snowman: the embedded model is damaged: " + err.Error()) // a test reads it
	}
	m, err := newModel(file)
	if err != nil {
		panic("snowman: the embedded model is damaged: " + err.Error())
	}
	return m
})

// Default returns the model that comes with the package. The first call takes some milliseconds.
func Default() *Model { return loadDefault() }

// Open reads a model from a file, as snowman train writes it.
func Open(path string) (*Model, error) {
	file, err := modelfile.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := newModel(file)
	if err != nil {
		return nil, fmt.Errorf("reading model %q: %w", path, err)
	}
	return m, nil
}

func newModel(file *modelfile.Model) (*Model, error) {
	metadata := file.Metadata
	alphabet, err := canon.ParseAlphabet(metadata.Alphabet)
	if err != nil {
		return nil, err
	}
	if alphabet.Symbols() != metadata.Shape.Symbols {
		return nil, fmt.Errorf("alphabet has %d symbols, the network %d", alphabet.Symbols(), metadata.Shape.Symbols)
	}
	m := &Model{network: cnn.NewNetwork(file.Parameters), alphabet: alphabet, file: file}
	for i := range m.thresholds {
		m.thresholds[i] = 2 // no score reaches it
		if i < len(metadata.Thresholds) {
			m.thresholds[i] = metadata.Thresholds[i].Score
		}
	}
	return m, nil
}

// Kinds names what the model tells apart, benign first.
func (m *Model) Kinds() []string { return slices.Clone(m.file.Metadata.Kinds) }

// Score returns the probability that the text is malicious. An error says what keeps the text from
// being a URL or a name.
func (m *Model) Score(text string) (float64, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	return s.Score(text)
}

// Classify returns the model's whole verdict on the text.
func (m *Model) Classify(text string) (Verdict, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	verdict, err := s.Classify(text)
	verdict.Probabilities = slices.Clone(verdict.Probabilities)
	return verdict, err
}

func (m *Model) scorer() *Scorer {
	if s, ok := m.scorers.Get().(*Scorer); ok {
		return s
	}
	return m.NewScorer()
}

// A Scorer scores texts one after the other without allocating memory. It belongs to one goroutine.
type Scorer struct {
	model         *Model
	url           canon.URL
	symbols       []uint8
	scratch       *cnn.Scratch
	probabilities []float64
}

// NewScorer returns a Scorer for this model.
func (m *Model) NewScorer() *Scorer {
	shape := m.network.Shape()
	return &Scorer{model: m, scratch: m.network.NewScratch(), probabilities: make([]float64, shape.Kinds)}
}

// Score is Model.Score.
func (s *Scorer) Score(text string) (float64, error) {
	if err := s.url.Parse(text); err != nil {
		return 0, err
	}
	metadata := &s.model.file.Metadata
	s.symbols = s.model.alphabet.Append(s.symbols[:0], &s.url, metadata.SymbolLimit, metadata.Shape.Padding())
	cnn.Softmax(s.probabilities, s.model.network.Logits(s.scratch, s.symbols), metadata.Temperature)
	score := cnn.Score(s.probabilities)
	if math.IsNaN(score) {
		return 0, errOverflow
	}
	return score, nil
}

// errOverflow is what becomes of weights that are finite, but so large that their sums are not.
var errOverflow = errors.New("the model's numbers overflow on this text: it is damaged")

// Classify is Model.Classify. The verdict's probabilities hold until the next call.
func (s *Scorer) Classify(text string) (Verdict, error) {
	score, err := s.Score(text)
	if err != nil {
		return Verdict{}, err
	}
	verdict := Verdict{Score: score, Level: s.model.level(score), Kind: s.model.file.Metadata.Kinds[0], Probabilities: s.probabilities}
	if verdict.Level > None {
		likeliest := 1
		for k := range s.probabilities {
			if k > 0 && s.probabilities[k] > s.probabilities[likeliest] {
				likeliest = k
			}
		}
		verdict.Kind = s.model.file.Metadata.Kinds[likeliest]
	}
	return verdict, nil
}

// Canonical returns what the last text was scored as, its canonical form.
func (s *Scorer) Canonical() string { return s.url.String() }
