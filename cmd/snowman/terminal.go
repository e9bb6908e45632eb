package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/term"

	"github.com/snowman-ml/snowman/internal/pipeline"
)

// isTerminal reports whether a person may be at the other end of a stream, an io.Reader or an io.Writer.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalColumns returns how many columns a line has, and whether it may be coloured.
func terminalColumns(w io.Writer) (columns int, inColour bool) {
	const usual = 80
	if !isTerminal(w) {
		return usual, false
	}
	columns, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || columns < usual/2 {
		columns = usual
	}
	oldConsole := runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == ""
	return columns, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && !oldConsole
}

// putLines works on the lines of a feed, and writes what comes of them: outputs to standard output behind
// the header, errors to standard error, behind the line that they speak of. What names the outputs in
// messages.
func putLines(ctx context.Context, s streams, what string, header []byte, feed pipeline.Feed[pipeline.Line], newWorker func() func(*pipeline.Chunk[pipeline.Line])) error {
	out := bufio.NewWriterSize(s.stdout, 64<<10)
	flush := func() error {
		if err := out.Flush(); err != nil {
			return fmt.Errorf("writing %s: %w", what, err)
		}
		return nil
	}
	out.Write(header)
	if err := flush(); err != nil {
		return err
	}
	// Standard output is flushed where no finished chunk is at hand, and always between two lines: an
	// interrupted run leaves no half line.
	err := pipeline.Run(ctx, feed, newWorker, func(c *pipeline.Chunk[pipeline.Line], idle bool) error {
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
		s.stderr.Write(c.Errors)
		return nil
	})
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	return err
}

// appendFailure appends what is wrong with the chunk's i-th item, a line or an argument.
func appendFailure(out []byte, c *pipeline.Chunk[pipeline.Line], i int, item string, err error) []byte {
	out = append(out, "snowman: "...)
	if c.Source != "" {
		out = fmt.Appendf(out, "%s, ", c.Source)
	}
	return fmt.Appendf(out, "%s %d: %v\n", item, c.First+i, err)
}
