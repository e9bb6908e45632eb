package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/overview"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/report"
)

const topDescription = `
Ranks what stands in logs: the registered domains by the evidence over all their names, and the clients by
what they asked for. Reads files or standard input to their end, in any format of -format, or lists of
names. Each domain counts once for a client. A client that asks for many generated names which do not exist
stands out even where no single name is certain.

Evidence is what chance leaves: 3 is what 1 in 1,000 ordinary clients or domains comes to, 6 what 1 in
1,000,000 does. What is on an allow list is left out before anything is added up; name there what your
network asks for by itself, such as telemetry, content networks and look-ups of mail filters.

Counts are exact up to a million names. Beyond, those that are estimates say their error.

examples:
  $ snowman top -f dns.log -allow ours.txt
  $ zcat dns.*.log.gz | snowman top -n 50 -html top.html

exit code: 0 done, bad records included; 1 not done; 2 wrong command line.
`

// topFlags are the flags of top.
type topFlags struct {
	reading
	files, allow []string
	model, html  string
	asJSON       bool
	shown        int
}

// runTop is the verb top.
func runTop(ctx context.Context, args []string, s streams) error {
	var f topFlags
	flags := newFlags("top", "[flags]", topDescription)
	f.add(flags)
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	model, err := openModelWithLevels(ctx, f.model)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(ctx, f.allow, s.stderr)
	if err != nil {
		return err
	}
	job := overview.NewJob(model, overview.Options{Allow: allowed})
	if err := f.readLogs(ctx, job.Read, f.files, s); err != nil {
		return err
	}
	counts, names := job.Counts()
	sayWhatWasRead(counts, names, s)
	result := job.Result(f.shown)
	if f.html != "" {
		facts := []report.Fact{{Name: "logs", Value: strings.Join(f.files, ", ")}, {Name: "model", Value: fmt.Sprintf("SHA-256 %.16s", model.Info().SHA256)}}
		err := atomicfile.Write(f.html, func(w io.Writer) error { return report.TopHTML(w, facts, result) })
		if err != nil {
			return err
		}
	}
	if !f.asJSON {
		return report.TopText(s.stdout, result)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, visible.AppendJSONValue(nil, result), "", "  "); err != nil {
		return fmt.Errorf("writing the rankings: %w", err)
	}
	if _, err := s.stdout.Write(append(indented.Bytes(), '\n')); err != nil {
		return fmt.Errorf("writing the rankings: %w", err)
	}
	return nil
}

func (f *topFlags) add(flags *flag.FlagSet) {
	pathsFlag(flags, &f.files, "f", "read this `file`; - is standard input; several may be given (default: standard input)")
	f.reading.add(flags)
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	flags.StringVar(&f.html, "html", "", "also write a page with pictures to this `file`")
	flags.IntVar(&f.shown, "n", 20, "show this many clients, and as many domains")
	flags.Func("min", "is no flag of top: evidence takes the place of the `level`", func(string) error {
		return errors.New("evidence takes the place of levels, and -n says how much of the ranking is shown")
	})
	modelFlag(flags, &f.model, "score with the model in this `file`")
	allowFlag(flags, &f.allow)
}

// check says what is wrong with the flags, and finds the format.
func (f *topFlags) check() error {
	const most = 10_000
	if f.shown < 1 || f.shown > most {
		return usageError{fmt.Sprintf("-n %d: want 1 to %d", f.shown, most)}
	}
	if err := f.find(); err != nil {
		return err
	}
	if len(f.files) == 0 {
		f.files = []string{"-"}
	}
	return nil
}
