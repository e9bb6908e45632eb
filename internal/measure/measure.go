// Package measure holds a model against labelled rows and says how good it is.
//
//	model, rows -> scores -> eval.Meter -> report.Page
//
// An [Evaluation] measures a model at its own levels and thresholds and, with Compare, one
// arithmetic against the other. [Perturbed] measures it on names that are made for it,
// [Changes] how many verdicts survive cheap changes, and [Keep] keeps in a model that was just
// trained what was measured of it.
package measure

import (
	"context"
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/report"
)

// An Evaluation is a model and the labelled rows that it is measured on.
type Evaluation struct {
	Model *snowman.Model
	Rows  []dataset.Row // in canonical form
	Seen  dataset.Seen  // what the model was trained on; a DGA family that is not in it is a kind of its own
	Allow *allow.List   // rows on it reach no level; default none

	// Groups has the group of each source's benign rows. Default: the group has the source's name.
	Groups map[string]string
}

// worstRows is how many mistakes a page has of either side.
const worstRows = 25

// Page measures the model: all figures and curves, and the rows that it is most wrong about. The
// page has no facts yet.
func (e Evaluation) Page(ctx context.Context) (report.Page, error) {
	meter := eval.Meter{Levels: Levels(e.Model.Info())}
	popular := e
	popular.Rows, e.Rows = e.splitPopular()
	if _, err := popular.addTo(ctx, &meter); err != nil {
		return report.Page{}, err
	}
	judged, err := e.addTo(ctx, &meter)
	if err != nil {
		return report.Page{}, err
	}
	_, counts := e.allowed()
	page := report.Page{Result: meter.Result(), Curves: meter.Curves()}
	page.Result.Allowed = counts
	if page.Result.Families, err = namedFamilies(ctx, e.Model, e.Rows); err != nil {
		return report.Page{}, err
	}
	mistakes := func(indices []int) []report.Mistake {
		var worst []report.Mistake
		for _, i := range indices {
			row, of := e.Rows[i], judged[i]
			worst = append(worst, report.Mistake{
				Text: row.Text, IsURL: of.IsURL, Source: of.Source, Kind: of.Kind, Family: of.Family,
				Score: of.Score, Allowed: of.Allowed, NotPublic: of.NotPublic,
			})
		}
		return worst
	}
	scores := make([]float64, len(judged))
	for i, of := range judged {
		scores[i] = of.Score
	}
	benign, malicious := eval.Worst(scores, labels(e.Rows), worstRows)
	page.FalsePositives, page.FalseNegatives = mistakes(benign), mistakes(malicious)
	return page, nil
}

// splitPopular divides the rows into those whose text is a name on the model's own list of popular
// names, which are no test of it, and the others.
func (e Evaluation) splitPopular() (popular, others []dataset.Row) {
	if len(e.Seen.Names) == 0 {
		return nil, e.Rows
	}
	for _, row := range e.Rows {
		if e.Seen.Names[row.Text] {
			popular = append(popular, row)
		} else {
			others = append(others, row)
		}
	}
	return popular, others
}

// addTo scores the rows, adds them to the meter and returns what it added.
func (e Evaluation) addTo(ctx context.Context, meter *eval.Meter) ([]eval.Example, error) {
	scores, err := scoresOf(ctx, e.Model, e.Rows)
	if err != nil {
		return nil, err
	}
	allowed, _ := e.allowed()
	judged := make([]eval.Example, len(e.Rows))
	var u canon.URL
	for i, row := range e.Rows {
		judged[i] = eval.Example{
			Score: scores[i], Malicious: row.Malicious,
			Kind: e.kind(row), Family: row.Family, Source: row.Source, Month: row.Month(), IsURL: row.IsURL(),
			Allowed: allowed[i], Popular: e.Seen.Names[row.Text],
		}
		if u.Parse(row.Text) == nil {
			judged[i].Host, judged[i].NotPublic = u.HostKind(), u.NotPublic() != canon.Public
		}
		if !row.Malicious {
			judged[i].Group, judged[i].Country = e.group(row), dataset.Country(row.Text)
		}
		meter.Add(judged[i])
	}
	return judged, nil
}

// group returns the group of a benign row.
func (e Evaluation) group(row dataset.Row) string {
	if e.Groups == nil {
		return row.Source
	}
	return e.Groups[row.Source]
}

// Compare holds the scores of the rows against those in float32.
func (e Evaluation) Compare(ctx context.Context) (eval.Comparison, error) {
	scores, err := scoresOf(ctx, e.Model, e.Rows)
	if err != nil {
		return eval.Comparison{}, err
	}
	exact, err := scoresOf(ctx, e.Model.Exact(), e.Rows)
	if err != nil {
		return eval.Comparison{}, err
	}
	urls := make([]bool, len(e.Rows))
	for i, row := range e.Rows {
		urls[i] = row.IsURL()
	}
	return eval.Compare(scores, exact, labels(e.Rows), urls, Levels(e.Model.Info())), nil
}

// kind returns the kind that a row is judged with.
func (e Evaluation) kind(row dataset.Row) string {
	switch {
	case row.Kind == "":
		return "malicious"
	case row.Kind == dataset.DGA && !e.Seen.Families[row.Family]:
		return "dga, family not seen"
	}
	return row.Kind
}

// allowed says of each row whether it is on the allow list, and counts those that are. Without a
// list the counts are nil.
func (e Evaluation) allowed() ([]bool, *eval.AllowedRows) {
	allowed := make([]bool, len(e.Rows))
	if e.Allow == nil {
		return allowed, nil
	}
	matcher, counts := e.Allow.NewMatcher(), &eval.AllowedRows{}
	for i, row := range e.Rows {
		_, allowed[i] = matcher.Match(row.Text)
		side := &counts.Benign
		if row.Malicious {
			side = &counts.Malicious
		}
		side.Total++
		if allowed[i] {
			side.Count++
		}
	}
	return allowed, counts
}

// Levels returns a model's own levels.
func Levels(info snowman.Info) []eval.Level {
	var levels []eval.Level
	for i, threshold := range info.Thresholds {
		level := eval.Level{Name: threshold.Level.String(), Threshold: threshold.Score}
		if i < len(info.URLThresholds) {
			level.URLThreshold = info.URLThresholds[i].Score
		}
		levels = append(levels, level)
	}
	return levels
}

// ROC scores the rows, which are in canonical form, and returns their curve.
func ROC(ctx context.Context, model *snowman.Model, rows []dataset.Row) (eval.ROC, error) {
	scores, err := scoresOf(ctx, model, rows)
	if err != nil {
		return eval.ROC{}, err
	}
	return eval.NewROCOf(scores, labels(rows)), nil
}

// labels says of each row whether it is malicious.
func labels(rows []dataset.Row) []bool {
	malicious := make([]bool, len(rows))
	for i, row := range rows {
		malicious[i] = row.Malicious
	}
	return malicious
}

// scoresOf scores the rows on all CPUs.
func scoresOf(ctx context.Context, model *snowman.Model, rows []dataset.Row) ([]float64, error) {
	const rowsAtOnce = 1 << 16 // between two looks at the context
	scores := make([]float64, 0, len(rows))
	for part := range slices.Chunk(rows, rowsAtOnce) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		texts := make([]string, len(part))
		for i, row := range part {
			texts[i] = row.Text
		}
		some, errs := model.ScoreAll(texts)
		for i, err := range errs {
			if err != nil {
				return nil, fmt.Errorf("scoring %q: %w", texts[i], err)
			}
		}
		scores = append(scores, some...)
	}
	return scores, nil
}
