package reload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFollowReadsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.txt")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	files := New(slog.New(slog.NewTextHandler(io.Discard, nil)))
	open := func() (string, error) {
		content, err := os.ReadFile(path)
		if string(content) == "bad" {
			err = errors.New("bad list")
		}
		return string(content), err
	}
	current := ""
	first, err := Open(files, "list", []string{path}, open, func(content string) { current = content })
	if first != "one" || err != nil {
		t.Fatalf("%q (%v), want one", first, err)
	}
	if files.files[0].changed() {
		t.Error("a file that was just read has changed")
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hangUp := make(chan os.Signal)
	type told struct {
		what string
		err  error
	}
	tell := make(chan told)
	go files.Follow(ctx, hangUp, false, func(what string, err error) { tell <- told{what, err} })
	for _, test := range []struct{ content, want, wantError string }{
		{"two and more", "two and more", ""},
		{"bad", "two and more", "bad list"}, // what was read before stays
		{"three", "three", ""},
	} {
		write(test.content)
		if !files.files[0].changed() && test.content != "three" { // of the same length as what was read, perhaps within one tick
			t.Errorf("%q is not seen to have changed", test.content)
		}
		hangUp <- os.Interrupt
		got := <-tell
		if got.what != "list" || (got.err != nil) != (test.wantError != "") || got.err != nil && !strings.Contains(got.err.Error(), test.wantError) {
			t.Errorf("%q: told %+v, want the error %q", test.content, got, test.wantError)
		}
		if current != test.want {
			t.Errorf("%q: %q is in use, want %q", test.content, current, test.want)
		}
	}
}

func TestOpenRefusesWhatIsNoRegularFile(t *testing.T) {
	files := New(slog.New(slog.NewTextHandler(io.Discard, nil)))
	_, err := Open(files, "list", []string{t.TempDir()}, func() (int, error) { return 1, nil }, func(int) {})
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder gives %v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	failure := errors.New("no such list")
	if _, err := Open(files, "list", []string{missing}, func() (int, error) { return 0, failure }, func(int) {}); !errors.Is(err, failure) {
		t.Errorf("a missing file gives %v, want the error of open", err)
	}
}
