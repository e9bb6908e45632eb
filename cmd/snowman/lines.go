package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
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

// run works on the lines of a feed, and writes what comes of them: outputs to standard output
// behind the header, errors to standard error, behind the line that they speak of.
func (j *lineJob) run(ctx context.Context, s streams, feed pipeline.Feed[pipeline.Line]) error {
	out := bufio.NewWriterSize(s.stdout, 64<<10)
	flush := func() error {
		if err := out.Flush(); err != nil {
			return fmt.Errorf("writing %s: %w", j.what, err)
		}
		return nil
	}
	out.Write(j.header)
	if err := flush(); err != nil {
		return err
	}
	shown := 0
	// Standard output is flushed where no finished chunk is at hand, and always between two lines:
	// an interrupted run leaves no half line.
	err := pipeline.Run(ctx, feed, j.newWorker, func(c *pipeline.Chunk[pipeline.Line], idle bool) error {
		if len(c.Output) > out.Available() {
			if err := flush(); err != nil {
				return err
			}
		}
		out.Write(c.Output) // its error is also that of the next flush
		if idle || len(c.Errors) > 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		for line := range bytes.Lines(c.Errors) {
			if shown++; shown <= shownFailures {
				s.stderr.Write(line)
			}
		}
		return nil
	})
	if summary := j.failures.Summary(j.item); summary != "" && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintf(s.stderr, "snowman: %s\n", summary)
	}
	return err
}

// appendFailure says in a chunk's errors what is wrong with its i-th item.
func (j *lineJob) appendFailure(c *pipeline.Chunk[pipeline.Line], i int, err error) {
	c.Errors = append(c.Errors, "snowman: "...)
	if c.Source != "" {
		c.Errors = fmt.Appendf(c.Errors, "%s, ", c.Source)
	}
	c.Errors = fmt.Appendf(c.Errors, "%s %d: %v\n", j.item, c.First+i, err)
}
