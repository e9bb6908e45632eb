package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/snowman-ml/snowman/dataset"
)

// A trained model is made of the rows that Snowman's are trained on, and kept in the folder.
type trainedModel struct {
	title   string
	file    string
	command func(o options) []string
}

// The files of rows to train on, which are removed when all models are trained.
const (
	fastTextRows = "fasttext.train"
	otherRows    = "rows.train"
)

// trainedModels are trained in this order: the second is made of the first.
var trainedModels = []trainedModel{
	{"fastText", "fasttext.bin", func(o options) []string {
		return []string{filepath.Join(o.folder, "fasttext"), "supervised",
			"-input", filepath.Join(o.folder, fastTextRows), "-output", filepath.Join(o.folder, "fasttext"),
			"-minn", "3", "-maxn", "6", "-dim", "16", "-minCount", "1000000", "-epoch", "3", "-lr", "0.5",
			"-verbose", "0", "-thread", strconv.Itoa(runtime.NumCPU())}
	}},
	{"fastText, quantised", "fasttext.ftz", func(o options) []string {
		return []string{filepath.Join(o.folder, "fasttext"), "quantize",
			"-input", filepath.Join(o.folder, fastTextRows), "-output", filepath.Join(o.folder, "fasttext"),
			"-qnorm", "-cutoff", "200000", "-retrain", "-epoch", "1", "-lr", "0.2",
			"-verbose", "0", "-thread", strconv.Itoa(runtime.NumCPU())}
	}},
	{"LightGBM", "lightgbm.txt", func(o options) []string {
		return []string{o.python, "bench/peers/models.py", "lightgbm", o.folder}
	}},
	{"transformer", "transformer.pt", func(o options) []string {
		return []string{o.python, "bench/peers/models.py", "transformer", o.folder}
	}},
}

// trainModels trains the models that are not in the folder. One that cannot be trained is said
// aloud, and missing later.
func trainModels(ctx context.Context, o options) error {
	var rows []dataset.Row
	defer os.Remove(filepath.Join(o.folder, fastTextRows))
	defer os.Remove(filepath.Join(o.folder, otherRows))
	for _, model := range trainedModels {
		if exists(filepath.Join(o.folder, model.file)) {
			continue
		}
		if rows == nil {
			progress("reading the rows to train on")
			set, err := readRows(ctx, o.recipe, o.data)
			if err != nil {
				return err
			}
			rows = set.Parts[dataset.Train]
			if err := writeTrainingFiles(o.folder, rows); err != nil {
				return err
			}
		}
		progress("training: %s", model.title)
		args := model.command(o)
		command := exec.CommandContext(ctx, args[0], args[1:]...)
		command.Stdout, command.Stderr = os.Stderr, os.Stderr
		if err := command.Run(); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			progress("  %s is not trained: %v", model.title, err)
		}
	}
	return nil
}

// fastTextLabel stands before a label in what fastText reads and writes.
const fastTextLabel = "__label__"

// writeTrainingFiles writes rows in random order: as fastText reads them, and as label, weight and
// text.
func writeTrainingFiles(folder string, rows []dataset.Row) error {
	order := rand.New(rand.NewPCG(2, 2)).Perm(len(rows))
	err := writeFile(filepath.Join(folder, fastTextRows), func(w *bufio.Writer) {
		for _, i := range order {
			fmt.Fprintf(w, "%s%s %s\n", fastTextLabel, cmp.Or(rows[i].Kind, "malicious"), rows[i].Text)
		}
	})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, otherRows), func(w *bufio.Writer) {
		for _, i := range order {
			fmt.Fprintf(w, "%t\t%v\t%s\n", rows[i].Malicious, rows[i].Weight, rows[i].Text)
		}
	})
}
