package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/eval"
)

// writeTables writes all tables.
func writeTables(stdout io.Writer, r rows, models []model, intervals bool) error {
	var b strings.Builder
	if err := writePairs(&b, r, models, intervals); err != nil {
		return err
	}
	writeLevels(&b, "benign rows that reach a level, %", r, models, intervals, false)
	writeLevels(&b, "malicious rows that reach a level, %", r, models, intervals, true)
	writeLeftOut(&b, r)
	if _, err := io.WriteString(stdout, b.String()); err != nil {
		return fmt.Errorf("writing the tables: %w", err)
	}
	return nil
}

// writePairs writes how well the malicious rows of each pair are told from its benign rows.
func writePairs(b *strings.Builder, r rows, models []model, intervals bool) error {
	header := []string{"malicious", "benign", "rows"}
	for _, m := range models {
		header = append(header, m.name+": TPR at FPR 1e-2 / 1e-3", "AUC")
	}
	table := markdown.NewTable(b, "TPR of malicious rows against benign rows", header...)
	for _, p := range pairs {
		cells := []string{strings.Join(p.malicious, " + "), strings.Join(p.benign, " + "), ""}
		for i := range models {
			malicious, err := r.scores(i, p.malicious, true)
			if err != nil {
				return err
			}
			benign, err := r.scores(i, p.benign, false)
			if err != nil {
				return err
			}
			cells[2] = fmt.Sprintf("%d / %d", len(malicious), len(benign))
			cells = append(cells, rates(eval.NewROC(benign, malicious), intervals)...)
		}
		table.Row(cells...)
	}
	table.End()
	return nil
}

// scores returns a model's scores of the malicious or the benign rows of files of judge.
func (r rows) scores(model int, names []string, malicious bool) ([]float64, error) {
	var scores []float64
	for _, name := range names {
		f, err := r.find(name)
		if err != nil {
			return nil, err
		}
		for i, row := range f.rows {
			if row.Malicious == malicious {
				scores = append(scores, f.verdicts[model][i].score)
			}
		}
	}
	return scores, nil
}

// rates returns the cells of a model: its TPRs, and its AUC.
func rates(roc eval.ROC, intervals bool) []string {
	var found []string
	for _, limit := range []float64{1e-2, 1e-3} {
		point, ok := roc.AtFalsePositiveRate(limit)
		switch {
		case !ok:
			found = append(found, "-")
		case intervals:
			p := point.TruePositives
			low, high := p.Wilson()
			found = append(found, fmt.Sprintf("%s (%s-%s, %d)", decimal(p.Rate(), 3), decimal(low, 3), decimal(high, 3), p.Count))
		default:
			found = append(found, decimal(point.TruePositives.Rate(), 2))
		}
	}
	area := "-"
	if auc, ok := roc.AUC(); ok {
		area = decimal(auc, 3)
	}
	return []string{strings.Join(found, " / "), area}
}

// writeLevels writes how many of the benign or malicious rows reach each level, file by file.
func writeLevels(b *strings.Builder, title string, r rows, models []model, intervals, malicious bool) {
	header := []string{"rows of", "rows"}
	for _, m := range models {
		var names []string
		for _, level := range m.levels {
			names = append(names, level.Name)
		}
		header = append(header, m.name+": "+strings.Join(names, " / "))
	}
	table := markdown.NewTable(b, title, header...)
	all := map[bool]tally{false: newTally(models), true: newTally(models)}
	row := func(name string, t tally) {
		rows := slices.Max(t.rows)
		if rows == 0 {
			return
		}
		cells := []string{name, strconv.Itoa(rows)}
		for i := range models {
			cells = append(cells, t.percents(i, intervals))
		}
		table.Row(cells...)
	}
	for _, f := range r.files {
		reached := newTally(models)
		for i := range models {
			for j, v := range f.verdicts[i] {
				if f.rows[j].Malicious != malicious {
					continue
				}
				reached.count(i, v)
				if f.report {
					all[f.rows[j].IsURL()].count(i, v)
				}
			}
		}
		row(f.title(), reached)
	}
	row("*report*, all names", all[false])
	row("*report*, all URLs", all[true])
	if !malicious {
		listed := newTally(models)
		for i := range models {
			for _, v := range r.listed[i] {
				listed.count(i, v)
			}
		}
		row(fmt.Sprintf("the %d names of the model's own list that most are like", listedNames), listed)
	}
	table.End()
}

// A tally counts the rows that reach each level of each model.
type tally struct {
	rows    []int   // of each model: its list of popular names may be shorter than another's
	reached [][]int // of each model and level
}

func newTally(models []model) tally {
	t := tally{rows: make([]int, len(models))}
	for _, m := range models {
		t.reached = append(t.reached, make([]int, len(m.levels)))
	}
	return t
}

// count adds a model's verdict on a row.
func (t tally) count(model int, v verdict) {
	t.rows[model]++
	for level := range v.reached {
		t.reached[model][level]++
	}
}

// percents returns the cell of a model.
func (t tally) percents(model int, intervals bool) string {
	var cells []string
	for _, count := range t.reached[model] {
		p := eval.Proportion{Count: count, Total: t.rows[model]}
		cell := percent(p.Rate())
		if intervals {
			low, high := p.Wilson()
			cell += fmt.Sprintf(" (%s-%s, %d)", percent(low), percent(high), p.Count)
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, " / ")
}

func writeLeftOut(b *strings.Builder, r rows) {
	table := markdown.NewTable(b, "rows left out", "rows of", "rows judged by", "training has seen their registered domain", "on a model's list", "refused")
	var total file
	judged := 0
	for _, f := range r.files {
		table.Row(f.title(), strconv.Itoa(len(f.rows)), strconv.Itoa(f.seen), strconv.Itoa(f.popular), strconv.Itoa(f.refused))
		judged, total.seen, total.popular, total.refused = judged+len(f.rows), total.seen+f.seen, total.popular+f.popular, total.refused+f.refused
	}
	table.Row("all", strconv.Itoa(judged), strconv.Itoa(total.seen), strconv.Itoa(total.popular), strconv.Itoa(total.refused))
	table.End()
}

// decimal writes .68.
func decimal(x float64, digits int) string {
	return strings.TrimPrefix(strconv.FormatFloat(x, 'f', digits, 64), "0")
}

// percent writes a share as 12, 3.4, .06 or 0.
func percent(share float64) string {
	share *= 100
	switch {
	case share == 0:
		return "0"
	case share >= 9.95:
		return strconv.FormatFloat(share, 'f', 0, 64)
	case share >= .995:
		return strconv.FormatFloat(share, 'f', 1, 64)
	}
	return decimal(share, 2)
}
