package overview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// An Input is a log, or a list of names.
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
	say := func(predicate string) { report(fmt.Appendf(nil, "snowman: %s %s\n", title, predicate)) }
	format := in.Format
	if format == nil {
		guess := logs.GuessFormat(sample, in.IsFile || len(in.Columns) > 0)
		if format = guess.Format; format != logs.Lines {
			var found []string
			if len(in.Columns) == 0 {
				_, found = format.Columns(sample)
			}
			say(visible.Text(guess.Message(found)))
		}
	}
	if in.Format != logs.Lines {
		switch advice := logs.Advise(sample, format, in.IsFile); {
		case advice.Refused:
			return errors.New(title + " " + advice.Text())
		case advice.Seems != "":
			say(visible.Text(advice.Text()))
		}
	}
	if missing := format.Missing(sample, in.Columns); missing != "" {
		say(visible.Text(missing))
	}
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
		say(message)
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

// responseOf reads a response code of DNS, a name or a number (RFC 1035, section 4.1.1). What is
// none of DNS, or says neither that a name exists nor that it does not, is Unknown.
func responseOf(code []byte) ranking.Response {
	switch {
	case len(code) == 0 || len(code) > len("NXDOMAIN"):
	case string(code) == "0" || strings.EqualFold(textOf(code), "NOERROR"):
		return ranking.Exists
	case string(code) == "3" || strings.EqualFold(textOf(code), "NXDOMAIN"):
		return ranking.NXDomain
	}
	return ranking.Unknown
}

// clientOf returns who asked without a port: 192.0.2.1:53, 192.0.2.1#53, 192.0.2.1/53,
// [2001:db8::1]:53.
func clientOf(client []byte) []byte {
	if len(client) > 0 && client[0] == '[' {
		if end := bytes.IndexByte(client, ']'); end > 0 {
			return client[1:end]
		}
	}
	if end := bytes.IndexAny(client, "#/"); end > 0 {
		client = client[:end]
	}
	if end := bytes.IndexByte(client, ':'); end > 0 && end == bytes.LastIndexByte(client, ':') {
		client = client[:end]
	}
	return client
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
