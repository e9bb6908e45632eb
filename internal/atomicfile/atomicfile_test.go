package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func wantError(t *testing.T, err error, message string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), message) {
		t.Errorf("error is %v, want one that says %s", err, message)
	}
}
