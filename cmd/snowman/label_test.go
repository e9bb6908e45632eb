package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// TestTheExampleOfLabellingIsReal holds the page about labels to what the program writes.
func TestTheExampleOfLabellingIsReal(t *testing.T) {
	page, err := os.ReadFile("../../docs/labelling.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		found := regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllSubmatch(page, -1)
		if len(found) != 1 {
			t.Fatalf("the page has %d blocks of %s, want 1", len(found), language)
		}
		return string(found[0][1])
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("closed.csv", []byte(block("csv")), 0o644); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(block("sh"))[1:]
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), args, nil, &stdout, &stderr); !errors.Is(err, errLeftOut) || stdout.Len() > 0 {
		t.Fatalf("error is %v, standard output %q", err, &stdout)
	}
	if got := stderr.String(); got != block("text") {
		t.Errorf("standard error says\n%s", got)
	}
	written, err := os.ReadFile("mine.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(written); got != block("tsv") {
		t.Errorf("the file is\n%s", got)
	}
}

// TestLabelLosesNoRowsOfAnotherRun holds that a file that changes while rows are added to it stays.
func TestLabelLosesNoRowsOfAnotherRun(t *testing.T) {
	for _, isThere := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "mine.tsv")
		if isThere {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		was, _ := os.Stat(path)
		const others = "text\tlabel\tkind\tfamily\tdate\nb.com\t1\t\t\t\n"
		if err := atomicfile.Write(path, func(w io.Writer) error { _, err := io.WriteString(w, others); return err }); err != nil {
			t.Fatal(err)
		}
		err := replaceRows(path, was, nil)
		if err == nil || !strings.Contains(err.Error(), "somebody else has written it meanwhile") {
			t.Errorf("error is %v", err)
		}
		if content, err := os.ReadFile(path); err != nil || string(content) != others {
			t.Errorf("the file is %q (%v), want what the other run wrote", content, err)
		}
	}
}
