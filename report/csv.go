package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// csvHeader names the columns of CSV.
var csvHeader = []string{"figure", "by", "group", "level", "limit", "from", "to", "value", "count", "total", "low", "high"}

// CSV writes every figure of the page as one table, a figure a line:
//
//	figure                     what it is, such as true_positive_rate
//	by, group                  of which rows: all, or those of a kind, source, family, month, kind of
//	                           host, kind of site (group) or country suffix
//	level, limit               where the threshold is from: a level of the model, or a limit of FPR
//	from, to                   the scores it is about: at or above from, a threshold, and below to
//	value                      the figure
//	count, total, low, high    of a rate: its count and total, and its 95 % Wilson interval
//
// A cell that does not apply is empty. Names are written as on the page, with an apostrophe before
// those that a spreadsheet would take for a formula.
func CSV(w io.Writer, page Page) error {
	t := csvTable{csv.NewWriter(w)}
	t.Write(csvHeader)
	r := page.Result

	t.figures(csvLine{by: "all"}, r.Overall)
	t.number(csvLine{figure: "expected_calibration_error", by: "all"}, r.CalibrationError)
	for i, level := range r.Levels {
		benign, malicious := reached(r.ByLevel, i)
		at := csvLine{by: "all", level: level.Name, from: exact(level.Threshold)}
		t.rate(at.of("false_positive_rate"), benign)
		t.rate(at.of("true_positive_rate"), malicious)
	}
	if r.Allowed != nil {
		t.rate(csvLine{figure: "benign_allowed_share", by: "all"}, r.Allowed.Benign)
		t.rate(csvLine{figure: "malicious_allowed_share", by: "all"}, r.Allowed.Malicious)
	}
	for _, by := range []struct {
		name   string
		groups []eval.Group
	}{{"kind", r.ByKind}, {"source", r.BySource}, {"family", r.ByFamily}, {"month", r.ByMonth}} {
		for _, g := range by.groups {
			t.figures(csvLine{by: by.name, group: g.Name}, g.Rates)
		}
	}
	for _, by := range []struct {
		name   string
		groups []eval.LevelGroup
	}{{"source", r.ByLevel}, {"host", r.ByHost}, {"group", r.ByGroup}, {"country", r.ByCountry}} {
		for _, g := range by.groups {
			figure := "false_positive_rate"
			if g.Malicious {
				figure = "true_positive_rate"
			}
			for i, level := range r.Levels {
				t.rate(csvLine{figure: figure, by: by.name, group: g.Name, level: level.Name, from: exact(level.Threshold)}, g.Reached[i])
			}
		}
	}
	for _, bin := range r.CalibrationBins {
		at := csvLine{by: "all", from: exact(bin.Low), to: exact(bin.High)}
		if bin.Truth.Total > 0 {
			t.number(at.of("calibration_mean_score"), bin.MeanProbability)
		}
		t.rate(at.of("calibration_malicious_share"), bin.Truth)
	}
	for _, h := range page.Curves.Scores {
		figure := "benign_score_share"
		if h.Malicious {
			figure = "malicious_score_share"
		}
		at := csvLine{figure: figure, by: "all"}
		if h.Name != "" {
			at.by, at.group = "kind", h.Name
		}
		for _, bin := range h.Bins {
			at.from, at.to = exact(bin.Low), exact(bin.High)
			t.rate(at, bin.Rows)
		}
	}
	t.curve(csvLine{by: "all"}, page.Curves.Overall)
	for _, c := range page.Curves.ByKind {
		t.curve(csvLine{by: "kind", group: c.Name}, c)
	}

	t.Flush()
	if err := t.Error(); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}

// A csvLine is a line without the figure's value.
type csvLine struct{ figure, by, group, level, limit, from, to string }

func (l csvLine) of(figure string) csvLine {
	l.figure = figure
	return l
}

type csvTable struct{ *csv.Writer }

func (t csvTable) line(l csvLine, values ...string) {
	line := append([]string{l.figure, l.by, harmless(l.group), harmless(l.level), l.limit, l.from, l.to}, values...)
	t.Write(append(line, make([]string, len(csvHeader)-len(line))...)) // Error tells of a failure
}

func (t csvTable) number(l csvLine, value float64) { t.line(l, measured(value)) }

// rate writes a proportion, unless its total is 0.
func (t csvTable) rate(l csvLine, p eval.Proportion) {
	if p.Total == 0 {
		return
	}
	low, high := p.Wilson()
	t.line(l, measured(p.Rate()), strconv.Itoa(p.Count), strconv.Itoa(p.Total), measured(low), measured(high))
}

func (t csvTable) figures(l csvLine, f eval.Rates) {
	t.line(l.of("benign_rows"), strconv.Itoa(f.Benign))
	t.line(l.of("malicious_rows"), strconv.Itoa(f.Malicious))
	if f.AUC != nil {
		t.number(l.of("auc"), *f.AUC)
	}
	for _, p := range f.OperatingPoints {
		l.limit, l.from = exact(p.Limit), exact(p.Threshold)
		t.rate(l.of("false_positive_rate"), p.FalsePositives)
		t.rate(l.of("true_positive_rate"), p.TruePositives)
		if p.FalsePositives.Total > 0 && p.TruePositives.Total > 0 {
			t.rate(l.of("precision"), precisionAt(p))
		}
	}
}

// curve writes the points of a curve. The names of their rates begin with curve_, since there are
// hundreds.
func (t csvTable) curve(l csvLine, c eval.Curve) {
	for _, p := range c.Points {
		l.from = exact(p.Threshold)
		t.rate(l.of("curve_false_positive_rate"), eval.Proportion{Count: p.FalsePositives, Total: c.Benign})
		t.rate(l.of("curve_true_positive_rate"), eval.Proportion{Count: p.TruePositives, Total: c.Malicious})
		t.rate(l.of("curve_precision"), eval.Proportion{Count: p.TruePositives, Total: p.TruePositives + p.FalsePositives})
	}
}

// exact writes the shortest number that reads back the same: a rounded threshold is another
// threshold.
func exact(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// measured writes the digits that are the same on every machine, which are more than the rows
// warrant.
func measured(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }

// harmless returns a name that no spreadsheet takes for a formula (OWASP, CSV injection). What
// cannot be seen is written out, and so are semicolons: where the comma is a decimal mark they end
// a cell.
func harmless(name string) string {
	name = strings.ReplaceAll(visible.Text(name), ";", `\x3b`)
	if start := strings.TrimLeft(name, " "); start != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(start)[0]) {
		return "'" + name
	}
	return name
}
