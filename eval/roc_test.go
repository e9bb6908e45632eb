package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var (
	nan      = math.NaN()
	infinity = math.Inf(1)
)

func TestAUC(t *testing.T) {
	tests := []struct {
		name              string
		benign, malicious []float64
		want              float64
		ok                bool
	}{
		{"apart", []float64{.2, .1}, []float64{.8, .9}, 1, true},
		{"the wrong way round", []float64{.8, .9}, []float64{.2, .1}, 0, true},
		{"all tied", []float64{.5, .5, .5}, []float64{.5, .5}, .5, true},
		{"3 of 4 pairs", []float64{.1, .6}, []float64{.5, .7}, .75, true},
		{"2 of 4 pairs and a tie", []float64{.1, .6}, []float64{.6, .3}, .625, true},
		{"0 and -0 tie", []float64{0}, []float64{math.Copysign(0, -1)}, .5, true},
		{"NaN is below every number", []float64{nan, math.Inf(-1)}, []float64{nan}, .25, true},
		{"infinities tie", []float64{infinity}, []float64{infinity}, .5, true},
		{"no benign", nil, []float64{.5}, 0, false},
		{"no malicious", []float64{.5}, nil, 0, false},
		{"nothing", nil, nil, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := NewROC(test.benign, test.malicious).AUC()
			if got != test.want || ok != test.ok {
				t.Errorf("got %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestAUCEqualsCountingEveryPair(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		steps := 1 + random.IntN(60) // few steps, many ties
		benign := stepped(random, 1+random.IntN(100), steps)
		malicious := stepped(random, 1+random.IntN(100), steps)

		halves := 0
		for _, m := range malicious {
			for _, b := range benign {
				switch {
				case m > b:
					halves += 2
				case m == b:
					halves++
				}
			}
		}
		want := float64(halves) / float64(2*len(benign)*len(malicious))
		if got, _ := NewROC(benign, malicious).AUC(); got != want {
			t.Fatalf("%d benign, %d malicious, %d steps: got %v, want %v", len(benign), len(malicious), steps, got, want)
		}
	}
}

// stepped returns n random scores that take at most the given number of different values.
func stepped(random *rand.Rand, n, steps int) []float64 {
	scores := make([]float64, n)
	for i := range scores {
		scores[i] = float64(random.IntN(steps)) / float64(steps)
	}
	return scores
}

func TestAtFalsePositiveRate(t *testing.T) {
	tenths := []float64{.9, .8, .7, .6, .5, .4, .3, .2, .1, 0}
	tests := []struct {
		name              string
		benign, malicious []float64
		limit             float64
		above             float64 // the threshold is the next number above this
		falsePositives    int
		truePositives     int
	}{
		{"two of ten", tenths, []float64{.75, .7, .65}, .2, .7, 2, 1},
		{"a limit between two counts", tenths, []float64{.75, .7, .65}, .29, .7, 2, 1},
		{"a limit below one text", tenths, []float64{.95, .9}, .05, .9, 0, 1},
		{"a limit of 0", tenths, []float64{.95, .9}, 0, .9, 0, 1},
		{"a limit of 1 calls everything", tenths, []float64{-5}, 1, math.Inf(-1), 10, 1},
		{"ties at the edge are refused together", []float64{.9, .5, .5, .5}, []float64{.5, .6}, .5, .5, 1, 1},
		{"ties at the top leave none", []float64{.9, .9, .9, .1}, []float64{.9, .99}, .5, .9, 0, 1},
		{"a malicious text between two benign is found", []float64{.9, .1}, []float64{.5}, .5, .1, 1, 1},
		{"no malicious", tenths, nil, .2, .7, 2, 0},
		{"NaN is below every number and never found", []float64{nan, .5, .4}, []float64{nan, .5}, .4, .4, 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := NewROC(test.benign, test.malicious).AtFalsePositiveRate(test.limit)
			want := OperatingPoint{
				Limit:          test.limit,
				Threshold:      math.Nextafter(test.above, infinity),
				FalsePositives: Proportion{test.falsePositives, len(test.benign)},
				TruePositives:  Proportion{test.truePositives, len(test.malicious)},
			}
			if !ok || got != want {
				t.Errorf("got  %+v, %v\nwant %+v", got, ok, want)
			}
		})
	}
}

func TestNoThresholdMeetsTheLimit(t *testing.T) {
	tests := []struct {
		name   string
		benign []float64
		limit  float64
	}{
		{"no benign scores", nil, .01},
		{"limit below 0", []float64{.5}, -.1},
		{"limit above 1", []float64{.5}, 1.1},
		{"limit NaN", []float64{.5}, nan},
		{"nothing is above infinity", []float64{infinity, .5}, .1},
		{"nothing finite is above the largest number", []float64{math.MaxFloat64}, .1},
		{"only NaN would be refused", []float64{nan, .5}, .5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := NewROC(test.benign, []float64{.5}).AtFalsePositiveRate(test.limit)
			if ok || got != (OperatingPoint{}) {
				t.Errorf("got %+v, %v, want none", got, ok)
			}
		})
	}
}

func TestThresholdIsTheLowest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	share := func(scores []float64, threshold float64) float64 {
		n := 0
		for _, score := range scores {
			if score >= threshold {
				n++
			}
		}
		return float64(n) / float64(len(scores))
	}
	for range 2000 {
		benign := stepped(random, 1+random.IntN(200), 1+random.IntN(400))
		limit := random.Float64() * random.Float64()
		point, ok := NewROC(benign, nil).AtFalsePositiveRate(limit)
		if !ok {
			t.Fatalf("no threshold at %v for %v", limit, benign)
		}
		if got := share(benign, point.Threshold); got > limit || got != point.FalsePositives.Rate() {
			t.Fatalf("share %v at the threshold, reported %v, limit %v", got, point.FalsePositives.Rate(), limit)
		}
		slices.Sort(benign)
		next := benign[len(benign)-1-point.FalsePositives.Count]
		if got := share(benign, next); got <= limit {
			t.Fatalf("the next lower benign score %v has share %v, within %v", next, got, limit)
		}
		if math.Nextafter(point.Threshold, -1) != next {
			t.Fatalf("there are numbers between the threshold %v and %v", point.Threshold, next)
		}
	}
}

func TestLimitIsMetExactly(t *testing.T) {
	// 1e-4 * 30000 and the like need not come out whole in float64.
	for _, limit := range limits {
		for texts := 1; texts <= 50; texts++ {
			benign := make([]float64, int(math.Round(float64(texts)/limit)))
			for i := range benign {
				benign[i] = float64(i)
			}
			point, _ := NewROC(benign, nil).AtFalsePositiveRate(limit)
			if point.FalsePositives.Count != texts {
				t.Errorf("%v of %d: got %d false positives, want %d", limit, len(benign), point.FalsePositives.Count, texts)
			}
		}
	}
}

func TestROCKeepsCopies(t *testing.T) {
	benign, malicious := []float64{.9, .1}, []float64{.8, .5}
	roc := NewROC(benign, malicious)
	benign[1], malicious[1] = 5, 5
	if got, _ := roc.AUC(); got != .5 {
		t.Errorf("got %v after the caller changed its scores, want .5", got)
	}
	if !slices.Equal(benign, []float64{.9, 5}) {
		t.Errorf("the caller's scores became %v", benign)
	}
}
