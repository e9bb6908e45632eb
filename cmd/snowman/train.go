package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/report"
)

const trainDescription = `
Trains a model. With -data, on the labelled files of a folder: tab- or comma-separated, with a
header that names the columns text, label (0 or 1) and, where known, kind, family and date. With
-black and -white, on a list of malicious names and a list of benign names, one a line.

Beside the model MODEL, it writes MODEL.json: the files that the model was trained on, and what became
of their rows. When a run was killed, the same command goes on from its checkpoint.

With -from, training goes on from a model, for newer rows or your own. The model's shape, limit and
kinds stay. Malicious rows of a kind that the model does not have train the sum of its malicious kinds.
Train on old rows as well: what is not trained on fades. Levels are measured anew, on these rows;
families are named if these rows have some.

example:
  $ snowman train -black malware.txt -white popular.txt -o my.safetensors
  $ snowman score -model my.safetensors example.com
  $ snowman train -from my.safetensors -data newer -epochs 2 -o newer.safetensors
`

// trainFlags are the flags of train.
type trainFlags struct {
	data                 string // folder
	recipe, black, white string // files
	from, output         string // model files
	widths               string
	options              train.Options
}

// runTrain is the verb train.
func runTrain(ctx context.Context, args []string, s streams) error {
	var f trainFlags
	flags := newFlags("train", "(-data DIR | -black FILE -white FILE) -o MODEL [flags]", trainDescription)
	flags.StringVar(&f.data, "data", "", "folder of labelled files")
	flags.StringVar(&f.recipe, "recipe", "", "which files of the folder to use, and how: a JSON `file` (default: all, as they are)")
	flags.StringVar(&f.black, "black", "", "list of malicious names, one a line")
	flags.StringVar(&f.white, "white", "", "list of benign names, one a line")
	flags.StringVar(&f.output, "o", "", "the model `file` to write")
	flags.StringVar(&f.from, "from", "", "go on from the model in this `file` (default: a new one)")
	trainingFlags(flags, &f.options, &f.widths, train.Defaults())
	flags.StringVar(&f.options.Checkpoint, "checkpoint", "", "checkpoint `file` (default: the model's name and .checkpoint)")
	flags.StringVar(&f.options.Created, "date", "", "`date` to write into the model, as 2006-01-02 (default: none)")

	// What is not given stays open: package train has its default, or the model of -from has it.
	f.options, f.widths = train.Options{Options: provenance.Options{Seed: f.options.Seed}}, ""
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if err := checkZeros(flags); err != nil {
		return err
	}
	recipe, err := f.check(ctx)
	if err != nil {
		return err
	}
	return f.run(ctx, recipe, s)
}

// check completes the options and refuses, before long work, what would make it useless.
func (f *trainFlags) check(ctx context.Context) (recipe dataset.Recipe, err error) {
	if f.options.Widths, err = parseWidths(f.widths); err != nil {
		return recipe, err
	}
	if f.from != "" {
		if f.options.From, err = inputfile.Await(ctx, func() (*modelfile.Model, error) { return modelfile.Open(f.from) }); err != nil {
			return recipe, err
		}
	}
	if err := f.options.Validate(); err != nil {
		return recipe, usageError{err.Error()}
	}
	if f.output == "" {
		return recipe, usageError{"train needs -o, the model file to write"}
	}
	if _, err := time.Parse(time.DateOnly, f.options.Created); f.options.Created != "" && err != nil {
		return recipe, usageError{fmt.Sprintf("-date %q: want a date as 2006-01-02", f.options.Created)}
	}
	if recipe, err = chooseRecipe(ctx, f.data, f.recipe, f.black, f.white); err != nil {
		return recipe, err
	}
	inputs, err := recipe.Paths(f.data)
	if err != nil {
		return recipe, err
	}
	inputs = append(inputs, f.from, f.recipe)
	f.options.Checkpoint = cmp.Or(f.options.Checkpoint, f.output+".checkpoint")
	if f.options.Checkpoint == f.output || f.options.Checkpoint == accountPath(f.output) {
		return recipe, usageError{fmt.Sprintf("-checkpoint %q is what -o writes", f.options.Checkpoint)}
	}
	for _, path := range []string{f.output, accountPath(f.output), f.options.Checkpoint} {
		if err := checkOutput("-o", path, inputs...); err != nil {
			return recipe, err
		}
	}
	return recipe, nil
}

// run trains, measures and writes the model.
func (f *trainFlags) run(ctx context.Context, recipe dataset.Recipe, s streams) error {
	fmt.Fprintln(s.stderr, "reading the data")
	set, err := recipe.Build(ctx, f.data)
	if err != nil {
		return err
	}
	printAccount(s.stderr, set.Account)
	show, clearShown := showTraining(s.stderr)
	f.options.Progress = show
	model, err := train.Run(ctx, set, f.options)
	clearShown()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped; the same command goes on from %q", f.options.Checkpoint)
	}
	if err != nil {
		return err
	}
	measured, err := measure.Keep(ctx, model, set)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.output, model.Write); err != nil {
		return err
	}
	if err := atomicfile.Write(accountPath(f.output), func(w io.Writer) error { return writeJSON(w, set.Account) }); err != nil {
		return err
	}
	if err := f.options.RemoveCheckpoints(); err != nil {
		return err
	}
	if len(model.Metadata.Thresholds) == 0 {
		fmt.Fprintln(s.stderr, "the model has no levels: there were no benign names to measure them on")
	}
	warnOfFew(s.stderr, "names", model.Metadata.Thresholds)
	warnOfFew(s.stderr, "URLs", model.Metadata.URLThresholds)
	return report.Text(s.stdout, measured)
}

// warnOfFew names the levels that were measured on too few benign texts.
func warnOfFew(w io.Writer, texts string, thresholds []modelfile.Threshold) {
	for _, t := range thresholds {
		if t.TooFew() {
			fmt.Fprintf(w, "level %s means little: %d benign %s are too few for a false positive rate of %g\n", t.Level, t.Benign, texts, t.FalsePositiveRate)
		}
	}
}

// printAccount says what became of the rows.
func printAccount(w io.Writer, account dataset.Account) {
	read, refused := 0, 0
	for _, source := range account.Sources {
		read += source.Read
		refused += source.Refused
	}
	fmt.Fprintf(w, "%d rows read from %d files; %d refused, %d duplicates, %d contradictions dropped\n",
		read, len(account.Sources), refused, account.Duplicates, account.Contradictions)
	for part := dataset.Train; part <= dataset.Report; part++ {
		counts := account.Parts[part.String()]
		total := 0
		for _, count := range counts {
			total += count
		}
		fmt.Fprintf(w, "%-9s %9d rows, %d of them benign\n", part, total, counts[dataset.Benign])
	}
}

// accountPath is where an account of the data stands beside a model.
func accountPath(model string) string { return model + ".json" }
