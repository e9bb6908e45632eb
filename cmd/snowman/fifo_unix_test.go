//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestASignalEndsWaitingForAFIFO holds that the first signal ends a program that waits for the
// writer of a FIFO, or for what it has to say.
func TestASignalEndsWaitingForAFIFO(t *testing.T) {
	// The first FIFO gets a writer, whose opening returns when the program has opened it too: by
	// then the program catches signals. The second never has a writer.
	tests := map[string]func(first, second string) []string{
		"texts": func(first, second string) []string { return []string{"score", "-f", first, "-f", second} },
		"allow lists": func(first, second string) []string {
			return []string{"score", "-allow", first, "-allow", second, "q.com"}
		},
		"a model":  func(first, _ string) []string { return []string{"score", "-model", first, "q.com"} },
		"another":  func(first, _ string) []string { return []string{"model", "show", first} },
		"labelled": func(first, _ string) []string { return []string{"eval", "-model", toyPath, first} },
		"a black list": func(first, second string) []string {
			return []string{"train", "-black", first, "-white", second, "-o", second + ".model"}
		},
	}
	for name, arguments := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			first, second := filepath.Join(folder, "first.txt"), filepath.Join(folder, "second.txt")
			for _, path := range []string{first, second} {
				if err := syscall.Mkfifo(path, 0o600); err != nil {
					t.Skip(err)
				}
			}
			program := command(t, arguments(first, second)...)
			var stderr strings.Builder
			program.Stderr = &stderr
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			writer, err := os.OpenFile(first, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer writer.Close()
			if name == "allow lists" { // the second is opened when the first is read
				writer.Close()
			}
			if err := program.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			program.Wait()
			if code := program.ProcessState.ExitCode(); code != exitFailed || !strings.HasSuffix(stderr.String(), "snowman: interrupted\n") {
				t.Errorf("it ends with %v and %q, want exit code %d and that it was interrupted", program.ProcessState, &stderr, exitFailed)
			}
		})
	}
}
