// Command peers measures Snowman against other ways to run its network, and against other models
// of the same rows. make bench-peers installs and trains them, and runs it.
//
// Every contender is a process of its own that stays (worker.py, and this program itself for
// Snowman). The contenders take turns with one pass over the same texts, so that whatever else the
// machine does falls on all of them. The scores of a pass are checked before its time counts.
// Tables of medians go to standard output.
//
// A peer that could not be installed or trained, or that fails, keeps its row, which says why.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/dataset"
)

// workerVerb makes this program a worker.
const workerVerb = "worker"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == workerVerb {
		err = runWorker(os.Args[2:])
	} else {
		err = run(ctx, os.Args[1:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// A contender is a row of a table.
type contender struct {
	title     string
	kind      string // of worker
	isSnowman bool
	network   string  // scores are held to those of the first contender with the same network
	tolerance float64 // the largest difference that counts as the same score
}

// benchmark is the network that all peers can run; its file in the folder is named after it.
const benchmark = "network"

// quantized is the largest difference that int8 may make: .05 was the largest of a million texts.
const quantized = 0.1

// unchecked lets every finite difference pass; it is printed all the same.
const unchecked = 1

// contenders are the rows of the scoring tables. The first is what the others are divided by.
var contenders = []contender{
	{"ONNX Runtime, standard graph", "onnx", false, benchmark, 1e-5},
	{"ONNX Runtime, file of snowman model export", "onnx-exported", false, benchmark, 1e-5},
	{"ONNX Runtime, folded graph", "onnx-folded", false, benchmark, 1e-5},
	{"ONNX Runtime, int8", "onnx-int8", false, benchmark, unchecked},
	{"OpenVINO", "openvino", false, benchmark, 1e-5},
	{"OpenVINO, int8", "openvino-int8", false, benchmark, unchecked},
	{"PyTorch", "torch", false, benchmark, 1e-5},
	{"Snowman, float32", "float32:" + benchmark, true, benchmark, 1e-5},
	{"Snowman, int8", "int8:" + benchmark, true, benchmark, quantized},
	{"Snowman, int8, a text at a time", "int8-alone:" + benchmark, true, benchmark, quantized},
	{"Snowman, shipped model, float32", "float32:" + shipped, true, shipped, 0},
	{"**Snowman, shipped model, int8**", "int8:" + shipped, true, shipped, quantized},
	{"fastText, API", "fasttext-api", false, "fastText", 0},
	{"fastText, program", fastTextProgram, false, "fastText", 1e-4},
	{"fastText, quantised (.ftz), API", "fasttext-quantised", false, "fastText, quantised", 0},
	{"LightGBM on n-grams", "lightgbm", false, "LightGBM", 0},
	{"small transformer, float32", "transformer", false, "transformer", 1e-5},
	{"small transformer, int8", "transformer-int8", false, "transformer", unchecked},
}

// fastTextProgram is the worker that runs fastText in processes of its own, whose memory it lacks.
const fastTextProgram = "fasttext-program"

// isPeerInInt8 reports whether a contender other than Snowman scores the benchmark network in int8.
func (c contender) isPeerInInt8() bool {
	return !c.isSnowman && c.network == benchmark && strings.HasSuffix(c.kind, "int8")
}

// trainers are the rows of the training table.
var trainers = []contender{
	{"PyTorch, AdamW", "torch-training", false, "PyTorch", unchecked},
	{"Snowman, AdamW", "training", true, "Snowman", unchecked},
}

// trainingSet is the name of the rows that both trainers train on.
const trainingSet = "training"

// options are the program's flags.
type options struct {
	data, recipe, folder, python, only   string
	texts, repeats                       int
	fileTime, passTime                   time.Duration
	trainingRows, trainingRepeats, lines int
	train, prepare, keep                 bool
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("peers", flag.ExitOnError)
	flags.StringVar(&o.data, "data", "sources", "`folder` of labelled sources")
	flags.StringVar(&o.recipe, "recipe", "models/recipe.json", "what the benchmark network was trained on: a JSON `file`")
	flags.StringVar(&o.folder, "folder", "build/peers", "`folder` of the network, the programs and everything that is made here")
	flags.StringVar(&o.python, "python", "build/peers/python/bin/python", "the Python `program` that has the peers")
	flags.StringVar(&o.only, "only", "", "measure only rows whose title matches this regular `expression`")
	flags.IntVar(&o.texts, "texts", 20_000, "texts in a set")
	flags.IntVar(&o.repeats, "repeats", 5, "passes over each set")
	flags.IntVar(&o.trainingRows, "training-rows", 50_000, "rows in a pass of training, 0 for no training")
	flags.IntVar(&o.trainingRepeats, "training-repeats", 3, "passes of training")
	flags.IntVar(&o.lines, "lines", 10_000_000, "most lines for the whole programs, 0 for none")
	flags.DurationVar(&o.fileTime, "file-time", 210*time.Second, "no further runs of the programs on a file that would take `longer` than this in all")
	flags.DurationVar(&o.passTime, "pass-time", 7*time.Minute, "no further passes over the sets that would take `longer` than this in all")
	flags.BoolVar(&o.train, "train", false, "only train what is compared with Snowman and is not trained yet")
	flags.BoolVar(&o.prepare, "prepare", false, "only prepare the texts")
	flags.BoolVar(&o.keep, "keep", false, "use the texts that the last run prepared")
	flags.Parse(args) // exits on an error
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	if o.train {
		return trainModels(ctx, o)
	}
	if o.prepare {
		return prepare(ctx, o)
	}
	if !o.keep {
		// In a process of its own, so that this one stays small.
		preparation := exec.CommandContext(ctx, os.Args[0], append([]string{"-prepare"}, args...)...)
		preparation.Stderr = os.Stderr
		if err := preparation.Run(); err != nil {
			return fmt.Errorf("preparing the texts: %w", err)
		}
	}
	if err := printMachine(stdout, o.python); err != nil {
		return err
	}
	matching := func(all []contender) []contender {
		return slices.DeleteFunc(slices.Clone(all), func(c contender) bool { return !only.MatchString(c.title) })
	}
	// The programs come first, while this process is small: on Linux the peak memory of a process
	// starts at that of its parent.
	if o.lines > 0 {
		if err := measurePrograms(ctx, stdout, o); err != nil {
			return err
		}
	}
	if err := measureScoring(ctx, stdout, o, matching(contenders)); err != nil {
		return err
	}
	if o.trainingRows > 0 {
		if err := measureTraining(ctx, stdout, o, matching(trainers)); err != nil {
			return err
		}
	}
	if err := measureAccuracy(ctx, stdout, o, only); err != nil {
		return err
	}
	printPublished(stdout)
	return nil
}

// prepare writes everything that workers and programs read.
func prepare(ctx context.Context, o options) error {
	progress("reading the texts")
	symbolizer, err := newSymbolizer(filepath.Join(o.folder, "network.safetensors"))
	if err != nil {
		return err
	}
	samples, err := readSamples(o.data, o.texts)
	if err != nil {
		return err
	}
	for set, texts := range samples.sets {
		if err := symbolizer.writeSet(filepath.Join(o.folder, set), texts); err != nil {
			return err
		}
	}
	if err := writePrograms(o, samples.allNames); err != nil {
		return err
	}
	progress("reading the training rows")
	set, err := readRows(ctx, o.recipe, o.data)
	if err != nil {
		return err
	}
	if err := symbolizer.writeReport(filepath.Join(o.folder, reportSet), set.Parts[dataset.Report]); err != nil {
		return err
	}
	rows := set.Parts[dataset.Train]
	return symbolizer.writeTraining(filepath.Join(o.folder, trainingSet), rows, o.trainingRows)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
