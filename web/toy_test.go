package web

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// The toy model gives verdicts that anybody can work out: a q in the host is low and dga, an x is
// medium and phishing, a z is high and malware, and all else is none. It knows three popular names.
// The tests of other packages use it, too. It is never trained again, so tests can pin its scores.
const toyPath = "testdata/toy.safetensors"

var update = flag.Bool("update", false, "write the toy model again")

func openToy(t testing.TB) *snowman.Model {
	t.Helper()
	model, err := snowman.Open(toyPath)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func TestToyModelIsCurrent(t *testing.T) {
	var made bytes.Buffer
	if err := newToy(t).Write(&made); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(toyPath, made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(toyPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made.Bytes(), committed) {
		t.Errorf("%s is not what newToy makes; go test ./web -update writes it again", toyPath)
	}
}

// alphabetWithFragment is the alphabet of models before fragments were left out, and A-labels
// decoded.
func alphabetWithFragment(t *testing.T) *canon.Alphabet {
	t.Helper()
	groups, err := canon.DefaultAlphabet().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	groups, _, _ = bytes.Cut(groups, []byte(`,"letters":`))
	groups = append(groups, '}')
	alphabet, err := canon.ParseAlphabet(bytes.Replace(groups, []byte(`"query"]`), []byte(`"query","fragment"]`), 1))
	if err != nil {
		t.Fatal(err)
	}
	return alphabet
}

// newToy returns a model with a filter of width 1 for each of the three letters, and no hidden
// layer: each letter in a text adds its weight to the logit of its kind.
func newToy(t *testing.T) modelfile.Model {
	t.Helper()
	letters := []struct {
		letter string
		weight float32
	}{{"q", 3}, {"x", 4.5}, {"z", 7}}

	alphabet := alphabetWithFragment(t)
	shape := cnn.Shape{
		Symbols:   alphabet.Symbols(),
		Embedding: len(letters),
		Widths:    []int{1},
		Filters:   len(letters),
		Kinds:     1 + len(letters),
	}
	parameters, err := cnn.NewParameters(shape)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range letters {
		for _, name := range []string{l.letter + ".com", "com." + l.letter} { // in front of a suffix, and in one
			var u canon.URL
			if err := u.Parse(name); err != nil {
				t.Fatal(err)
			}
			symbols := alphabet.Append(nil, &u, 200)
			symbol := symbols[strings.Index(name, l.letter)]
			parameters.Embedding[int(symbol)*shape.Embedding+i] = 1
		}
		parameters.Convolutions[0].Weight[i*shape.Filters+i] = 1
		parameters.OutputWeight[i*shape.Kinds+1+i] = l.weight
		parameters.OutputBias[1+i] = -4
	}
	groups, err := alphabet.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return modelfile.Model{
		Parameters: parameters,
		Metadata: modelfile.Metadata{
			Shape:       shape,
			Alphabet:    groups,
			SymbolLimit: 200,
			Kinds:       []string{"benign", "dga", "phishing", "malware"},
			Imitated:    []string{"google.com", "paypal.com", "microsoft.com"},
			Temperature: 1,
			Thresholds: []modelfile.Threshold{
				{Level: "low", Score: 0.2, FalsePositiveRate: 1e-2, FalsePositives: 100, Benign: 10_000},
				{Level: "medium", Score: 0.5, FalsePositiveRate: 1e-3, FalsePositives: 10, Benign: 10_000},
				{Level: "high", Score: 0.9, FalsePositiveRate: 1e-4, FalsePositives: 1, Benign: 10_000},
			},
			Created: "2006-01-02",
			Seed:    1,
		},
	}
}
