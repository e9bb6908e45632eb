package follow

import (
	"context"
	"errors"
	"fmt"
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

// all does one step after the other, before anybody looks.
func all(steps ...step) step {
	return func(t *testing.T, path string) {
		for _, s := range steps {
			s(t, path)
		}
	}
}

// rotate gives the file and all that had its name the next number.
func rotate(t *testing.T, path string) {
	for n := 8; n >= 0; n-- {
		from := fmt.Sprintf("%s.%d", path, n)
		if n == 0 {
			from = path
		}
		if err := os.Rename(from, fmt.Sprintf("%s.%d", path, n+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// move gives the file another name.
func move(ending string) step { return renamed("", ending) }

func renamed(from, to string) step {
	return func(t *testing.T, path string) {
		if strings.HasPrefix(to, "/../") {
			if err := os.Rename(path, filepath.Join(t.TempDir(), to[4:])); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := os.Rename(path+from, path+to); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(ending string) step {
	return func(t *testing.T, path string) {
		if err := os.Remove(path + ending); err != nil {
			t.Fatal(err)
		}
	}
}

func copyTo(ending string) step {
	return func(t *testing.T, path string) {
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path+ending, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// age makes a file one that was written a minute ago.
func age(ending string) step {
	return func(t *testing.T, path string) {
		before := time.Now().Add(-time.Minute)
		if err := os.Chtimes(path+ending, before, before); err != nil {
			t.Fatal(err)
		}
	}
}

// later makes a file.
func later(ending string) step {
	return func(t *testing.T, path string) { replace("x")(t, path+ending) }
}

func mkdir(t *testing.T, path string) {
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// loop makes a name that leads nowhere.
func loop(t *testing.T, path string) {
	if err := os.Symlink(path, path); err != nil {
		t.Fatal(err)
	}
}

// wait waits until somebody has looked often.
func wait(*testing.T, string) { time.Sleep(15 * Pause) }

// writeOld appends to the file that had the name.
func writeOld(text string) step {
	return func(t *testing.T, path string) { write(text)(t, path+".1") }
}

func TestFollow(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []step // each is done when all before was read
		want  []string
		says  string // ends what is said, if anything is
	}{
		{"it grows", []step{write("a\nb\n"), write("c\n")}, []string{"a\nb\n", "c\n"}, ""},
		{"half a line waits for the rest", []step{write("a\nb"), write("c\n")}, []string{"a\nb", "c\n"}, ""},
		{"a file that is not there yet", []step{nil, write("a\n")}, []string{"", "a\n"}, ""},
		{"another has its name", []step{write("a\n"), func(t *testing.T, path string) { rename(t, path); write("b\n")(t, path) }}, []string{"a\n", "b\n"}, ""},
		{"its writer goes on for a while", []step{write("a\n"), rename, writeOld("b\n"), replace(""), writeOld("c\n"), write("d\n")}, []string{"a\n", "", "b\n", "", "c\n", "d\n"}, ""},
		{"it has half a line when another has its name", []step{write("a\nb"), func(t *testing.T, path string) { rename(t, path); write("c\n")(t, path) }}, []string{"a\nb", "\nc\n"}, ""},
		{"it is cut", []step{write("a\nb\n"), replace(""), write("c\n")}, []string{"a\nb\n", "", "c\n"}, ""},
		{"it is cut and has more than before when it is looked at", []step{write("a\nb\n"), replace("cccccccccccc\n")}, []string{"a\nb\n", "cccccccccccc\n"}, ""},
		{"it is cut and has as much as before", []step{write("a\nb\n"), replace("c\nd\n")}, []string{"a\nb\n", "c\nd\n"}, ""},
		{"its writer does not append: NULs stand where it was cut", []step{write("a\nb\n"), replace("\x00\x00\x00\x00c\n"), write("d\x00\n")}, []string{"a\nb\n", "c\n", "d\x00\n"}, ""},
		{"more NULs than are read at a time", []step{write("a\n"), replace(strings.Repeat("\x00", 200_000) + "b\n")}, []string{"a\n", "b\n"}, ""},
		{"it is rotated twice", []step{write("a\n"), all(rotate, write("b\n"), rotate, write("c\n"))}, []string{"a\n", "b\nc\n"}, ""},
		{"it is rotated often", []step{write("a\n"), all(rotate, write("b\n"), rotate, write("c\n"), rotate, write("d"), rotate, write("e\n")), all(rotate, write("f\n"), rotate, write("g\n"))}, []string{"a\n", "b\nc\nd\ne\n", "f\ng\n"}, ""},
		{"it gets the day behind its name", []step{write("a\n"), all(move("-20261128"), write("b\n"), move("-20261129"), write("c\n"))}, []string{"a\n", "b\nc\n"}, ""},
		{"it is rotated before it is seen", []step{all(write("x\n"), rotate, write("a\n")), all(rotate, write("b\n"), rotate, write("c\n"))}, []string{"x\na\n", "b\nc\n"}, ""},
		{"the oldest is removed", []step{write("a\n"), all(rotate, write("b\n"), rotate, remove(".2"), write("c\n"))}, []string{"a\n", "b\nc\n"}, "if another came in between, it is missed"},
		{"it goes to another folder", []step{write("a\n"), all(move("/../old"), write("b\n"))}, []string{"a\n", "b\n"}, "if another came in between, it is missed"},
		{"it is compressed", []step{write("a\n"), all(rotate, renamed(".1", ".1.gz"), write("b\n"))}, []string{"a\n", "b\n"}, ""},
		{"one in between is compressed", []step{write("a\n"), all(rotate, age(".1"), write("b\n"), rotate, remove(".1"), later(".1.gz"), write("c\n"))}, []string{"a\n", "c\n"}, `"log.1.gz" came in between and is compressed already: it is not read`},
		{"it is copied and cut", []step{write("a\n"), all(write("b\n"), copyTo(".1"), replace("c\n"))}, []string{"a\n", "b\nc\n"}, ""},
		{"it is copied and cut twice", []step{write("a\n"), all(write("b\n"), copyTo(".1"), replace("c\n"), renamed(".1", ".2"), copyTo(".1"), replace("\x00\x00d\n"))}, []string{"a\n", "b\nc\nd\n"}, ""},
		{"a folder has its name", []step{write("a\n"), all(rotate, mkdir), all(remove(""), write("b\n"))}, []string{"a\n", "", "b\n"}, "waiting for a file that can be read: it is no regular file"},
		{"nothing has its name for long", []step{write("a\n"), all(rotate, wait), write("b\n")}, []string{"a\n", "", "b\n"}, "waiting for a file that can be read: no such file or directory"},
		{"it may not be read", []step{write("a\n"), all(rotate, loop), all(remove(""), write("b\n"))}, []string{"a\n", "", "b\n"}, "waiting for a file that can be read: too many levels of symbolic links"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "log")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			said := make(chan string, 10)
			file, err := Open(ctx, path, func(problem string) { said <- problem })
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
			close(said)
			isSaid := test.says == ""
			for problem := range said {
				if isSaid || !strings.HasSuffix(problem, test.says) {
					t.Errorf("it says %q", problem)
				}
				isSaid = true
			}
			if !isSaid {
				t.Errorf("it does not say %q", test.says)
			}
		})
	}
}

func TestOnlyFilesAreFollowed(t *testing.T) {
	var failure *fs.PathError
	if _, err := Open(t.Context(), t.TempDir(), nil); !errors.As(err, &failure) {
		t.Errorf("%v, want that a folder is no regular file", err)
	}
}
