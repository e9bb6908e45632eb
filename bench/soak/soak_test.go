package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNamesAreDistinctAndCanBeScored(t *testing.T) {
	const count = 200_000
	seen := make(map[string]bool, count)
	for i := range uint32(count) {
		seen[name(i)] = true
	}
	if len(seen) != count {
		t.Errorf("%d distinct names, want %d", len(seen), count)
	}
}

func TestQuantileIsAMeasuredValue(t *testing.T) {
	var sorted []time.Duration
	for i := range 100 {
		sorted = append(sorted, time.Duration(i+1))
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 50, 0.99: 99, 0.999: 100, 1: 100} {
		if got := quantile(sorted, share); got != want {
			t.Errorf("quantile %v is %d, want %d", share, got, want)
		}
	}
}

func testOracle(t *testing.T) *oracle {
	t.Helper()
	oracle, err := newOracle([2]string{"../../models/snowman.safetensors", "../../web/testdata/toy.safetensors"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

func TestModelsAnswersAreHeldToBothModels(t *testing.T) {
	probe := testOracle(t).probe
	body := func(text string, score float64) string {
		return fmt.Sprintf(`{"input query": "%s", "score": "%.5f"}`+"\n", text, score)
	}
	for _, test := range []struct {
		name, body string
		status     int
		model      int // -1 for a wrong answer
	}{
		{"the first model's", body(probe.text, probe.verdicts[0].Score), 200, 0},
		{"the other's", body(probe.text, probe.verdicts[1].Score), 200, 1},
		{"another score", body(probe.text, probe.verdicts[1].Score+2e-5), 200, -1},
		{"another text", body("other.com", probe.verdicts[0].Score), 200, -1},
		{"an error", `{"error": "no"}` + "\n", 400, -1},
		{"the end cut off", strings.TrimSpace(body(probe.text, probe.verdicts[0].Score)), 200, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			model, err := probe.checkModel(answer{status: test.status, body: []byte(test.body)})
			if err != nil {
				model = -1
			}
			if model != test.model {
				t.Errorf("%q is taken for an answer of model %d (%v), want %d", test.body, model, err, test.model)
			}
		})
	}
}

func TestLinesAreHeldToTheirSamples(t *testing.T) {
	oracle := testOracle(t)
	samples := []*sample{&oracle.samples[0], nil, &oracle.samples[1]}
	verdict := func(s *sample, model int) string {
		v := s.verdicts[model]
		return fmt.Sprintf(`{"text":%q,"score":%v,"level":%q,"kind":%q}`+"\n", s.text, v.Score, v.Level, v.Kind)
	}
	first, failed, last := verdict(samples[0], 0), `{"text":"","error":"empty"}`+"\n", verdict(samples[2], 0)
	for _, test := range []struct {
		name, lines string
		right       bool
	}{
		{"all right", first + failed + last, true},
		{"all by the other model", verdict(samples[0], 1) + failed + verdict(samples[2], 1), true},
		{"one by each model", first + failed + verdict(samples[2], 1), false},
		{"one missing", first + failed, false},
		{"one more", first + failed + last + last, false},
		{"in another order", last + failed + first, false},
		{"a verdict instead of an error", first + first + last, false},
		{"an error instead of a verdict", first + failed + failed, false},
		{"another model's level", first + failed + strings.Replace(last, `"level":"`, `"level":"x`, 1), false},
		{"the last line cut", first + failed + last[:len(last)-1], false},
		{"no JSON", first + failed + "no\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := checkLines(strings.NewReader(test.lines), samples); (err == nil) != test.right {
				t.Errorf("%q: %v, want that it is right to be %v", test.lines, err, test.right)
			}
		})
	}
}
