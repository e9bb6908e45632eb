package drift

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// An Input is a log, or a list of names and URLs.
type Input struct {
	Name    string // for messages; may be empty
	Reader  io.Reader
	Format  *logs.Format // nil where it is to be guessed
	IsFile  bool         // more formats are guessed of a file
	Columns []string     // where names stand, if the format does not know
}

// Read adds a log. What is wrong with its records is reported in whole lines, maybe none, and what
// its format is taken for if that is guessed and no list.
func (j *Job) Read(ctx context.Context, in Input, report func([]byte)) error {
	all := in.Reader
	sample, err := inputfile.Await(ctx, func() (sample []byte, _ error) {
		sample, all = enrich.Sample(in.Reader, false) // nothing comes out before the end, so nobody is kept waiting
		return sample, nil
	})
	if err != nil {
		return err
	}
	title := in.Name
	if title == "" {
		title = "the input"
	}
	say := func(predicate string) {
		if predicate != "" {
			report(fmt.Appendf(nil, "snowman: %s %s\n", title, visible.Text(predicate)))
		}
	}
	format := in.Format
	if format == nil {
		guess := logs.GuessFormat(sample, in.IsFile || len(in.Columns) > 0)
		if format = guess.Format; format != logs.Lines {
			var found []string
			if len(in.Columns) == 0 {
				_, found = format.Columns(sample)
			}
			say(guess.Message(found))
		}
	}
	if in.Format != logs.Lines {
		advice := logs.Advise(sample, format, in.IsFile)
		if advice.Refused {
			return errors.New(title + " " + advice.Text())
		}
		say(advice.Text())
	}
	say(format.Missing(sample, in.Columns))
	if format.Sort == logs.Lists {
		const longest = snowman.MaxLength + 1 // one byte more tells that there are more
		return j.readLines(ctx, pipeline.Lines(longest, pipeline.Source{Name: in.Name, Input: all}), report)
	}
	source, err := enrich.NewSource(in.Name, all, format, sample, logs.Options{Columns: in.Columns})
	if err != nil {
		return err
	}
	j.misfits.Reset()
	if err := j.readRecords(ctx, source.Feed, report); err != nil {
		return err
	}
	if message := j.misfits.Message(format); message != "" {
		report(fmt.Appendf(nil, "snowman: %s %s\n", title, message))
	}
	return nil
}

// A place is where something stands, for messages.
type place struct {
	source, item string
	number       int
}

// append appends a line that says what is wrong there.
func (p place) append(out []byte, wrong string) []byte {
	out = append(out, "snowman: "...)
	if p.source != "" {
		out = append(append(out, p.source...), ", "...)
	}
	return fmt.Appendf(out, "%s %d: %s\n", p.item, p.number, wrong)
}

// withoutFinalDot returns a name in presentation format without the dot of the root.
func withoutFinalDot(name []byte) []byte {
	end := len(name) - 1
	if end < 1 || name[end] != '.' {
		return name
	}
	backslashes := end - len(bytes.TrimRight(name[:end], `\`))
	if backslashes%2 == 1 {
		return name
	}
	return name[:end]
}
