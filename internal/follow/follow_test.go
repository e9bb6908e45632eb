package follow

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A step changes the file at a path.
type step func(t *testing.T, path string)

func write(text string) step {
	return func(t *testing.T, path string) {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
}

// replace is what is seen where a file is cut and grows before somebody looks.
func replace(text string) step {
	return func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func rename(t *testing.T, path string) {
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
}

// writeOld appends to the file that had the name.
func writeOld(text string) step {
	return func(t *testing.T, path string) { write(text)(t, path+".1") }
}

func TestFollow(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []step // each is done when all before was read
		want  []string
	}{
		{"it grows", []step{write("a\nb\n"), write("c\n")}, []string{"a\nb\n", "c\n"}},
		{"half a line waits for the rest", []step{write("a\nb"), write("c\n")}, []string{"a\nb", "c\n"}},
		{"a file that is not there yet", []step{nil, write("a\n")}, []string{"", "a\n"}},
		{"another has its name", []step{write("a\n"), func(t *testing.T, path string) { rename(t, path); write("b\n")(t, path) }}, []string{"a\n", "b\n"}},
		{"its writer goes on for a while", []step{write("a\n"), rename, writeOld("b\n"), replace(""), writeOld("c\n"), write("d\n")}, []string{"a\n", "", "b\n", "", "c\n", "d\n"}},
		{"it has half a line when another has its name", []step{write("a\nb"), func(t *testing.T, path string) { rename(t, path); write("c\n")(t, path) }}, []string{"a\nb", "\nc\n"}},
		{"it is cut", []step{write("a\nb\n"), replace(""), write("c\n")}, []string{"a\nb\n", "", "c\n"}},
		{"it is cut and has more than before when it is looked at", []step{write("a\nb\n"), replace("cccccccccccc\n")}, []string{"a\nb\n", "cccccccccccc\n"}},
		{"it is cut and has as much as before", []step{write("a\nb\n"), replace("c\nd\n")}, []string{"a\nb\n", "c\nd\n"}},
		{"its writer does not append: NULs stand where it was cut", []step{write("a\nb\n"), replace("\x00\x00\x00\x00c\n"), write("d\x00\n")}, []string{"a\nb\n", "c\n", "d\x00\n"}},
		{"more NULs than are read at a time", []step{write("a\n"), replace(strings.Repeat("\x00", 200_000) + "b\n")}, []string{"a\n", "b\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "log")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			file, err := Open(ctx, path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			parts := make(chan string)
			go func() {
				defer close(parts)
				buffer := make([]byte, 64<<10)
				for {
					n, err := file.Read(buffer)
					if err != nil {
						if err != io.EOF {
							t.Error(err)
						}
						return
					}
					parts <- string(buffer[:n])
				}
			}()
			for i, want := range test.want {
				if test.steps[i] != nil {
					test.steps[i](t, path)
				}
				got := ""
				for len(got) < len(want) {
					select {
					case part := <-parts:
						got += part
					case <-time.After(30 * time.Second):
						t.Fatalf("step %d: only %q is read, want %q", i, got, want)
					}
				}
				if want == "" { // what was done must be seen alone
					time.Sleep(3 * Pause)
				}
				if got != want {
					t.Fatalf("step %d: %q is read, want %q", i, got, want)
				}
			}
			cancel()
			for part := range parts {
				t.Errorf("%q is read, too", part)
			}
		})
	}
}

func TestOnlyFilesAreFollowed(t *testing.T) {
	var failure *fs.PathError
	if _, err := Open(t.Context(), t.TempDir()); !errors.As(err, &failure) {
		t.Errorf("%v, want that a folder is no regular file", err)
	}
}
