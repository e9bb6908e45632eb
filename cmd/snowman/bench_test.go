package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
)

func TestBenchmarkModelsAreTrainedOnce(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "rows.tsv")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("text\tlabel\na.com\t0\nb.com\t1\n")
	b := benchmarking{work: folder, stderr: io.Discard}
	options := train.Options{Options: provenance.Options{Embedding: 2, Widths: []int{2}, Filters: 2, Hidden: 2, Epochs: 1}}
	trained := 0
	model := func(options train.Options, more any) string {
		t.Helper()
		path, err := b.model(context.Background(), "toy", options, more, []string{path}, func() (*dataset.Set, error) {
			trained++
			return dataset.ReadSplit(context.Background(), []string{dataset.Benign, "malicious"}, map[dataset.Part]string{dataset.Train: path})
		})
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := model(options, nil)
	if again := model(options, nil); again != first || trained != 1 {
		t.Errorf("the second time it is %q, the first time %q; trained %d times", again, first, trained)
	}
	other := options
	other.Epochs = 2
	seen := map[string]bool{first: true}
	for name, path := range map[string]string{"other options": model(other, nil), "another base": model(options, "sha256")} {
		if seen[path] {
			t.Errorf("%s: it is %q again", name, path)
		}
		seen[path] = true
	}
	write("text\tlabel\na.com\t0\nc.com\t1\n")
	if path := model(options, nil); seen[path] || trained != 4 {
		t.Errorf("other data: it is %q again, trained %d times, want 4", path, trained)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.checkpoint")); err != nil || len(left) > 0 {
		t.Errorf("checkpoints %q are left, error %v", left, err)
	}

	stopped, stop := context.WithCancel(context.Background())
	stop()
	other.Epochs = 3
	_, err := b.model(stopped, "toy", other, nil, []string{path}, func() (*dataset.Set, error) {
		return dataset.ReadSplit(context.Background(), []string{dataset.Benign, "malicious"}, map[dataset.Part]string{dataset.Train: path})
	})
	if err == nil || !strings.Contains(err.Error(), "stopped; the same command goes on") {
		t.Errorf("the error of a stopped training is %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.checkpoint")); err != nil || len(left) != 1 {
		t.Errorf("checkpoints %q are left, error %v; want one", left, err)
	}
}

func TestRowsWithNewHosts(t *testing.T) {
	set := &dataset.Set{}
	set.Parts[dataset.Train] = []dataset.Row{{Text: "a.com/x"}, {Text: "b.com:8080"}}
	set.Parts[dataset.Report] = []dataset.Row{{Text: "a.com/y"}, {Text: "x.a.com/x"}, {Text: "b.com"}, {Text: "c.com"}}
	var got []string
	for _, row := range withNewHosts(set) {
		got = append(got, row.Text)
	}
	if want := "x.a.com/x c.com"; strings.Join(got, " ") != want {
		t.Errorf("rows are %q, want %q", got, want)
	}
	if len(set.Parts[dataset.Report]) != 4 {
		t.Error("the set has changed")
	}
}

func TestEveryFifthRowIsSetAside(t *testing.T) {
	set := &dataset.Set{}
	for _, name := range strings.Split("abcdefghijkl", "") {
		set.Parts[dataset.Train] = append(set.Parts[dataset.Train], dataset.Row{Text: name})
	}
	setAside(set)
	texts := func(part dataset.Part) (texts string) {
		for _, row := range set.Parts[part] {
			texts += row.Text
		}
		return texts
	}
	if texts(dataset.Train) != "abcdfghikl" || texts(dataset.Choose) != "ej" {
		t.Errorf("train has %q, choose %q", texts(dataset.Train), texts(dataset.Choose))
	}
}
