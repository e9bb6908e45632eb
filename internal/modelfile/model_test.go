package modelfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/cnn"
)

// newModel returns a small model with a value in every field.
func newModel(t testing.TB) Model {
	t.Helper()
	shape := cnn.Shape{Symbols: 3, Embedding: 2, Widths: []int{1, 2}, Filters: 2, Hidden: 2, Kinds: 2}
	p, err := cnn.NewParameters(shape)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Flat {
		p.Flat[i] = float32(i) - 10.1
	}
	return Model{
		Parameters: p,
		Metadata: Metadata{
			Shape:           shape,
			Alphabet:        json.RawMessage(`{"host": "<&>é"}`),
			SymbolLimit:     500,
			Kinds:           []string{"benign", "malicious"},
			SymbolFrequency: []float64{0, 0.125, 0.8749},
			Imitated:        []string{"paypal.com", "bbc-news.co.uk"},
			Temperature:     1.1,
			Thresholds: []Threshold{
				{Level: "low", Score: 0.3, FalsePositiveRate: 1e-2, FalsePositives: 100, Benign: 10001},
				{Level: "medium", Score: 0.7, FalsePositiveRate: 1e-3, FalsePositives: 10, Benign: 10001},
				{Level: "high", Score: math.Nextafter(1, 2), FalsePositiveRate: 1e-4, Benign: 10001},
			},
			Created:  "2026-01-31",
			Seed:     math.MaxUint64,
			Training: json.RawMessage(` [1, 2]`),
			Figures:  json.RawMessage(`null`),
		},
	}
}

func writeModel(t testing.TB, m Model) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// split returns a file's header, with $SHA256 in the place of the hash, and its data section.
func split(t testing.TB, file []byte) (header string, data []byte) {
	t.Helper()
	begin := lengthSize + binary.LittleEndian.Uint64(file)
	data = file[begin:]
	return strings.Replace(string(file[lengthSize:begin]), hash(data), "$SHA256", 1), data
}

// withFamilies gives the model a head that names families.
func withFamilies(m *Model) {
	m.Metadata.Families = &Families{Names: []string{"banjori", "conficker", "qakbot"}, Hidden: 4}
	head, _ := cnn.NewParameters(m.Metadata.Families.Shape(m.Metadata.Shape))
	for i := range head.Flat {
		head.Flat[i] = 0.3 - float32(i)
	}
	head.CopyFilters(m.Parameters)
	m.Families = func() *cnn.Parameters { return head }
}

// familiesOf returns the parameters with the families' head, or nil.
func familiesOf(m *Model) *cnn.Parameters {
	if m.Families == nil {
		return nil
	}
	return m.Families()
}

// withViews gives the model two views and a floor.
func withViews(m *Model) {
	m.Metadata.Shape.Views, m.Metadata.Floor = 2, cnn.Floor{Host: 0.1, RegisteredDomain: 0.5}
	m.Parameters, _ = cnn.NewParameters(m.Metadata.Shape)
	m.Parameters.Floor = m.Metadata.Floor
	for i := range m.Parameters.Flat {
		m.Parameters.Flat[i] = float32(i) - 10.1
	}
}

func TestViewsAndAFloorAreOfTheSecondFormat(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Model)
		want   string
	}{
		{"neither", func(*Model) {}, "snowman/1"},
		{"both", withViews, "snowman/2"},
		{"views", func(m *Model) {
			withViews(m)
			m.Metadata.Floor, m.Parameters.Floor = cnn.Floor{}, cnn.Floor{}
		}, "snowman/2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newModel(t)
			test.change(&m)
			c, err := Parse(writeModel(t, m))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Metadata["format"]; got != test.want {
				t.Errorf("format is %q, want %q", got, test.want)
			}
		})
	}
}

// wantSame compares what two models say and do. The hash depends on the order of the tensors too.
func wantSame(t *testing.T, got, want *Model) {
	t.Helper()
	if !reflect.DeepEqual(got.Parameters, want.Parameters) {
		t.Errorf("parameters are %v, want %v", got.Parameters, want.Parameters)
	}
	if got, want := familiesOf(got), familiesOf(want); !reflect.DeepEqual(got, want) {
		t.Errorf("the families' parameters are %v, want %v", got, want)
	}
	if !reflect.DeepEqual(got.Metadata, want.Metadata) {
		t.Errorf("metadata is %+v, want %+v", got.Metadata, want.Metadata)
	}
}

func TestModelComesBackAsWritten(t *testing.T) {
	for name, change := range map[string]func(*Model){
		"every field": func(*Model) {},
		"nothing measured": func(m *Model) {
			m.Metadata.Thresholds, m.Metadata.Created, m.Metadata.Seed = nil, "", 0
			m.Metadata.Training, m.Metadata.Figures = nil, nil
		},
		"nobody counted symbols":  func(m *Model) { m.Metadata.SymbolFrequency = nil },
		"nobody imitated":         func(m *Model) { m.Metadata.Imitated = nil },
		"two levels at one score": func(m *Model) { m.Metadata.Thresholds[1].Score = m.Metadata.Thresholds[2].Score },
		"families":                withFamilies,
		"views and a floor":       withViews,
		"views and families": func(m *Model) {
			withViews(m)
			withFamilies(m)
		},
		"families without a hidden layer": func(m *Model) {
			withFamilies(m)
			m.Metadata.Families.Hidden = 0
			head, _ := cnn.NewParameters(m.Metadata.Families.Shape(m.Metadata.Shape))
			head.CopyFilters(m.Parameters)
			m.Families = func() *cnn.Parameters { return head }
		},
		"no hidden layer": func(m *Model) {
			m.Metadata.Shape.Hidden = 0
			m.Parameters, _ = cnn.NewParameters(m.Metadata.Shape)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(t)
			change(&m)
			file := writeModel(t, m)
			if again := writeModel(t, m); !bytes.Equal(file, again) {
				t.Error("written twice, the bytes differ")
			}
			got, err := ParseModel(file)
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, got, &m)
			if _, data := split(t, file); got.SHA256 != hash(data) {
				t.Errorf("SHA-256 is %q, want %q", got.SHA256, hash(data))
			}
		})
	}
}

func TestTensorsComeInAnyOrderAndUnknownMetadataIsIgnored(t *testing.T) {
	m := newModel(t)
	c, err := Parse(writeModel(t, m))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(c.Tensors)
	c.Metadata["author"] = "unknown"
	got, err := ParseModel(write(t, c))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, &m)
}

// A file may lie anywhere in memory. Where its values are aligned, they are read in place.
func TestAFileThatIsNotAlignedIsRead(t *testing.T) {
	m := newModel(t)
	file := writeModel(t, m)
	inPlace := 0
	for shift := range 8 {
		shifted := append(make([]byte, shift, shift+len(file)), file...)[shift:]
		got, err := ParseModel(shifted)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, &m)
		first, start := uintptr(unsafe.Pointer(&got.Parameters.Flat[0])), uintptr(unsafe.Pointer(&shifted[0]))
		if first%4 != 0 {
			t.Errorf("shifted by %d, the values are not aligned", shift)
		}
		if start <= first && first < start+uintptr(len(shifted)) {
			inPlace++
		}
	}
	if isBigEndian := binary.NativeEndian.Uint16([]byte{0, 1}) == 1; inPlace != 2 && !isBigEndian {
		t.Errorf("of 8 shifts %d were read in place, want 2", inPlace)
	}
}

func TestAModelWithoutTheFieldOfImitatedNamesIsRead(t *testing.T) {
	m := newModel(t)
	m.Metadata.Imitated = nil
	c, err := Parse(writeModel(t, m))
	if err != nil {
		t.Fatal(err)
	}
	delete(c.Metadata, "imitated")
	c.Metadata[metadataHashKey] = hashMetadata(c.Metadata)
	got, err := ParseModel(write(t, c))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, &m)
}

// spoiled are changes to the metadata that make it invalid, and what the error says.
var spoiled = map[string]struct {
	spoil func(*Metadata)
	want  string
}{
	"an impossible shape":            {func(m *Metadata) { m.Shape.Symbols = 257 }, "symbols is 257, want 2 to 256"},
	"no alphabet":                    {func(m *Metadata) { m.Alphabet = nil }, "alphabet is empty"},
	"an alphabet that is not JSON":   {func(m *Metadata) { m.Alphabet = json.RawMessage("{") }, "alphabet is not valid JSON"},
	"training that is not JSON":      {func(m *Metadata) { m.Training = json.RawMessage("x") }, "training is not valid JSON"},
	"figures that are not JSON":      {func(m *Metadata) { m.Figures = json.RawMessage("1 2") }, "figures is not valid JSON"},
	"a symbol limit of 0":            {func(m *Metadata) { m.SymbolLimit = 0 }, "symbol limit is 0, want 1 to 65536"},
	"a symbol limit beyond any text": {func(m *Metadata) { m.SymbolLimit = MaxSymbolLimit + 1 }, "symbol limit is 65537, want 1 to 65536"},
	"too few kinds":                  {func(m *Metadata) { m.Kinds = []string{"benign"} }, "1 kinds have a name, want 2"},
	"too many kinds":                 {func(m *Metadata) { m.Kinds = []string{"benign", "dga", "phishing"} }, "3 kinds have a name, want 2"},
	"kinds in another order":         {func(m *Metadata) { m.Kinds = []string{"malicious", "benign"} }, `the first kind is "malicious", want "benign"`},
	"a kind twice":                   {func(m *Metadata) { m.Kinds = []string{"benign", "benign"} }, `kind "benign" stands twice`},
	"a kind without a name":          {func(m *Metadata) { m.Kinds = []string{"benign", ""} }, `kind "", want 1 to 32 printable bytes`},
	"a kind that is a novel":         {func(m *Metadata) { m.Kinds = []string{"benign", strings.Repeat("x", 33)} }, "want 1 to 32 printable bytes"},
	"a kind that rings the bell":     {func(m *Metadata) { m.Kinds = []string{"benign", "dga\a"} }, `kind "dga\a", want 1 to 32 printable bytes`},
	"too few frequencies":            {func(m *Metadata) { m.SymbolFrequency = m.SymbolFrequency[1:] }, "2 symbols have a frequency, want none or 3"},
	"a negative frequency":           {func(m *Metadata) { m.SymbolFrequency[1] = -0.1 }, "symbol 1 has frequency -0.1, want 0 to 1"},
	"frequencies that do not add up": {func(m *Metadata) { m.SymbolFrequency[1] = 0.2 }, "the symbols' frequencies add up to 1.07"},
	"an imitated name in capitals":   {func(m *Metadata) { m.Imitated[0] = "PayPal.com" }, `name to imitate "PayPal.com", want a domain in lower case`},
	"a temperature of 0":             {func(m *Metadata) { m.Temperature = 0 }, "temperature is 0, want a finite number above 0"},
	"a negative temperature":         {func(m *Metadata) { m.Temperature = -1 }, "temperature is -1, want a finite number above 0"},
	"one threshold":                  {func(m *Metadata) { m.Thresholds = m.Thresholds[:1] }, "1 thresholds, want none or 3"},
	"thresholds in another order":    {func(m *Metadata) { slices.Reverse(m.Thresholds) }, `threshold 0 is of level "high", want "low"`},
	"a score above 1":                {func(m *Metadata) { m.Thresholds[2].Score = 1.1 }, `threshold "high" has score 1.1, want 0.7 to 1.0000000000000002`},
	"a negative score":               {func(m *Metadata) { m.Thresholds[0].Score = -0.1 }, `threshold "low" has score -0.1, want 0 to`},
	"scores that descend":            {func(m *Metadata) { m.Thresholds[1].Score = 0.2 }, `threshold "medium" has score 0.2, want 0.3 to`},
	"a false positive rate of 0":     {func(m *Metadata) { m.Thresholds[1].FalsePositiveRate = 0 }, `threshold "medium" has false positive rate 0, want`},
	"a false positive rate of 1":     {func(m *Metadata) { m.Thresholds[1].FalsePositiveRate = 1 }, `threshold "medium" has false positive rate 1, want`},
	"fewer than no false positives":  {func(m *Metadata) { m.Thresholds[1].FalsePositives = -1 }, `threshold "medium" has -1 false positives of 10001`},
	"a group of more than there are": {func(m *Metadata) { m.Thresholds[1].Groups = []GroupCount{{"links", 3, 10_002}} },
		`threshold "medium" has 3 false positives of 10002 in group "links"`},
	"a country with more false positives than texts": {func(m *Metadata) { m.Thresholds[1].Countries = []GroupCount{{".br", 3, 2}} },
		`threshold "medium" has 3 false positives of 2 in group ".br"`},
	"more false positives than benign": {func(m *Metadata) { m.Thresholds[1].Benign = 9 }, `threshold "medium" has 10 false positives of 9`},
	"one family":                       {func(m *Metadata) { m.Families = &Families{Names: []string{"dga"}} }, "families: network shape: kinds is 1, want 2 to 64"},
	"families and a negative layer":    {func(m *Metadata) { m.Families = &Families{[]string{"a", "b"}, -1} }, "families: network shape: hidden is -1, want 0 to 4096"},
	"a family twice":                   {func(m *Metadata) { m.Families = &Families{[]string{"a", "a"}, 0} }, `family "a" stands twice`},
	"a family that hides":              {func(m *Metadata) { m.Families = &Families{[]string{"a", "\u202e"}, 0} }, `family "\u202e", want 1 to 32 printable bytes`},
	"a day that never was":             {func(m *Metadata) { m.Created = "2026-02-30" }, `created on "2026-02-30", want a date as 2006-01-02`},
}

func TestModelThatCouldNotBeReadIsNotWritten(t *testing.T) {
	changes := map[string]struct {
		change func(*Model)
		want   string
	}{
		"NaN as a temperature":           {func(m *Model) { m.Metadata.Temperature = math.NaN() }, "temperature is NaN"},
		"an infinite temperature":        {func(m *Model) { m.Metadata.Temperature = math.Inf(1) }, "temperature is +Inf"},
		"NaN as a frequency":             {func(m *Model) { m.Metadata.SymbolFrequency[2] = math.NaN() }, "symbol 2 has frequency NaN, want 0 to 1"},
		"NaN as a score":                 {func(m *Model) { m.Metadata.Thresholds[0].Score = math.NaN() }, `threshold "low" has score NaN`},
		"NaN as a false positive rate":   {func(m *Model) { m.Metadata.Thresholds[0].FalsePositiveRate = math.NaN() }, `threshold "low" has false positive rate NaN`},
		"a kind that is not UTF-8":       {func(m *Model) { m.Metadata.Kinds[1] = "\xff" }, `kind "\xff", want 1 to 32 printable bytes`},
		"an alphabet that is not UTF-8":  {func(m *Model) { m.Metadata.Alphabet = json.RawMessage("\"\xff\"") }, "alphabet is not valid JSON"},
		"a head without families":        {func(m *Model) { withFamilies(m); m.Metadata.Families = nil }, "the families' head is not of the shape in the metadata"},
		"families without a head":        {func(m *Model) { withFamilies(m); m.Families = nil }, "the families' head is not of the shape in the metadata"},
		"a head of another shape":        {func(m *Model) { withFamilies(m); m.Metadata.Families.Hidden++ }, "the families' head is not of the shape in the metadata"},
		"no parameters":                  {func(m *Model) { m.Parameters = nil }, "the parameters are not of the shape in the metadata"},
		"parameters of another shape":    {func(m *Model) { m.Metadata.Shape.Filters++ }, "the parameters are not of the shape in the metadata"},
		"a weight that is not finite":    {func(m *Model) { m.Parameters.Embedding[1] = float32(math.NaN()) }, `tensor "embedding.weight": value 1 is NaN`},
		"another floor":                  {func(m *Model) { m.Parameters.Floor = cnn.Floor{Host: 1, RegisteredDomain: 2} }, "the parameters have a floor of {1 2}, the metadata of {0 0}"},
		"a layer that lost its weights":  {func(m *Model) { m.Parameters.DenseBias = nil }, `tensor "dense.bias" has 0 bytes, want 8 for shape [2]`},
		"figures longer than the header": {func(m *Model) { m.Metadata.Figures = json.RawMessage(strings.Repeat("1", maxHeader)) }, "want at most 1048576"},
		"more weights than are read": {func(m *Model) {
			m.Metadata.Shape, m.Metadata.SymbolFrequency = cnn.Shape{Symbols: 2, Embedding: 1, Widths: []int{1}, Filters: 4096, Hidden: 4096, Kinds: 2}, nil
			m.Parameters, _ = cnn.NewParameters(m.Metadata.Shape)
		}, "want at most 67108864"},
	}
	for name, test := range spoiled {
		changes[name] = struct {
			change func(*Model)
			want   string
		}{func(m *Model) { test.spoil(&m.Metadata) }, test.want}
	}
	for name, test := range changes {
		t.Run(name, func(t *testing.T) {
			m := newModel(t)
			test.change(&m)
			var file bytes.Buffer
			err := m.Write(&file)
			wantError(t, err, "writing model: ")
			wantError(t, err, test.want)
			if file.Len() > 0 {
				t.Errorf("wrote %d bytes", file.Len())
			}
		})
	}
}

// texts returns a changed model's metadata as a container has it, valid or not.
func texts(t testing.TB, change func(*Model)) map[string]string {
	t.Helper()
	m := newModel(t)
	change(&m)
	texts, err := m.Metadata.encode()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestParseModelNamesWhatIsWrong(t *testing.T) {
	type change struct {
		change func(*Container)
		want   string
	}
	changes := map[string]change{
		"no format":           {func(c *Container) { delete(c.Metadata, "format") }, `format is "", this program reads "snowman/1" and "snowman/2"`},
		"another format":      {func(c *Container) { c.Metadata["format"] = "snowman/3" }, `format is "snowman/3", this program reads "snowman/1" and "snowman/2"`},
		"a floor that is new": {func(c *Container) { c.Metadata["floor"] = `{"host":1,"registered_domain":1}` }, `format is "snowman/1", views and a floor need "snowman/2"`},
		"views that are new": {func(c *Container) {
			c.Metadata["shape"] = strings.Replace(c.Metadata["shape"], "{", `{"views":3,`, 1)
		}, `format is "snowman/1", views and a floor need "snowman/2"`},
		"no seed":                {func(c *Container) { delete(c.Metadata, "seed") }, `metadata "seed" is missing`},
		"a shape that is broken": {func(c *Container) { c.Metadata["shape"] = "{" }, `metadata "shape": unexpected end of JSON input`},
		"a name for a list":      {func(c *Container) { c.Metadata["imitated"] = `"paypal.com"` }, `metadata "imitated": json: cannot unmarshal string`},
		"a list taken away":      {func(c *Container) { delete(c.Metadata, "imitated") }, "metadata have SHA-256"},
		"a limit that is text":   {func(c *Container) { c.Metadata["symbol_limit"] = `"x"` }, `metadata "symbol_limit": json: cannot unmarshal string`},
		"a limit that overflows": {func(c *Container) { c.Metadata["symbol_limit"] = "1e30" }, `metadata "symbol_limit": json: cannot unmarshal number`},
		"a renamed tensor":       {func(c *Container) { c.Tensors[0].Name = "Embedding.weight" }, `tensor "embedding.weight" is missing`},
		"a missing tensor":       {func(c *Container) { c.Tensors = c.Tensors[:8] }, `tensor "output.bias" is missing`},
		"an extra tensor": {func(c *Container) {
			c.Tensors = append(c.Tensors, cnn.Tensor{Name: "step", Shape: []int{}, Data: []float32{1}})
		}, `tensor "step" is not part of the network`},
		"a tensor of another shape": {func(c *Container) { c.Tensors[0].Shape = []int{2, 3} }, `tensor "embedding.weight" has shape [2 3], want [3 2]`},
		"a tensor of another rank":  {func(c *Container) { c.Tensors[0].Shape = []int{6} }, `tensor "embedding.weight" has shape [6], want [3 2]`},
		"families without their tensors": {func(c *Container) {
			c.Metadata["families"] = `{"names":["a","b"],"hidden":2}`
		}, `tensor "family.dense.weight" is missing`},
		"families that are text": {func(c *Container) { c.Metadata["families"] = `"a"` }, `metadata "families": json: cannot unmarshal string`},
		"tensors of families that nothing names": {func(c *Container) {
			c.Tensors = append(c.Tensors, cnn.Tensor{Name: "family.output.bias", Shape: []int{1}, Data: []float32{1}})
		}, `tensor "family.output.bias" is not part of the network`},
		"the tensors of another network": {func(c *Container) {
			c.Metadata["shape"] = strings.Replace(c.Metadata["shape"], `"hidden":2`, `"hidden":0`, 1)
		}, `tensor "output.weight" has shape [2 2], want [4 2]`},
	}
	for name, test := range spoiled {
		changes[name] = change{func(c *Container) {
			c.Metadata = texts(t, func(m *Model) { test.spoil(&m.Metadata) })
		}, test.want}
	}
	file := writeModel(t, newModel(t))
	for name, test := range changes {
		t.Run(name, func(t *testing.T) {
			c, err := Parse(file)
			if err != nil {
				t.Fatal(err)
			}
			test.change(&c)
			_, err = ParseModel(write(t, c))
			wantError(t, err, "reading model: ")
			wantError(t, err, test.want)
		})
	}
}

func TestModelCutShortIsRefused(t *testing.T) {
	file := writeModel(t, newModel(t))
	for length := range file {
		if _, err := ParseModel(file[:length]); err == nil {
			t.Errorf("the first %d of %d bytes are read as a model", length, len(file))
		}
	}
	if _, err := ParseModel(append(file, 0)); err == nil {
		t.Error("a model with a byte too many is read")
	}
}

func TestNoFlippedBitOfTheDataGoesUnnoticed(t *testing.T) {
	file := writeModel(t, newModel(t))
	_, data := split(t, file)
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			_, err := ParseModel(file) // a bit of the metadata may be flipped into another valid value
			if isData := i >= len(file)-len(data); isData && err == nil {
				t.Errorf("the model is read with bit %d of byte %d flipped", bit, i)
			}
			file[i] ^= 1 << bit
		}
	}
}

func TestNoFlippedBitOfTheMetadataGoesUnnoticed(t *testing.T) {
	original := newModel(t)
	withFamilies(&original)
	file := writeModel(t, original)
	header, _ := split(t, file)
	for at := range header {
		for bit := range 8 {
			damaged := bytes.Clone(file)
			damaged[lengthSize+at] ^= 1 << bit
			got, err := ParseModel(damaged)
			if err == nil && !reflect.DeepEqual(got.Metadata, original.Metadata) {
				t.Fatalf("byte %d with bit %d flipped gives other metadata and no error", at, bit)
			}
		}
	}
}

func TestOpenNamesTheFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "model.safetensors")
	m := newModel(t)
	if err := atomicfile.Write(path, m.Write); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, &m)

	damaged := filepath.Join(folder, "damaged.safetensors")
	if err := os.WriteFile(damaged, []byte("snow"), 0o644); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(folder, "large.safetensors")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		damaged:                        "file of 4 bytes, too short for a header",
		large:                          "it is larger than 64 MiB",
		filepath.Join(folder, "other"): "no such file or directory",
		folder:                         "is a directory",
	} {
		_, err := Open(path)
		wantError(t, err, "reading model "+`"`+path+`": `)
		wantError(t, err, want)
	}
}

// FuzzParseModel holds that ParseModel never panics, and that Write writes what it reads so that it
// reads the same again. The bytes are tried as a file, and as a data section whose length and hash
// are right.
func FuzzParseModel(f *testing.F) {
	file := writeModel(f, newModel(f))
	f.Add("", file)
	header, data := split(f, file)
	f.Add(header, data)
	m := newModel(f)
	withFamilies(&m)
	header, data = split(f, writeModel(f, m))
	f.Add(header, data)
	f.Fuzz(func(t *testing.T, header string, data []byte) {
		for _, file := range [][]byte{data, frame(header, data)} {
			m, err := ParseModel(file)
			if err != nil {
				continue
			}
			written := writeModel(t, *m)
			again, err := ParseModel(written)
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, again, m)
			if !bytes.Equal(writeModel(t, *again), written) {
				t.Error("written twice, the bytes differ")
			}
		}
	})
}
