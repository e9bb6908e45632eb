//go:build unix

package inputfile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	return path
}

func TestOpenOfAFIFOWithoutAWriterEndsWithTheContext(t *testing.T) {
	path := fifo(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	// Let go of the goroutine that waits for a writer.
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	writer.Close()
}

func TestReadOfAFIFOWhoseWriterIsSilentEndsWithTheContext(t *testing.T) {
	path := fifo(t)
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	file, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	go cancel()
	if _, err := file.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestReadOfAFIFOIsWhatIsWritten(t *testing.T) {
	path := fifo(t)
	go func() {
		writer, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			io.WriteString(writer, "content")
			writer.Close()
		}
	}()
	if content, err := Read(path, 1<<10); err != nil || string(content) != "content" {
		t.Errorf("got %q, %v", content, err)
	}
}
