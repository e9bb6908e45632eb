package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestConfusionFigures(t *testing.T) {
	for _, test := range []struct {
		name                  string
		confusion             Confusion
		accuracy, f1, macroF1 float64
	}{
		{"nothing", Confusion{}, 0, 0, 0},
		{"all right", Confusion{TruePositives: 3, TrueNegatives: 5}, 1, 1, 1},
		{"all wrong", Confusion{FalsePositives: 3, FalseNegatives: 5}, 0, 0, 0},
		// Precision 1/2 and recall 1/3 of the malicious rows, 2/4 and 2/3 of the benign ones.
		{"mixed", Confusion{TruePositives: 1, FalsePositives: 1, TrueNegatives: 2, FalseNegatives: 2}, 0.5, 0.4, (0.4 + 4./7) / 2},
		{"nothing found", Confusion{TrueNegatives: 90, FalseNegatives: 10}, 0.9, 0, (180. / 190) / 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := test.confusion
			for _, figure := range []struct {
				name      string
				got, want float64
			}{
				{"accuracy", c.Accuracy().Rate(), test.accuracy}, {"F1", c.F1().Value, test.f1}, {"macro-F1", c.MacroF1().Value, test.macroF1},
			} {
				if math.Abs(figure.got-figure.want) > 1e-15 {
					t.Errorf("%s is %v, want %v", figure.name, figure.got, figure.want)
				}
			}
		})
	}
}

// The intervals of F1 and macro-F1 are held to the quantiles of bootstrap samples.
func TestF1IntervalsAreThoseOfTheBootstrap(t *testing.T) {
	confusion := Confusion{TruePositives: 700, FalsePositives: 120, TrueNegatives: 1000, FalseNegatives: 180}
	random := rand.New(rand.NewPCG(1, 2))
	const samples = 2000
	var f1s, macroF1s []float64
	for range samples {
		var c Confusion
		for range confusion.Rows() {
			switch row := random.IntN(confusion.Rows()); {
			case row < 700:
				c.TruePositives++
			case row < 820:
				c.FalsePositives++
			case row < 1820:
				c.TrueNegatives++
			default:
				c.FalseNegatives++
			}
		}
		f1s, macroF1s = append(f1s, c.F1().Value), append(macroF1s, c.MacroF1().Value)
	}
	for name, test := range map[string]struct {
		got     Estimate
		sampled []float64
	}{"F1": {confusion.F1(), f1s}, "macro-F1": {confusion.MacroF1(), macroF1s}} {
		slices.Sort(test.sampled)
		low, high := test.sampled[samples*25/1000], test.sampled[samples*975/1000]
		if math.Abs(test.got.Low-low) > 0.003 || math.Abs(test.got.High-high) > 0.003 {
			t.Errorf("the interval of %s is %.4f to %.4f, the bootstrap's %.4f to %.4f", name, test.got.Low, test.got.High, low, high)
		}
	}
}

func TestEstimatesStayWithinBounds(t *testing.T) {
	for _, c := range []Confusion{{TruePositives: 1, FalseNegatives: 1}, {TruePositives: 2, TrueNegatives: 1, FalsePositives: 1}, {}} {
		for _, e := range []Estimate{c.F1(), c.MacroF1()} {
			if !(0 <= e.Low && e.Low <= e.Value && e.Value <= e.High && e.High <= 1) {
				t.Errorf("of %+v an estimate is %+v", c, e)
			}
		}
	}
}

func TestThresholdsAndWhatTheyDo(t *testing.T) {
	roc := NewROC([]float64{.1, .2, .3, .6}, []float64{.5, .7, .8, .9})
	if got, want := roc.At(.5), (Confusion{TruePositives: 4, FalsePositives: 1, TrueNegatives: 3}); got != want {
		t.Errorf("at .5 the rows are %+v, want %+v", got, want)
	}
	if got := roc.At(math.NaN()).Rows(); got != 8 {
		t.Errorf("%d rows at NaN, want 8", got)
	}
	for _, test := range []struct {
		name              string
		benign, malicious []float64
		want              float64
		ok                bool
	}{
		{"one error either way: the lower", []float64{.1, .2, .3, .6}, []float64{.5, .7, .8, .9}, .5, true},
		{"separable", []float64{.1, .2}, []float64{.7, .8}, .7, true},
		{"the best is a benign score", []float64{.5}, []float64{.5}, .5, true},
		{"no benign rows", nil, []float64{.7, .8}, .7, true},
		{"nothing", nil, nil, 0, false},
		{"no numbers", []float64{math.NaN()}, nil, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := NewROC(test.benign, test.malicious).BestThreshold()
			if got != test.want || ok != test.ok {
				t.Errorf("got %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestAUCEstimate(t *testing.T) {
	// The share of wins of each malicious row is 1, 1, 1/2, and of each benign one 1, 2/3, so the
	// variances are 1/12 and 1/18.
	roc := NewROC([]float64{.1, .4}, []float64{.3, .5, .6})
	got, ok := roc.AUCEstimate()
	margin := 1.959963984540054 * math.Sqrt(1./12/3+1./18/2)
	want := Estimate{Value: 5. / 6, Low: 5./6 - margin, High: 1}
	if !ok || math.Abs(got.Value-want.Value) > 1e-12 || math.Abs(got.Low-want.Low) > 1e-12 || got.High != want.High {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	for _, roc := range []ROC{NewROC(nil, []float64{1, 2}), NewROC([]float64{1, 2}, []float64{1})} {
		if _, ok := roc.AUCEstimate(); ok {
			t.Error("an area with fewer than two rows on a side has an interval")
		}
	}
}

func TestDecide(t *testing.T) {
	d := NewROC([]float64{.1, .2, .3, .6}, []float64{.5, .7, .8, .9}).Decide(.65)
	if d.Benign != 4 || d.Malicious != 4 || d.Accuracy.Count != 7 || d.AUC == nil || d.AUC.Value != 15./16 ||
		len(d.OperatingPoints) != 2 || d.OperatingPoints[0].TruePositives.Count != 3 {
		t.Errorf("the figures are %+v", d)
	}
	if d := NewROC(nil, nil).Decide(.5); d.AUC != nil || len(d.OperatingPoints) != 0 || d.Accuracy.Total != 0 {
		t.Errorf("the figures of nothing are %+v", d)
	}
}
