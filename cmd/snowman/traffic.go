package main

import (
	"context"
	"fmt"

	"github.com/snowman-ml/snowman/internal/drift"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/plain"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/visible"
)

// readTraffic has a job read all files, or standard input where there are none, and says on
// standard error what is wrong with their records.
func (r *reading) readTraffic(ctx context.Context, job *drift.Job, files []string, s streams) error {
	if err := r.readLogs(ctx, job.Read, files, s); err != nil {
		return err
	}
	counts, names := job.Counts()
	sayWhatWasRead(counts.Counts, names, s)
	return nil
}

// readLogs gives all files to read, or standard input where there are none.
func (r *reading) readLogs(ctx context.Context, read func(context.Context, intake.Input, func([]byte)) error, files []string, s streams) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	warn := firstFailures(s.stderr)
	readOne := func(path string) error {
		in := intake.Input{Format: r.given, Columns: r.columns, Reader: plain.NewReader(s.stdin)}
		if len(files) > 1 {
			in.Name = visible.Text(path)
		}
		switch {
		case path != "-":
			file, err := inputfile.Open(ctx, path)
			if err != nil {
				return fmt.Errorf("reading a log: %w", err)
			}
			defer file.Close()
			in.Reader, in.IsFile = plain.NewReader(file), true
		case isTerminal(s.stdin):
			fmt.Fprintln(s.stderr, "snowman: reading a log from the terminal; Ctrl-D ends it (on Windows Ctrl-Z and Enter)")
		}
		return read(ctx, in, warn)
	}
	for _, path := range files {
		if err := readOne(path); err != nil {
			return err
		}
	}
	return nil
}

// sayWhatWasRead says on standard error which names and records of logs count for nothing.
func sayWhatWasRead(counts intake.Counts, names *render.Failures, s streams) {
	if summary := names.Summary("name"); summary != "" {
		fmt.Fprintf(s.stderr, "snowman: %s\n", summary)
	}
	read := enrich.Counts{Records: counts.Records, Nameless: counts.Nameless, Broken: counts.Broken}
	for _, summary := range read.SummariesOfRead() {
		fmt.Fprintf(s.stderr, "snowman: %s\n", summary)
	}
}
