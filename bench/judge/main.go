// Command judge holds models against the files of judge, which nothing is trained on, and prints
// tables in Markdown. make judge runs it.
//
// Every figure is of rows whose registered domain is in no training row of any of the models, so
// that all columns are of the same rows. Names on a model's own list of popular names are left out
// as well. The pairs of files stand in bench/internal/judging.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/snowman-ml/snowman/bench/internal/judging"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

// options are the program's flags.
type options struct {
	data, recipe, judge string
	models              []string // FILE or FILE,RECIPE; an empty FILE stands for the shipped model
	seen                string
	quick, intervals    bool
	stderr              io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{stderr: stderr}
	flags := flag.NewFlagSet("judge", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.data, "data", "", "`folder` of the labelled files that the models were trained on")
	flags.StringVar(&o.recipe, "recipe", "", "the recipe `file` that the models were trained with; its part report is measured")
	flags.StringVar(&o.judge, "judge", "", "`folder` of the files to judge by")
	flags.Func("model", "`FILE` or FILE,RECIPE: a model, and its recipe where it is not that of -recipe; may be repeated\n(default: the shipped model)", func(model string) error {
		o.models = append(o.models, model)
		return nil
	})
	flags.StringVar(&o.seen, "seen", "build/judge", "`folder` that keeps what a recipe makes of the data, so that it is read once")
	flags.BoolVar(&o.quick, "quick", false, fmt.Sprintf("take at most %d rows of a file", quickRows))
	flags.BoolVar(&o.intervals, "intervals", false, "print counts and 95 % intervals")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.data == "" || o.recipe == "" || o.judge == "":
		return errors.New("want -data, -recipe and -judge: what the models were trained on, and what they are judged by")
	case len(o.models) == 0:
		o.models = []string{""}
	}
	models, err := judging.OpenModels(o.models, o.recipe)
	if err != nil {
		return err
	}
	r, err := o.read(ctx, models)
	if err != nil {
		return err
	}
	if err := r.Score(ctx, models); err != nil {
		return err
	}
	return writeTables(stdout, r, models, o.intervals)
}

// quickRows is how many rows of a file -quick takes.
const quickRows = 12_000

// read reads the part report, and the files of judge.
func (o options) read(ctx context.Context, models []judging.Model) (judging.Rows, error) {
	recipes := []string{o.recipe}
	for _, m := range models {
		recipes = append(recipes, m.Recipe)
	}
	made := make(map[string]judging.Made)
	for _, recipe := range recipes {
		if _, found := made[recipe]; found {
			continue
		}
		var err error
		if made[recipe], err = judging.Load(ctx, recipe, o.data, o.seen, o.stderr); err != nil {
			return judging.Rows{}, err
		}
	}
	r, err := judging.Read(ctx, o.judge, made[o.recipe].Report, made, models)
	if err == nil && o.quick {
		r.Sample(quickRows)
	}
	return r, err
}
