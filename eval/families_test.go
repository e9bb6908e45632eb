package eval

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestFamilyResult(t *testing.T) {
	var m FamilyMeter
	for _, row := range []struct {
		family    string
		likeliest []string
	}{
		{"a", []string{"a", "b", "c"}},
		{"a", []string{"a", "b", "c"}},
		{"a", []string{"b", "c", "a"}},
		{"a", []string{"other", "b", "c", "a"}}, // the fourth does not count
		{"b", []string{"b"}},
		{"b", []string{"a", "b"}},
		{"c", []string{"b", "a"}},
	} {
		m.Add(row.family, row.likeliest)
	}
	got := m.Result()
	low, high := got.MacroF1.Low, got.MacroF1.High
	want := FamilyResult{
		Top1:    Proportion{3, 7},
		Top3:    Proportion{5, 7},
		MacroF1: Estimate{(0 + 2./5 + 4./7) / 3, low, high},
		Families: []FamilyRates{
			{Name: "c", Recall: Proportion{0, 1}, Precision: Proportion{}, Top3: Proportion{0, 1}, F1: 0, TakenFor: "b", TakenForRows: 1},
			{Name: "b", Recall: Proportion{1, 2}, Precision: Proportion{1, 3}, Top3: Proportion{2, 2}, F1: 2. / 5, TakenFor: "a", TakenForRows: 1},
			{Name: "a", Recall: Proportion{2, 4}, Precision: Proportion{2, 3}, Top3: Proportion{3, 4}, F1: 4. / 7, TakenFor: "b", TakenForRows: 1},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if low < 0 || low >= got.MacroF1.Value || high <= got.MacroF1.Value || high > 1 {
		t.Errorf("the interval is %v to %v around %v", low, high, got.MacroF1.Value)
	}
}

func TestFamilyResultOfNothing(t *testing.T) {
	if got := new(FamilyMeter).Result(); !reflect.DeepEqual(got, FamilyResult{}) {
		t.Errorf("got %+v", got)
	}
}

// The interval is as wide as macro-F1 varies from sample to sample, and holds the true one as often
// as it says.
func TestTheIntervalOfMacroF1HoldsTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	families := []string{"a", "b", "c"}
	shares := []float64{0.6, 0.3, 0.1}
	named := [][]float64{{0.7, 0.2, 0.1}, {0.3, 0.6, 0.1}, {0.4, 0.2, 0.4}}
	draw := func(weights []float64) int {
		u := random.Float64()
		for i, weight := range weights {
			if u -= weight; u < 0 {
				return i
			}
		}
		return len(weights) - 1
	}
	truth := 0.0
	for i := range families {
		predicted := 0.0
		for j := range families {
			predicted += shares[j] * named[j][i]
		}
		truth += 2 * shares[i] * named[i][i] / (shares[i] + predicted) / float64(len(families))
	}
	const samples, rows = 1000, 500
	held := 0
	for range samples {
		var m FamilyMeter
		for range rows {
			family := draw(shares)
			m.Add(families[family], []string{families[draw(named[family])]})
		}
		if f1 := m.Result().MacroF1; f1.Low <= truth && truth <= f1.High {
			held++
		}
	}
	if share := float64(held) / samples; math.Abs(share-0.95) > 0.02 {
		t.Errorf("%v of the intervals hold the true macro-F1, want about 0.95", share)
	}
}
