package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// reportSet is the name of the rows that nothing was trained on.
const reportSet = "report"

// writeReport writes the rows of report: a label and a canonical text a line, and the texts alone.
func writeReport(path string, rows []dataset.Row) error {
	err := writeFile(path+".tsv", func(w *bufio.Writer) {
		for _, row := range rows {
			fmt.Fprintf(w, "%t\t%s\n", row.Malicious, row.Text)
		}
	})
	if err != nil {
		return err
	}
	return writeFile(path+".txt", func(w *bufio.Writer) {
		for _, row := range rows {
			fmt.Fprintln(w, row.Text)
		}
	})
}

// measureAccuracy measures how good the models are, since another model may be faster and worse.
func measureAccuracy(ctx context.Context, stdout io.Writer, o options) error {
	path := filepath.Join(o.folder, reportSet)
	content, err := os.ReadFile(path + ".tsv")
	if err != nil {
		return err
	}
	var malicious, isURL []bool
	var texts []string
	for line := range strings.Lines(string(content)) {
		label, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		malicious, texts = append(malicious, label == "true"), append(texts, text)
		isURL = append(isURL, !isName(text))
	}
	table := markdown.NewTable(stdout, "How good the models are", "", "names: AUC", "found at 1 in 100", "at 1 in 1,000", "URLs: AUC", "found at 1 in 100", "at 1 in 1,000")
	for _, model := range []struct {
		title string
		score func() ([]float64, error)
	}{
		{"Snowman, benchmark network", func() ([]float64, error) { return snowmanScores(o.folder, "network", texts) }},
		{"Snowman, shipped model", func() ([]float64, error) { return snowmanScores(o.folder, shipped, texts) }},
		{"fastText", func() ([]float64, error) { return fastTextScores(ctx, o.folder, path+".txt") }},
	} {
		scores, err := model.score()
		if err == nil && len(scores) != len(texts) {
			err = fmt.Errorf("%d scores for %d texts", len(scores), len(texts))
		}
		if err != nil {
			table.Row(model.title, "not available: "+err.Error())
			continue
		}
		cells := []string{model.title}
		for _, urls := range []bool{false, true} {
			var some []float64
			var labels []bool
			for i, score := range scores {
				if isURL[i] == urls {
					some, labels = append(some, score), append(labels, malicious[i])
				}
			}
			cells = append(cells, figures(eval.NewROCOf(some, labels))...)
		}
		table.Row(cells...)
	}
	fmt.Fprintf(stdout, "\nMeasured on the %s rows of the recipe that are kept to report on. The benchmark network was trained on its rows to train on for one epoch, the shipped model and fastText for several; fastText does not know a row's weight.\n\n", thousands(float64(len(texts))))
	return nil
}

// figures are the cells of a curve.
func figures(curve eval.ROC) []string {
	cells := []string{"-", "-", "-"}
	if area, ok := curve.AUC(); ok {
		cells[0] = fmt.Sprintf("%.3f", area)
	}
	for i, rate := range []float64{1e-2, 1e-3} {
		if point, ok := curve.AtFalsePositiveRate(rate); ok {
			cells[1+i] = fmt.Sprintf("%.3f", point.TruePositives.Rate())
		}
	}
	return cells
}

func snowmanScores(folder, network string, texts []string) ([]float64, error) {
	model, err := openNetwork(folder, network)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(texts))
	return scores, oneAtATime(model)(texts, scores)
}

// fastTextScores returns what fastText gives to all labels but benign.
func fastTextScores(ctx context.Context, folder, path string) ([]float64, error) {
	const labels = "10" // more than there are
	output, err := exec.CommandContext(ctx, filepath.Join(folder, "fasttext"), "predict-prob", filepath.Join(folder, "fasttext.bin"), path, labels).Output()
	if err != nil {
		return nil, err
	}
	var scores []float64
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		score := 0.0
		for i := 0; i+1 < len(fields); i += 2 {
			probability, err := strconv.ParseFloat(fields[i+1], 64)
			if err != nil {
				return nil, err
			}
			if fields[i] != fastTextLabel+dataset.Benign {
				score += probability
			}
		}
		scores = append(scores, score)
	}
	return scores, nil
}
