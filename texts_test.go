package snowman

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file again")

// TestTextsOfPeople reads what people paste. The golden file has a Go string for each text, and
// behind a tab what is read of it. A line that begins with # is a comment.
func TestTextsOfPeople(t *testing.T) {
	const path = "testdata/texts.tsv"
	table, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scorer := Default().NewScorer()
	var out strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(string(table), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
			continue
		}
		quoted, want, _ := strings.Cut(line, "\t")
		text, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s:%d: %q: %v", path, i+1, quoted, err)
		}
		got := readOf(t, scorer, text)
		if got != want && !*update {
			t.Errorf("%s:%d: %s is read as %s, want %s", path, i+1, quoted, got, want)
		}
		fmt.Fprintf(&out, "%s\t%s\n", quoted, got)
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readOf returns the canonical form of a text and the facts beside its score, or its error.
func readOf(t *testing.T, scorer *Scorer, text string) string {
	t.Helper()
	verdict, err := scorer.Classify(text)
	if err != nil {
		return "error: " + err.Error()
	}
	read := scorer.Canonical()
	if score, err := Default().Score(read); err != nil || score != verdict.Score {
		t.Errorf("%q scores %v, its canonical form %q %v (%v)", text, verdict.Score, read, score, err)
	}
	if verdict.NotPublic != "" {
		read += ", not public: " + verdict.NotPublic
		if verdict.Level != None {
			t.Errorf("%q is %v, although it is no public name", text, verdict.Level)
		}
	}
	if verdict.UserInfo {
		read += ", with user-info"
	}
	if verdict.UnwrappedFrom != "" {
		read += ", unwrapped from " + verdict.UnwrappedFrom
	}
	return read
}
