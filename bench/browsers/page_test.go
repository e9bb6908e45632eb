package browsers_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of "+page)

const page = "../../docs/differences.md"

// TestKindsAreAsTheirExamplesShow asks about the example of each kind, and holds the table of
// docs/differences.md to the answers.
func TestKindsAreAsTheirExamplesShow(t *testing.T) {
	found := oracles(t)
	table := []string{"| kind | for example | a browser | Snowman | why |", "|---|---|---|---|---|"}
	for _, k := range kinds {
		wanted := cmp.Or(k.oracle, "Chromium")
		i := slices.IndexFunc(found, func(o oracle) bool { return o.name == wanted })
		if i < 0 {
			t.Skipf("NOT TESTED: %s is not there", wanted)
		}
		c := classify(t, found[i], []string{k.example})[0]
		if c.kind != k.name {
			t.Errorf("%q is of kind %q, want %q", k.example, c.kind, k.name)
		}
		theirs, ours := "refuses it", "refuses it"
		if c.taken {
			theirs = code(c.href)
		}
		if c.ours.err == nil {
			ours = code(c.ours.form)
		}
		if k.oracle != "" {
			theirs = k.oracle + ": " + theirs
		}
		table = append(table, fmt.Sprintf("| %s | %s | %s | %s | %s |", k.name, code(k.example), theirs, ours, k.reason))
	}
	if t.Failed() {
		return
	}
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, isThere := strings.Cut(string(content), table[0]+"\n")
	_, after, ends := strings.Cut(rest, "\n\n")
	if !isThere || !ends {
		t.Fatalf("%s has no table that begins with %q and ends with an empty line", page, table[0])
	}
	want := before + strings.Join(table, "\n") + "\n\n" + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(content) != want {
		t.Errorf("%s is not up to date: run go test ./bench/browsers -update", page)
	}
}

// code is a text as code in a table of Markdown, with what nobody sees as \u....
func code(text string) string {
	quoted := fmt.Sprintf("%q", text)
	return "`" + strings.ReplaceAll(quoted[1:len(quoted)-1], "|", `\|`) + "`"
}
