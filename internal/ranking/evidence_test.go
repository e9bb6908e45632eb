package ranking

import (
	"math"
	"testing"
)

func TestTailIsThatOfTheBetaBinomialDistribution(t *testing.T) {
	for _, test := range []struct {
		says string
		k, n int
		p, s float64
		want float64
	}{
		{"one draw hits at the rate", 1, 1, .01, 1, .01},
		{"no hit is no evidence", 0, 50, .01, 100, 1},
		{"no more can hit than are drawn", 3, 2, .5, 1, 0},
		{"draws that hardly resemble each other are binomial", 3, 20, .1, 1e9, .32307},
		{"two of two: p (ps+1) / (s+1)", 2, 2, .1, 9, .1 * 1.9 / 10},
		{"uniform rate: every number of hits is as likely", 4, 9, .5, 2, .6},
		{"a rate of 1", 2, 2, 1, 5, 1},
	} {
		if got := tail(test.k, test.n, test.p, test.s); math.Abs(got-test.want) > 1e-4 {
			t.Errorf("%s: the tail is %v, want %v", test.says, got, test.want)
		}
	}
}

func TestTailFallsWithHitsAndAddsUp(t *testing.T) {
	for _, n := range []int{1, 10, 1000, 200_000} {
		before := 1.0
		for k := 0; k <= n; k += max(1, n/50) {
			got := tail(k, n, .02, 100)
			if math.IsNaN(got) || got > before+1e-9 || got < 0 {
				t.Errorf("%d of %d: the tail is %v, after %v", k, n, got, before)
			}
			before = got
		}
	}
	// The mean of k is the sum of its tails.
	sum := 0.0
	for k := 1; k <= 200; k++ {
		sum += tail(k, 200, .03, 50)
	}
	if math.Abs(sum-6) > 1e-6 {
		t.Errorf("the mean is %v, want 6", sum)
	}
}
