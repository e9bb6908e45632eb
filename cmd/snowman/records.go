package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// mostNames is how many names a record may have: more would take too much memory.
const mostNames = 10_000

// recordFlags are the flags of score that are about logs.
type recordFlags struct {
	reading
	ecs, names bool
	follow     bool
	defang     bool
	place      bool
}

// add adds the flags.
func (f *recordFlags) add(flags *flag.FlagSet) {
	f.reading.add(flags)
	flags.BoolVar(&f.ecs, "ecs", false, "write fields of the Elastic Common Schema into the records of a log")
	flags.BoolVar(&f.names, "names", false, "of a log, print names and verdicts alone, a line a name")
	flags.BoolVar(&f.follow, "follow", false, "go on when the one file of -f ends, as it grows and is rotated, until interrupted")
	flags.BoolVar(&f.place, "place", false, "with -json, of a log, write the line, client and time of each name before it")
	flags.BoolVar(&f.defang, "defang", false, "write names so that nothing makes links of them: hxxp://a[.]example")
}

// check says what is wrong with the flags together, and finds the format.
func (f *recordFlags) check(in *textInput) error {
	if err := f.find(); err != nil {
		return err
	}
	switch {
	case len(in.arguments) > 0 && f.given != nil && f.given.Sort != logs.Lists:
		return usageError{"-format " + f.formatName + " is for files and streams, not for texts as arguments"}
	case f.ecs && f.names:
		return usageError{"-ecs and -names exclude each other"}
	}
	return f.checkEndless(in)
}

// runInput scores a file or standard input, in the format that was given or is guessed.
func (j *scoring) runInput(ctx context.Context, w *lineWriter, in input) error {
	format := j.given
	if format == nil && in.isTyped && len(j.columns) == 0 {
		format = logs.Lines
	}
	if format == logs.Lines {
		return j.runLines(ctx, w, pipeline.Lines(longestText, in.Source))
	}
	sample, err := inputfile.Await(ctx, func() (sample []byte, _ error) {
		if j.follow {
			sample, in.Input = enrich.SampleLines(in.Input, followedSample)
		} else {
			sample, in.Input = enrich.Sample(in.Input, in.mayWait)
		}
		return sample, nil
	})
	if err != nil {
		return err
	}
	if format == nil {
		if format, err = j.guess(w, in, sample); err != nil {
			return err
		}
	}
	if err := j.advise(w, in, sample, format); err != nil {
		return err
	}
	if format.Sort == logs.Lists {
		return j.runLines(ctx, w, pipeline.Lines(longestText, in.Source))
	}
	return j.runRecords(ctx, w, in, format, sample)
}

// guess returns the format of an input, and says on standard error what it is unless it is a list.
func (j *scoring) guess(w *lineWriter, in input, sample []byte) (*logs.Format, error) {
	guess := logs.GuessFormat(sample, in.isFile || len(j.columns) > 0)
	switch {
	case guess.Format == logs.Lines && len(j.columns) > 0:
		return nil, errors.New("-column, -field: the first lines do not tell the format; -format csv, tsv, jsonl or kv does")
	case guess.Format == logs.Lines:
		return guess.Format, nil
	case len(j.columns) > 0 && !guess.Format.AnyColumn:
		return nil, fmt.Errorf("-column, -field: %s: its format tells where names stand", guess.Format.Title)
	}
	var found []string
	if len(j.columns) == 0 {
		_, found = guess.Format.Columns(sample)
	}
	in.say(w, guess.Message(found))
	return guess.Format, nil
}

// advise says what would help to read an input. Its error is that nothing can be read.
func (j *scoring) advise(w *lineWriter, in input, sample []byte, format *logs.Format) error {
	advice := logs.Advise(sample, format, in.isFile)
	if advice.Refused {
		return errors.New(in.title() + " " + advice.Text())
	}
	in.say(w, advice.Text())
	in.say(w, format.Missing(sample, j.columns))
	return nil
}

// runRecords scores the records of a log.
func (j *scoring) runRecords(ctx context.Context, w *lineWriter, in input, format *logs.Format, sample []byte) error {
	job, err := j.jobOf(w, format)
	if err != nil {
		return err
	}
	source, err := enrich.NewSource(in.Name, in.Input, format, sample, job.Reading(j.columns))
	if err != nil {
		return err
	}
	if err := j.runJob(ctx, w, job, source); err != nil {
		return err
	}
	in.say(w, job.Misfits(format))
	return nil
}

// jobOf returns what works on the records of a format, and begins the lines of names.
func (j *scoring) jobOf(w *lineWriter, format *logs.Format) (*enrich.Job, error) {
	namesOnly := j.namesOnly || format.Sort == logs.Names
	if j.options.Families && !namesOnly {
		return nil, errors.New("-families: the records of a log have no place for families; -names prints them")
	}
	job := j.records[namesOnly]
	if job == nil {
		options := enrich.Options{Verdict: j.options, Minimum: j.minimum, ECS: j.ecs, Defang: j.defang, MaxNames: mostNames}
		if namesOnly {
			options.Names = j.format
			if j.place {
				options.Place = enrich.ObjectPlace
			}
		}
		job = enrich.NewJob(j.model, options)
		j.records[namesOnly] = job
	}
	if namesOnly {
		return job, j.begin(w)
	}
	return job, nil
}

// runJob scores the records of a source. On a terminal nothing in them does anything.
func (j *scoring) runJob(ctx context.Context, w *lineWriter, job *enrich.Job, source *enrich.Source) error {
	write := writeChunks[enrich.Item](w)
	return job.Run(ctx, source, func(c *pipeline.Chunk[enrich.Item], idle bool) error {
		if w.isShown {
			c.Output = visible.AppendLines(nil, c.Output)
		}
		return write(c, idle)
	})
}
