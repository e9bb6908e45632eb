package eval

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

func TestCurve(t *testing.T) {
	nan, infinity := math.NaN(), math.Inf(1)
	above := func(score float64) float64 { return math.Nextafter(score, infinity) }
	tests := []struct {
		name              string
		benign, malicious []float64
		want              []CurvePoint
	}{
		{"no scores", nil, nil, nil},
		{"only broken scores", []float64{nan}, []float64{nan}, nil},
		{"few scores, all of them", []float64{.1, .6}, []float64{.9, .2},
			[]CurvePoint{{above(.9), 0, 0}, {.9, 0, 1}, {.6, 1, 1}, {.2, 1, 2}, {.1, 2, 2}}},
		{"ties are one point", []float64{.5, .5}, []float64{.5}, []CurvePoint{{above(.5), 0, 0}, {.5, 2, 1}}},
		{"a broken score is never reached", []float64{nan, .5}, []float64{.5}, []CurvePoint{{above(.5), 0, 0}, {.5, 1, 1}}},
		{"no benign scores", nil, []float64{.5, .7}, []CurvePoint{{above(.7), 0, 0}, {.7, 0, 1}, {.5, 0, 2}}},
		{"no malicious scores", []float64{.5}, nil, []CurvePoint{{above(.5), 0, 0}, {.5, 1, 0}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := NewROC(test.benign, test.malicious).Curve(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// randomROC has ties among its scores, and between its sides.
func randomROC(rows int) ROC {
	random := rand.New(rand.NewPCG(7, 8))
	var benign, malicious []float64
	for range rows {
		benign = append(benign, math.Round(1e5*math.Pow(random.Float64(), 3))/1e5)
		malicious = append(malicious, math.Round(1e5*math.Sqrt(random.Float64()))/1e5)
	}
	return NewROC(benign, malicious)
}

func TestCurveIsThinAndExactAtItsThresholds(t *testing.T) {
	const rows = 200000
	roc := randomROC(rows)
	thresholds := []float64{.123456, .5}
	for _, limit := range limits {
		point, _ := roc.AtFalsePositiveRate(limit)
		thresholds = append(thresholds, point.Threshold)
	}
	curve := roc.Curve(thresholds...)
	if len(curve) < 100 || len(curve) > 600 {
		t.Errorf("%d points, want a few hundred", len(curve))
	}
	for _, p := range curve {
		falsePositives, truePositives := atOrAbove(roc.benign, p.Threshold), atOrAbove(roc.malicious, p.Threshold)
		if p.FalsePositives != falsePositives.Count || p.TruePositives != truePositives.Count {
			t.Fatalf("%+v, want %d and %d", p, falsePositives.Count, truePositives.Count)
		}
	}
	for _, threshold := range thresholds {
		last := slices.IndexFunc(curve, func(p CurvePoint) bool { return p.Threshold < threshold }) - 1
		falsePositives, truePositives := atOrAbove(roc.benign, threshold), atOrAbove(roc.malicious, threshold)
		if got := curve[last]; got.FalsePositives != falsePositives.Count || got.TruePositives != truePositives.Count {
			t.Errorf("at %v: %+v, want %d and %d", threshold, got, falsePositives.Count, truePositives.Count)
		}
	}
	if last := curve[len(curve)-1]; last.FalsePositives != rows || last.TruePositives != rows {
		t.Errorf("the curve ends at %+v, want all %d rows", last, rows)
	}
}

func TestCurveIsNearAllThatItLeavesOut(t *testing.T) {
	roc := randomROC(50000)
	curve := roc.Curve()
	next := 1
	for _, threshold := range slices.Backward(sorted(roc.benign, roc.malicious)) {
		for next < len(curve)-1 && curve[next].Threshold > threshold {
			next++
		}
		before, after := curve[next-1], curve[next]
		falsePositives, truePositives := atOrAbove(roc.benign, threshold), atOrAbove(roc.malicious, threshold)
		if falsePositives.Count < before.FalsePositives || falsePositives.Count > after.FalsePositives ||
			truePositives.Count < before.TruePositives || truePositives.Count > after.TruePositives {
			t.Fatalf("at %v: %v and %v are not between %+v and %+v", threshold, falsePositives, truePositives, before, after)
		}
		if threshold == before.Threshold || threshold == after.Threshold {
			continue // it is on the curve
		}
		if tall := float64(after.TruePositives-before.TruePositives) / float64(len(roc.malicious)); tall > .01 {
			t.Fatalf("at %v: %+v and %+v are %v of the malicious texts apart", threshold, before, after, tall)
		}
		if wide := math.Log10(float64(after.FalsePositives) / float64(before.FalsePositives)); wide > 1./24 {
			t.Fatalf("at %v: %+v and %+v are %v decades apart", threshold, before, after, wide)
		}
	}
}

func TestCurves(t *testing.T) {
	m := Meter{Levels: []Level{{Name: "low", Threshold: .5}}}
	for _, e := range []Example{
		{Score: .1, Kind: "benign"},
		{Score: .6, Kind: "benign", Source: "another"},
		{Score: .9, Malicious: true, Kind: "dga"},
		{Score: .2, Malicious: true, Kind: "phishing"},
		{Score: .999, Malicious: true},
	} {
		m.Add(e)
	}
	got := m.Curves()
	benign := []float64{.1, .6}
	for _, test := range []struct {
		curve     Curve
		name      string
		malicious []float64
	}{
		{got.Overall, "", []float64{.9, .2, .999}},
		{got.ByKind[0], "dga", []float64{.9}},
		{got.ByKind[1], "phishing", []float64{.2}},
	} {
		want := Curve{test.name, 2, len(test.malicious), NewROC(benign, test.malicious).Curve(math.Nextafter(.6, 1), .5)}
		if !reflect.DeepEqual(test.curve, want) {
			t.Errorf("got %+v, want %+v", test.curve, want)
		}
	}
	if len(got.ByKind) != 2 || got.OtherKinds != 0 {
		t.Errorf("%d kinds and %d others, want 2 and 0", len(got.ByKind), got.OtherKinds)
	}
	var names []string
	for _, h := range got.Scores {
		names = append(names, h.Name+" "+strconv.FormatBool(h.Malicious))
	}
	if want := []string{" false", " true", "dga true", "phishing true"}; !slices.Equal(names, want) {
		t.Errorf("histograms of %q, want %q", names, want)
	}
}

func TestCurvesOfManyKindsAreThoseOfTheLargest(t *testing.T) {
	var m Meter
	m.Add(Example{Score: .1})
	for kind := range 1000 {
		for range 1 + kind {
			m.Add(Example{Score: .5, Malicious: true, Kind: strconv.Itoa(kind)})
		}
	}
	got := m.Curves()
	if len(got.ByKind) != maxKinds || got.OtherKinds != 1000-maxKinds || got.ByKind[0].Name != "992" {
		t.Errorf("%d kinds from %q on and %d others", len(got.ByKind), got.ByKind[0].Name, got.OtherKinds)
	}
	if len(got.Scores) != 2+maxKinds {
		t.Errorf("%d histograms, want %d", len(got.Scores), 2+maxKinds)
	}
}

func TestHistogram(t *testing.T) {
	scores := sorted([]float64{math.NaN(), -1, 0, .00001, .5, .5, .64, .98, 1, 2})
	got := histogram("dga", true, scores)
	want := map[float64]int{0: 3, .00001: 1, .5: 3, .98: 1, .99999: 2}
	for i, bin := range got.Bins {
		if bin.Rows != (Proportion{want[bin.Low], len(scores)}) {
			t.Errorf("from %v to %v: %+v, want %d of %d", bin.Low, bin.High, bin.Rows, want[bin.Low], len(scores))
		}
		if i > 0 && bin.Low != got.Bins[i-1].High {
			t.Errorf("a bin ends at %v and the next starts at %v", got.Bins[i-1].High, bin.Low)
		}
	}
}

func TestWorst(t *testing.T) {
	scores := []float64{.3, .9, .9, math.NaN(), .5, .2, math.NaN(), .8, .2}
	malicious := []bool{false, false, false, false, true, true, true, true, true}
	tests := []struct {
		name                           string
		count                          int
		benignHighest, maliciousLowest []int
	}{
		{"all, ties in their order and a broken score as the lowest", 10, []int{1, 2, 0, 3}, []int{6, 5, 8, 4, 7}},
		{"a few", 2, []int{1, 2}, []int{6, 5}},
		{"none", 0, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			benignHighest, maliciousLowest := Worst(scores, malicious, test.count)
			if !slices.Equal(benignHighest, test.benignHighest) || !slices.Equal(maliciousLowest, test.maliciousLowest) {
				t.Errorf("got %v and %v, want %v and %v", benignHighest, maliciousLowest, test.benignHighest, test.maliciousLowest)
			}
		})
	}
}
