package eval

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// points returns what a group has at the operating points when the thresholds are the overall's.
func points(overall []OperatingPoint, falsePositives, truePositives Proportion) []OperatingPoint {
	points := slices.Clone(overall)
	for i := range points {
		points[i].FalsePositives = falsePositives
		points[i].TruePositives = truePositives
	}
	return points
}

func TestResult(t *testing.T) {
	var m Meter
	for _, e := range []Example{
		{Score: .1, Kind: "benign", Source: "list", Month: "2024-01"},
		{Score: .2, Kind: "benign", Source: "list", Month: "2024-02"},
		{Score: .3, Kind: "benign", Source: "both"},
		{Score: .6, Kind: "benign", Source: "both"},
		{Score: .9, Malicious: true, Kind: "dga", Family: "conficker", Source: "both", Month: "2024-01"},
		{Score: .6, Malicious: true, Kind: "dga", Family: "banjori", Source: "feed", Month: "2024-02"},
		{Score: .7, Malicious: true, Kind: "dga", Family: "banjori", Source: "feed", Month: "2024-02"},
		{Score: .2, Malicious: true, Kind: "phishing", Source: "feed", Month: "2024-02"},
	} {
		m.Add(e)
	}
	got := m.Result()

	// With four benign rows no limit allows a false positive: all thresholds are just above .6.
	var overall []OperatingPoint
	for _, limit := range limits {
		overall = append(overall, OperatingPoint{
			Limit:          limit,
			Threshold:      math.Nextafter(.6, 1),
			FalsePositives: Proportion{0, 4},
			TruePositives:  Proportion{2, 4},
		})
	}
	// Benign rows below each malicious one: 4 of 4, 3.5, 4 and 1.5.
	want := Result{
		Overall: Rates{4, 4, new(13. / 16), overall},
		ByKind: []Group{
			{"benign", Rates{4, 0, nil, points(overall, Proportion{0, 4}, Proportion{})}},
			{"dga", Rates{0, 3, new(11.5 / 12), points(overall, Proportion{}, Proportion{2, 3})}},
			{"phishing", Rates{0, 1, new(1.5 / 4), points(overall, Proportion{}, Proportion{0, 1})}},
		},
		BySource: []Group{
			{"both", Rates{2, 1, new(1.), points(overall, Proportion{0, 2}, Proportion{1, 1})}},
			{"feed", Rates{0, 3, new(9. / 12), points(overall, Proportion{}, Proportion{1, 3})}},
			{"list", Rates{2, 0, nil, points(overall, Proportion{0, 2}, Proportion{})}},
		},
		ByFamily: []Group{
			{"banjori", Rates{0, 2, new(7.5 / 8), points(overall, Proportion{}, Proportion{1, 2})}},
			{"conficker", Rates{0, 1, new(1.), points(overall, Proportion{}, Proportion{1, 1})}},
		},
		ByMonth: []Group{
			{"2024-01", Rates{1, 1, new(1.), points(overall, Proportion{0, 1}, Proportion{1, 1})}},
			{"2024-02", Rates{1, 3, new(9. / 12), points(overall, Proportion{0, 1}, Proportion{1, 3})}},
		},
	}
	want.CalibrationError, want.CalibrationBins = CalibrationError([]float64{.1, .2, .3, .6}, []float64{.2, .6, .7, .9}, 15)
	if !reflect.DeepEqual(got, want) {
		gotJSON, _ := json.MarshalIndent(got, "", " ")
		wantJSON, _ := json.MarshalIndent(want, "", " ")
		t.Errorf("got  %s\nwant %s", gotJSON, wantJSON)
	}
}

func TestGroupEqualsItsROCAgainstAllBenign(t *testing.T) {
	var m Meter
	var benign []float64
	malicious := make(map[string][]float64)
	random := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		e := Example{Score: float64(random.IntN(5000)) / 5000, Source: strconv.Itoa(random.IntN(3))}
		if random.IntN(2) == 0 {
			e.Malicious = true
			e.Score = math.Sqrt(e.Score)
			e.Family = strconv.Itoa(random.IntN(5))
			malicious[e.Family] = append(malicious[e.Family], e.Score)
		} else {
			benign = append(benign, e.Score)
		}
		m.Add(e)
	}
	report := m.Result()
	if len(report.ByFamily) != 5 {
		t.Fatalf("got %d families, want 5", len(report.ByFamily))
	}
	for _, family := range report.ByFamily {
		roc := NewROC(benign, malicious[family.Name])
		if want, _ := roc.AUC(); *family.AUC != want {
			t.Errorf("family %s: AUC %v, want %v", family.Name, *family.AUC, want)
		}
		for i, limit := range limits {
			want, _ := roc.AtFalsePositiveRate(limit)
			want.FalsePositives = Proportion{} // a family has no benign rows of its own
			if got := family.OperatingPoints[i]; got != want {
				t.Errorf("family %s: got %+v, want %+v", family.Name, got, want)
			}
		}
	}
	for i, limit := range limits {
		var sum OperatingPoint
		for _, source := range report.BySource {
			sum.FalsePositives.Count += source.OperatingPoints[i].FalsePositives.Count
			sum.TruePositives.Count += source.OperatingPoints[i].TruePositives.Count
		}
		overall := report.Overall.OperatingPoints[i]
		if sum.FalsePositives.Count != overall.FalsePositives.Count || sum.TruePositives.Count != overall.TruePositives.Count {
			t.Errorf("at %v the sources sum to %+v, want %+v", limit, sum, overall)
		}
	}
}

func TestResultDoesNotDependOnOrder(t *testing.T) {
	examples := randomExamples(2000)
	figures := func() string {
		var m Meter
		for _, e := range examples {
			m.Add(e)
		}
		text, err := json.Marshal(m.Result())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := figures()
	slices.Reverse(examples)
	if got := figures(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJSONOfWhatCannotBeMeasured(t *testing.T) {
	benign, malicious := Example{Score: .4}, Example{Score: .6, Malicious: true}
	tests := []struct {
		name     string
		examples []Example
		contains []string
	}{
		{"nothing", nil, []string{
			`"overall":{"benign":0,"malicious":0,"auc":null,"operating_points":[]},"calibration_error":0,`,
			`"by_kind":[],"by_source":[],"by_family":[],"by_month":[]}`,
		}},
		{"no benign", []Example{malicious}, []string{`"benign":0,"malicious":1,"auc":null,"operating_points":[]`}},
		{"no malicious", []Example{benign}, []string{
			`"benign":1,"malicious":0,"auc":null,`,
			`{"limit":0.01,"threshold":0.4000000000000001,"false_positives":{"count":0,"total":1,`,
		}},
		{"no group has an empty name", []Example{benign, malicious}, []string{`"by_kind":[],"by_source":[],"by_family":[],"by_month":[]}`}},
		{"NaN", []Example{benign, {Score: nan}, {Score: nan, Malicious: true}}, []string{`"auc":0.25,`}},
		{"infinity", []Example{{Score: infinity}, {Score: infinity, Malicious: true}}, []string{`"auc":0.5,"operating_points":[]`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m Meter
			for _, e := range test.examples {
				m.Add(e)
			}
			text, err := json.Marshal(m.Result())
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.contains {
				if !strings.Contains(string(text), want) {
					t.Errorf("got %s\nwant in it %s", text, want)
				}
			}
		})
	}
}

func TestResultCanBeReadBack(t *testing.T) {
	var m Meter
	for _, e := range randomExamples(2000) {
		m.Add(e)
	}
	want := m.Result()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Result
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// randomExamples returns n examples, half of them malicious, of 200 families, 10 sources and 24
// months.
func randomExamples(n int) []Example {
	random := rand.New(rand.NewPCG(7, 8))
	examples := make([]Example, n)
	for i := range examples {
		e := Example{
			Score:  random.Float64(),
			Source: "source " + strconv.Itoa(random.IntN(10)),
			Month:  "month " + strconv.Itoa(random.IntN(24)),
			Kind:   "benign",
		}
		if i%2 == 1 {
			e.Malicious = true
			e.Score = math.Sqrt(e.Score)
			e.Kind = "dga"
			e.Family = "family " + strconv.Itoa(random.IntN(200))
		}
		examples[i] = e
	}
	return examples
}

func BenchmarkResult(b *testing.B) {
	const n = 1_000_000
	var m Meter
	for _, e := range randomExamples(n) {
		m.Add(e)
	}
	// The score of a malicious row is the root of a uniform one, so the area is 2/3.
	report := m.Result()
	if math.Abs(*report.Overall.AUC-2./3) > .01 || len(report.ByFamily) != 200 {
		b.Fatalf("AUC %v, %d families, want 2/3 and 200", *report.Overall.AUC, len(report.ByFamily))
	}
	for b.Loop() {
		m.Result()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
