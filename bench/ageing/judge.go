package main

import (
	"context"
	"fmt"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// What is judged, apart.
const (
	names = "names"
	urls  = "URLs"
	own   = "own" // names of the user's source
)

var subjects = []string{names, urls, own}

// limits are the false positive rates at which rows are found.
var limits = [2]float64{1e-2, 1e-3}

// A cell is what a model finds of one subject in one month.
type cell struct {
	Month     month               `json:"month"`
	Subject   string              `json:"subject"`
	Malicious int                 `json:"malicious"`
	AUC       float64             `json:"auc"`
	Found     [2]int              `json:"found"`               // at the limits
	BySource  map[string]ofSource `json:"by_source,omitempty"` // of names and URLs
}

// ofSource is a cell's share of the rows of one source.
type ofSource struct {
	Malicious int    `json:"malicious"`
	Found     [2]int `json:"found"`
}

// rate returns the true positive rate at a limit.
func (c cell) rate(limit int) float64 { return float64(c.Found[limit]) / float64(c.Malicious) }

// judge measures a model in the months that it may be used in: a new one in all that follow, one
// that was trained on in its own.
func (s *session) judge(ctx context.Context, path string, t trained) ([]cell, error) {
	model, err := snowman.Open(path)
	if err != nil {
		return nil, err
	}
	benign := make(map[string][]float64)
	for subject, rows := range map[string][]dataset.Row{names: s.rows.JudgedNames, urls: s.rows.JudgedURLs} {
		if benign[subject], err = scoresOf(ctx, model, rows); err != nil {
			return nil, err
		}
	}
	benign[own] = benign[names]
	var cells []cell
	for _, m := range s.judgedMonths() {
		if m < t.AsOf || t.Way != "" && m != t.AsOf {
			continue
		}
		j := s.rows.Judged[m]
		users := some(j.Names, func(row dataset.Row) bool { return row.Source == userSource })
		for subject, rows := range map[string][]dataset.Row{names: j.Names, urls: j.URLs, own: users} {
			if len(rows) == 0 {
				continue
			}
			scores, err := scoresOf(ctx, model, rows)
			if err != nil {
				return nil, err
			}
			c := newCell(benign[subject], scores, rows)
			c.Month, c.Subject = m, subject
			if subject == own {
				c.BySource = nil
			}
			cells = append(cells, c)
		}
	}
	return cells, nil
}

// newCell holds the scores of malicious rows against those of benign ones.
func newCell(benign, scores []float64, rows []dataset.Row) cell {
	c := cell{Malicious: len(rows), BySource: make(map[string]ofSource)}
	roc := eval.NewROC(benign, scores)
	c.AUC, _ = roc.AUC()
	for i, limit := range limits {
		point, ok := roc.AtFalsePositiveRate(limit)
		if !ok {
			continue
		}
		c.Found[i] = point.TruePositives.Count
		for j, row := range rows {
			t := c.BySource[row.Source]
			if i == 0 {
				t.Malicious++
			}
			if scores[j] >= point.Threshold {
				t.Found[i]++
			}
			c.BySource[row.Source] = t
		}
	}
	return c
}

// scoresOf scores rows on all CPUs.
func scoresOf(ctx context.Context, model *snowman.Model, rows []dataset.Row) ([]float64, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = row.Text
	}
	scores, errs := model.ScoreAll(texts)
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("scoring %q: %w", texts[i], err)
		}
	}
	return scores, nil
}
