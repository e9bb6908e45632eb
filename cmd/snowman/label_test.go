package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
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
