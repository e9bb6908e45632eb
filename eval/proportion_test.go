package eval

import (
	"encoding/json"
	"math"
	"testing"
)

func TestWilson(t *testing.T) {
	// The published intervals are method 3 in table I of Newcombe, "Two-sided confidence intervals
	// for the single proportion", Statistics in Medicine 17 (1998).
	tests := []struct {
		name      string
		p         Proportion
		low, high float64
	}{
		{"published: many", Proportion{81, 263}, .2553, .3662},
		{"published: few", Proportion{15, 148}, .0624, .1605},
		{"published: none", Proportion{0, 20}, 0, .1611},
		{"published: one", Proportion{1, 29}, .0061, .1718},
		{"all mirrors none", Proportion{20, 20}, 1 - .1611, 1},
		{"nothing is known of nothing", Proportion{0, 0}, 0, 1},
		{"nothing is known of more than all", Proportion{5, 3}, 0, 1},
		{"nothing is known of less than none", Proportion{-1, 3}, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			low, high := test.p.Wilson()
			if math.Abs(low-test.low) > .00005 || math.Abs(high-test.high) > .00005 {
				t.Errorf("got %.5f to %.5f, want %.4f to %.4f", low, high, test.low, test.high)
			}
		})
	}
}

func TestWilsonHoldsTheRate(t *testing.T) {
	for total := 1; total <= 300; total++ {
		for count := 0; count <= total; count++ {
			p := Proportion{count, total}
			low, high := p.Wilson()
			if !(0 <= low && low <= p.Rate() && p.Rate() <= high && high <= 1) {
				t.Fatalf("%d of %d: rate %v is not in [%v, %v]", count, total, p.Rate(), low, high)
			}
			if (low == 0) != (count == 0) || (high == 1) != (count == total) {
				t.Fatalf("%d of %d: [%v, %v] reaches an end that the count does not", count, total, low, high)
			}
		}
	}
}

func TestProportionJSON(t *testing.T) {
	tests := []struct {
		name string
		p    Proportion
		want string
	}{
		{"nothing", Proportion{}, `{"count":0,"total":0,"rate":0,"low":0,"high":1}`},
		{"none, to exactly 0", Proportion{0, 1}, `{"count":0,"total":1,"rate":0,"low":0,"high":0.7934506856227626}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := json.Marshal(test.p)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			var back Proportion
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatal(err)
			}
			if back != test.p {
				t.Errorf("read back as %+v, want %+v", back, test.p)
			}
		})
	}
}
