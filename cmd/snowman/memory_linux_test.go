package main

import (
	"io"
	"strings"
	"syscall"
	"testing"
)

// The peak memory of score does not grow with its input.
func TestScoreNeedsConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("64 MiB take a second each")
	}
	const size = 64 << 20
	few := peakMemory(t, "github.com\n", 11)
	for _, test := range []struct{ name, repeated string }{
		{"many lines", "github.com/" + strings.Repeat("a", 1<<10) + "\n"},
		{"many bad lines", "github.com/" + strings.Repeat("a", 1<<10) + "\x00\n"},
		{"one line without an end", strings.Repeat("a", 1<<10)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if many := peakMemory(t, test.repeated, size); many > few+size/2 {
				t.Errorf("a line needs %d MiB, %d MiB of them need %d MiB", few>>20, size>>20, many>>20)
			}
		})
	}
}

// peakMemory returns the peak memory of score, in bytes, for an input of this size that repeats a
// text.
func peakMemory(t *testing.T, repeated string, size int64) int64 {
	t.Helper()
	program := command(t, "score", "-model", toyPath)
	program.Env = append(program.Environ(), "GOMAXPROCS=2") // each CPU has chunks in memory
	program.Stdin = io.LimitReader(&repeating{text: repeated}, size)
	program.Stdout, program.Stderr = struct{ io.Writer }{io.Discard}, struct{ io.Writer }{io.Discard}
	if err := program.Run(); err != nil {
		t.Fatal(err)
	}
	return program.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// repeating repeats a text without end.
type repeating struct {
	text string
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}
