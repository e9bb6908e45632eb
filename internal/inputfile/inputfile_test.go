package inputfile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	const limit = 2 << 10
	for _, size := range []int{0, 1, limit - 1, limit} {
		if content, err := Read(write(t, size), limit); err != nil || len(content) != size {
			t.Errorf("a file of %d bytes: %d bytes, %v", size, len(content), err)
		}
	}
	tests := []struct {
		name, path string
		limit      int64
		want       string
	}{
		{"one byte too many", write(t, limit+1), limit, "it is larger than 2 KiB"},
		{"a large file", write(t, 1<<20+1), 1 << 20, "it is larger than 1 MiB"},
		{"no file", filepath.Join(t.TempDir(), "none"), limit, "none: no such file or directory"},
		{"a folder", t.TempDir(), limit, "is a directory"},
		{"a device without an end", "/dev/zero", 1 << 20, "it is larger than 1 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := os.Stat(test.path); err != nil && strings.HasPrefix(test.path, "/dev/") {
				t.Skip(err)
			}
			if _, err := Read(test.path, test.limit); err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got %v, want ...%s", err, test.want)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	value, err := Await(t.Context(), func() (int, error) { return 1, io.ErrNoProgress })
	if value != 1 || err != io.ErrNoProgress {
		t.Errorf("got %d, %v, want what was returned", value, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	blocked := make(chan struct{})
	defer close(blocked)
	_, err = Await(ctx, func() (int, error) {
		cancel()
		<-blocked
		return 1, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestOpenReadsToTheEnd(t *testing.T) {
	file, err := Open(t.Context(), write(t, 100))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if content, err := io.ReadAll(file); err != nil || len(content) != 100 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

// TestReadEndsWithTheContext holds that a device without an end is not read for ever.
func TestReadEndsWithTheContext(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	file, err := Open(ctx, "/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read := 0
	for {
		n, err := file.Read(make([]byte, 1<<10))
		if read += n; read > 1<<12 {
			cancel()
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's error", err)
			}
			return
		}
	}
}
