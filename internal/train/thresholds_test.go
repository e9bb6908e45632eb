package train

import (
	"math"
	"math/rand/v2"
	"reflect"
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
			got := thresholds(benign{scores, make([]stratum, test.count)})
			if len(got) != 3 {
				t.Fatalf("%d thresholds, want 3", len(got))
			}
			for i, want := range []modelfile.Threshold{
				{Level: "low", FalsePositiveRate: 1e-2}, {Level: "medium", FalsePositiveRate: 1e-3}, {Level: "high", FalsePositiveRate: 1e-4},
			} {
				// The lowest of all scores, and a number above each, that few enough texts reach.
				want.Score, want.Benign = got[i].Score, test.count
				want.FalsePositives = countAtOrAbove(scores, got[i].Score)
				if !reflect.DeepEqual(got[i], want) {
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
	if got := thresholds(benign{}); got != nil {
		t.Errorf("thresholds of no texts are %+v, want none", got)
	}
}

// group appends texts of which one in so many scores above any other, from the given score down.
func (b *benign) group(of stratum, texts, oneIn int, score float64) {
	for i := range texts {
		s := 0.1 * float64(i) / float64(texts)
		if i%oneIn == 0 {
			s = score - float64(i)/float64(texts)*0.01
		}
		b.scores, b.strata = append(b.scores, s), append(b.strata, of)
	}
}

func TestThresholdsHoldInEachGroup(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	// Scores of a group are shifted by its hardness: its false positive rates differ tenfold.
	var b benign
	add := func(of stratum, texts int, hardness float64) {
		for range texts {
			b.scores = append(b.scores, 1/(1+math.Exp(8-hardness-2*random.NormFloat64())))
			b.strata = append(b.strata, of)
		}
	}
	add(stratum{group: "popular"}, 60_000, 0)
	add(stratum{group: "links"}, 30_000, 0.5)
	add(stratum{group: "small sites", country: ".kz"}, 3_000, 1)
	add(stratum{group: "hosting"}, 12_000, 1.2)
	add(stratum{group: "few"}, 90, 6)
	got := thresholds(b)
	for _, threshold := range got {
		rate := threshold.FalsePositiveRate
		overall := float64(threshold.FalsePositives) / float64(threshold.Benign)
		if threshold.Benign != len(b.scores) || overall < leastOfAll*rate || overall > mostOfAll*rate {
			t.Errorf("%s has %d of %d, want %v to %v times the rate", threshold.Level, threshold.FalsePositives, threshold.Benign, leastOfAll, mostOfAll)
		}
		sum := 0
		for _, g := range threshold.Groups {
			sum += g.FalsePositives
			if share := float64(g.FalsePositives) / float64(g.Benign); threshold.HasSay(g.Benign) && share > modelfile.GroupTolerance*rate {
				t.Errorf("%s has %v in the group %q", threshold.Level, share, g.Name)
			}
		}
		if len(threshold.Groups) != 5 || sum != threshold.FalsePositives {
			t.Errorf("%s has %d groups with %d texts in all, want 5 with %d", threshold.Level, len(threshold.Groups), sum, threshold.FalsePositives)
		}
	}
	if c := got[0].Countries; len(c) != 1 || c[0].Name != ".kz" || c[0].Benign != 3_000 {
		t.Errorf("low has the countries %+v, want .kz", c)
	}
	if c := got[1].Countries; c != nil {
		t.Errorf("medium has the countries %+v, of which none has enough texts", c)
	}
}

func TestThresholdOfUnequalGroups(t *testing.T) {
	for _, test := range []struct {
		name string
		fill func(b *benign)
		want int // texts that reach low
	}{
		{"a group weighs as the root of its texts", func(b *benign) {
			b.group(stratum{group: "easy"}, 20_000, 1_000_000, 0.95)
			b.group(stratum{group: "hard"}, 10_000, 25, 0.9) // 2.4 % of it are 1 % of the mean
		}, 1 + 240},
		{"a country has three times the rate at most", func(b *benign) {
			b.group(stratum{country: ".easy"}, 20_000, 200, 0.9)
			b.group(stratum{country: ".hard"}, 4_000, 25, 0.9)
		}, 75 + 120},
		{"but of all texts 0.7 times the rate reach it, however bad one group is", func(b *benign) {
			b.group(stratum{group: "easy"}, 100_000, 100, 0.8)
			b.group(stratum{group: "hard"}, 1_100, 2, 0.9)
		}, 708},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b benign
			test.fill(&b)
			if low := thresholds(b)[0]; low.FalsePositives != test.want {
				t.Errorf("%d texts reach it, want %d", low.FalsePositives, test.want)
			}
		})
	}
}
