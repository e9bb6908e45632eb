package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWriteReplacesTheWholeFileOrNothing(t *testing.T) {
	failure := errors.New("disk of snow")
	text := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, text)
			return err
		}
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, step := range []struct {
		name  string
		write func(io.Writer) error
		err   error
		want  string
	}{
		{"a new file", text("one, which is longer", nil), nil, "one, which is longer"},
		{"a shorter one in its place", text("two", nil), nil, "two"},
		{"an error after half of it", text("thr", failure), failure, "two"},
	} {
		t.Run(step.name, func(t *testing.T) {
			err := Write(path, step.write)
			if !errors.Is(err, step.err) {
				t.Errorf("error is %v, want %v", err, step.err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != step.want {
				t.Errorf("content is %q, want %q", got, step.want)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != 0o644 {
				t.Errorf("mode is %v, want -rw-r--r--", info.Mode())
			}
		})
	}
	// Neither a directory in the file's place nor a missing one around it leaves anything behind.
	if err := os.Mkdir(filepath.Join(folder, "directory"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"directory", "missing/file"} {
		path := filepath.Join(folder, name)
		wantError(t, Write(path, text("", nil)), `writing "`+path+`": `)
	}
	// A link stays a link.
	link := filepath.Join(folder, "link")
	if err := os.Symlink("file", link); err != nil {
		t.Skip("no links here: ", err)
	}
	if err := Write(link, text("through the link", nil)); err != nil {
		t.Error(err)
	}
	if target, err := os.Readlink(link); err != nil || target != "file" {
		t.Errorf("the link leads to %q (%v), want \"file\"", target, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "through the link" {
		t.Errorf("content is %q (%v)", got, err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("the folder holds %v, want the file and the directory", entries)
	}
}

func TestWriteKeepsTheMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes here")
	}
	nothing := func(io.Writer) error { return nil }
	for name, test := range map[string]struct {
		write  func(string, func(io.Writer) error) error
		before os.FileMode
		want   os.FileMode
	}{
		"of a private file":          {Write, 0o600, 0o600},
		"of a public one":            {WritePrivate, 0o644, 0o644},
		"a new file is public":       {Write, 0, 0o644},
		"unless it shall be private": {WritePrivate, 0, 0o600},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if test.before != 0 {
			if err := os.WriteFile(path, nil, test.before); err != nil {
				t.Fatal(err)
			}
		}
		if err := test.write(path, nothing); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != test.want {
			t.Errorf("%s: the mode is %v (%v), want %v", name, info.Mode(), err, test.want)
		}
	}
}

func TestWriteSweepsWhatAKilledProcessLeft(t *testing.T) {
	folder := t.TempDir()
	old := time.Now().Add(-25 * time.Hour)
	for name, when := range map[string]time.Time{
		".list.123.tmp": old, ".list.456.tmp": time.Now(), ".list.x.tmp": old, ".other.123.tmp": old, "list.123.tmp": old,
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(folder, "list"), func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if want := ".list.456.tmp .list.x.tmp .other.123.tmp list list.123.tmp"; strings.Join(got, " ") != want {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func wantError(t *testing.T, err error, message string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), message) {
		t.Errorf("error is %v, want one that says %s", err, message)
	}
}
