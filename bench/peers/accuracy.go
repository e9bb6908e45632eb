package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// reportSet is the name of the rows that nothing was trained on.
const reportSet = "report"

// writeReport writes the rows of report: a label and a canonical text a line, the texts alone, and
// their symbols.
func (s symbolizer) writeReport(path string, rows []dataset.Row) error {
	texts := make([]string, len(rows))
	err := writeFile(path+".tsv", func(w *bufio.Writer) {
		for i, row := range rows {
			texts[i] = row.Text
			fmt.Fprintf(w, "%t\t%s\n", row.Malicious, row.Text)
		}
	})
	if err != nil {
		return err
	}
	if err := writeLines(path+".canonical.txt", texts); err != nil {
		return err
	}
	return s.write(path, texts)
}

// A judgedModel is a row of the table of how good models are.
type judgedModel struct {
	title string
	score func(ctx context.Context, o options, texts []string) ([]float64, error)
}

var judgedModels = []judgedModel{
	{"benchmark network, float32", scoresInFloat32(benchmark)},
	{"benchmark network, int8 of ONNX Runtime", scoresOfWorker("onnx-int8")},
	{"benchmark network, int8 of OpenVINO", scoresOfWorker("openvino-int8")},
	{"benchmark network, int8 of Snowman", scoresInInt8(benchmark)},
	{"Snowman, shipped model, float32", scoresInFloat32(shipped)},
	{"**Snowman, shipped model, int8**", scoresInInt8(shipped)},
	{"fastText", fastTextScores("fasttext.bin")},
	{"fastText, quantised (.ftz)", fastTextScores("fasttext.ftz")},
	{"LightGBM on n-grams", scoresOfWorker("lightgbm")},
	{"small transformer, int8", scoresOfWorker("transformer-int8")},
}

// measureAccuracy measures how good the models are, since another model may be faster and worse.
func measureAccuracy(ctx context.Context, stdout io.Writer, o options, only *regexp.Regexp) error {
	content, err := os.ReadFile(filepath.Join(o.folder, reportSet) + ".tsv")
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
	for _, model := range judgedModels {
		if !only.MatchString(model.title) {
			continue
		}
		progress("scoring the part report: %s", model.title)
		scores, err := model.score(ctx, o, texts)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && len(scores) != len(texts) {
			err = fmt.Errorf("%d scores for %d texts", len(scores), len(texts))
		}
		if err != nil {
			table.Row(model.title, notMeasured(err.Error()))
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
	fmt.Fprintf(stdout, "\nOn the %s rows of the recipe that are kept to report on: AUC, and the share of malicious rows found where 1 in 100 or 1 in 1,000 benign ones is taken for malicious. The benchmark network was trained for one epoch, the shipped model and fastText for several; fastText does not know a row's weight.%s\n\n",
		thousands(float64(len(texts))), trainingFacts(o.folder))
	return nil
}

// trainingFacts says what the models of models.py were trained on, as far as they are there.
func trainingFacts(folder string) string {
	var facts strings.Builder
	for _, model := range []struct{ name, title string }{{"lightgbm", "LightGBM"}, {"transformer", "The transformer"}} {
		var known struct{ Rows, Seconds, Parameters float64 }
		content, err := os.ReadFile(filepath.Join(folder, model.name+".json"))
		if err != nil || json.Unmarshal(content, &known) != nil {
			continue
		}
		fmt.Fprintf(&facts, " %s was trained on %s rows", model.title, thousands(known.Rows))
		if known.Parameters > 0 {
			fmt.Fprintf(&facts, ", in %.0f minutes of one thread, has %s parameters", known.Seconds/60, thousands(known.Parameters))
		}
		facts.WriteString(".")
	}
	return facts.String()
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

func scoresInInt8(network string) func(context.Context, options, []string) ([]float64, error) {
	return func(_ context.Context, o options, texts []string) ([]float64, error) {
		model, err := openNetwork(o.folder, network)
		if err != nil {
			return nil, err
		}
		scores := make([]float64, len(texts))
		return scores, inBatches(model)(texts, scores)
	}
}

func scoresInFloat32(network string) func(context.Context, options, []string) ([]float64, error) {
	return func(_ context.Context, o options, texts []string) ([]float64, error) {
		model, err := openNetwork(o.folder, network)
		if err != nil {
			return nil, err
		}
		scores := make([]float64, len(texts))
		return scores, inBatches(model.Exact())(texts, scores)
	}
}

// scoresOfWorker lets a worker of worker.py score the rows.
func scoresOfWorker(kind string) func(context.Context, options, []string) ([]float64, error) {
	return func(_ context.Context, o options, _ []string) ([]float64, error) {
		p := contender{kind: kind}.start(o.folder, o.python, runtime.NumCPU(), []string{reportSet})
		defer p.stop()
		p.run(reportSet, nil)
		if p.missing != "" {
			return nil, errors.New(p.missing)
		}
		return p.result[reportSet], nil
	}
}

// fastTextScores returns what fastText gives to all labels but benign.
func fastTextScores(file string) func(context.Context, options, []string) ([]float64, error) {
	return func(ctx context.Context, o options, _ []string) ([]float64, error) {
		const labels = "10" // more than there are
		output, err := exec.CommandContext(ctx, filepath.Join(o.folder, "fasttext"), "predict-prob", filepath.Join(o.folder, file),
			filepath.Join(o.folder, reportSet)+".canonical.txt", labels).Output()
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
}
