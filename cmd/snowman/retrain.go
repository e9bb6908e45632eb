package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/retrain"
	"github.com/snowman-ml/snowman/internal/sources"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/report"
)

const retrainDescription = `
Trains a model on newer rows and your own, holds it against the present one, and puts it in the place of
that only if nothing got worse that was asked to hold. docs/retraining.md has the rules.

The files of -data are used by the recipe of the shipped model; those that it does not name are taken as
they are, and those that are missing are said. -store is a folder of data fetch. -mine are rows of your own:
false alarms that you closed, names that you confirmed. Their word is the last, and a few count. -traffic is a
log of your network, most of its names benign: alarms on them must not become more.

What is compared is printed, and with -report also written as a page. A model is replaced whole; a running
serve -watch takes it. Killed, the same command goes on where it was. Levels that snowman levels set are
set again by -traffic, taken as one day, and are lost without.

Training is as that of the present model, where its file says how that was, with flags for what shall
differ. With -from it goes on from the present model, for one epoch.

example:
  $ snowman retrain -o my.safetensors -store store -fetch -mine ours.tsv -traffic dns.log -report out.html

exit code: 0 replaced, or with -dry-run would be; 1 not done; 2 wrong command line; 3 the present model
stays, for the reasons printed.
`

// retrainFlags are the flags of retrain.
type retrainFlags struct {
	options        retrain.Options
	recipe, accept string
	widths, report string
	fetch          bool
}

// runRetrain is the verb retrain.
func runRetrain(ctx context.Context, args []string, s streams) error {
	var f retrainFlags
	o := &f.options
	flags := newFlags("retrain", "-o MODEL (-data DIR | -store DIR) [flags]", retrainDescription)
	flags.StringVar(&o.Model, "o", "", "the model `file` to compare with and to replace (if it is missing, the built-in model\nis compared with)")
	flags.StringVar(&o.Data, "data", "", "folder of labelled files")
	flags.StringVar(&o.Store, "store", "", "folder of data fetch, whose rows are trained on, alone or beside -data")
	flags.BoolVar(&f.fetch, "fetch", false, "fetch the feeds into -store before, as data fetch does")
	flags.StringVar(&f.recipe, "recipe", "", "which files of the folder to use, and how: a JSON `file` (default: that of the shipped model)")
	pathsFlag(flags, &o.Mine, "mine", "own labelled rows, a `file` with the columns text and label; several may be given")
	pathsFlag(flags, &o.Traffic, "traffic", "a log of your network, or its names one a line, in a `file`; several may be given")
	flags.BoolVar(&o.From, "from", false, "go on from the present model (default: from scratch)")
	flags.StringVar(&f.accept, "accept", "", "change what may get worse: `rules` such as older=0.05,traffic=off")
	flags.StringVar(&f.report, "report", "", "also write a page with charts into this HTML `file`")
	flags.BoolVar(&o.DryRun, "dry-run", false, "do everything but replace the model")
	flags.StringVar(&o.Training.Created, "date", "", "`date` to write into the model, as 2006-01-02 (default: today)")
	trainingFlags(flags, &o.Training, &f.widths, train.Options{})
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	flags.Visit(func(given *flag.Flag) {
		if given.Name == "folds" && o.Training.Folds == 0 {
			o.Training.Folds = -1 // none, whatever the present model had
		}
	})
	if err := f.check(ctx); err != nil {
		return err
	}
	return f.run(ctx, s)
}

// check completes the options and refuses, before long work, what would make it useless.
func (f *retrainFlags) check(ctx context.Context) (err error) {
	o := &f.options
	switch {
	case o.Model == "":
		return usageError{"retrain needs -o, the model file to compare with and to replace"}
	case o.Data == "" && o.Store == "":
		return usageError{"name the folder of labelled files with -data, or that of data fetch with -store"}
	case f.fetch && o.Store == "":
		return usageError{"-fetch fetches into the folder of -store, which is missing"}
	}
	if f.fetch {
		o.Fetch = &sources.Options{Agent: "snowman/" + programVersion()}
	}
	if o.Training.Widths, err = parseWidths(f.widths); err != nil {
		return err
	}
	if o.Rules, err = retrain.ParseRules(f.accept); err != nil {
		return usageError{"-accept: " + err.Error()}
	}
	if o.Training.Created == "" {
		o.Training.Created = time.Now().UTC().Format(time.DateOnly)
	} else if _, err := time.Parse(time.DateOnly, o.Training.Created); err != nil {
		return usageError{fmt.Sprintf("-date %q: want a date as 2006-01-02", o.Training.Created)}
	}
	if f.recipe != "" {
		recipe, err := inputfile.Await(ctx, func() (dataset.Recipe, error) { return dataset.ReadRecipe(f.recipe) })
		if err != nil {
			return err
		}
		o.Recipe = &recipe
	}
	inputs := append(append([]string{f.recipe}, o.Mine...), o.Traffic...)
	return checkOutputs([]output{{"-o", o.Model}, {"-report", f.report}}, inputs)
}

// run retrains, and says what was compared also where the present model stays.
func (f *retrainFlags) run(ctx context.Context, s streams) error {
	show, clearShown := showTraining(s.stderr)
	f.options.Training.Progress = show
	f.options.Tell = func(line string) { fmt.Fprintln(s.stderr, line) }
	compared, err := retrain.Run(ctx, f.options)
	clearShown()
	var refusal retrain.Refusal
	if err != nil && !errors.As(err, &refusal) && !errors.Is(err, retrain.ErrBeside) {
		return err
	}
	if err := report.RetrainingText(s.stdout, compared); err != nil {
		return err
	}
	if f.report != "" {
		if err := atomicfile.Write(f.report, func(w io.Writer) error { return report.RetrainingHTML(w, compared) }); err != nil {
			return err
		}
	}
	return err
}
