package eval

import (
	"math"
	"testing"
)

func TestCalibrationError(t *testing.T) {
	tests := []struct {
		name              string
		benign, malicious []float64
		bins              int
		want              float64
		wantTotals        []int
	}{
		{"no texts", nil, nil, 2, 0, []int{0, 0}},
		{"sure and right", []float64{0, 0}, []float64{1}, 2, 0, []int{2, 1}},
		{"sure and wrong", []float64{1}, []float64{0, 0}, 2, 1, []int{2, 1}},
		{
			// Below .5: mean .2, none malicious, weight 2/5. Above: mean .8, 2 of 3, weight 3/5.
			"two bins by hand",
			[]float64{.1, .3, .7}, []float64{.8, .9}, 2,
			2./5*.2 + 3./5*(.8-2./3), []int{2, 3},
		},
		{"right on average over the bin", []float64{.5, .5}, []float64{.5, .5}, 1, 0, []int{4}},
		{"an edge belongs to the bin above", []float64{0, .25, .5, .75}, nil, 4, .375, []int{1, 1, 1, 1}},
		{"1 belongs to the last bin", nil, []float64{1}, 4, 0, []int{0, 0, 0, 1}},
		{
			"what is no probability counts as the nearest",
			[]float64{-3, math.NaN(), math.Inf(-1)}, []float64{7, math.Inf(1)}, 2,
			0, []int{3, 2},
		},
		{"15 bins unless told", []float64{0}, nil, 0, 0, []int{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, bins := CalibrationError(test.benign, test.malicious, test.bins)
			if math.Abs(got-test.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if len(bins) != len(test.wantTotals) {
				t.Fatalf("got %d bins, want %d", len(bins), len(test.wantTotals))
			}
			for i, bin := range bins {
				if bin.Truth.Total != test.wantTotals[i] {
					t.Errorf("bin %d has %d texts, want %d", i, bin.Truth.Total, test.wantTotals[i])
				}
			}
		})
	}
}

func TestCalibrationBins(t *testing.T) {
	_, bins := CalibrationError([]float64{.1, .3, .75}, []float64{.75}, 2)
	want := []Bin{
		{Low: 0, High: .5, MeanProbability: .2, Truth: Proportion{0, 2}},
		{Low: .5, High: 1, MeanProbability: .75, Truth: Proportion{1, 2}},
	}
	for i := range want {
		if bins[i] != want[i] {
			t.Errorf("bin %d: got %+v, want %+v", i, bins[i], want[i])
		}
	}
}

func TestEveryEdgeBelongsToTheBinAbove(t *testing.T) {
	// 1/49*49 is below 1 in float64: dividing the probability by the width would be wrong here.
	for count := 1; count <= 100; count++ {
		for i := range count {
			edge := float64(i) / float64(count)
			if _, bins := CalibrationError([]float64{edge}, nil, count); bins[i].Truth.Total != 1 {
				t.Errorf("%v is not in bin %d of %d", edge, i, count)
			}
		}
	}
}
