package train

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snowman-ml/snowman/internal/modelfile"
)

func TestThresholdsEqualABruteForceCount(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, test := range []struct {
		name  string
		count int
		draw  func() float64
	}{
		{"one text", 1, random.Float64},
		{"too few for any level", 50, random.Float64},
		{"enough for every level", 25_000, random.Float64},
		{"many ties", 20_000, func() float64 { return float64(random.IntN(200)) / 200 }},
		{"a network that is sure of itself", 20_000, func() float64 { return float64(random.IntN(2)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			scores := make([]float64, test.count)
			for i := range scores {
				scores[i] = test.draw()
			}
			got := thresholds(scores)
			if len(got) != 3 {
				t.Fatalf("%d thresholds, want 3", len(got))
			}
			for i, want := range []modelfile.Threshold{
				{Level: "low", FalsePositiveRate: 1e-2}, {Level: "medium", FalsePositiveRate: 1e-3}, {Level: "high", FalsePositiveRate: 1e-4},
			} {
				// The lowest of all scores, and a number above each, that few enough texts reach.
				want.Score, want.Benign = got[i].Score, test.count
				want.FalsePositives = countAtOrAbove(scores, got[i].Score)
				if got[i] != want {
					t.Errorf("got %+v, counted %+v", got[i], want)
				}
				if rate := float64(want.FalsePositives) / float64(test.count); rate > want.FalsePositiveRate {
					t.Errorf("%s has the false positive rate %v", want.Level, rate)
				}
				below := slices.Max(slices.DeleteFunc(slices.Clone(scores), func(score float64) bool { return score >= want.Score }))
				if rate := float64(countAtOrAbove(scores, below)) / float64(test.count); rate <= want.FalsePositiveRate {
					t.Errorf("%s could be as low as %v, with the false positive rate %v", want.Level, below, rate)
				}
			}
		})
	}
	if got := thresholds(nil); got != nil {
		t.Errorf("thresholds of no texts are %+v, want none", got)
	}
}
