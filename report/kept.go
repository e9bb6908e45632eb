package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/snowman-ml/snowman/eval"
)

// Kept is what a model file keeps of an evaluation, to be written as JSON. It has all that the
// charts of the model's card are drawn from, in a tenth of the bytes of an eval.Result and its
// eval.Curves: counts alone, from which rates and intervals follow. Left out are the rates of each
// family and the thresholds of the curves' points.
type Kept struct {
	Overall          eval.Rates         `json:"overall"`
	ByKind           []eval.Group       `json:"by_kind"`
	ByMonth          []keptMonth        `json:"by_month,omitempty"`
	ByLevel          []keptLevel        `json:"by_level,omitempty"`
	ByHost           []keptLevel        `json:"by_host,omitempty"`
	ByGroup          []keptLevel        `json:"by_group,omitempty"`
	ByCountry        []keptLevel        `json:"by_country,omitempty"`
	CalibrationError float64            `json:"calibration_error"`
	CalibrationBins  []eval.Bin         `json:"calibration_bins,omitempty"`
	Curves           []keptCurve        `json:"curves,omitempty"` // of all malicious rows, then of kinds
	OtherKinds       int                `json:"other_kinds,omitempty"`
	ScoreEdges       []float64          `json:"score_edges,omitempty"` // between the bins of Scores
	Scores           []keptScores       `json:"scores,omitempty"`
	Families         *eval.FamilyResult `json:"families,omitempty"`
	Changes          []keptChange       `json:"changes,omitempty"`
}

// A keptMonth counts the malicious rows of a month.
type keptMonth struct {
	Month     string `json:"month"`
	Malicious int    `json:"malicious"`
	Found     []int  `json:"found"` // at each operating point
}

// A keptLevel counts the benign or the malicious rows of a source, or of others that share a name.
type keptLevel struct {
	Source    string `json:"source,omitempty"`
	Name      string `json:"name,omitempty"` // of what is no source
	Malicious bool   `json:"malicious"`
	Rows      int    `json:"rows"`
	Reached   []int  `json:"reached"` // each of the model's levels
}

// A keptCurve is the points of a ROC curve: at each, how many benign rows and how many malicious
// rows of the kind are at or above a threshold.
type keptCurve struct {
	Kind           string `json:"kind,omitempty"` // empty for all
	Malicious      int    `json:"malicious"`
	FalsePositives []int  `json:"false_positives"`
	TruePositives  []int  `json:"true_positives"`
}

// A keptScores is a histogram: how many rows have their score in each bin.
type keptScores struct {
	Kind      string `json:"kind,omitempty"` // empty for all
	Malicious bool   `json:"malicious"`
	Rows      []int  `json:"rows"`
}

// NewKept returns what a model file keeps.
func NewKept(r eval.Result, c eval.Curves) Kept {
	f := Kept{
		Overall:          r.Overall,
		ByKind:           r.ByKind,
		CalibrationError: r.CalibrationError,
		CalibrationBins:  r.CalibrationBins,
		OtherKinds:       c.OtherKinds,
		Families:         r.Families,
		Changes:          newKeptChanges(r.Changes),
	}
	for _, g := range r.ByMonth {
		if !isMonth(g.Name) || g.Malicious == 0 {
			continue
		}
		month := keptMonth{Month: g.Name, Malicious: g.Malicious}
		for _, p := range g.OperatingPoints {
			month.Found = append(month.Found, p.TruePositives.Count)
		}
		f.ByMonth = append(f.ByMonth, month)
	}
	f.ByLevel, f.ByHost = keepLevels(r.ByLevel), named(keepLevels(r.ByHost))
	f.ByGroup, f.ByCountry = named(keepLevels(groups(r))), named(keepLevels(r.ByCountry))
	for _, c := range append([]eval.Curve{c.Overall}, c.ByKind...) {
		curve := keptCurve{Kind: c.Name, Malicious: c.Malicious}
		for _, p := range c.Points {
			curve.FalsePositives = append(curve.FalsePositives, p.FalsePositives)
			curve.TruePositives = append(curve.TruePositives, p.TruePositives)
		}
		f.Curves = append(f.Curves, curve)
	}
	for i, h := range c.Scores {
		scores := keptScores{Kind: h.Name, Malicious: h.Malicious}
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

func keepLevels(groups []eval.LevelGroup) []keptLevel {
	var kept []keptLevel
	for _, g := range groups {
		source := keptLevel{Source: g.Name, Malicious: g.Malicious}
		for _, p := range g.Reached {
			source.Rows = p.Total
			source.Reached = append(source.Reached, p.Count)
		}
		kept = append(kept, source)
	}
	return kept
}

// named makes of sources what is none.
func named(levels []keptLevel) []keptLevel {
	for i, l := range levels {
		levels[i].Source, levels[i].Name = "", l.Source
	}
	return levels
}

func levelGroups(levels []keptLevel) []eval.LevelGroup {
	var groups []eval.LevelGroup
	for _, s := range levels {
		group := eval.LevelGroup{Name: cmp.Or(s.Source, s.Name), Malicious: s.Malicious}
		for _, reached := range s.Reached {
			group.Reached = append(group.Reached, eval.Proportion{Count: reached, Total: s.Rows})
		}
		groups = append(groups, group)
	}
	return groups
}

// ReadKept returns the page of what a model file keeps; levels are the model's own. An older file
// may keep less, or nothing. Figures that contradict each other are an error, so that whatever is
// returned can be shown.
func ReadKept(data []byte, levels []eval.Level) (Page, error) {
	var f Kept
	if len(data) > 0 {
		if err := json.Unmarshal(data, &f); err != nil {
			return Page{}, fmt.Errorf("reading the figures of a model: %w", err)
		}
	}
	if err := f.check(len(levels)); err != nil {
		return Page{}, fmt.Errorf("reading the figures of a model: %w", err)
	}
	page := Page{
		Result: eval.Result{
			Overall:          f.Overall,
			ByKind:           f.ByKind,
			CalibrationError: f.CalibrationError,
			CalibrationBins:  f.CalibrationBins,
			Levels:           levels,
			ByLevel:          levelGroups(f.ByLevel),
			ByHost:           levelGroups(f.ByHost),
			ByGroup:          levelGroups(f.ByGroup),
			ByCountry:        levelGroups(f.ByCountry),
			Families:         f.Families,
			Changes:          f.survivals(),
		},
		Curves: eval.Curves{OtherKinds: f.OtherKinds},
	}
	for _, m := range f.ByMonth {
		group := eval.Group{Name: m.Month, Rates: eval.Rates{Malicious: m.Malicious}}
		for i, found := range m.Found {
			point := f.Overall.OperatingPoints[i]
			point.FalsePositives = eval.Proportion{}
			point.TruePositives = eval.Proportion{Count: found, Total: m.Malicious}
			group.OperatingPoints = append(group.OperatingPoints, point)
		}
		page.Result.ByMonth = append(page.Result.ByMonth, group)
	}
	for i, c := range f.Curves {
		curve := eval.Curve{Name: c.Kind, Benign: f.Overall.Benign, Malicious: c.Malicious}
		for j := range c.FalsePositives {
			curve.Points = append(curve.Points, eval.CurvePoint{FalsePositives: c.FalsePositives[j], TruePositives: c.TruePositives[j]})
		}
		if i == 0 {
			page.Curves.Overall = curve
		} else {
			page.Curves.ByKind = append(page.Curves.ByKind, curve)
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
		page.Curves.Scores = append(page.Curves.Scores, histogram)
	}
	return page, nil
}

// maxRows is more rows than anybody has.
const maxRows = 1 << 40

// check returns an error if figures contradict each other, or are more than can be shown.
func (f Kept) check(levels int) error {
	const (
		maxCurves = 16 // more than an evaluation has
		maxGroups = 2000
	)
	levelGroups := slices.Concat(f.ByLevel, f.ByHost, f.ByGroup, f.ByCountry)
	if max(len(f.Curves), len(f.Scores)) > maxCurves || max(len(f.ByKind), len(f.ByMonth), len(levelGroups), len(f.CalibrationBins)) > maxGroups {
		return errors.New("there are more groups of rows than can be shown")
	}
	if f.Families != nil && !isProportion(f.Families.Top1) {
		return fmt.Errorf("%d of %d families are named right", f.Families.Top1.Count, f.Families.Top1.Total)
	}
	for _, s := range levelGroups {
		if len(s.Reached) != levels || levels == 0 || !areCounts(s.Reached, s.Rows) {
			return fmt.Errorf("source %q has %v of %d rows at %d levels", cmp.Or(s.Source, s.Name), s.Reached, s.Rows, levels)
		}
	}
	for _, bin := range f.CalibrationBins {
		if !isProportion(bin.Truth) {
			return fmt.Errorf("a bin has %d of %d malicious rows", bin.Truth.Count, bin.Truth.Total)
		}
	}
	if err := f.checkRates(); err != nil {
		return err
	}
	if err := f.checkChanges(); err != nil {
		return err
	}
	return f.checkCurves()
}

// checkRates checks the rates of all rows, of kinds and of months.
func (f Kept) checkRates() error {
	points := len(f.Overall.OperatingPoints)
	for _, g := range append([]eval.Group{{Rates: f.Overall}}, f.ByKind...) {
		if !areCounts([]int{g.Benign, g.Malicious}, maxRows) {
			return fmt.Errorf("%d benign and %d malicious rows", g.Benign, g.Malicious)
		}
		if len(g.OperatingPoints) != points {
			return fmt.Errorf("kind %q has %d operating points, want %d", g.Name, len(g.OperatingPoints), points)
		}
		for _, p := range g.OperatingPoints {
			if !isProportion(p.FalsePositives) || !isProportion(p.TruePositives) {
				return fmt.Errorf("kind %q has %d of %d and %d of %d rows above a threshold", g.Name,
					p.FalsePositives.Count, p.FalsePositives.Total, p.TruePositives.Count, p.TruePositives.Total)
			}
		}
	}
	for _, m := range f.ByMonth {
		if len(m.Found) != points || !areCounts(m.Found, m.Malicious) {
			return fmt.Errorf("month %q has %v found of %d rows", m.Month, m.Found, m.Malicious)
		}
	}
	return nil
}

// checkCurves checks curves and histograms.
func (f Kept) checkCurves() error {
	for _, c := range f.Curves {
		if len(c.FalsePositives) != len(c.TruePositives) || !slices.IsSorted(c.FalsePositives) || !slices.IsSorted(c.TruePositives) ||
			!areCounts(c.FalsePositives, f.Overall.Benign) || !areCounts(c.TruePositives, c.Malicious) {
			return fmt.Errorf("the points of the curve of kind %q are none of a curve", c.Kind)
		}
	}
	if !slices.IsSorted(f.ScoreEdges) {
		return fmt.Errorf("the scores between bins are %v, want ascending ones", f.ScoreEdges)
	}
	for _, s := range f.Scores {
		if len(s.Rows) == 0 || len(s.Rows) != len(f.ScoreEdges)-1 || !areCounts(s.Rows, maxRows) {
			return fmt.Errorf("the rows of kind %q are in %d bins, want %d", s.Kind, len(s.Rows), len(f.ScoreEdges)-1)
		}
	}
	return nil
}

func isProportion(p eval.Proportion) bool {
	return 0 <= p.Count && p.Count <= p.Total && p.Total <= maxRows
}

// areCounts reports whether each of the counts is between 0 and the total.
func areCounts(counts []int, total int) bool {
	for _, count := range counts {
		if !isProportion(eval.Proportion{Count: count, Total: total}) {
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

// KindTable has the share of malicious rows that is found at the operating points: of all rows and,
// where there are several kinds, of each kind's. The first row is the header.
func (page Page) KindTable() [][]string {
	r := page.Result
	rows := maliciousTable("kind", append([]eval.Group{{Name: "all", Rates: r.Overall}}, r.ByKind...), r.Overall.OperatingPoints)
	if len(rows) == 3 {
		return rows[:2]
	}
	return rows
}

// LevelTable has the share of each source's rows that reaches each of the model's own levels. The
// first row is the header.
func (page Page) LevelTable() [][]string {
	return levelTable("source", page.Result.Levels, page.Result.ByLevel, "", percentAndCount)
}

// GroupTable has the same of each kind of site, benign rows alone, and of each country suffix with
// many.
func (page Page) GroupTable() [][]string {
	return levelTable("kind of site, country", page.Result.Levels, slices.Concat(page.Result.ByGroup, page.Result.ByCountry), "", percentAndCount)
}

// HostTable has the same of each kind of host.
func (page Page) HostTable() [][]string {
	return levelTable("kind of host", page.Result.Levels, page.Result.ByHost, "", percentAndCount)
}

// PopularTable has the rows that reach each level with the names on the model's own list of popular
// names and without.
func (page Page) PopularTable() [][]string { return popularTable(page.Result) }

// MonthTable has the share of each month's malicious rows that is found.
func (page Page) MonthTable() [][]string {
	months := slices.DeleteFunc(slices.Clone(page.Result.ByMonth), func(g eval.Group) bool { return !isMonth(g.Name) })
	return maliciousTable("month", months, page.Result.Overall.OperatingPoints)
}

// FamilyTable has the share of each family's malicious rows that is found, worst first.
func (page Page) FamilyTable() [][]string {
	return maliciousTable("family", worstFirst(page.Result.ByFamily), page.Result.Overall.OperatingPoints)
}

// isMonth reports whether a name is that of a month, YYYY-MM: of some rows only the year is known.
func isMonth(name string) bool {
	_, err := time.Parse("2006-01", name)
	return err == nil
}
