package train

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// newVettedSet returns a set of which all benign names of train and calibrate are vetted, and as
// many URLs of theirs.
func newVettedSet() *dataset.Set {
	set := newSet(fourKinds, dataset.DGA)
	for _, part := range []dataset.Part{dataset.Train, dataset.Calibrate, dataset.Choose} {
		for _, name := range benignTexts(set.Parts[part]) {
			set.Vetted = append(set.Vetted,
				dataset.Vetted{Text: name, Domain: name, Part: part},
				dataset.Vetted{Text: name + "/a", Domain: name, Part: part})
		}
	}
	return set
}

func TestEachVettedTextIsJudgedByANetworkThatNeverSawItsDomain(t *testing.T) {
	set := newVettedSet()
	options := small
	options.Folds = 3
	options, err := options.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := encodeSet(set, options, canon.DefaultAlphabet(), fourKinds)
	if err != nil {
		t.Fatal(err)
	}
	shape := cnn.Shape{Symbols: canon.DefaultAlphabet().Symbols(), Embedding: 4, Widths: []int{2}, Filters: 4, Kinds: 4}
	rows := set.Parts[dataset.Train]
	judged := texts.names.inFold(heldOut).len()
	if want := len(benignTexts(set.Parts[dataset.Calibrate])); judged != want {
		t.Errorf("%d names were set aside, want %d", judged, want)
	}
	for fold := range options.Folds {
		apart, err := newRun(texts, options, shape, 1+fold)
		if err != nil {
			t.Fatal(err)
		}
		var trained [][]byte
		for _, row := range apart.rows {
			trained = append(trained, texts.train.text(row, canon.WholeView))
		}
		if len(trained) < len(rows)/2 || len(trained) > len(rows)*4/5 {
			t.Errorf("network %d of 3 is trained on %d of %d rows", fold, len(trained), len(rows))
		}
		names := texts.names.inFold(fold)
		for i := range names.len() {
			if slices.ContainsFunc(trained, func(text []byte) bool { return bytes.Equal(text, names.text(i, canon.WholeView)) }) {
				t.Errorf("a name that network %d of 3 is to judge, it is trained on", fold)
			}
		}
		judged += names.len()
	}
	if judged != texts.names.len() || judged != texts.urls.len() {
		t.Errorf("%d of %d names are judged, and there are %d URLs", judged, texts.names.len(), texts.urls.len())
	}
	whole, err := newRun(texts, options, shape, 0)
	if err != nil || len(whole.rows) != len(rows) {
		t.Errorf("the model's network is trained on %d of %d rows, error %v", len(whole.rows), len(rows), err)
	}
}

func TestCrossFittedThresholdsCountAllVettedTexts(t *testing.T) {
	set := newVettedSet()
	calibrate := len(benignTexts(set.Parts[dataset.Calibrate]))
	train := len(benignTexts(set.Parts[dataset.Train]))
	for _, test := range []struct{ folds, want int }{{0, calibrate}, {2, calibrate + train}} {
		options := small
		options.Folds = test.folds
		metadata := mustRun(t, set, options).Metadata
		for _, thresholds := range [][]int{
			{metadata.Thresholds[0].Benign, len(metadata.Thresholds)}, {metadata.URLThresholds[0].Benign, len(metadata.URLThresholds)},
		} {
			if thresholds[0] != test.want || thresholds[1] != 3 {
				t.Errorf("with %d folds there are %d thresholds on %d texts, want 3 on %d", test.folds, thresholds[1], thresholds[0], test.want)
			}
		}
	}
}

func TestFoldsDoNotChangeTheNetwork(t *testing.T) {
	set := newVettedSet()
	options := small
	alone := mustRun(t, set, options)
	options.Folds = 2
	if !slices.Equal(mustRun(t, set, options).Parameters.Flat, alone.Parameters.Flat) {
		t.Error("the network differs")
	}
}

func TestACancelledCrossFitGoesOnToTheSameBytes(t *testing.T) {
	set := newVettedSet()
	options := small
	options.Folds = 2
	want := bytesOf(t, mustRun(t, set, options))
	options.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	finished := 0 // networks before this one are
	for _, stop := range []struct{ network, step int }{{1, 20}, {2, 5}, {3, 1}} {
		ctx, cancel := context.WithCancel(context.Background())
		options.Progress = func(p Progress) {
			if p.Network < finished {
				t.Errorf("step %d of network %d is run again", p.Step, p.Network)
			}
			if p.Network == stop.network && p.Step == stop.step {
				cancel()
			}
		}
		if _, err := Run(ctx, set, options); !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled in network %d, the error is %v", stop.network, err)
		}
		cancel()
		finished = stop.network
	}
	options.Progress = nil
	if !bytes.Equal(bytesOf(t, mustRun(t, set, options)), want) {
		t.Error("the bytes differ from those of an undisturbed run")
	}
}

func TestNamesThatTheModelKnowsMeasureNothing(t *testing.T) {
	set := newVettedSet()
	options := small
	all, allURLs := vettedTexts(set, options)
	known := benignTexts(set.Parts[dataset.Calibrate])[0]
	set.Imitated = []string{known}
	names, urls := vettedTexts(set, options)
	if len(names) != len(all)-1 || slices.ContainsFunc(names, func(v dataset.Vetted) bool { return v.Text == known }) {
		t.Errorf("%d of %d names are left, want all but %q", len(names), len(all), known)
	}
	if len(urls) != len(allURLs) {
		t.Errorf("%d of %d URLs are left, want all: only the name is known", len(urls), len(allURLs))
	}
	rows := calibrationRows(set, options)
	if len(rows) != len(set.Parts[dataset.Calibrate])-1 || slices.Contains(benignTexts(rows), known) {
		t.Errorf("%d of %d rows calibrate, want all but %q", len(rows), len(set.Parts[dataset.Calibrate]), known)
	}
	set.Imitated, set.Vetted = nil, nil
	options.From = &modelfile.Model{Metadata: modelfile.Metadata{Imitated: []string{known}}}
	if names, _ := vettedTexts(set, options); len(names) != len(benignTexts(set.Parts[dataset.Calibrate]))-1 {
		t.Error("of a model to go on from, the known names are used")
	}
	set.Parts[dataset.Calibrate][0].Text = "printer.local"
	if names, _ := vettedTexts(set, options); slices.ContainsFunc(names, func(v dataset.Vetted) bool { return v.Text == "printer.local" }) {
		t.Error("what is no public name sets levels")
	}
}
