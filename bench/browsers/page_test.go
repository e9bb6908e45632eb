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

// TestEveryKindIsInThePage holds the table of docs/differences.md to what we make of the example of
// each kind. With -whole it also asks the browser that the kind is about.
func TestEveryKindIsInThePage(t *testing.T) {
	var found []oracle
	if *whole || *update {
		found = oracles(t)
	}
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const heading = "| kind | for example | a browser | Snowman | why |\n"
	before, rest, isThere := strings.Cut(string(content), heading)
	table, after, ends := strings.Cut(rest, "\n\n")
	if !isThere || !ends {
		t.Fatalf("%s has no table that begins with %q and ends with an empty line", page, heading)
	}
	got := strings.Split(table, "\n")
	want := []string{"|---|---|---|---|---|"}
	for _, k := range kinds {
		start := fmt.Sprintf("| %s | %s | ", k.name, code(k.example))
		end := fmt.Sprintf(" | %s | %s |", orRefuses(read(k.example).form), k.reason)
		i := slices.IndexFunc(got, func(row string) bool { return strings.HasPrefix(row, start) && strings.HasSuffix(row, end) })
		if i < 0 && !*update {
			t.Errorf("%s has no row %s...%s: run go test ./bench/browsers -update", page, start, end)
			continue
		}
		wanted := cmp.Or(k.shownBy, "Chromium")
		at := slices.IndexFunc(found, func(o oracle) bool { return o.name == wanted })
		if at < 0 {
			if i >= 0 {
				want = append(want, got[i])
			}
			continue
		}
		c := classify(t, found[at], []string{k.example})[0]
		if c.kind != k.name {
			t.Errorf("%q is of kind %q for %s, want %q", k.example, c.kind, wanted, k.name)
		}
		theirs := orRefuses(c.href)
		if k.shownBy != "" {
			theirs = k.shownBy + ": " + theirs
		}
		want = append(want, start+theirs+end)
	}
	if t.Failed() || slices.Equal(got, want) {
		return
	}
	if !*update {
		t.Fatalf("%s is not up to date: run go test ./bench/browsers -update", page)
	}
	if err := os.WriteFile(page, []byte(before+heading+strings.Join(want, "\n")+"\n\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func orRefuses(form string) string {
	if form == "" {
		return "refuses it"
	}
	return code(form)
}

// code is a text as code in a table of Markdown, with what nobody sees as \u....
func code(text string) string {
	quoted := fmt.Sprintf("%q", text)
	return "`" + strings.ReplaceAll(quoted[1:len(quoted)-1], "|", `\|`) + "`"
}
