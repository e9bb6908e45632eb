package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
)

// shownFailures is how many single errors a run writes. A last line counts all.
const shownFailures = 20

// A lineJob is work on lines, of which something is written for each.
type lineJob struct {
	what      string // is written, for messages
	item      string // what an error calls a line: line or argument
	header    []byte
	failures  render.Failures
	newWorker func() func(*pipeline.Chunk[pipeline.Line])
}

// run works on the lines of a feed, and writes what comes of them.
func (j *lineJob) run(ctx context.Context, s streams, feed pipeline.Feed[pipeline.Line]) error {
	w := newLineWriter(s, j.what)
	if err := w.writeHeader(j.header); err != nil {
		return err
	}
	err := pipeline.Run(ctx, feed, j.newWorker, writeChunks[pipeline.Line](w))
	w.writeSummary(j.failures.Summary(j.item), err)
	return err
}

// A lineWriter writes what came of chunks: outputs to standard output, errors to standard error,
// behind the line that they speak of. Standard output is flushed where no finished chunk is at
// hand, and always between two lines: an interrupted run leaves no half line.
type lineWriter struct {
	what   string // is written, for messages
	out    *bufio.Writer
	stderr io.Writer
	shown  int // errors

	isShown bool // on a terminal
}

func newLineWriter(s streams, what string) *lineWriter {
	return &lineWriter{what: what, out: bufio.NewWriterSize(s.stdout, 64<<10), stderr: s.stderr, isShown: isTerminal(s.stdout)}
}

func (w *lineWriter) flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("writing %s: %w", w.what, err)
	}
	return nil
}

// writeHeader writes what stands before all lines.
func (w *lineWriter) writeHeader(header []byte) error {
	w.out.Write(header)
	return w.flush()
}

// writeChunks returns what writes the chunks of pipeline.Run.
func writeChunks[T any](w *lineWriter) func(c *pipeline.Chunk[T], idle bool) error {
	return func(c *pipeline.Chunk[T], idle bool) error {
		if len(c.Output) > w.out.Available() {
			if err := w.flush(); err != nil {
				return err
			}
		}
		w.out.Write(c.Output) // its error is also that of the next flush
		if idle || len(c.Errors) > 0 {
			if err := w.flush(); err != nil {
				return err
			}
		}
		for line := range bytes.Lines(c.Errors) {
			if w.shown++; w.shown <= shownFailures {
				w.stderr.Write(line)
			}
		}
		return nil
	}
}

// writeSummary writes the last line of standard error, unless nobody reads what is written.
func (w *lineWriter) writeSummary(summary string, err error) {
	if summary != "" && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintf(w.stderr, "snowman: %s\n", summary)
	}
}

// appendFailure says in a chunk's errors what is wrong with its i-th item.
func (j *lineJob) appendFailure(c *pipeline.Chunk[pipeline.Line], i int, err error) {
	c.Errors = append(c.Errors, "snowman: "...)
	if c.Source != "" {
		c.Errors = fmt.Appendf(c.Errors, "%s, ", c.Source)
	}
	c.Errors = fmt.Appendf(c.Errors, "%s %d: %v\n", j.item, c.First+i, err)
}
