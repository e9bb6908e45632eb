package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Benchmark is what was measured on the fixed test rows of a public data set, beside what others
// published of the same rows.
type Benchmark struct {
	Name      string             `json:"name"`
	Published []PublishedFigures `json:"published"`
	Measured  []MeasuredModel    `json:"measured"`
	Notes     []string           `json:"notes,omitempty"` // what was not measured, and why
}

// PublishedFigures are those of other people's model. A figure that they did not publish is 0.
type PublishedFigures struct {
	Model    string  `json:"model"`
	Source   string  `json:"source"`
	Accuracy float64 `json:"accuracy,omitempty"`
	MacroF1  float64 `json:"macro_f1,omitempty"`
}

// A MeasuredModel is one of ours.
type MeasuredModel struct {
	Model    string `json:"model"`     // how it was trained
	NewHosts bool   `json:"new_hosts"` // only the test rows whose host no row of the train split has
	SHA256   string `json:"sha256"`    // of its weights
	eval.Decision
}

// Benchmarks writes one table a benchmark, each interval below its figure.
func Benchmarks(w io.Writer, benchmarks []Benchmark) error {
	var b strings.Builder
	for i, benchmark := range benchmarks {
		if i > 0 {
			b.WriteString("\n")
		}
		writeBenchmark(&b, benchmark)
	}
	b.WriteString("\nAccuracy and F1 are at the threshold with the highest macro-F1 on the development rows, TPR is at\n" +
		"an FPR of at most 1e-2 and 1e-3 on the test rows. Below each figure is its 95 % interval: Wilson's\n" +
		"for accuracy and TPR, the delta method's for F1, DeLong's for AUC.\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func writeBenchmark(b *strings.Builder, benchmark Benchmark) {
	b.WriteString(visible.Text(benchmark.Name) + "\n")
	rows := table{{"", "accuracy", "macro-F1", "F1", "AUC", "TPR 1e-2", "TPR 1e-3"}}
	published := func(figure float64) string {
		if figure == 0 {
			return "-"
		}
		return strings.TrimPrefix(strconv.FormatFloat(figure, 'f', -1, 64), "0") // as many digits as they gave
	}
	for _, p := range benchmark.Published {
		rows = append(rows, []string{visible.Text(p.Model), published(p.Accuracy), published(p.MacroF1), "-", "-", "-", "-"})
	}
	for _, m := range benchmark.Measured {
		figures, intervals := []string{m.name()}, []string{""}
		add := func(figure, low, high float64) {
			figures = append(figures, decimal(figure, 4))
			intervals = append(intervals, decimal(low, 4)+"-"+decimal(high, 4))
		}
		low, high := m.Accuracy.Wilson()
		add(m.Accuracy.Rate(), low, high)
		add(m.MacroF1.Value, m.MacroF1.Low, m.MacroF1.High)
		add(m.F1.Value, m.F1.Low, m.F1.High)
		if m.AUC == nil {
			figures, intervals = append(figures, "-"), append(intervals, "")
		} else {
			add(m.AUC.Value, m.AUC.Low, m.AUC.High)
		}
		for _, p := range m.OperatingPoints {
			low, high := p.TruePositives.Wilson()
			add(p.TruePositives.Rate(), low, high)
		}
		rows = append(rows, figures, intervals)
	}
	counts := table{{"", "threshold", "true positives", "false positives"}}
	for _, m := range benchmark.Measured {
		counts = append(counts, []string{
			m.name(), strconv.FormatFloat(m.Threshold, 'f', 4, 64),
			outOf(eval.Proportion{Count: m.Confusion.TruePositives, Total: m.Malicious}),
			outOf(eval.Proportion{Count: m.Confusion.FalsePositives, Total: m.Benign}),
		})
	}
	for _, t := range []table{rows, counts} {
		if len(t) > 1 {
			b.WriteString("\n")
			t.write(b)
		}
	}
	var lines []string
	for _, p := range benchmark.Published {
		lines = append(lines, p.Model+": "+p.Source)
	}
	if lines = append(lines, benchmark.Notes...); len(lines) > 0 {
		b.WriteString("\n")
	}
	for _, line := range lines {
		b.WriteString(visible.Text(line) + "\n")
	}
}

// name is what a table calls the model, below whose row stands the one on new hosts.
func (m MeasuredModel) name() string {
	if m.NewHosts {
		return "  on new hosts"
	}
	return m.Model
}
