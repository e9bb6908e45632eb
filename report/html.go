package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// An Evaluation is what a page, its pictures and its CSV are made from.
type Evaluation struct {
	Facts   []Fact // what was measured, on which rows
	Figures eval.Report
	Curves  eval.Curves

	// The rows that the model is most wrong about, worst first.
	FalsePositives []Mistake // benign, with the highest scores
	FalseNegatives []Mistake // malicious, with the lowest scores
}

// A Fact is a line at the head of a page.
type Fact struct{ Name, Value string }

// A Mistake is one row and its score.
type Mistake struct {
	Text, Source, Kind, Family string
	Score                      float64
	Allowed                    bool // it is on an allow list, and so reaches no level
}

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"name": func(name string) shown { return show(name, 60) },
	"fact": func(value string) shown { return show(value, 1000) },
	// A cell such as .742 (.735-.749) is a rate and its interval.
	"rate":     func(cell string) string { rate, _, _ := strings.Cut(cell, " ("); return rate },
	"interval": func(cell string) string { return cell[min(len(cell), strings.Index(cell+" (", " (")+1):] },
}).Parse(pageText))

// HTML writes the evaluation as one page that needs nothing outside itself: no network, no other file
// and no script. Names and texts may be chosen by an attacker: they are escaped, what cannot be seen in
// them is written out, long ones are shortened, and none is a link.
func HTML(w io.Writer, e Evaluation) error {
	var b bytes.Buffer
	if err := page.Execute(&b, newPage(e)); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// pageData is what the template shows.
type pageData struct {
	Style      template.CSS
	Facts      []Fact
	Summary    []Fact
	Pictures   map[string]template.HTML // by name
	OtherKinds int
	Tables     map[string]pageTable
	Mistakes   []mistakeTable
}

// A pageTable is a table that may be long.
type pageTable struct {
	Heading string
	Rows    table
	More    int // rows left out
}

type mistakeTable struct {
	Heading, Words string
	Rows           []mistakeRow
}

type mistakeRow struct {
	Text         shown
	Score, Level string
	Kind, Family string
	Source       string
}

func newPage(e Evaluation) pageData {
	r := e.Figures
	points := r.Overall.OperatingPoints
	data := pageData{
		Style:      template.CSS(pageStyle + pictureStyle),
		Facts:      e.Facts,
		Summary:    summary(r),
		Pictures:   make(map[string]template.HTML),
		OtherKinds: e.Curves.OtherKinds,
		Tables: map[string]pageTable{
			"points":           cut("Thresholds chosen on these rows", pointTable(points)),
			"levels":           cut("The model's own levels", reachedTable(r)),
			"levelsources":     cut("Rows at the model's own levels and above, by source", reachedBy("source", r, r.ByLevel)),
			"levelhosts":       cut("Rows at the model's own levels and above, by kind of host", reachedBy("kind of host", r, r.ByHost)),
			"kinds":            cut("Malicious rows by kind", maliciousTable("kind", r.ByKind, points)),
			"malicioussources": cut("Malicious rows by source", maliciousTable("source", r.BySource, points)),
			"benignsources":    cut("Benign rows by source", benignTable("source", r.BySource, points)),
			"families":         cut("Malicious rows by family, worst first", maliciousTable("family", worstFirst(r.ByFamily), points)),
			"maliciousmonths":  cut("Malicious rows by month", maliciousTable("month", r.ByMonth, points)),
			"benignmonths":     cut("Benign rows by month", benignTable("month", r.ByMonth, points)),
			"calibration":      cut("Rows by score", calibrationTable(r)),
		},
		Mistakes: []mistakeTable{
			{"Worst false positives", "The benign rows with the highest scores. Some may be malicious, and their label wrong.", mistakeRows(e.FalsePositives, r.Levels)},
			{"Worst false negatives", "The malicious rows with the lowest scores. Many names do not tell by their letters what they are used for.", mistakeRows(e.FalseNegatives, r.Levels)},
		},
	}
	for _, picture := range Pictures(e) {
		data.Pictures[picture.Name] = picture.Inline()
	}
	return data
}

// summary holds the figures that come first.
func summary(r eval.Report) []Fact {
	facts := []Fact{
		{"benign rows", Thousands(r.Overall.Benign)},
		{"malicious rows", Thousands(r.Overall.Malicious)},
		{"area under the ROC curve", area(r.Overall)},
	}
	if r.Allowed != nil {
		facts = append(facts, Fact{"on an allow list, at no level", allowed(*r.Allowed)})
	}
	for _, p := range r.Overall.OperatingPoints {
		facts = append(facts, Fact{"found at 1 false alarm in " + Thousands(int(1/p.Limit+.5)), interval(p.TruePositives, 3)})
	}
	return facts
}

// pointTable says what the thresholds that were chosen on these rows do.
func pointTable(points []eval.OperatingPoint) table {
	rows := table{{"FPR at most", "threshold", "false positives", "FPR", "true positives", "TPR", "precision"}}
	for _, p := range points {
		rows = append(rows, []string{
			scientific(p.Limit),
			strconv.FormatFloat(p.Threshold, 'g', -1, 64),
			outOf(p.FalsePositives),
			interval(p.FalsePositives, falsePositiveDigits(p.Limit)),
			outOf(p.TruePositives),
			interval(p.TruePositives, 3),
			interval(precisionAt(p), 3),
		})
	}
	return rows
}

// reachedTable says which share of all rows reaches each of the model's own levels.
func reachedTable(r eval.Report) table {
	rows := table{{"level", "threshold", "of URLs", "benign rows", "FPR", "malicious rows", "TPR"}}
	for i, level := range r.Levels {
		benign, malicious := reached(r.ByLevel, i)
		rows = append(rows, []string{
			level.Name,
			strconv.FormatFloat(level.Threshold, 'g', -1, 64),
			strconv.FormatFloat(cmp.Or(level.URLThreshold, level.Threshold), 'g', -1, 64),
			outOf(benign), interval(benign, 5),
			outOf(malicious), interval(malicious, 3),
		})
	}
	return rows
}

// reached adds up the rows of all sources that reach a level.
func reached(groups []eval.LevelGroup, level int) (benign, malicious eval.Proportion) {
	for _, g := range groups {
		sum := &benign
		if g.Malicious {
			sum = &malicious
		}
		sum.Count += g.Reached[level].Count
		sum.Total += g.Reached[level].Total
	}
	return benign, malicious
}

func reachedBy(axis string, r eval.Report, groups []eval.LevelGroup) table {
	header := []string{axis, "label", "rows"}
	for _, level := range r.Levels {
		header = append(header, level.Name+" and above")
	}
	rows := table{header}
	for _, g := range groups {
		row := []string{g.Name, "benign", Thousands(g.Reached[0].Total)}
		digits := 5
		if g.Malicious {
			row[1], digits = "malicious", 3
		}
		for _, reached := range g.Reached {
			row = append(row, interval(reached, digits))
		}
		rows = append(rows, row)
	}
	return rows
}

func calibrationTable(r eval.Report) table {
	rows := table{{"score", "rows", "mean score", "malicious"}}
	for _, bin := range r.CalibrationBins {
		if bin.Truth.Total > 0 {
			rows = append(rows, []string{
				decimal(bin.Low, 3) + " to " + decimal(bin.High, 3),
				Thousands(bin.Truth.Total),
				decimal(bin.MeanProbability, 3),
				interval(bin.Truth, 3),
			})
		}
	}
	return rows
}

func mistakeRows(mistakes []Mistake, levels []eval.Level) []mistakeRow {
	var rows []mistakeRow
	for _, m := range mistakes {
		reached := "none"
		for _, level := range levels { // from the lowest up
			if !m.Allowed && level.IsReached(m.Score, strings.Contains(m.Text, "/")) {
				reached = level.Name
			}
		}
		rows = append(rows, mistakeRow{show(m.Text, 160), scoreText(m.Score), reached, m.Kind, m.Family, m.Source})
	}
	return rows
}

// scoreText shows how close to 0 or 1 a score is.
func scoreText(score float64) string {
	if score > 0 && score < 1e-4 {
		return strings.Replace(strconv.FormatFloat(score, 'e', 1, 64), "e-0", "e-", 1)
	}
	return decimal(score, 6)
}

// cut keeps a page from growing with the number of names in somebody else's file.
func cut(heading string, rows table) pageTable {
	const limit = 500
	more := max(len(rows)-1-limit, 0)
	return pageTable{heading, rows[:len(rows)-more], more}
}

// A shown text is somebody else's, ready for the page.
type shown struct {
	Pieces     []visible.Piece
	Characters int // in all, 0 if all are shown
}

func show(text string, limit int) shown {
	short, characters := visible.Shorten(text, limit)
	if characters <= limit {
		return shown{visible.Pieces(text), 0}
	}
	return shown{visible.Pieces(short), characters}
}

// Count writes how many characters there are.
func (s shown) Count() string { return Thousands(s.Characters) }
