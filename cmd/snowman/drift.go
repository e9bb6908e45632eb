package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/snowman-ml/snowman/internal/drift"
	"github.com/snowman-ml/snowman/internal/visible"
)

const driftDescription = `
Says whether a model is still right for what comes in: nothing to say, look, or retrain, and why; or that
there is too little to say. It reads logs, or lists of names and URLs, and holds them against the benign
texts that the model was measured on or, better, against -reference, a log of the same network of a good
time: the share that reaches each level, the scores, the characters, the public suffixes, and words that may
be brands. Of each registered domain one name counts. What chance explains is nothing to say, for any size of
the logs; fewer than 100 domains, here or in the log of -reference, are too little.

examples:
  $ snowman drift -reference january.log today.log
  $ zcat dns.*.log.gz | snowman drift -json

exit code: 0 nothing to say; 1 not done; 2 wrong command line; 3 look, retrain, or too little to say.
`

// errChanged says that drift has something to say.
var errChanged = errors.New("the model may not fit any more")

// driftFlags are the flags of drift.
type driftFlags struct {
	reading
	references, allow []string
	model, date       string
	asJSON            bool
}

// runDrift is the verb drift.
func runDrift(ctx context.Context, args []string, s streams) error {
	var f driftFlags
	flags := newFlags("drift", "[flags] [FILE...]", driftDescription)
	f.add(flags)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := f.find(); err != nil {
		return err
	}
	now := time.Now()
	if f.date != "" {
		var err error
		if now, err = time.Parse(time.DateOnly, f.date); err != nil {
			return usageError{fmt.Sprintf("-date %q: want a day as %s", f.date, time.DateOnly)}
		}
	}
	model, err := openModelWithLevels(ctx, f.model)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(ctx, f.allow, s.stderr)
	if err != nil {
		return err
	}
	var reference *drift.Job
	if len(f.references) > 0 {
		reference = drift.NewJob(model, drift.Options{Allow: allowed})
		if err := f.readTraffic(ctx, reference, f.references, s); err != nil {
			return err
		}
	}
	here := drift.NewJob(model, drift.Options{Allow: allowed})
	if err := f.readTraffic(ctx, here, flags.Args(), s); err != nil {
		return err
	}
	result := drift.Compare(here, reference, now)
	if err := f.write(result, s); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	if result.Verdict > drift.Nothing {
		return errChanged
	}
	return nil
}

func (f *driftFlags) add(flags *flag.FlagSet) {
	f.reading.add(flags)
	pathsFlag(flags, &f.references, "reference", "hold the logs against this `file`, a log of a good time; several may be given (default: what the model says)")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	flags.StringVar(&f.date, "date", "", "say how old the model was on this `day`, such as 2026-11-28 (default: today)")
	modelFlag(flags, &f.model, "judge the model in this `file`")
	allowFlag(flags, &f.allow)
}

func (f *driftFlags) write(result drift.Result, s streams) error {
	if !f.asJSON {
		return drift.WriteText(s.stdout, result)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, visible.AppendJSONValue(nil, result), "", "  "); err != nil {
		return err
	}
	_, err := s.stdout.Write(append(indented.Bytes(), '\n'))
	return err
}
