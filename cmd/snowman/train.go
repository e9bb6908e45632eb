package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/report"
)

const trainDescription = `
Trains a model. With -data, on the labelled files of a folder: tab- or comma-separated, with a
header that names the columns text, label (0 or 1) and, where known, kind, family and date. With
-black and -white, on a list of malicious and a list of benign names, one a line.

Beside the model MODEL stands MODEL.json afterwards: which files it was trained on, and what became
of their rows. A run that was killed goes on where its checkpoint left it when it is called again.

With -from, training goes on from a model instead of a new network, whose shape, limit and kinds stay:
for rows that are newer, or your own. Malicious rows of a kind that it does not have train the sum of
its malicious kinds. Name old rows as well: what is not trained on fades.
Levels are measured anew, on the rows at hand; families are named if they are among these.

example:
  $ snowman train -black malware.txt -white popular.txt -o my.safetensors
  $ snowman score -model my.safetensors example.com
  $ snowman train -from my.safetensors -data newer -epochs 2 -o newer.safetensors
`

// runTrain is the verb train.
func runTrain(ctx context.Context, args []string, s streams) error {
	flags := newFlags("train", "(-data DIR | -black FILE -white FILE) -o MODEL [flags]", trainDescription)
	data := flags.String("data", "", "folder of labelled files")
	recipePath := flags.String("recipe", "", "which files of the folder to use, and how: a JSON `file` (default: all, as they are)")
	black := flags.String("black", "", "list of malicious names, one a line")
	white := flags.String("white", "", "list of benign names, one a line")
	output := flags.String("o", "", "the model `file` to write")
	from := flags.String("from", "", "go on from the model in this `file` (default: a new one)")
	checkpoint := flags.String("checkpoint", "", "checkpoint `file` (default: the model's name and .checkpoint)")
	var options train.Options
	widths := flags.String("widths", "2,3,4,5,6", "widths of the filters, in characters")
	flags.IntVar(&options.Embedding, "embedding", 32, "dimensions of a character's embedding")
	flags.IntVar(&options.Filters, "filters", 256, "filters of each width")
	flags.IntVar(&options.Hidden, "hidden", 128, "size of the dense layer, -1 for none")
	flags.IntVar(&options.SymbolLimit, "limit", 200, "characters read of a text")
	flags.IntVar(&options.Epochs, "epochs", 3, "passes over the data")
	flags.IntVar(&options.BatchSize, "batch", 512, "texts in a batch")
	flags.Float64Var(&options.LearningRate, "rate", 1e-3, "learning rate at its peak")
	flags.Float64Var(&options.WeightDecay, "decay", 0.05, "weight decay, -1 for none")
	flags.Float64Var(&options.Dropout, "dropout", 0.5, "share of the pooled features dropped in training, -1 for none")
	flags.IntVar(&options.Folds, "folds", 0, "train so many more networks, each without one part of the domains, to measure the levels\non all vetted benign texts, and not on those set aside alone; 2 to 255, 0 for none")
	flags.Uint64Var(&options.Seed, "seed", 1, "of the weights, the order and the dropout")
	flags.IntVar(&options.Workers, "workers", 0, "CPUs to use (default: all)")
	flags.StringVar(&options.Created, "date", "", "`date` to write into the model, as 2006-01-02 (default: none)")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := noArguments(flags); err != nil {
		return err
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		if f.Value.String() == "0" && f.Name != "seed" && f.Name != "workers" && f.Name != "folds" { // to the library 0 is the default
			err = usageError{fmt.Sprintf("-%s 0: want another number; snowman train -h says which stands for none", f.Name)}
		}
	})
	if err != nil {
		return err
	}
	if options.Widths, err = parseWidths(*widths); err != nil {
		return err
	}
	if *from != "" {
		if options.From, err = modelfile.Open(*from); err != nil {
			return err
		}
		keepShape(&options, flags)
	}
	if err := options.Validate(); err != nil {
		return usageError{err.Error()}
	}
	if *output == "" {
		return usageError{"train needs -o, the model file to write"}
	}
	if _, err := time.Parse(time.DateOnly, options.Created); options.Created != "" && err != nil {
		return usageError{fmt.Sprintf("-date %q: want a date as 2006-01-02", options.Created)}
	}
	options.Checkpoint = *checkpoint
	if options.Checkpoint == "" {
		options.Checkpoint = *output + ".checkpoint"
	}

	recipe, err := chooseRecipe(*data, *recipePath, *black, *white)
	if err != nil {
		return err
	}
	inputs := []string{*black, *white, *from, *recipePath}
	if *data != "" {
		files, err := recipe.Paths(*data)
		if err != nil {
			return err
		}
		inputs = append(inputs, files...)
	}
	if options.Checkpoint == *output || options.Checkpoint == accountPath(*output) {
		return usageError{fmt.Sprintf("-checkpoint %q is what -o writes", options.Checkpoint)}
	}
	for _, path := range []string{*output, accountPath(*output), options.Checkpoint} {
		if err := checkOutput("-o", path, inputs...); err != nil {
			return err
		}
	}
	fmt.Fprintln(s.stderr, "reading the data")
	set, err := recipe.Build(ctx, *data)
	if err != nil {
		return err
	}
	printAccount(s.stderr, set.Account)

	meter := newProgress(s.stderr, "training", "texts")
	families := newProgress(s.stderr, "naming families", "texts")
	options.Progress = func(p train.Progress) {
		shown := meter
		if p.Families {
			shown = families
		}
		shown.add(p.Texts, p.Step, p.Steps, fmt.Sprintf("%sepoch %d of %d, loss %.4f", network(p), p.Epoch, p.Epochs, p.Loss))
		if v := p.Validation; v != nil {
			meter.clear()
			fmt.Fprintf(s.stderr, "%sepoch %d: loss %.4f; on the rows set aside to choose: AUC %.4f, TPR %.4f at FPR 1e-2\n",
				network(p), v.Epoch, v.Loss, v.AUC, v.TruePositiveRate)
		}
	}
	model, err := train.Run(ctx, set, options)
	meter.clear()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped; the same command goes on from %q", options.Checkpoint)
	}
	if err != nil {
		return err
	}
	measured, err := publish(ctx, *output, model, set)
	if err != nil {
		return err
	}
	for _, checkpoint := range options.Checkpoints() {
		if err := os.Remove(checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the checkpoint: %w", err)
		}
	}
	if len(model.Metadata.Thresholds) == 0 {
		fmt.Fprintln(s.stderr, "the model has no levels: there were no benign names to measure them on")
	}
	warnOfFew(s.stderr, "names", model.Metadata.Thresholds)
	warnOfFew(s.stderr, "URLs", model.Metadata.URLThresholds)
	return report.Text(s.stdout, measured)
}

// warnOfFew says which levels rest on too few benign texts.
func warnOfFew(w io.Writer, texts string, thresholds []modelfile.Threshold) {
	for _, t := range thresholds {
		if float64(t.Benign)*t.FalsePositiveRate < 1 {
			fmt.Fprintf(w, "level %s means little: %d benign %s are too few for a false positive rate of %g\n", t.Level, t.Benign, texts, t.FalsePositiveRate)
		}
	}
}

// keepShape leaves to the model of -from what the command line does not say of the network.
func keepShape(options *train.Options, flags *flag.FlagSet) {
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["widths"] {
		options.Widths = nil
	}
	for name, option := range map[string]*int{
		"embedding": &options.Embedding, "filters": &options.Filters, "hidden": &options.Hidden, "limit": &options.SymbolLimit,
	} {
		if !given[name] {
			*option = 0
		}
	}
}

// network says which of several networks the progress is of.
func network(p train.Progress) string {
	if p.Networks < 2 {
		return ""
	}
	return fmt.Sprintf("network %d of %d, ", p.Network, p.Networks)
}

// checkOutput finds out before long work whether the file of a flag could be written, and would not
// replace one of those to read.
func checkOutput(flag, path string, inputs ...string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usageError{fmt.Sprintf("%s %q is a folder, want a file", flag, path)}
	}
	for _, input := range inputs {
		if isSameFile(path, input) {
			return usageError{fmt.Sprintf("%s %q is one of the files to read", flag, path)}
		}
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".snowman-*")
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// publish writes the model, measures it on report as anybody would who opens it, and writes it again
// with what was measured.
func publish(ctx context.Context, path string, model *modelfile.Model, set *dataset.Set) (eval.Result, error) {
	if err := writeModel(path, model, set.Account); err != nil {
		return eval.Result{}, err
	}
	trained, err := snowman.Open(path)
	if err != nil {
		return eval.Result{}, err
	}
	measured, curves, err := measure(ctx, trained, set.Parts[dataset.Report], set.Seen())
	if err != nil {
		return eval.Result{}, err
	}
	model.Metadata.Figures, err = json.Marshal(figures{
		Kept:          report.NewKept(measured, curves),
		HighestVetted: highest(trained, heldOutNames(set), 20),
	})
	if err != nil {
		return eval.Result{}, fmt.Errorf("writing figures: %w", err)
	}
	return measured, writeModel(path, model, set.Account)
}

// figures are what a model file says was measured of the model, on report if nothing else is said.
type figures struct {
	report.Kept
	HighestVetted []scoredName `json:"highest_vetted"` // of the benign names set aside for the thresholds
}

type scoredName struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// heldOutNames are the vetted names that were set aside for the thresholds.
func heldOutNames(set *dataset.Set) []string {
	var names []string
	for _, vetted := range set.Vetted {
		if vetted.Part == dataset.Calibrate && !vetted.IsURL() {
			names = append(names, vetted.Text)
		}
	}
	return names
}

// highest returns the names with the highest scores.
func highest(model *snowman.Model, names []string, count int) []scoredName {
	scorer := model.NewScorer()
	scored := make([]scoredName, 0, len(names))
	for _, name := range names {
		score, err := scorer.Score(name)
		if err == nil { // every name in a set has a canonical form
			scored = append(scored, scoredName{name, score})
		}
	}
	slices.SortFunc(scored, func(a, b scoredName) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Name, b.Name))
	})
	return scored[:min(count, len(scored))]
}

func parseWidths(list string) ([]int, error) {
	var widths []int
	for _, text := range strings.Split(list, ",") {
		width, err := strconv.Atoi(text)
		if err != nil {
			return nil, usageError{fmt.Sprintf("-widths %q: want numbers with commas between them", list)}
		}
		widths = append(widths, width)
	}
	return widths, nil
}

// chooseRecipe returns the recipe that the flags of train and eval name.
func chooseRecipe(data, recipe, black, white string) (dataset.Recipe, error) {
	switch {
	case data == "" && recipe != "":
		return dataset.Recipe{}, usageError{"-recipe says how to read the folder of -data, which is missing"}
	case data != "" && (black != "" || white != ""):
		return dataset.Recipe{}, usageError{"-data and -black, -white exclude each other"}
	case data != "" && recipe != "":
		return dataset.ReadRecipe(recipe)
	case data != "":
		return dataset.DefaultRecipe(data)
	case black == "" || white == "":
		return dataset.Recipe{}, usageError{"name the data with -data, or with -black and -white"}
	}
	blackPath, err := filepath.Abs(black)
	if err != nil {
		return dataset.Recipe{}, err
	}
	whitePath, err := filepath.Abs(white)
	if err != nil {
		return dataset.Recipe{}, err
	}
	return dataset.ListsRecipe(blackPath, whitePath), nil
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

// accountPath is where what was done with the data stands.
func accountPath(model string) string { return model + ".json" }

// writeModel writes the model, and beside it what was done with the data.
func writeModel(path string, model *modelfile.Model, account dataset.Account) error {
	if err := atomicfile.Write(path, model.Write); err != nil {
		return err
	}
	return atomicfile.Write(accountPath(path), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(account)
	})
}
