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
