package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/eval"
)

var update = flag.Bool("update", false, "write the golden file")

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestTables(t *testing.T) {
	var benign, malicious []float64
	for i := range 2000 {
		benign = append(benign, float64(i)/2000)
		malicious = append(malicious, 1-float64(i*i)/4e6)
	}
	decision := eval.NewROC(benign, malicious).Decide(.5)
	results := []result{
		{
			Name: "domains",
			Published: []publishedFigures{
				{Model: "Large, 110 M", Source: "A. Author 2024", Accuracy: .8856, MacroF1: .8816},
				{Model: "Small", Source: "the same", MacroF1: .852},
			},
			Measured: []measuredModel{
				{Model: "train split", Decision: decision},
				{Model: "fine-tuned", Decision: eval.NewROC(benign, malicious).Decide(.25)},
			},
		},
		{
			Name: "urls",
			Measured: []measuredModel{
				{Model: "train split", Decision: decision},
				{Model: "train split", NewHosts: true, Decision: decision},
				{Model: "fine-tuned", NewHosts: true, Decision: eval.NewROC(nil, []float64{.1, .7}).Decide(.5)},
			},
			Notes: []string{"not fine-tuned"},
		},
		{Name: "more", Notes: []string{"skipped"}},
	}
	var got strings.Builder
	if err := writeTables(&got, results); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "tables.golden")
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
	if err := writeTables(failingWriter{failure}, results); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
}
