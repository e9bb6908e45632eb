// Command judge holds models against the files of judge, which nothing is trained on, and prints
// tables in Markdown. make judge runs it.
//
// Every figure is of rows whose registered domain is in no training row of any of the models, so
// that all columns are of the same rows. Names on a model's own list of popular names are left out
// as well. pairs.go has the pairs of files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
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
	models, err := openModels(o.models, o.recipe)
	if err != nil {
		return err
	}
	r, err := o.read(ctx, models)
	if err != nil {
		return err
	}
	if err := r.score(ctx, models); err != nil {
		return err
	}
	return writeTables(stdout, r, models, o.intervals)
}

// A file is the rows of one file that are left to judge by.
type file struct {
	name                   string
	rows                   []dataset.Row
	seen, popular, refused int         // rows left out
	report                 bool        // a source's rows of the part report
	verdicts               [][]verdict // of each model, of each row
}

// rows are all that the models are judged by.
type rows struct {
	files   []file
	popular [][]dataset.Row // of each model, names of its list
	listed  [][]verdict     // of each model, on those names
}

// quickRows is how many rows of a file -quick takes.
const quickRows = 12_000

// read reads the part report, and the files of judge.
func (o options) read(ctx context.Context, models []model) (rows, error) {
	known := dataset.Seen{Domains: make(map[string]bool)}
	var report []dataset.Row
	copied := make(map[string]map[string]int) // by recipe
	for _, recipe := range append([]string{o.recipe}, recipesOf(models)...) {
		if copied[recipe] != nil {
			continue
		}
		made, err := o.load(ctx, recipe)
		if err != nil {
			return rows{}, err
		}
		copied[recipe] = made.Copied
		for _, domain := range made.Domains {
			known.Domains[domain] = true
		}
		if recipe == o.recipe {
			report = made.Report
		}
	}
	r := rows{}
	listed := make(map[string]bool)
	for _, m := range models {
		r.popular = append(r.popular, m.popularRows(copied[m.recipe]))
		for _, domain := range m.popular {
			listed[domain] = true
		}
	}
	recipe, err := dataset.DefaultRecipe(o.judge)
	if err != nil {
		return rows{}, err
	}
	for _, source := range recipe.Sources {
		path, err := source.Path(o.judge)
		if err != nil {
			return rows{}, err
		}
		f := file{name: source.File}
		if f.rows, f.seen, f.refused, err = dataset.ReadUnseen(ctx, []string{path}, known); err != nil {
			return rows{}, err
		}
		r.files = append(r.files, f)
	}
	r.files = append(r.files, bySource(report, known)...)
	for i := range r.files {
		f := &r.files[i]
		before := len(f.rows)
		// A text without a path that equals a registered domain is that domain itself.
		f.rows = slices.DeleteFunc(f.rows, func(row dataset.Row) bool { return listed[row.Text] })
		f.popular = before - len(f.rows)
		if o.quick {
			f.rows = sample(f.rows, quickRows)
		}
	}
	return r, nil
}

// name is what the tables call a file.
func (f file) title() string {
	if f.report {
		return f.name
	}
	return filepath.ToSlash(filepath.Join("judge", f.name))
}

// find returns the file of judge of this name.
func (r rows) find(name string) (file, error) {
	for _, f := range r.files {
		if !f.report && f.name == name {
			return f, nil
		}
	}
	return file{}, fmt.Errorf("no file %q in the folder of -judge", name)
}

// modelName is what the tables call a model.
func modelName(path string) string {
	if path == "" {
		return "shipped"
	}
	return strings.TrimSuffix(filepath.Base(path), ".safetensors")
}
