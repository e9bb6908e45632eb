package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/eval"
)

// A result is what was measured on the test rows of a benchmark, beside what others published of
// the same rows.
type result struct {
	Name      string             `json:"name"`
	Published []publishedFigures `json:"published"`
	Measured  []measuredModel    `json:"measured"`
	Notes     []string           `json:"notes,omitempty"` // what was not measured, and why
}

// publishedFigures are those of other people's model. A figure that they did not publish is 0.
type publishedFigures struct {
	Model    string  `json:"model"`
	Source   string  `json:"source"`
	Accuracy float64 `json:"accuracy,omitempty"`
	MacroF1  float64 `json:"macro_f1,omitempty"`
}

// A measuredModel is one of ours.
type measuredModel struct {
	Model    string `json:"model"`     // how it was trained
	NewHosts bool   `json:"new_hosts"` // only the test rows whose host no row of the train split has
	SHA256   string `json:"sha256"`    // of its weights
	eval.Decision
}

// writeTables writes two tables a benchmark: rates, and the counts at the threshold.
func writeTables(w io.Writer, results []result) error {
	var b strings.Builder
	for _, r := range results {
		r.write(&b)
	}
	b.WriteString("Accuracy and F1 are at the threshold with the highest macro-F1 on the development rows, TPR is at an FPR of " +
		"at most 1e-2 and 1e-3 on the test rows. In brackets: 95 % intervals, Wilson's for accuracy and TPR, the delta " +
		"method's for F1, DeLong's for AUC.\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the tables: %w", err)
	}
	return nil
}

func (r result) write(b *strings.Builder) {
	fmt.Fprintf(b, "### %s\n\n", r.Name)
	if len(r.Published)+len(r.Measured) > 0 {
		r.writeRates(b)
	}
	if len(r.Measured) > 0 {
		counts := markdown.NewTable(b, "", "", "threshold", "true positives", "false positives")
		for _, m := range r.Measured {
			counts.Row(m.name(), strconv.FormatFloat(m.Threshold, 'f', 4, 64),
				fmt.Sprintf("%d of %d", m.Confusion.TruePositives, m.Malicious),
				fmt.Sprintf("%d of %d", m.Confusion.FalsePositives, m.Benign))
		}
		counts.End()
	}
	for _, p := range r.Published {
		fmt.Fprintf(b, "%s: %s\n\n", p.Model, p.Source)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "%s\n\n", note)
	}
}

func (r result) writeRates(b *strings.Builder) {
	rates := markdown.NewTable(b, "", "", "accuracy", "macro-F1", "F1", "AUC", "TPR 1e-2", "TPR 1e-3")
	published := func(figure float64) string {
		if figure == 0 {
			return "-"
		}
		return strings.TrimPrefix(strconv.FormatFloat(figure, 'f', -1, 64), "0") // as many digits as they gave
	}
	for _, p := range r.Published {
		rates.Row(p.Model, published(p.Accuracy), published(p.MacroF1), "-", "-", "-", "-")
	}
	for _, m := range r.Measured {
		cells := []string{m.name(), proportion(m.Accuracy), estimate(m.MacroF1), estimate(m.F1), "-"}
		if m.AUC != nil {
			cells[4] = estimate(*m.AUC)
		}
		for _, p := range m.OperatingPoints {
			cells = append(cells, proportion(p.TruePositives))
		}
		rates.Row(cells...)
	}
	rates.End()
}

// name is what a table calls the model. The row on new hosts stands below the model's own.
func (m measuredModel) name() string {
	if m.NewHosts {
		return "on new hosts"
	}
	return m.Model
}

func proportion(p eval.Proportion) string {
	low, high := p.Wilson()
	return estimate(eval.Estimate{Value: p.Rate(), Low: low, High: high})
}

// estimate writes .8856 (.8818-.8892).
func estimate(e eval.Estimate) string {
	decimal := func(x float64) string { return strings.TrimPrefix(strconv.FormatFloat(x, 'f', 4, 64), "0") }
	return fmt.Sprintf("%s (%s-%s)", decimal(e.Value), decimal(e.Low), decimal(e.High))
}
