package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const toy = "../../web/testdata/toy.safetensors" // a q in the host is low, an x medium, a z high

// folder makes data to train on, with a recipe, and a file of two families.
func folder(t *testing.T) (data, recipe, unseen string) {
	t.Helper()
	data = t.TempDir()
	write := func(path, content string) string {
		t.Helper()
		path = filepath.Join(data, path)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, source := range []string{"lists", "links"} {
		benign := "text\tlabel\n"
		for i := range 2000 {
			benign += fmt.Sprintf("%s%d.org/path\tbenign\n", source, i)
		}
		write(source+".tsv", benign)
	}
	write("bad.tsv", "text\tlabel\nz1.com\tmalware\nz2.com\tmalware\n")
	recipe = write("recipe.json", `{"seed": 1, "share": {"choose": 0.1, "calibrate": 0.1, "report": 0.5}, "sources": [{"file": "lists"}, {"file": "links"}, {"file": "bad"}]}`)
	names := "text\tlabel\tkind\tfamily\n"
	for i := range 150 {
		names += fmt.Sprintf("q%d.net\tmalicious\tdga\tquiet\n", i)
		if i < 120 {
			names += fmt.Sprintf("bland%d.net\tmalicious\tdga\tbland\n", i)
		}
	}
	return data, recipe, write("unseen.tsv", names)
}

func TestAClientThatAsksForGeneratedNamesComesFirst(t *testing.T) {
	data, recipe, unseen := folder(t)
	var out, log strings.Builder
	args := []string{"-data", data, "-recipe", recipe, "-unseen", unseen, "-model", toy, "-kept", filepath.Join(data, "kept"), "-seeds", "3", "-clients", "60"}
	if err := run(t.Context(), args, &out, &log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| family | names | reach *low* | 5 planted: median rank | first | in the first ten | 20 planted: ",
		"\n| quiet | 150 | 100 % | 1 | ",
		"\n| bland | 120 | 0 % | ",
		" | 1 | 100 % | 100 % | 1 | 100 % | 100 % |\n", // 20 and 100 names
		"\n| all |  |  | ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, out.String())
		}
	}
	if !strings.Contains(log.String(), "reading the data") {
		t.Error("the data were read without a word")
	}
	var again, quiet strings.Builder
	if err := run(t.Context(), args, &again, &quiet); err != nil {
		t.Fatal(err)
	}
	if again.String() != out.String() || strings.Contains(quiet.String(), "reading the data") {
		t.Errorf("a second run says %s and prints %s", quiet.String(), again.String())
	}
}

func TestWrongCommandLines(t *testing.T) {
	for want, args := range map[string][]string{
		"want -data, -recipe and -unseen": {"-data", "sources"},
		`unexpected argument "more"`:      {"more"},
		"reading model":                   {"-data", "a", "-recipe", "b", "-unseen", "c", "-model", "none"},
	} {
		var out, log strings.Builder
		if err := run(t.Context(), args, &out, &log); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", args, err, want)
		}
	}
}
