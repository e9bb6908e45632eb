package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/bench/internal/judging"
)

const toy = "../../web/testdata/toy.safetensors"

// write writes a labelled file, one text a row.
func write(t *testing.T, folder, name, label string, texts ...string) {
	t.Helper()
	content := "text\tlabel\n"
	for _, text := range texts {
		content += text + "\t" + label + "\n"
	}
	if err := os.WriteFile(filepath.Join(folder, name+".tsv"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// folders makes the folders of -data and -judge, with a recipe for the first.
func folders(t *testing.T) (data, judge, recipe string) {
	t.Helper()
	data, judge = t.TempDir(), t.TempDir()
	var benign []string
	for i := range 300 {
		benign = append(benign, fmt.Sprintf("a%d.org", i))
	}
	write(t, data, "url_free_hosting", "benign", benign...)
	write(t, data, "bad", "malware", "seen.com", "z1.com", "z2.com")
	recipe = filepath.Join(t.TempDir(), "recipe.json")
	content := `{"seed": 1, "share": {"choose": 0.1, "calibrate": 0.1, "report": 0.3}, "sources": [{"file": "url_free_hosting"}, {"file": "bad"}]}`
	if err := os.WriteFile(recipe, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range judging.Pairs {
		for _, name := range p.Malicious {
			write(t, judge, name, "malicious", "z-evil.com/login", "bland.com", "zoo.local")
		}
		for _, name := range p.Benign {
			write(t, judge, name, "benign", "shop.org", "x-blog.org/post", "wiki.org")
		}
	}
	return data, judge, recipe
}

// judged runs the program with flags beside the folders and wants it to succeed.
func judged(t *testing.T, data, judge, recipe string, more ...string) (stdout, stderr string) {
	t.Helper()
	var out, log strings.Builder
	args := append([]string{"-data", data, "-judge", judge, "-recipe", recipe, "-seen", filepath.Join(filepath.Dir(recipe), "seen")}, more...)
	if err := run(t.Context(), args, &out, &log); err != nil {
		t.Fatal(err)
	}
	return out.String(), log.String()
}

func TestTwoModelsAreJudgedByTheRowsThatNeitherHasSeen(t *testing.T) {
	data, judge, recipe := folders(t)
	own := filepath.Join(t.TempDir(), "own.json") // trained on one file of judge
	content := fmt.Sprintf(`{"seed": 1, "share": {"choose": 0, "calibrate": 0, "report": 0}, "sources": [{"file": %q}]}`,
		filepath.ToSlash(filepath.Join(judge, "url_openphish_public_feed")))
	if err := os.WriteFile(own, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	out, log := judged(t, data, judge, recipe, "-model", toy)
	if log == "" {
		t.Error("the data were read without a word")
	}
	for _, line := range []string{
		"| malicious | benign | rows | toy: TPR at FPR 1e-2 / 1e-3 | AUC |",
		"| url_openphish_public_feed | url_citizenlab_test_lists | 3 / 3 | .67 / .67 | .778 |",
		"| judge/url_citizenlab_test_lists | 3 | 33 / 33 / 0 |",
		// The local name scores high, and is no public name.
		"| judge/url_openphish_public_feed | 3 | 33 / 33 / 33 |",
		"| judge/url_openphish_public_feed | 3 | 0 | 0 | 0 |",
	} {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("%s has no line %s", out, line)
		}
	}

	// What is known of a recipe is kept, and not read again.
	again, log := judged(t, data, judge, recipe, "-model", toy)
	if again != out || log != "" {
		t.Errorf("a second run says %s and prints %s", log, again)
	}

	both, _ := judged(t, data, judge, recipe, "-model", toy, "-model", toy+","+own)
	for _, line := range []string{
		"| malicious | benign | rows | toy: TPR at FPR 1e-2 / 1e-3 | AUC | toy: TPR at FPR 1e-2 / 1e-3 | AUC |",
		"| url_openphish_public_feed | url_citizenlab_test_lists | 0 / 3 | .00 / .00 | - | .00 / .00 | - |",
		"| judge/url_openphish_public_feed | 0 | 3 | 0 | 0 |",
	} {
		if !strings.Contains(both, line+"\n") {
			t.Errorf("%s has no line %s", both, line)
		}
	}
}

func TestIntervalsAndCountsStandBehindTheRates(t *testing.T) {
	data, judge, recipe := folders(t)
	out, _ := judged(t, data, judge, recipe, "-model", toy, "-intervals", "-quick")
	for _, cell := range []string{".667 (.208-.939, 2) / .667 (.208-.939, 2)", "33 (6.1-79, 1)"} {
		if !strings.Contains(out, cell) {
			t.Errorf("%s has no %s", out, cell)
		}
	}
}

func TestNamesOnAModelsListAreLeftOut(t *testing.T) {
	data, judge, recipe := folders(t)
	shipped, err := judging.OpenModels([]string{""}, recipe)
	if err != nil {
		t.Fatal(err)
	}
	popular := shipped[0].Popular[0]
	write(t, judge, "domain_popular", "benign", popular, popular+"/login", "unheard-of.org")
	out, _ := judged(t, data, judge, recipe)
	if line := "| judge/domain_popular | 2 | 0 | 1 | 0 |"; !strings.Contains(out, line) {
		t.Errorf("%s has no line %s", out, line)
	}
	if line := "| the 500 names of the model's own list that most are like | 500 | "; !strings.Contains(out, line) {
		t.Errorf("%s has no line %s", out, line)
	}
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	data, judge, recipe := folders(t)
	judged(t, data, judge, recipe, "-model", toy)
	write(t, data, "bad", "malware", "shop.org") // its registered domain was not seen before
	out, log := judged(t, data, judge, recipe, "-model", toy)
	if !strings.Contains(log, "reading the data") || !strings.Contains(out, "| judge/url_personal_sites |") {
		t.Errorf("it says %q", log)
	}
}

func TestWrongCommandLines(t *testing.T) {
	_, judge, recipe := folders(t)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"want -data, -recipe and -judge", []string{"-data", "sources"}},
		{`unexpected argument "more"`, []string{"more"}},
		{"reading a model", []string{"-data", judge, "-recipe", recipe, "-judge", judge, "-model", "none"}},
		{"no such file", []string{"-data", judge, "-recipe", recipe, "-judge", judge, "-seen", t.TempDir()}},
	} {
		var out, log strings.Builder
		if err := run(t.Context(), c.args, &out, &log); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: the error is %v, want %q", c.args, err, c.want)
		}
	}
}

func TestPercentsAreShort(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 1: "100", .0996: "10", .034: "3.4", .00996: "1.0", .0006: ".06", .00002: ".00"} {
		if got := percent(share); got != want {
			t.Errorf("%v is %s, want %s", share, got, want)
		}
	}
}
