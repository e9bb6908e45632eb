package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/eval"
)

func TestBenchmarks(t *testing.T) {
	var benign, malicious []float64
	for i := range 2000 {
		benign = append(benign, float64(i)/2000)
		malicious = append(malicious, 1-float64(i*i)/4e6)
	}
	decision := eval.NewROC(benign, malicious).Decide(.5)
	benchmarks := []Benchmark{
		{
			Name: "domains",
			Published: []PublishedFigures{
				{Model: "Large, 110 M", Source: "A. Author 2024", Accuracy: .8856, MacroF1: .8816},
				{Model: "Small", Source: "the same", MacroF1: .852},
			},
			Measured: []MeasuredModel{
				{Model: "train split", Decision: decision},
				{Model: "fine-tuned", Decision: eval.NewROC(benign, malicious).Decide(.25)},
			},
		},
		{
			Name: "urls",
			Measured: []MeasuredModel{
				{Model: "train split", Decision: decision},
				{Model: "train split", NewHosts: true, Decision: decision},
				{Model: "fine-tuned", NewHosts: true, Decision: eval.NewROC(nil, []float64{.1, .7}).Decide(.5)},
			},
			Notes: []string{"not fine-tuned"},
		},
		{Name: "\x1b[31mskipped", Notes: []string{"skipped"}},
	}
	var got strings.Builder
	if err := Benchmarks(&got, benchmarks); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(got.String()) {
		if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); columns > 100 {
			t.Errorf("%d columns, want at most 100: %s", columns, line)
		}
	}
	golden := filepath.Join("testdata", "benchmarks.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}

	failure := errors.New("disk full")
	if err := Benchmarks(failingWriter{failure}, benchmarks); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
}
