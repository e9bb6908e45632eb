package main

import (
	"fmt"
	"io"
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
	if len(models[0].levels) > 0 {
		writeLevels(&b, "benign rows that reach a level, %", r, models, intervals, false)
		writeLevels(&b, "malicious rows that reach a level, %", r, models, intervals, true)
	}
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
	levels := len(models[0].levels)
	all := map[bool][][]eval.Proportion{false: empty(len(models), levels), true: empty(len(models), levels)}
	row := func(name string, reached [][]eval.Proportion) {
		if reached[0][0].Total == 0 {
			return
		}
		cells := []string{name, strconv.Itoa(reached[0][0].Total)}
		for _, proportions := range reached {
			cells = append(cells, percents(proportions, intervals))
		}
		table.Row(cells...)
	}
	for _, f := range r.files {
		reached := empty(len(models), levels)
		for i := range models {
			for j, v := range f.verdicts[i] {
				if f.rows[j].Malicious != malicious {
					continue
				}
				count(reached[i], v)
				if f.report {
					count(all[f.rows[j].IsURL()][i], v)
				}
			}
		}
		row(f.title(), reached)
	}
	row("*report*, all names", all[false])
	row("*report*, all URLs", all[true])
	if !malicious {
		listed := empty(len(models), levels)
		for i := range models {
			for _, v := range r.listed[i] {
				count(listed[i], v)
			}
		}
		row(fmt.Sprintf("the model's own list, its first %d names", listedNames), listed)
	}
	table.End()
}

// empty returns proportions of nothing, of each model and level.
func empty(models, levels int) [][]eval.Proportion {
	reached := make([][]eval.Proportion, models)
	for i := range reached {
		reached[i] = make([]eval.Proportion, levels)
	}
	return reached
}

// count adds a verdict to the proportions of the levels.
func count(reached []eval.Proportion, v verdict) {
	for level := range reached {
		reached[level].Total++
		if level < v.reached {
			reached[level].Count++
		}
	}
}

func percents(reached []eval.Proportion, intervals bool) string {
	var cells []string
	for _, p := range reached {
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
