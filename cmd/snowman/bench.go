package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/report"
)

const benchDescription = `
Trains on the train split of public benchmarks, measures on their test split, and prints the figures
beside published ones; docs/benchmarks.md says what each benchmark is, and what it does not show. The
folder of -data holds, for each benchmark NAME, the labelled files NAME_train, NAME_dev and NAME_test.

Each benchmark gets a model trained on its train split. With -sources, a base model is trained
as well, on those files without any registered domain of the development and test rows, and fine-tuned
on each train split; -from names such a base instead. Epochs and the decision threshold are chosen on
the development rows. The models stay in the folder of -work: what is there is not trained again, and
a run that was killed goes on where it was.

example:
  $ snowman bench public -data bench -sources sources -recipe models/recipe.json -work build/bench
`

// A publicBenchmark is a data set whose split into train, development and test rows others have fixed.
type publicBenchmark struct {
	name         string
	trainSource  string // the file of -sources to train on, where the benchmark has test rows alone
	byHost       bool   // also measured on the test rows whose host no train row has
	published    []report.PublishedFigures
	alone, tuned provenance.Options
}

var publicBenchmarks = []publicBenchmark{
	{
		name: "threatfox_domains",
		published: []report.PublishedFigures{
			{Model: "DomURLs_BERT, 110 M", Source: "El Mahdaouy et al. 2024, arXiv 2409.09143", Accuracy: 0.8856, MacroF1: 0.8816},
			{Model: "linear SVM", Source: "on character n-grams; the figure alone is at hand, no paper", MacroF1: 0.852},
		},
		alone: provenance.Options{
			Widths: allWidths, Embedding: 64, Hidden: -1, Epochs: 8, BatchSize: 256, LearningRate: 6e-3, Dropout: 0.4, Seed: 1,
		},
		tuned: provenance.Options{Epochs: 6, BatchSize: 256, LearningRate: 4e-3, Dropout: 0.3, Seed: 1},
	},
	{name: "phishcrawl_urls", byHost: true, alone: urlsAlone, tuned: urlsTuned},
	{name: "phishstorm_urls", trainSource: "url_phishstorm", byHost: true, alone: urlsAlone, tuned: urlsTuned},
}

// The options were chosen on the development rows: docs/experiments/benchmark-options.md.
var (
	allWidths   = []int{1, 2, 3, 4, 5, 6, 7, 8}
	baseOptions = provenance.Options{Widths: allWidths, Embedding: 64, Epochs: 4, LearningRate: 4e-3, Seed: 1}
	urlsAlone   = provenance.Options{Widths: allWidths, Embedding: 64, Epochs: 8, BatchSize: 256, LearningRate: 6e-3, WeightDecay: 0.2, Seed: 1}
	urlsTuned   = provenance.Options{Epochs: 8, BatchSize: 256, LearningRate: 6e-3, WeightDecay: 0.2, Seed: 1}
)

// bench is the verb bench.
func bench(ctx context.Context, args []string, s streams) error {
	flags := newFlags("bench public", "-data DIR -work DIR [flags]", benchDescription)
	data := flags.String("data", "", "folder of the benchmarks' files")
	sources := flags.String("sources", "", "folder of labelled files to train the base model on (default: no base model)")
	recipePath := flags.String("recipe", "", "which files of -sources to use, and how: a JSON `file` (default: all, as they are)")
	from := flags.String("from", "", "a base `model` that was trained without the registered domains of the benchmarks' test rows")
	work := flags.String("work", "", "folder for the trained models")
	only := flags.String("only", "", "measure the benchmark of this `name` alone: "+benchmarkNames())
	asJSON := flags.Bool("json", false, "print JSON")
	workers := flags.Int("workers", 0, "CPUs to use (default: all)")
	if len(args) > 0 && args[0] == "public" {
		args = args[1:]
	} else if len(args) == 0 || args[0][0] != '-' {
		return usageError{"want bench public; snowman bench -h shows the usage"}
	}
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := noArguments(flags); err != nil {
		return err
	}
	switch {
	case *data == "" || *work == "":
		return usageError{"bench public needs -data, the folder of the benchmarks, and -work, one for the models"}
	case *recipePath != "" && *sources == "":
		return usageError{"-recipe says how to read the folder of -sources, which is missing"}
	}
	if *only != "" && !slices.ContainsFunc(publicBenchmarks, func(b publicBenchmark) bool { return b.name == *only }) {
		return usageError{fmt.Sprintf("-only %q: want %s", *only, benchmarkNames())}
	}
	if err := os.MkdirAll(*work, 0o755); err != nil {
		return fmt.Errorf("making the folder of -work: %w", err)
	}
	b := benchmarking{data: *data, sources: *sources, work: *work, workers: *workers, stderr: s.stderr}
	base, err := b.base(ctx, *from, *recipePath)
	if err != nil {
		return err
	}
	var measured []report.Benchmark
	for _, public := range publicBenchmarks {
		if *only == "" || *only == public.name {
			benchmark, err := b.measure(ctx, public, base)
			if err != nil {
				return fmt.Errorf("benchmark %s: %w", public.name, err)
			}
			measured = append(measured, benchmark)
		}
	}
	if *asJSON {
		return writeJSON(s.stdout, measured)
	}
	return report.Benchmarks(s.stdout, measured)
}

// benchmarkNames lists what -only may name.
func benchmarkNames() string {
	var names []string
	for _, public := range publicBenchmarks {
		names = append(names, public.name)
	}
	return strings.Join(names, ", ")
}

// benchmarking is a run of bench public.
type benchmarking struct {
	data, sources, work string
	workers             int
	stderr              io.Writer
}

// The files of a benchmark.
const (
	trainSplit = "_train"
	devSplit   = "_dev"
	testSplit  = "_test"
)

// base returns the model to fine-tune from: the one in the file from, one trained on the sources, or
// nil.
func (b benchmarking) base(ctx context.Context, from, recipePath string) (*modelfile.Model, error) {
	if from != "" {
		return modelfile.Open(from)
	}
	if b.sources == "" {
		return nil, nil
	}
	recipe, err := chooseRecipe(b.sources, recipePath, "", "")
	if err != nil {
		return nil, err
	}
	asGiven := recipe
	for _, public := range publicBenchmarks {
		for _, split := range []string{devSplit, testSplit} {
			if path, err := b.path(public, split); err == nil { // a benchmark may lack one
				recipe.Exclude = append(recipe.Exclude, path)
			}
		}
	}
	paths, err := recipe.Paths(b.sources)
	if err != nil {
		return nil, err
	}
	path, err := b.model(ctx, "base", train.Options{Options: baseOptions}, asGiven, paths, func() (*dataset.Set, error) {
		fmt.Fprintln(b.stderr, "reading the sources")
		return recipe.Build(ctx, b.sources)
	})
	if err != nil {
		return nil, err
	}
	return modelfile.Open(path)
}

// path returns the file that holds a benchmark's split.
func (b benchmarking) path(public publicBenchmark, split string) (string, error) {
	if split == trainSplit && public.trainSource != "" {
		return dataset.Source{File: public.trainSource}.Path(b.sources)
	}
	folder, err := filepath.Abs(b.data)
	if err != nil {
		return "", fmt.Errorf("finding %q: %w", b.data, err)
	}
	return dataset.Source{File: public.name + split}.Path(folder)
}

// measure trains and measures our models of one benchmark.
func (b benchmarking) measure(ctx context.Context, public publicBenchmark, base *modelfile.Model) (report.Benchmark, error) {
	result := report.Benchmark{Name: public.name, Published: public.published}
	if public.trainSource != "" && b.sources == "" {
		result.Notes = append(result.Notes, fmt.Sprintf("skipped: it trains on %s, in the folder of -sources", public.trainSource))
		return result, nil
	}
	set, paths, err := b.read(ctx, public)
	if err != nil {
		return report.Benchmark{}, err
	}
	for _, malicious := range []bool{false, true} {
		isSo := func(row dataset.Row) bool { return row.Malicious == malicious }
		for _, part := range []dataset.Part{dataset.Choose, dataset.Report} {
			if !slices.ContainsFunc(set.Parts[part], isSo) {
				return report.Benchmark{}, errors.New("the development and the test split need both benign and malicious rows")
			}
		}
	}
	if base != nil {
		if err := mustNotKnow(base, set.Account.Sources[len(set.Account.Sources)-1]); err != nil {
			return report.Benchmark{}, err
		}
	}
	for _, file := range set.Account.Sources {
		if file.Refused > 0 {
			result.Notes = append(result.Notes, fmt.Sprintf("%d rows of %s have no label or no canonical form, and are left out", file.Refused, file.Name))
		}
	}
	alone, err := b.model(ctx, public.name, train.Options{Options: public.alone}, nil, paths, func() (*dataset.Set, error) { return set, nil })
	if err != nil {
		return report.Benchmark{}, err
	}
	result.Measured, err = measureSplit(ctx, "train split", alone, set, public.byHost)
	if err != nil {
		return report.Benchmark{}, err
	}
	if base == nil {
		result.Notes = append(result.Notes, "not fine-tuned: name the sources of a base model with -sources, or one with -from")
		return result, nil
	}
	options := train.Options{Options: public.tuned, From: base}
	tuned, err := b.model(ctx, public.name+"-fine-tuned", options, base.SHA256, paths, func() (*dataset.Set, error) { return set, nil })
	if err != nil {
		return report.Benchmark{}, err
	}
	more, err := measureSplit(ctx, "fine-tuned", tuned, set, public.byHost)
	result.Measured = append(result.Measured, more...)
	return result, err
}

// read returns a benchmark's rows and the files that they stand in, the test split last. What is
// chosen is chosen on the development rows: the epoch, the temperature and the threshold.
func (b benchmarking) read(ctx context.Context, public publicBenchmark) (*dataset.Set, []string, error) {
	files := map[dataset.Part]string{}
	var paths []string
	for _, split := range []struct {
		part dataset.Part
		name string
	}{{dataset.Train, trainSplit}, {dataset.Choose, devSplit}, {dataset.Report, testSplit}} {
		if split.name == devSplit && public.trainSource != "" {
			continue
		}
		path, err := b.path(public, split.name)
		if err != nil {
			return nil, nil, err
		}
		files[split.part] = path
		paths = append(paths, path)
	}
	set, err := dataset.ReadSplit(ctx, []string{dataset.Benign, "malicious"}, files)
	if err != nil {
		return nil, nil, err
	}
	if _, given := files[dataset.Choose]; !given {
		setAside(set)
	}
	set.Parts[dataset.Calibrate] = set.Parts[dataset.Choose]
	return set, paths, nil
}

// setAside makes every fifth row of train a development row.
func setAside(set *dataset.Set) {
	rows := set.Parts[dataset.Train]
	set.Parts[dataset.Train] = nil
	for i, row := range rows {
		part := dataset.Train
		if i%5 == 4 {
			part = dataset.Choose
		}
		set.Parts[part] = append(set.Parts[part], row)
	}
}

// mustNotKnow refuses a base model that was not trained without the registered domains of the test
// rows.
func mustNotKnow(base *modelfile.Model, test dataset.SourceAccount) error {
	var training provenance.Training
	if err := json.Unmarshal(base.Metadata.Training, &training); err != nil {
		return fmt.Errorf("reading what the base model was trained on: %w", err)
	}
	for _, excluded := range training.Data.Exclude {
		if excluded.SHA256 == test.SHA256 {
			return nil
		}
	}
	return fmt.Errorf("the base model may know the test rows: its recipe does not exclude %q", test.Name)
}

// model returns the file of the model that these options, these files and what else decides give. Where
// the folder of -work has it, it is not trained again.
func (b benchmarking) model(ctx context.Context, name string, options train.Options, more any, paths []string, read func() (*dataset.Set, error)) (string, error) {
	identity, err := identify(options, more, paths)
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.work, name+"-"+identity+".safetensors")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	set, err := read()
	if err != nil {
		return "", err
	}
	options.Workers, options.Checkpoint = b.workers, path+".checkpoint"
	meter := newProgress(b.stderr, "training "+name, "texts")
	options.Progress = func(p train.Progress) {
		meter.add(p.Texts, p.Step, p.Steps, fmt.Sprintf("epoch %d of %d, loss %.4f", p.Epoch, p.Epochs, p.Loss))
	}
	model, err := train.Run(ctx, set, options)
	meter.clear()
	if ctx.Err() != nil {
		return "", errors.New("stopped; the same command goes on from here")
	}
	if err != nil {
		return "", err
	}
	if err := atomicfile.Write(path, model.Write); err != nil {
		return "", err
	}
	if err := os.Remove(options.Checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("removing the checkpoint: %w", err)
	}
	return path, nil
}

// identify names all that decides what a training gives: its options, the bytes of its files, and more.
func identify(options train.Options, more any, paths []string) (string, error) {
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	if err := errors.Join(encoder.Encode(options), encoder.Encode(more)); err != nil {
		return "", fmt.Errorf("identifying the training: %w", err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("identifying the training: %w", err)
		}
		fmt.Fprintf(sum, "%x\n", sha256.Sum256(content))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// measureSplit measures a model on the part report, at the threshold that is best on choose; and again,
// where it is asked for, on the rows of which train does not have the host.
func measureSplit(ctx context.Context, name, path string, set *dataset.Set, newHosts bool) ([]report.MeasuredModel, error) {
	model, err := snowman.Open(path)
	if err != nil {
		return nil, err
	}
	chosen, err := rank(ctx, model, set.Parts[dataset.Choose])
	if err != nil {
		return nil, err
	}
	threshold, ok := chosen.BestThreshold()
	if !ok {
		return nil, errors.New("there are no development rows to choose a threshold on")
	}
	var measured []report.MeasuredModel
	add := func(rows []dataset.Row, newHosts bool) error {
		scores, err := rank(ctx, model, rows)
		measured = append(measured, report.MeasuredModel{
			Model: name, NewHosts: newHosts, SHA256: model.Info().SHA256, Decision: scores.Decide(threshold),
		})
		return err
	}
	if err := add(set.Parts[dataset.Report], false); err != nil || !newHosts {
		return measured, err
	}
	return measured, add(withNewHosts(set), true)
}

// rank scores the rows.
func rank(ctx context.Context, model *snowman.Model, rows []dataset.Row) (eval.ROC, error) {
	scores, err := scoreRows(ctx, model, rows)
	if err != nil {
		return eval.ROC{}, err
	}
	var benign, malicious []float64
	for i, row := range rows {
		if row.Malicious {
			malicious = append(malicious, scores[i])
		} else {
			benign = append(benign, scores[i])
		}
	}
	return eval.NewROC(benign, malicious), nil
}

// withNewHosts returns the rows of report whose host no row of train has.
func withNewHosts(set *dataset.Set) []dataset.Row {
	hosts := make(map[string]bool)
	var u canon.URL
	host := func(row dataset.Row) string {
		if u.Parse(row.Text) != nil { // it is in canonical form, so this does not happen
			return ""
		}
		return string(u.Host())
	}
	for _, row := range set.Parts[dataset.Train] {
		hosts[host(row)] = true
	}
	return slices.DeleteFunc(slices.Clone(set.Parts[dataset.Report]), func(row dataset.Row) bool { return hosts[host(row)] })
}
