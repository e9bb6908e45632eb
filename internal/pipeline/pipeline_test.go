package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// echo is a worker that puts out each line behind its number.
func echo() func(*Chunk[Line]) {
	return func(c *Chunk[Line]) {
		for i, line := range c.Items {
			c.Output = fmt.Appendf(c.Output, "%d %s\n", c.First+i, line.Text)
		}
	}
}

func TestRunKeepsTheOrder(t *testing.T) {
	var input, want, got strings.Builder
	for line := range 10 * MaxItems {
		fmt.Fprintf(&input, "%d.example\n", line)
		fmt.Fprintf(&want, "%d %d.example\n", line+1, line)
	}
	lastIdle := false
	err := Run(t.Context(), Lines(100, Source{Input: strings.NewReader(input.String())}), echo, func(c *Chunk[Line], idle bool) error {
		got.Write(c.Output)
		lastIdle = idle
		return nil
	})
	if err != nil || got.String() != want.String() {
		t.Errorf("%d bytes (%v), want %d in the order of the lines", got.Len(), err, want.Len())
	}
	if !lastIdle {
		t.Error("the last chunk is not said to be the last at hand")
	}
}

// Somebody who types gets an answer to each line before the next.
func TestRunAnswersBeforeItWaits(t *testing.T) {
	reader, writer := io.Pipe()
	answers := make(chan string)
	go Run(t.Context(), Lines(100, Source{Input: reader}), echo, func(c *Chunk[Line], idle bool) error {
		if !idle {
			t.Error("more is said to be at hand, and is not")
		}
		answers <- string(c.Output)
		return nil
	})
	for line := 1; line <= 3; line++ {
		fmt.Fprintln(writer, "a.example")
		if got, want := <-answers, fmt.Sprintf("%d a.example\n", line); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	writer.Close()
}

func TestRunEndsWithWhatFails(t *testing.T) {
	failure := errors.New("disk full")
	t.Run("writing", func(t *testing.T) {
		err := Run(t.Context(), Texts([]string{"a", "b"}), echo, func(*Chunk[Line], bool) error { return failure })
		if !errors.Is(err, failure) {
			t.Errorf("%v, want %v", err, failure)
		}
	})
	t.Run("reading, after what was read", func(t *testing.T) {
		var got strings.Builder
		input := io.MultiReader(strings.NewReader("a\nb\n"), readerFunc(func([]byte) (int, error) { return 0, failure }))
		err := Run(t.Context(), Lines(100, Source{Input: input}), echo, func(c *Chunk[Line], _ bool) error {
			got.Write(c.Output)
			return nil
		})
		if !errors.Is(err, failure) || got.String() != "1 a\n2 b\n" {
			t.Errorf("%q, %v, want both lines and %v", got.String(), err, failure)
		}
	})
	t.Run("the context, while input is waited for", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() {
			fmt.Fprintln(writer, "a.example")
		}()
		err := Run(ctx, Lines(100, Source{Input: reader}), echo, func(*Chunk[Line], bool) error {
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	})
}

// Whatever is sent, no more than some chunks of it are held.
func TestRunReadsNoFurtherThanItHasRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		read := 0
		input := readerFunc(func(p []byte) (int, error) {
			n := copy(p, strings.Repeat("a.example\n", len(p)/10))
			read += n
			return n, nil
		})
		stuck := make(chan struct{})
		done := make(chan error)
		go func() {
			done <- Run(ctx, Lines(100, Source{Input: input}), echo, func(*Chunk[Line], bool) error {
				<-stuck
				return ctx.Err()
			})
		}()
		synctest.Wait()
		if most := 100 * MaxBytes; read > most {
			t.Errorf("%d bytes are read while none is written, want at most %d", read, most)
		}
		cancel()
		close(stuck)
		<-done
	})
}

func TestLongLinesAreCut(t *testing.T) {
	err := Lines(100, Source{Input: strings.NewReader("short\n" + strings.Repeat("l", 101) + "\n")})(func(c *Chunk[Line]) bool {
		if len(c.Items) != 2 || c.Items[0].Cut || !c.Items[1].Cut || len(c.Items[1].Text) != 100 {
			t.Errorf("%+v, want the second line to be cut", c.Items)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLinesOfSeveralSources(t *testing.T) {
	failure := errors.New("disk full")
	var got strings.Builder
	broken := readerFunc(func([]byte) (int, error) { return 0, failure })
	err := Lines(100, Source{"one", strings.NewReader("a\nb")}, Source{"two", strings.NewReader("c\n")}, Source{"three", broken}, Source{"four", broken})(func(c *Chunk[Line]) bool {
		for i, line := range c.Items {
			fmt.Fprintf(&got, "%s %d %s\n", c.Source, c.First+i, line.Text)
		}
		return true
	})
	if want := "one 1 a\none 2 b\ntwo 1 c\n"; got.String() != want || !errors.Is(err, failure) {
		t.Errorf("%q (%v), want %q, then %v", got.String(), err, want, failure)
	}
	chunks := 0 // a source is left although more of it could be read
	many := strings.NewReader(strings.Repeat("a\n", 2*MaxItems))
	if err := Lines(100, Source{"one", many}, Source{"two", broken})(func(*Chunk[Line]) bool {
		chunks++
		return false
	}); chunks != 1 || err != nil {
		t.Errorf("after nothing more is wanted, %d chunks are sent (%v), want one", chunks, err)
	}
}

func TestAPanicEndsTheRunAlone(t *testing.T) {
	texts := make([]string, 100)
	texts[50] = "bad"
	written := 0
	err := Run(t.Context(), Texts(texts), func() func(*Chunk[Line]) {
		return func(c *Chunk[Line]) {
			if c.Items[0].Text == "bad" {
				panic("a bug")
			}
		}
	}, func(*Chunk[Line], bool) error { written++; return nil })
	var panicked *Panic
	if !errors.As(err, &panicked) || panicked.Value != "a bug" || !bytes.Contains(panicked.Stack, []byte("pipeline_test.go")) {
		t.Errorf("%.300v, want what panicked and where", err)
	}
	if written != 50 {
		t.Errorf("%d chunks are written, want the 50 before it", written)
	}
}
