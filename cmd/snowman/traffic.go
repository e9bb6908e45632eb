package main

import (
	"context"
	"fmt"

	"github.com/snowman-ml/snowman/internal/drift"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/plain"
	"github.com/snowman-ml/snowman/internal/visible"
)

// readTraffic has a job read all files, or standard input where there are none, and says on
// standard error what is wrong with their records.
func (r *reading) readTraffic(ctx context.Context, job *drift.Job, files []string, s streams) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	warn := firstFailures(s.stderr)
	for _, path := range files {
		if err := r.readOne(ctx, job, path, len(files) > 1, warn, s); err != nil {
			return err
		}
	}
	counts, names := job.Counts()
	if summary := names.Summary("name"); summary != "" {
		fmt.Fprintf(s.stderr, "snowman: %s\n", summary)
	}
	read := enrich.Counts{Records: counts.Records, Nameless: counts.Nameless, Broken: counts.Broken}
	for _, summary := range read.SummariesOfRead() {
		fmt.Fprintf(s.stderr, "snowman: %s\n", summary)
	}
	return nil
}

func (r *reading) readOne(ctx context.Context, job *drift.Job, path string, isOneOfSeveral bool, warn func([]byte), s streams) error {
	in := drift.Input{Format: r.given, Columns: r.columns, Reader: plain.NewReader(s.stdin)}
	if isOneOfSeveral {
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
	return job.Read(ctx, in, warn)
}
