package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
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
		name  string
		texts int
		got   []float64
		ok    bool
	}{
		{"the same", 2, []float64{0.25, 0.5}, true},
		{"within the tolerance", 2, []float64{0.25, 0.505}, true},
		{"too far away", 2, []float64{0.25, 0.52}, false},
		{"no number", 2, []float64{0.25, math.NaN()}, false},
		{"one missing", 2, []float64{0.25}, false},
		{"none", 0, nil, false},
		{"the first texts alone", 1, []float64{0.25}, true},
		{"the first texts alone, too far away", 1, []float64{0.5}, false},
		{"more texts than the reference", 3, []float64{0.25, 0.5, 0.75}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &process{contender: contender{tolerance: 0.01}, largest: map[string]float64{}, result: map[string][]float64{names: test.got}}
			if err := p.check(names, test.texts, []float64{0.25, 0.5}); (err == nil) != test.ok {
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
	if got := lines(reportSet + ".tsv"); got == 0 || got != lines(reportSet+".canonical.txt") {
		t.Errorf("report has %d rows and %d texts", got, lines(reportSet+".canonical.txt"))
	}
	lengths, err := os.ReadFile(filepath.Join(folder, names+".lengths"))
	if err != nil || len(lengths) != 4*lines(names+".txt") {
		t.Errorf("the lengths of %d names have %d bytes, error %v", lines(names+".txt"), len(lengths), err)
	}
}

func TestTheBestPeerInInt8IsTheFastestOfThem(t *testing.T) {
	speeds := []speed{
		{one: &process{contender: contender{kind: "onnx", network: benchmark}, rates: map[string][]float64{names: {9}}}},
		{one: &process{contender: contender{kind: "onnx-int8", network: benchmark}, missing: "not installed"}},
		{one: &process{contender: contender{kind: "openvino-int8", network: benchmark}, rates: map[string][]float64{names: {3, 4, 5}}}},
		{one: &process{contender: contender{kind: "transformer-int8", network: "transformer"}, rates: map[string][]float64{names: {8}}}},
		{one: &process{contender: contender{kind: "int8", isSnowman: true, network: benchmark}, rates: map[string][]float64{names: {7}}}},
	}
	if got := bestPeerInInt8(speeds, names); got != 4 {
		t.Errorf("the best peer in int8 scores %v names a second, want 4", got)
	}
	if got := bestPeerInInt8(speeds[:2], names); !math.IsNaN(got) {
		t.Errorf("without a peer in int8 the best scores %v, want NaN", got)
	}
}

func TestProductsOfBytesAreNamed(t *testing.T) {
	for _, test := range []struct{ cpuinfo, want string }{
		{"flags\t: avx2 avx512_vnni amx_int8\n", "AVX-512 VNNI, AMX"},
		{"flags\t: avx2 avx_vnni_int8x\n", "neither VNNI nor AMX"},
		{"Features\t: asimd asimddp\n", "NEON dot products"},
		{"", "unknown"},
	} {
		if got := byteProductsOf(test.cpuinfo); got != test.want {
			t.Errorf("%q has %q, want %q", test.cpuinfo, got, test.want)
		}
	}
}

func TestTrainedModelsAreNotTrainedAgain(t *testing.T) {
	folder := t.TempDir()
	for _, model := range trainedModels {
		if err := os.WriteFile(filepath.Join(folder, model.file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := trainModels(t.Context(), options{folder: folder, data: "missing", recipe: "missing"}); err != nil {
		t.Errorf("with all models there, rows were read: %v", err)
	}
}

func TestTurnsEndBeforeTheLimit(t *testing.T) {
	begin := time.Now().Add(-10 * time.Minute)
	for _, test := range []struct {
		name  string
		turns int
		limit time.Duration
		want  bool
	}{
		{"the first turn", 0, time.Minute, false},
		{"another fits", 5, 13 * time.Minute, false},
		{"another does not fit", 2, 13 * time.Minute, true},
	} {
		if got := outOfTime(begin, test.turns, test.limit); got != test.want {
			t.Errorf("%s: out of time is %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPeakMemoryIsThatOfAProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("known on Linux alone")
	}
	if got := peakMegabytes(os.Getpid()); !(got > 1 && got < 10_000) {
		t.Errorf("this test takes %v MB at most", got)
	}
	if got := peakMegabytes(-1); !math.IsNaN(got) {
		t.Errorf("no process takes %v MB, want NaN", got)
	}
}
