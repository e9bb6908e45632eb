package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/judging"
	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/eval"
)

// writeTables writes all tables.
func writeTables(stdout io.Writer, r judging.Rows, models []judging.Model, intervals bool) error {
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
func writePairs(b *strings.Builder, r judging.Rows, models []judging.Model, intervals bool) error {
	header := []string{"malicious", "benign", "rows"}
	for _, m := range models {
		header = append(header, m.Name+": TPR at FPR 1e-2 / 1e-3", "AUC")
	}
	table := markdown.NewTable(b, "TPR of malicious rows against benign rows", header...)
	for _, p := range judging.Pairs {
		cells := []string{strings.Join(p.Malicious, " + "), strings.Join(p.Benign, " + "), ""}
		for i := range models {
			malicious, err := r.Scores(i, p.Malicious, true)
			if err != nil {
				return err
			}
			benign, err := r.Scores(i, p.Benign, false)
			if err != nil {
				return err
			}
			cells[2] = fmt.Sprintf("%d / %d", len(malicious), len(benign))
			found, area := judging.Rates(eval.NewROC(benign, malicious), intervals)
			cells = append(cells, strings.Join(found, " / "), area)
		}
		table.Row(cells...)
	}
	table.End()
	return nil
}

// writeLevels writes how many of the benign or malicious rows reach each level, file by file.
func writeLevels(b *strings.Builder, title string, r judging.Rows, models []judging.Model, intervals, malicious bool) {
	header := []string{"rows of", "rows"}
	for _, m := range models {
		var names []string
		for _, level := range m.Levels {
			names = append(names, level.Name)
		}
		header = append(header, m.Name+": "+strings.Join(names, " / "))
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
	for _, f := range r.Files {
		reached := newTally(models)
		for i := range models {
			for j, v := range f.Verdicts[i] {
				if f.Rows[j].Malicious != malicious {
					continue
				}
				reached.count(i, v)
				if f.Report {
					all[f.Rows[j].IsURL()].count(i, v)
				}
			}
		}
		row(f.Title(), reached)
	}
	row("*report*, all names", all[false])
	row("*report*, all URLs", all[true])
	if !malicious {
		listed := newTally(models)
		for i := range models {
			for _, v := range r.Listed[i] {
				listed.count(i, v)
			}
		}
		row(fmt.Sprintf("the %d names of the model's own list that most are like", judging.ListedNames), listed)
	}
	table.End()
}

// A tally counts the rows that reach each level of each model.
type tally struct {
	rows    []int   // of each model: its list of popular names may be shorter than another's
	reached [][]int // of each model and level
}

func newTally(models []judging.Model) tally {
	t := tally{rows: make([]int, len(models))}
	for _, m := range models {
		t.reached = append(t.reached, make([]int, len(m.Levels)))
	}
	return t
}

// count adds a model's verdict on a row.
func (t tally) count(model int, v judging.Verdict) {
	t.rows[model]++
	for level := range v.Reached {
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

func writeLeftOut(b *strings.Builder, r judging.Rows) {
	table := markdown.NewTable(b, "rows left out", "rows of", "rows judged by", "training has seen their registered domain", "on a model's list", "refused")
	var total judging.File
	judged := 0
	for _, f := range r.Files {
		table.Row(f.Title(), strconv.Itoa(len(f.Rows)), strconv.Itoa(f.Seen), strconv.Itoa(f.Popular), strconv.Itoa(f.Refused))
		judged, total.Seen, total.Popular, total.Refused = judged+len(f.Rows), total.Seen+f.Seen, total.Popular+f.Popular, total.Refused+f.Refused
	}
	table.Row("all", strconv.Itoa(judged), strconv.Itoa(total.Seen), strconv.Itoa(total.Popular), strconv.Itoa(total.Refused))
	table.End()
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
	return judging.Decimal(share, 2)
}
