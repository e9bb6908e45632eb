package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/snowman-ml/snowman/eval"
)

// ModelFigures are what a model file keeps of an evaluation, to be written as JSON: all that the
// pictures of the model's card are drawn from, in a tenth of the bytes of an eval.Report and its
// eval.Curves. Counts stand where rates and intervals follow from them. Families, hosts and the
// thresholds of the curves' points are left out.
type ModelFigures struct {
	Overall          eval.Figures        `json:"overall"`
	ByKind           []eval.Group        `json:"by_kind"`
	ByMonth          []monthFigures      `json:"by_month,omitempty"`
	ByLevel          []levelFigures      `json:"by_level,omitempty"`
	CalibrationError float64             `json:"calibration_error"`
	CalibrationBins  []eval.Bin          `json:"calibration_bins,omitempty"`
	Curves           []curveFigures      `json:"curves,omitempty"` // of all malicious rows, then of kinds
	OtherKinds       int                 `json:"other_kinds,omitempty"`
	ScoreEdges       []float64           `json:"score_edges,omitempty"` // between the bins of Scores
	Scores           []scoreFigures      `json:"scores,omitempty"`
	Families         *eval.FamilyFigures `json:"families,omitempty"`
}

// monthFigures are the malicious rows of a month.
type monthFigures struct {
	Month     string `json:"month"`
	Malicious int    `json:"malicious"`
	Found     []int  `json:"found"` // at each operating point
}

// levelFigures are the benign or the malicious rows of a source.
type levelFigures struct {
	Source    string `json:"source"`
	Malicious bool   `json:"malicious"`
	Rows      int    `json:"rows"`
	Reached   []int  `json:"reached"` // each of the model's levels
}

// curveFigures are the points of a ROC curve: so many benign rows, and so many of a kind's malicious
// rows, are at or above a threshold.
type curveFigures struct {
	Kind           string `json:"kind,omitempty"` // none: all
	Malicious      int    `json:"malicious"`
	FalsePositives []int  `json:"false_positives"`
	TruePositives  []int  `json:"true_positives"`
}

// scoreFigures are how many rows have their score in each bin.
type scoreFigures struct {
	Kind      string `json:"kind,omitempty"` // none: all
	Malicious bool   `json:"malicious"`
	Rows      []int  `json:"rows"`
}

// NewModelFigures returns what a model file keeps.
func NewModelFigures(r eval.Report, c eval.Curves) ModelFigures {
	f := ModelFigures{
		Overall:          r.Overall,
		ByKind:           r.ByKind,
		CalibrationError: r.CalibrationError,
		CalibrationBins:  r.CalibrationBins,
		OtherKinds:       c.OtherKinds,
		Families:         r.Families,
	}
	for _, g := range r.ByMonth {
		if _, err := time.Parse("2006-01", g.Name); err != nil || g.Malicious == 0 {
			continue
		}
		month := monthFigures{Month: g.Name, Malicious: g.Malicious}
		for _, p := range g.OperatingPoints {
			month.Found = append(month.Found, p.TruePositives.Count)
		}
		f.ByMonth = append(f.ByMonth, month)
	}
	for _, g := range r.ByLevel {
		source := levelFigures{Source: g.Name, Malicious: g.Malicious}
		for _, p := range g.Reached {
			source.Rows = p.Total
			source.Reached = append(source.Reached, p.Count)
		}
		f.ByLevel = append(f.ByLevel, source)
	}
	for _, c := range append([]eval.Curve{c.Overall}, c.ByKind...) {
		curve := curveFigures{Kind: c.Name, Malicious: c.Malicious}
		for _, p := range c.Points {
			curve.FalsePositives = append(curve.FalsePositives, p.FalsePositives)
			curve.TruePositives = append(curve.TruePositives, p.TruePositives)
		}
		f.Curves = append(f.Curves, curve)
	}
	for i, h := range c.Scores {
		scores := scoreFigures{Kind: h.Name, Malicious: h.Malicious}
		for j, bin := range h.Bins {
			if i == 0 && j == 0 {
				f.ScoreEdges = append(f.ScoreEdges, bin.Low)
			}
			if i == 0 {
				f.ScoreEdges = append(f.ScoreEdges, bin.High)
			}
			scores.Rows = append(scores.Rows, bin.Rows.Count)
		}
		f.Scores = append(f.Scores, scores)
	}
	return f
}

// ReadModelFigures returns the evaluation that a model file keeps, which may be an older one that keeps
// less of it, or nothing. The levels are the model's own. Whatever the file says, what it returns can be
// shown; what does not go together is an error.
func ReadModelFigures(data []byte, levels []eval.Level) (Evaluation, error) {
	var f ModelFigures
	if len(data) > 0 {
		if err := json.Unmarshal(data, &f); err != nil {
			return Evaluation{}, fmt.Errorf("reading the figures of a model: %w", err)
		}
	}
	if err := f.check(len(levels)); err != nil {
		return Evaluation{}, fmt.Errorf("reading the figures of a model: %w", err)
	}
	e := Evaluation{
		Figures: eval.Report{
			Overall:          f.Overall,
			ByKind:           f.ByKind,
			CalibrationError: f.CalibrationError,
			CalibrationBins:  f.CalibrationBins,
			Levels:           levels,
			Families:         f.Families,
		},
		Curves: eval.Curves{OtherKinds: f.OtherKinds},
	}
	for _, m := range f.ByMonth {
		group := eval.Group{Name: m.Month, Figures: eval.Figures{Malicious: m.Malicious}}
		for i, found := range m.Found {
			point := f.Overall.OperatingPoints[i]
			point.FalsePositives = eval.Proportion{}
			point.TruePositives = eval.Proportion{Count: found, Total: m.Malicious}
			group.OperatingPoints = append(group.OperatingPoints, point)
		}
		e.Figures.ByMonth = append(e.Figures.ByMonth, group)
	}
	for _, s := range f.ByLevel {
		group := eval.LevelGroup{Name: s.Source, Malicious: s.Malicious}
		for _, reached := range s.Reached {
			group.Reached = append(group.Reached, eval.Proportion{Count: reached, Total: s.Rows})
		}
		e.Figures.ByLevel = append(e.Figures.ByLevel, group)
	}
	for i, c := range f.Curves {
		curve := eval.Curve{Name: c.Kind, Benign: f.Overall.Benign, Malicious: c.Malicious}
		for j := range c.FalsePositives {
			curve.Points = append(curve.Points, eval.CurvePoint{FalsePositives: c.FalsePositives[j], TruePositives: c.TruePositives[j]})
		}
		if i == 0 {
			e.Curves.Overall = curve
		} else {
			e.Curves.ByKind = append(e.Curves.ByKind, curve)
		}
	}
	for _, s := range f.Scores {
		histogram := eval.Histogram{Name: s.Kind, Malicious: s.Malicious}
		total := sum(s.Rows)
		for i, rows := range s.Rows {
			histogram.Bins = append(histogram.Bins, eval.ScoreBin{
				Low: f.ScoreEdges[i], High: f.ScoreEdges[i+1], Rows: eval.Proportion{Count: rows, Total: total},
			})
		}
		e.Curves.Scores = append(e.Curves.Scores, histogram)
	}
	return e, nil
}

// check reports whether the figures go together, and are no more than can be shown.
func (f ModelFigures) check(levels int) error {
	const (
		maxCurves = 16 // more than an evaluation has
		maxGroups = 2000
		maxRows   = 1 << 40
	)
	for _, g := range append([]eval.Group{{Figures: f.Overall}}, f.ByKind...) {
		if g.Benign < 0 || g.Benign > maxRows || g.Malicious < 0 || g.Malicious > maxRows {
			return fmt.Errorf("%d benign and %d malicious rows", g.Benign, g.Malicious)
		}
	}
	if f.Families != nil && !isProportion(f.Families.Top1, maxRows) {
		return fmt.Errorf("%d of %d families are named right", f.Families.Top1.Count, f.Families.Top1.Total)
	}
	if len(f.Curves) > maxCurves || len(f.Scores) > maxCurves || len(f.ByKind) > maxGroups || len(f.ByMonth) > maxGroups || len(f.ByLevel) > maxGroups || len(f.CalibrationBins) > maxGroups {
		return errors.New("there are more groups of rows than can be shown")
	}
	points := len(f.Overall.OperatingPoints)
	for _, g := range append([]eval.Group{{Figures: f.Overall}}, f.ByKind...) {
		if len(g.OperatingPoints) != points {
			return fmt.Errorf("kind %q has %d operating points, want %d", g.Name, len(g.OperatingPoints), points)
		}
		for _, p := range g.OperatingPoints {
			if !isProportion(p.FalsePositives, maxRows) || !isProportion(p.TruePositives, maxRows) {
				return fmt.Errorf("kind %q has %d of %d and %d of %d rows above a threshold", g.Name,
					p.FalsePositives.Count, p.FalsePositives.Total, p.TruePositives.Count, p.TruePositives.Total)
			}
		}
	}
	for _, m := range f.ByMonth {
		if len(m.Found) != points || !areCounts(m.Found, m.Malicious, maxRows) {
			return fmt.Errorf("month %q has %v found of %d rows", m.Month, m.Found, m.Malicious)
		}
	}
	for _, s := range f.ByLevel {
		if len(s.Reached) != levels || levels == 0 || !areCounts(s.Reached, s.Rows, maxRows) {
			return fmt.Errorf("source %q has %v of %d rows at %d levels", s.Source, s.Reached, s.Rows, levels)
		}
	}
	for _, bin := range f.CalibrationBins {
		if !isProportion(bin.Truth, maxRows) {
			return fmt.Errorf("a bin has %d of %d malicious rows", bin.Truth.Count, bin.Truth.Total)
		}
	}
	for _, c := range f.Curves {
		if len(c.FalsePositives) != len(c.TruePositives) || !areCounts(c.FalsePositives, f.Overall.Benign, maxRows) || !areCounts(c.TruePositives, c.Malicious, maxRows) ||
			!slices.IsSorted(c.FalsePositives) || !slices.IsSorted(c.TruePositives) {
			return fmt.Errorf("the points of the curve of kind %q are none of a curve", c.Kind)
		}
	}
	if !slices.IsSorted(f.ScoreEdges) {
		return fmt.Errorf("the scores between bins are %v, want ascending ones", f.ScoreEdges)
	}
	for _, s := range f.Scores {
		if len(s.Rows) == 0 || len(s.Rows) != len(f.ScoreEdges)-1 || !areCounts(s.Rows, maxRows, maxRows) {
			return fmt.Errorf("the rows of kind %q are in %d bins, want %d", s.Kind, len(s.Rows), len(f.ScoreEdges)-1)
		}
	}
	return nil
}

func isProportion(p eval.Proportion, most int) bool {
	return 0 <= p.Count && p.Count <= p.Total && p.Total <= most
}

// areCounts reports whether each of the counts is one out of a total.
func areCounts(counts []int, total, most int) bool {
	for _, count := range counts {
		if !isProportion(eval.Proportion{Count: count, Total: total}, most) {
			return false
		}
	}
	return true
}

func sum(counts []int) int {
	total := 0
	for _, count := range counts {
		total += count
	}
	return total
}

// KindTable says which share of all malicious rows, and of each kind's where there are several, is found at
// the operating points. The first row is the header.
func (e Evaluation) KindTable() [][]string {
	r := e.Figures
	rows := maliciousTable("kind", append([]eval.Group{{Name: "all", Figures: r.Overall}}, r.ByKind...), r.Overall.OperatingPoints)
	if len(rows) == 3 {
		return rows[:2]
	}
	return rows
}

// LevelTable says which share of each source's rows reaches each of the model's own levels. The first row is
// the header.
func (e Evaluation) LevelTable() [][]string {
	return levelTable("source", e.Figures.Levels, e.Figures.ByLevel, true)
}
