package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestThousandsKeepsThreeFigures(t *testing.T) {
	for count, want := range map[float64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12345: "12,300", 999_999: "1,000,000", 28_449_999: "28,400,000", math.NaN(): "-",
	} {
		if got := thousands(count); got != want {
			t.Errorf("%v is printed as %q, want %q", count, got, want)
		}
	}
}

func TestStraightLineFindsALine(t *testing.T) {
	constant, slope, worst := straightLine([]int{10, 20, 50}, []float64{3, 4, 7})
	if math.Abs(constant-2) > 1e-9 || math.Abs(slope-0.1) > 1e-9 || worst > 1e-9 {
		t.Errorf("the line is %v + %v x, off by %v; want 2 + 0.1 x", constant, slope, worst)
	}
}

func TestDistinctNamesAreDistinct(t *testing.T) {
	path := filepath.Join(t.TempDir(), "names")
	if err := writeNames(path, []string{"a.com", "aa.com", "b.com"}, 0, 100, true); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(content))
	slices.Sort(lines)
	if distinct := len(slices.Compact(slices.Clone(lines))); len(lines) != 100 || distinct != 100 {
		t.Errorf("%d lines, %d of them distinct, want 100", len(lines), distinct)
	}
}

func TestScoresThatDifferDoNotCount(t *testing.T) {
	for _, test := range []struct {
		name string
		got  []float64
		ok   bool
	}{
		{"the same", []float64{0.25, 0.5}, true},
		{"within the tolerance", []float64{0.25, 0.505}, true},
		{"too far away", []float64{0.25, 0.52}, false},
		{"no number", []float64{0.25, math.NaN()}, false},
		{"one missing", []float64{0.25}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &process{contender: contender{tolerance: 0.01}, largest: map[string]float64{}, result: map[string][]float64{names: test.got}}
			if err := p.check(names, []float64{0.25, 0.5}); (err == nil) != test.ok {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestPrepareWritesWhatWorkersRead(t *testing.T) {
	network, err := os.ReadFile("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	o := options{
		data: filepath.Join(folder, "data"), recipe: filepath.Join(folder, "recipe.json"), folder: folder,
		texts: 20, trainingRows: 3, lines: 200,
	}
	if err := os.Mkdir(o.data, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{
		"network.safetensors": string(network),
		"recipe.json":         `{"sources": [{"file": "rows"}], "share": {"report": 0.3}}`,
		"data/rows.tsv": "text\tlabel\tkind\n" +
			"garden-books.com\t0\tbenign\nbakers-street.org\t0\tbenign\ncoral-shop.de\t0\tbenign\n" +
			"http://example.org/" + strings.Repeat("a", 76-len("example.org/")) + "\t0\tbenign\n" +
			"http://example.net/" + strings.Repeat("b", 100-len("example.net/")) + "\t0\tbenign\n" +
			"qxkvjzdpw3tq1.com\t1\tdga\nzxkvjz8pw3tq.info\t1\tdga\nlogin-bank-secure.net\t1\tphishing\n" +
			"http://example.top/login\t1\tphishing\nmalware.example\t1\t\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := prepare(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	lines := func(name string) int {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(content), "\n")
	}
	for name, want := range map[string]int{
		names + ".txt": 5, names + ".canonical.txt": 5, urls + ".txt": 2, lengthSet(100) + ".txt": 2,
		trainingSet + ".tsv": 3, "lines200.txt": 200, "distinct.txt": 200,
	} {
		if got := lines(name); got != want {
			t.Errorf("%s has %d lines, want %d", name, got, want)
		}
	}
	if got := lines(reportSet + ".tsv"); got == 0 || got != lines(reportSet+".txt") {
		t.Errorf("report has %d rows and %d texts", got, lines(reportSet+".txt"))
	}
	lengths, err := os.ReadFile(filepath.Join(folder, names+".lengths"))
	if err != nil || len(lengths) != 4*lines(names+".txt") {
		t.Errorf("the lengths of %d names have %d bytes, error %v", lines(names+".txt"), len(lengths), err)
	}
}
