package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
)

// toy is a model in which a q in the host is low, an x medium, a z high.
func toy(t *testing.T) *snowman.Model {
	t.Helper()
	model, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func TestWhatAListBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ours.txt")
	if err := os.WriteFile(path, []byte("shop-z.org\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ours, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	day := &traffic{
		queries: []string{"a.org", "q.org", "shop-z.org", "shop-z.org", "mail.shop-z.org", "typo-z.org", "evil-z.net", "evil-z.net", "bad.net"},
		groups: map[string]group{
			"a.org": benign, "q.org": benign, "shop-z.org": benign, "mail.shop-z.org": benign,
			"typo-z.org": absent, "evil-z.net": malicious, "bad.net": malicious,
		},
	}
	for name, test := range map[string]struct {
		way  way
		want count
	}{
		"at high":            {way{level: snowman.High, seen: 1}, count{3, tally{4, 2, 5, 3}, tally{2, 1, 3, 2}}},
		"at low":             {way{level: snowman.Low, seen: 1}, count{4, tally{4, 3, 5, 4}, tally{2, 1, 3, 2}}},
		"seen twice":         {way{level: snowman.High, seen: 2}, count{2, tally{4, 2, 5, 3}, tally{2, 1, 3, 2}}},
		"with an allow list": {way{level: snowman.High, seen: 1, allowed: ours}, count{3, tally{4, 1, 5, 1}, tally{2, 1, 3, 2}}},
	} {
		got, err := day.block(t.Context(), toy(t), test.way)
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestTheTableHasMeansAndIntervals(t *testing.T) {
	var out strings.Builder
	writeTable(&out, []way{{level: snowman.High, seen: 5, allowName: "ours"}}, [][]count{{
		{3, tally{1000, 10, 5000, 50}, tally{2, 1, 3, 2}}, {5, tally{1000, 20, 5000, 60}, tally{2, 1, 3, 2}},
	}})
	const want = "| high | 5 | ours | 4 (3 to 5) | 15 (10 to 20) | 1.500 % (0.911 to 2.460) | 1.100 % | 1 (1 to 1) | 50.000 % (9.453 to 90.547) |\n"
	if !strings.HasSuffix(out.String(), want+"\n") {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}

func TestWrongCommandLines(t *testing.T) {
	for want, args := range map[string][]string{
		"want -data and -recipe":     {"-data", "sources"},
		`unexpected argument "more"`: {"more"},
		"-seeds 0: want 1 or more":   {"-data", "a", "-recipe", "b", "-seeds", "0"},
		"reading model":              {"-data", "a", "-recipe", "b", "-model", "none"},
	} {
		var out, log strings.Builder
		if err := run(t.Context(), args, &out, &log); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", args, err, want)
		}
	}
}
