package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/drift"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

const levelsDescription = `
Sets the levels of a model by traffic of your own: each becomes the lowest score that no more names reach
than you want alarms a day. Levels that you do not name stay. Reads names, URLs and logs in any format of
-format, in constant memory, and says what the traffic allows to say.

The traffic is one day, unless -days or -per-day says otherwise. A name is one alarm, however often it
comes; with -repeats, each time is one. Malicious names in the traffic are among the alarms: look at them
first. The alarms are divided among names and URLs as often as each comes. What is no public name, or on an
allow list, gives no alarm.

It takes 1,000 different names, or URLs, to set a level of them. A level that would be below the one before
it is raised to that.

The levels are then your own, and the file says so: what its card promises of them does not hold any more.

examples:
  $ snowman levels -traffic dns.log -alarms high=5,medium=50 -o my.safetensors
  $ snowman levels -traffic week.log.gz -per-day 2000000 -alarms high=5 -model my.safetensors -o my.safetensors

exit code: 0 the model is written; 1 not done; 2 wrong command line; 3 the traffic is too little for what
was asked, and no model is written.
`

// levelsFlags are the flags of levels.
type levelsFlags struct {
	reading
	files, allow  []string
	model, output string
	wanted        drift.Wanted
}

// runLevels is the verb levels.
func runLevels(ctx context.Context, args []string, s streams) error {
	f := levelsFlags{wanted: drift.Wanted{Set: time.Now()}}
	flags := newFlags("levels", "-traffic FILE -alarms LEVEL=NUMBER -o MODEL [flags]", levelsDescription)
	f.add(flags)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	f.files = append(f.files, flags.Args()...) // -traffic *.log
	if err := f.check(); err != nil {
		return err
	}
	model, err := openModelWithLevels(ctx, f.model)
	if err != nil {
		return err
	}
	file, err := openModelFile(f.model)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(ctx, f.allow, s.stderr)
	if err != nil {
		return err
	}
	job := drift.NewJob(model, drift.Options{Allow: allowed})
	if err := f.readTraffic(ctx, job, f.files, s); err != nil {
		return err
	}
	changes, err := drift.SetLevels(&file.Metadata, job, f.wanted)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.output, file.Write); err != nil {
		return fmt.Errorf("writing the model: %w", err)
	}
	return drift.WriteLevels(s.stdout, job, changes, !f.wanted.Repeats)
}

// openModelFile returns what a model's file has, or that of the built-in one.
func openModelFile(path string) (*modelfile.Model, error) {
	if path == "" {
		return modelfile.ParseModel(models.Default)
	}
	return modelfile.Open(path)
}

func (f *levelsFlags) add(flags *flag.FlagSet) {
	pathsFlag(flags, &f.files, "traffic", "set the levels by this `file` of traffic; - is standard input; several may be given")
	f.reading.add(flags)
	flags.Func("alarms", "want at most this many alarms a day, such as `high=5,medium=50`", func(text string) error { return readAlarms(&f.wanted, text) })
	flags.Func("days", "the traffic is of this `number` of days (default 1)", aboveZero(&f.wanted.Days))
	flags.Func("per-day", "this `number` of names and URLs is a day, instead of -days", aboveZero(&f.wanted.NamesPerDay))
	flags.BoolVar(&f.wanted.Repeats, "repeats", false, "each time that a name comes is an alarm")
	flags.StringVar(&f.output, "o", "", "write the model to this `file`; it may be that of -model")
	modelFlag(flags, &f.model, "take the model in this `file`")
	allowFlag(flags, &f.allow)
}

// aboveZero returns what reads a number above 0 from a flag.
func aboveZero(to *float64) func(string) error {
	return func(text string) (err error) {
		if *to, err = strconv.ParseFloat(text, 64); err != nil || !(*to > 0) || math.IsInf(*to, 0) {
			return errors.New("want a number above 0")
		}
		return nil
	}
}

// readAlarms reads levels and numbers: high=5,medium=50.
func readAlarms(wanted *drift.Wanted, text string) error {
	for part := range strings.SplitSeq(text, ",") {
		name, number, found := strings.Cut(part, "=")
		level, err := snowman.ParseLevel(strings.TrimSpace(name))
		if !found || err != nil || level == snowman.None {
			return fmt.Errorf("%q: want low, medium or high, =, and a number", part)
		}
		most, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(most > 0) || math.IsInf(most, 0) {
			return fmt.Errorf("%q: want a number of alarms above 0", part)
		}
		wanted.Alarms[level-1] = most
	}
	return nil
}

// check says what is wrong with the flags, and finds the format.
func (f *levelsFlags) check() error {
	switch w := f.wanted; {
	case len(f.files) == 0:
		return usageError{"levels needs -traffic, what to set the levels by"}
	case f.output == "" || f.output == "-":
		return usageError{"levels needs -o, the model file to write"}
	case slices.Max(w.Alarms[:]) == 0:
		return usageError{"levels needs -alarms, such as -alarms high=5,medium=50"}
	case w.Days > 0 && w.NamesPerDay > 0:
		return usageError{"-days and -per-day exclude each other"}
	}
	lower := 0.0
	for level, most := range f.wanted.Alarms {
		if lower > 0 && most > lower {
			return usageError{fmt.Sprintf("-alarms: %s has more alarms than a level below it", modelfile.Levels[level])}
		}
		if most > 0 {
			lower = most
		}
	}
	return f.find()
}

// levelsFact returns the scores of all levels for a log: others may come with the same weights.
func levelsFact(info snowman.Info) (fact string) {
	for i, t := range slices.Concat(info.Thresholds, info.URLThresholds) {
		texts := "names"
		if i >= len(info.Thresholds) {
			texts = "URLs"
		}
		fact += fmt.Sprintf("%s %s %.6f, ", texts, t.Level, t.Score)
	}
	return strings.TrimSuffix(fact, ", ")
}
