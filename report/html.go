package report

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Page is what HTML, Charts and CSV show of an evaluation.
type Page struct {
	Facts  []Fact // which model was measured, on which rows
	Result eval.Result
	Curves eval.Curves

	// The rows that the model is most wrong about, worst first.
	FalsePositives []Mistake // benign rows with the highest scores
	FalseNegatives []Mistake // malicious rows with the lowest scores
}

// A Mistake is a row that the model is wrong about.
type Mistake struct {
	Text, Source, Kind, Family string
	IsURL                      bool // it has a path
	Allowed                    bool // it is on an allow list, and so reaches no level
	NotPublic                  bool // it is no public name, and so reaches no level
	Score                      float64
}

//go:embed page.html
var pageText string

var pageTemplate = parsed(headText, pageText)

// HTML writes an evaluation as a page that needs nothing outside itself.
func HTML(w io.Writer, page Page) error { return writePage(w, pageTemplate, newPageData(page)) }

// pageData is what the template shows.
type pageData struct {
	head
	Summary    []Fact
	Charts     map[string]template.HTML // by name
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

func newPageData(page Page) pageData {
	r := page.Result
	points := r.Overall.OperatingPoints
	data := pageData{
		head:       newHead("Evaluation", page.Facts),
		Summary:    summary(r),
		Charts:     make(map[string]template.HTML),
		OtherKinds: page.Curves.OtherKinds,
		Tables: map[string]pageTable{
			"points":           cut("Thresholds chosen on these rows", pointTable(points)),
			"levels":           cut("The model's own levels", reachedTable(r)),
			"levelsources":     cut("Rows at the model's own levels and above, by source", levelTable("source", r.Levels, r.ByLevel, " and above", levelInterval)),
			"levelhosts":       cut("Rows at the model's own levels and above, by kind of host", levelTable("kind of host", r.Levels, r.ByHost, " and above", levelInterval)),
			"levelgroups":      cut("Benign rows at the model's own levels and above, by kind of site", levelTable("kind of site", r.Levels, groups(r), " and above", levelInterval)),
			"levelcountries":   cut("Benign rows at the model's own levels and above, by country suffix", levelTable("country", r.Levels, r.ByCountry, " and above", levelInterval)),
			"popular":          cut("Rows at the model's own levels, with its rule for popular names and without", popularTable(r)),
			"kinds":            cut("Malicious rows by kind", maliciousTable("kind", r.ByKind, points)),
			"malicioussources": cut("Malicious rows by source", maliciousTable("source", r.BySource, points)),
			"benignsources":    cut("Benign rows by source", benignTable("source", r.BySource, points)),
			"families":         cut("Malicious rows by family, worst first", maliciousTable("family", worstFirst(r.ByFamily), points)),
			"maliciousmonths":  cut("Malicious rows by month", maliciousTable("month", r.ByMonth, points)),
			"benignmonths":     cut("Benign rows by month", benignTable("month", r.ByMonth, points)),
			"calibration":      cut("Rows by score", calibrationTable(r)),
		},
		Mistakes: []mistakeTable{
			{"Worst false positives", "The benign rows with the highest scores. Some may be malicious, and their label wrong.", mistakeRows(page.FalsePositives, r.Levels)},
			{"Worst false negatives", "The malicious rows with the lowest scores. Many names do not tell by their letters what they are used for.", mistakeRows(page.FalseNegatives, r.Levels)},
		},
	}
	for _, chart := range Charts(page) {
		data.Charts[chart.Name] = chart.Inline()
	}
	return data
}

// summary is the figures at the head of the page.
func summary(r eval.Result) []Fact {
	facts := []Fact{
		{"benign rows", Thousands(r.Overall.Benign)},
		{"malicious rows", Thousands(r.Overall.Malicious)},
		{"area under the ROC curve", area(r.Overall)},
	}
	if r.Allowed != nil {
		facts = append(facts, Fact{"on an allow list, at no level", allowed(*r.Allowed)})
	}
	if r.Popular != nil {
		facts = append(facts, Fact{"on the model's own list of popular names, in no other figure", popular(*r.Popular)})
	}
	for _, p := range r.Overall.OperatingPoints {
		facts = append(facts, Fact{"found at 1 false alarm in " + Thousands(int(1/p.Limit+.5)), interval(p.TruePositives, 3)})
	}
	return facts
}

// pointTable has the rates at the thresholds that were chosen on these rows.
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

// reachedTable has the share of all rows that reaches each of the model's own levels.
func reachedTable(r eval.Result) table {
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

func calibrationTable(r eval.Result) table {
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
			if !m.Allowed && !m.NotPublic && level.IsReached(m.Score, m.IsURL) {
				reached = level.Name
			}
		}
		rows = append(rows, mistakeRow{show(m.Text, 160), scoreText(m.Score), reached, m.Kind, m.Family, m.Source})
	}
	return rows
}

// scoreText writes enough digits to show how close to 0 or 1 a score is.
func scoreText(score float64) string {
	if score > 0 && score < 1e-4 {
		return strings.Replace(strconv.FormatFloat(score, 'e', 1, 64), "e-0", "e-", 1)
	}
	return decimal(score, 6)
}

// cut limits the rows of a table: a file that is evaluated may hold any number of names.
func cut(heading string, rows table) pageTable {
	const limit = 500
	more := max(len(rows)-1-limit, 0)
	return pageTable{heading, rows[:len(rows)-more], more}
}

// A shown text was written by somebody else and is ready for the page.
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

// Count writes the number of characters.
func (s shown) Count() string { return Thousands(s.Characters) }
