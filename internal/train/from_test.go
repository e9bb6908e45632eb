package train

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// opened returns the model as it is read from a file.
func opened(t *testing.T, model *modelfile.Model) *modelfile.Model {
	t.Helper()
	read, err := modelfile.ParseModel(bytesOf(t, model))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestRunGoesOnFromAModel(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA, dataset.Phishing)
	set.Imitated = []string{"paypal.com"}
	base := opened(t, mustRun(t, set, small))
	set.Imitated = nil
	before := slices.Clone(base.Parameters.Flat)

	// Steps too small to matter leave the model's own parameters.
	options := Options{From: base, Options: provenance.Options{Epochs: 1, LearningRate: 1e-30, WeightDecay: -1, Seed: 9}}
	unchanged := mustRun(t, set, options)
	biases := len(before) - len(fourKinds) // of the output, which calibration moves
	isNear := func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-20 }
	if !slices.EqualFunc(unchanged.Parameters.Flat[:biases], before[:biases], isNear) {
		t.Error("the training did not start with the model's parameters")
	}
	if !slices.Equal(unchanged.Metadata.Imitated, base.Metadata.Imitated) || len(base.Metadata.Imitated) != 1 {
		t.Errorf("the imitated names are %q, want the model's, %q", unchanged.Metadata.Imitated, base.Metadata.Imitated)
	}
	if unchanged.Metadata.SymbolLimit != small.SymbolLimit {
		t.Errorf("the symbol limit is %d, want the model's, %d", unchanged.Metadata.SymbolLimit, small.SymbolLimit)
	}

	// Rows of two kinds train the sum of the model's.
	two := newSet([]string{dataset.Benign, "malicious"}, "malicious")
	options = Options{From: base, Options: provenance.Options{Epochs: 1, BatchSize: 32, LearningRate: 0.01}}
	tuned := mustRun(t, two, options)
	if !slices.Equal(tuned.Metadata.Kinds, fourKinds) {
		t.Errorf("the kinds are %q, want the model's, %q", tuned.Metadata.Kinds, fourKinds)
	}
	if !slices.Equal(base.Parameters.Flat, before) {
		t.Error("the model that was gone on from has changed")
	}
	training := trainingOf(t, tuned)
	if training.From != base.SHA256 || len(training.From) != 64 {
		t.Errorf("the model says it comes from %q, want %q", training.From, base.SHA256)
	}
	if tuned.Metadata.Shape.Views != 2 || tuned.Metadata.Floor != base.Metadata.Floor || tuned.Metadata.Floor != (cnn.Floor{Host: 0.1, RegisteredDomain: 1}) {
		t.Errorf("there are %d views and a floor of %v, want those of the model", tuned.Metadata.Shape.Views, tuned.Metadata.Floor)
	}
	if training := trainingOf(t, base); training.From != "" {
		t.Errorf("a new network says it comes from %q", training.From)
	}
	if again := mustRun(t, two, options); !bytes.Equal(bytesOf(t, again), bytesOf(t, tuned)) {
		t.Error("the same training gives other bytes")
	}
	// One epoch from nothing does not do as well.
	fresh := small
	fresh.Epochs, fresh.LearningRate = 1, 0.01
	if got, without := aucOf(t, tuned, two.Parts[dataset.Calibrate]), aucOf(t, mustRun(t, two, fresh), two.Parts[dataset.Calibrate]); got <= without {
		t.Errorf("AUC %v from a model, %v from nothing", got, without)
	}
}

func TestRunRefusesAModelOfAnotherShape(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	flat := small
	flat.Epochs, flat.Hidden = 1, -1
	base := opened(t, mustRun(t, set, flat))
	other := *base
	other.Metadata.Alphabet = []byte(`[]`)
	for _, test := range []struct {
		name    string
		options Options
		want    string
	}{
		{"embedding", Options{From: base, Options: provenance.Options{Embedding: 7}}, "embedding is 7, the model to go on from has 8"},
		{"filters", Options{From: base, Options: provenance.Options{Filters: 9}}, "filters is 9, the model to go on from has 16"},
		{"hidden", Options{From: base, Options: provenance.Options{Hidden: 8}}, "hidden is 8, the model to go on from has 0"},
		{"views", Options{From: base, Options: provenance.Options{Views: 2}}, "views is 2, the model to go on from has 1"},
		{"widths", Options{From: base, Options: provenance.Options{Widths: []int{2}}}, "widths [2], the model to go on from has [2 3]"},
		{"alphabet", Options{From: &other}, "the model to go on from: alphabet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Run(context.Background(), set, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
	for name, options := range map[string]Options{
		"nothing said": {From: base, Options: provenance.Options{Epochs: 1}}, "the same": {From: base, Options: provenance.Options{Epochs: 1, Embedding: 8, Filters: 16, Hidden: -1, Widths: []int{2, 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			if model := mustRun(t, set, options); !model.Metadata.Shape.Equal(base.Metadata.Shape) {
				t.Errorf("the shape is %+v, want %+v", model.Metadata.Shape, base.Metadata.Shape)
			}
		})
	}
}
