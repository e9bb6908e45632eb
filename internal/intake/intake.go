// Package intake reads logs and lists of names to their end, for what adds up the names in them: it
// finds out what format an input has, and gives its records to workers on all cores.
//
//	source, err := intake.Open(ctx, intake.Input{Reader: file, IsFile: true})
//	counts, err := source.Read(ctx, report, func() intake.Worker { return &worker{} })
//
// Package internal/enrich is for what writes a verdict into each record, in order.
package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/canon"
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

// A Source is an input whose beginning is known.
type Source struct {
	Input
	Sample []byte // the beginning, which Reader has, too
}

// Open reads the beginning of an input.
func Open(ctx context.Context, in Input) (*Source, error) {
	s := &Source{Input: in}
	_, err := inputfile.Await(ctx, func() (_ struct{}, _ error) {
		s.Sample, s.Reader = enrich.Sample(in.Reader, false) // nothing comes out before the end, so nobody is kept waiting
		return
	})
	return s, err
}

// A Worker takes the names of chunks. It belongs to one goroutine.
type Worker interface {
	Begin()                          // a chunk begins
	Line(at Place, text string)      // a line of a list
	Record(at Place, r *logs.Record) // a record of a log; what it holds is gone after the call
	Finish() (wrong []byte)          // the chunk ends; what was wrong in it, in whole lines
}

// Counts say what was in inputs.
type Counts struct {
	Records  int // headers, comments and blank lines are none; of a list, its lines
	Nameless int // of them, those without a name
	Broken   int // beside them, those that are no records of the format
}

// Add adds what was in another input.
func (c *Counts) Add(other Counts) {
	c.Records += other.Records
	c.Nameless += other.Nameless
	c.Broken += other.Broken
}

// Read gives all that the source has to workers. What is wrong with its records is reported in
// whole lines, maybe none, and what its format is taken for if that is guessed and no plain list.
// The counts hold also where an error ends the reading.
func (s *Source) Read(ctx context.Context, report func([]byte), newWorker func() Worker) (Counts, error) {
	format, err := s.findFormat(report)
	if err != nil {
		return Counts{}, err
	}
	r := reading{report: report, newWorker: newWorker}
	if format.Sort == logs.Lists {
		const longest = snowman.MaxLength + 1 // one byte more tells that there are more
		err := Run(ctx, s.Lines(longest), report, r.newLineWorker)
		return r.counts, err
	}
	records, err := enrich.NewSource(s.Name, s.Reader, format, s.Sample, logs.Options{Columns: s.Columns})
	if err != nil {
		return Counts{}, err
	}
	if err := Run(ctx, records.Feed, report, r.newRecordWorker); err != nil {
		return r.counts, err
	}
	s.Say(report, r.misfits.Message(format))
	return r.counts, nil
}

// findFormat returns the format that is asked for, or else guessed, and reports what there is to
// say of it.
func (s *Source) findFormat(report func([]byte)) (*logs.Format, error) {
	format := s.Format
	if format == nil {
		format = s.guess(report)
	}
	if s.Format != logs.Lines {
		advice := logs.Advise(s.Sample, format, s.IsFile)
		if advice.Refused {
			return nil, errors.New(s.title() + " " + advice.Text())
		}
		s.Say(report, advice.Text())
	}
	s.Say(report, format.Missing(s.Sample, s.Columns))
	return format, nil
}

func (s *Source) guess(report func([]byte)) *logs.Format {
	guess := logs.GuessFormat(s.Sample, s.IsFile || len(s.Columns) > 0)
	switch {
	case guess.Format != logs.Lines:
		var found []string
		if len(s.Columns) == 0 {
			_, found = guess.Format.Columns(s.Sample)
		}
		s.Say(report, guess.Message(found))
	case logs.HasComments(s.Sample):
		s.Say(report, "is read as a list with comments behind #; -format lines reads a name a line")
		return logs.List
	}
	return guess.Format
}

// Lines returns the lines of the source, cut at the longest.
func (s *Source) Lines(longest int) pipeline.Feed[pipeline.Line] {
	return pipeline.Lines(longest, pipeline.Source{Name: s.Name, Input: s.Reader})
}

// Say reports a predicate of the source, unless it is empty.
func (s *Source) Say(report func([]byte), predicate string) {
	if predicate != "" {
		report(fmt.Appendf(nil, "snowman: %s %s\n", s.title(), visible.Text(predicate)))
	}
}

func (s *Source) title() string { return cmp.Or(s.Name, "the input") }

// Run has the chunks of a feed worked on by workers on all cores. What they leave in a chunk's
// Errors is reported in order.
func Run[T any](ctx context.Context, feed pipeline.Feed[T], report func([]byte), newWorker func() func(*pipeline.Chunk[T])) error {
	return pipeline.Run(ctx, feed, newWorker, func(c *pipeline.Chunk[T], _ bool) error {
		report(c.Errors)
		return nil
	})
}

// reading is one call of Read.
type reading struct {
	report    func([]byte)
	newWorker func() Worker
	misfits   logs.Misfits

	mu     sync.Mutex
	counts Counts
}

func (r *reading) add(c Counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Add(c)
}

func (r *reading) newLineWorker() func(*pipeline.Chunk[pipeline.Line]) {
	w := r.newWorker()
	return func(c *pipeline.Chunk[pipeline.Line]) {
		w.Begin()
		for i, line := range c.Items {
			w.Line(Place{c.Source, "line", c.First + i}, line.Text)
		}
		c.Errors = append(c.Errors, w.Finish()...)
		r.add(Counts{Records: len(c.Items)})
	}
}

func (r *reading) newRecordWorker() func(*pipeline.Chunk[enrich.Item]) {
	w := r.newWorker()
	var record logs.Record
	var last []logs.MisfitRecord // as many of the last as are kept
	return func(c *pipeline.Chunk[enrich.Item]) {
		var counts Counts
		last = last[:0]
		misfits := 0
		addMisfit := func(item enrich.Item) {
			misfits++
			if len(last) == logs.MostMisfits {
				last = last[:copy(last, last[1:])]
			}
			last = append(last, logs.MisfitRecord{Record: item.Record, Number: item.Number})
		}
		w.Begin()
		for _, item := range c.Items {
			item.Layout.Find(item.Record, &record)
			at := Place{c.Source, item.Format.Numbered(), item.Number}
			switch {
			case record.Continues || record.Header:
				continue
			case record.Broken != "":
				counts.Broken++
				addMisfit(item)
				c.Errors = at.Append(c.Errors, "the record is broken and left out: "+record.Broken)
				continue
			}
			counts.Records++
			if len(record.Names) == 0 {
				counts.Nameless++
				if !record.Lost {
					addMisfit(item)
				}
			}
			w.Record(at, &record)
		}
		r.misfits.Add(misfits, last)
		c.Errors = append(c.Errors, w.Finish()...)
		r.add(counts)
	}
}

// A Place is where something stands, for messages.
type Place struct {
	Source string // may be empty
	Item   string // what is counted: line, packet, frame
	Number int    // from 1
}

// Append appends a line that says what is wrong there.
func (p Place) Append(out []byte, wrong string) []byte {
	out = append(out, "snowman: "...)
	if p.Source != "" {
		out = append(append(out, p.Source...), ", "...)
	}
	return fmt.Appendf(out, "%s %d: %s\n", p.Item, p.Number, wrong)
}

// Parse parses a name of a record by the door that its format says: one out of DNS is taken as it
// is.
func Parse(u *canon.URL, name logs.Name) error {
	if !name.DNS {
		return u.Parse(string(name.Text))
	}
	return u.ParseName(string(name.WithoutRoot()))
}
