package eval

import (
	"math"
	"testing"
)

func TestCompare(t *testing.T) {
	levels := []Level{{Name: "low", Threshold: 0.5}, {Name: "high", Threshold: 0.9}}
	few := []float64{0.1, 0.4, 0.6, 0.95}
	alternating := func(n int) []bool {
		malicious := make([]bool, n)
		for i := range malicious {
			malicious[i] = i%2 == 1
		}
		return malicious
	}
	// enough rows for one or two of them to differ; the even ones are benign
	many := func(changed int) []float64 {
		scores := make([]float64, 2_000)
		for i := range scores {
			scores[i] = 0.2 + 0.4*float64(i%2)
			if i < changed {
				scores[i] += 0.0625
			}
		}
		return scores
	}
	for name, test := range map[string]struct {
		scores, exact      []float64
		largest            float64
		differing, changes int
		auc, exactAUC      float64
		within             bool
	}{
		"equal":                {few, few, 0, 0, 0, 0.75, 0.75, true},
		"within the tolerance": {[]float64{0.1, 0.4, 0.6, 0.9995}, few, 0.0495, 0, 0, 0.75, 0.75, true},
		"another level":        {[]float64{0.1, 0.4, 0.6, 0.9}, []float64{0.1, 0.4, 0.6, 0.8505}, 0.0495, 0, 1, 0.75, 0.75, true},
		"across two levels":    {[]float64{0.1, 0.4, 0.6, 0.95}, []float64{0.1, 0.4, 0.6, 0.3}, 0.65, 1, 1, 0.75, 0.5, false},
		"1 in 1,000 differs":   {many(2), many(0), 0.0625, 2, 0, 1, 1, true},
		"more than 1 in 1,000": {many(3), many(0), 0.0625, 3, 0, 1, 1, false},
		"not a number":         {[]float64{0.1, 0.4, 0.6, math.NaN()}, few, 1, 1, 1, 0.25, 0.75, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := Compare(test.scores, test.exact, alternating(len(test.scores)), make([]bool, len(test.scores)), levels)
			if math.Abs(c.LargestDifference-test.largest) > 1e-12 {
				t.Errorf("the largest difference is %v, want %v", c.LargestDifference, test.largest)
			}
			if want := (Proportion{test.differing, len(test.scores)}); c.Differing != want {
				t.Errorf("%v differ, want %v", c.Differing, want)
			}
			if want := (Proportion{test.changes, len(test.scores)}); c.LevelChanges != want {
				t.Errorf("%v change their level, want %v", c.LevelChanges, want)
			}
			if *c.AUC != test.auc || *c.ExactAUC != test.exactAUC {
				t.Errorf("AUC %v and %v, want %v and %v", *c.AUC, *c.ExactAUC, test.auc, test.exactAUC)
			}
			if c.WithinBounds != test.within {
				t.Errorf("within bounds: %v, want %v", c.WithinBounds, test.within)
			}
		})
	}
}

func TestCompareHoldsTheAreaToItsBound(t *testing.T) {
	// One score moves by less than the tolerance, and ties: half of one pair in four.
	exact := []float64{0.5, 0.4, 0.3, 0.2, 0.50005}
	scores := []float64{0.5, 0.4, 0.3, 0.2, 0.5}
	malicious := []bool{false, false, false, false, true}
	if c := Compare(scores, exact, malicious, nil, nil); c.AUCDifference != 0.125 || c.Differing.Count != 0 || c.WithinBounds {
		t.Errorf("%+v, want a difference of the areas of 0.125, which is out of bounds", c)
	}
}

func TestCompareWithoutAnArea(t *testing.T) {
	c := Compare([]float64{0.1}, []float64{0.1}, []bool{true}, nil, nil)
	if c.AUC != nil || c.ExactAUC != nil || c.AUCDifference != 0 || !c.WithinBounds {
		t.Errorf("%+v, want no area, and to be within bounds", c)
	}
}
