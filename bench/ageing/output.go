package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/judging"
	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/report"
)

// wayNames are what tables and the picture call the ways.
var wayNames = map[way]string{
	never:      "never retrained",
	monthly:    "new each month",
	fromAll:    "`-from`, all rows",
	fromSample: "`-from`, new rows and a sample",
	fromOwn:    "`-from`, 200 own rows and a sample",

	fromOldAll:    "*`-from`, all rows of the date*",
	fromOldSample: "*`-from`, a sample of them*",
}

func (f found) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(f)
}

// writeTables writes the tables in Markdown.
func (f found) writeTables(w io.Writer) error {
	var b strings.Builder
	for _, subject := range subjects {
		f.writeWays(&b, subject)
	}
	f.writeOverNew(&b)
	f.writeByDate(&b)
	f.writeBySource(&b)
	f.writeMonths(&b)
	f.writeAges(&b)
	f.writeEvery(&b)
	f.writeChance(&b)
	f.writeRows(&b)
	f.writeSources(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (f found) writeWays(b *strings.Builder, subject string) {
	header := []string{"way", "seconds a training"}
	for _, m := range measures {
		header = append(header, string(m), "gain, points", "of newer rows")
	}
	table := markdown.NewTable(b, subject+": months 2 to "+fmt.Sprint(f.Design.Months)+" after each date", header...)
	for _, w := range allWays {
		cells := []string{wayNames[w], "-"}
		if cost, found := f.Costs[w]; found {
			cells[1] = fmt.Sprintf("%.0f", cost.Mean)
		}
		for _, m := range measures {
			figures := f.way(w, subject, m)
			gain, newer := "-", "-"
			if w != never {
				gain = points(figures.Gain)
			}
			if without[w] != w {
				newer = points(figures.Newer)
			}
			cells = append(cells, decimal(figures.Value), gain, newer)
		}
		table.Row(cells...)
	}
	table.End()
}

// writeOverNew compares each way that goes on with a new model each month.
func (f found) writeOverNew(b *strings.Builder) {
	header := []string{"", "way"}
	for _, m := range measures {
		header = append(header, string(m))
	}
	table := markdown.NewTable(b, "points above a new model each month, months 2 on", header...)
	for _, subject := range subjects {
		for _, w := range []way{fromAll, fromSample, fromOwn} {
			cells := []string{subject, wayNames[w]}
			for _, m := range measures {
				cells = append(cells, points(f.way(w, subject, m).Fresh))
			}
			table.Row(cells...)
		}
	}
	table.End()
}

// writeByDate writes how far the dates are apart.
func (f found) writeByDate(b *strings.Builder) {
	shown := []way{monthly, fromAll, fromSample, fromOwn}
	header := []string{"date"}
	for _, subject := range subjects[:2] {
		for _, w := range shown {
			header = append(header, subject+": "+wayNames[w])
		}
	}
	table := markdown.NewTable(b, "points gained over never retraining, by date: "+string(measures[0])+", months 2 on", header...)
	for _, date := range f.Design.Dates {
		cells := []string{string(date)}
		for _, subject := range subjects[:2] {
			for _, w := range shown {
				cell := "-"
				if gain, found := f.way(w, subject, measures[0]).ByDate[date]; found {
					cell = fmt.Sprintf("%+.1f", 100*gain)
				}
				cells = append(cells, cell)
			}
		}
		table.Row(cells...)
	}
	table.End()
}

// writeBySource writes what newer rows give to the rows of each source.
func (f found) writeBySource(b *strings.Builder) {
	header := []string{"rows", "dates", wayNames[never]}
	for _, w := range allWays[1:5] {
		header = append(header, wayNames[w]+": of newer rows")
	}
	table := markdown.NewTable(b, "by source: "+string(measures[0])+", months 2 on", header...)
	for _, base := range f.Sources {
		if base.Way != never {
			continue
		}
		cells := []string{base.Subject, fmt.Sprint(base.Value.Count), decimal(base.Value)}
		for _, w := range allWays[1:5] {
			cells = append(cells, points(find(f.Sources, w, base.Subject, measures[0]).Newer))
		}
		table.Row(cells...)
	}
	table.End()
}

// writeMonths writes how each way does in each month after a date.
func (f found) writeMonths(b *strings.Builder) {
	header := []string{"", "way"}
	for k := range f.Design.Months {
		header = append(header, fmt.Sprintf("month %d", k+1))
	}
	for _, m := range measures {
		table := markdown.NewTable(b, string(m)+", month by month, mean of the dates", header...)
		for _, subject := range subjects {
			for _, w := range allWays {
				cells := []string{subject, wayNames[w]}
				for _, value := range f.way(w, subject, m).ByMonth {
					cells = append(cells, decimal(value.Value))
				}
				table.Row(cells...)
			}
		}
		table.End()
	}
}

// writeAges writes what a model loses with age.
func (f found) writeAges(b *strings.Builder) {
	header := []string{"age in months", "models"}
	for _, subject := range subjects[:2] {
		for _, m := range measures {
			header = append(header, subject+", "+string(m))
		}
	}
	table := markdown.NewTable(b, "points lost against a model of the month", header...)
	for _, a := range f.Ages {
		if a.Subject != names || a.Measure != measures[0] {
			continue
		}
		cells := []string{a.Age.String(), fmt.Sprint(a.Loss.Count)}
		for _, subject := range subjects[:2] {
			for _, m := range measures {
				loss, _ := f.loss(subject, m, a.Age)
				if a.Age.First < a.Age.Last {
					loss.Low, loss.High = loss.Mean, loss.Mean // its models are judged in the same months
				}
				cells = append(cells, points(loss))
			}
		}
		table.Row(cells...)
	}
	table.End()
}

// writeEvery writes what is lost by training a new model less often than every month.
func (f found) writeEvery(b *strings.Builder) {
	header := []string{"a new model every"}
	for _, subject := range subjects[:2] {
		for _, m := range measures {
			header = append(header, subject+", "+string(m))
		}
	}
	table := markdown.NewTable(b, "points lost on the mean against a new model each month", header...)
	for _, every := range []int{2, 3, 4, 6, 9, 12} {
		cells := []string{fmt.Sprintf("%d months", every)}
		for _, subject := range subjects[:2] {
			for _, m := range measures {
				if lost, ok := f.lossEvery(subject, m, every); ok {
					cells = append(cells, fmt.Sprintf("%.1f", 100*lost))
				} else {
					cells = append(cells, "-")
				}
			}
		}
		table.Row(cells...)
	}
	table.End()
}

func (f found) writeChance(b *strings.Builder) {
	if len(f.Chance) == 0 {
		return
	}
	table := markdown.NewTable(b, "chance: models that differ in their seed alone", "", "figure", "standard deviation, points", "models")
	for _, c := range f.Chance {
		table.Row(c.Subject, string(c.Measure), fmt.Sprintf("%.1f", 100*c.SD), fmt.Sprint(c.Models))
	}
	table.End()
}

func (f found) writeRows(b *strings.Builder) {
	table := markdown.NewTable(b, fmt.Sprintf("malicious rows that are judged, against %d benign names and %d benign URLs", f.Rows.BenignNames, f.Rows.BenignURLs),
		"month", "names", "URLs", "left out: domain known", "domain of another row", "domain trained on as benign", "enough", "address")
	for _, m := range f.Rows.Months {
		table.Row(string(m.Month), fmt.Sprint(m.Names), fmt.Sprint(m.URLs), fmt.Sprint(m.Known), fmt.Sprint(m.Siblings), fmt.Sprint(m.Benign), fmt.Sprint(m.Enough), fmt.Sprint(m.Addresses))
	}
	table.End()
}

// writeSources writes the dates of malicious rows.
func (f found) writeSources(b *strings.Builder) {
	table := markdown.NewTable(b, "malicious rows by source", "source", "rows without a month", "rows of other months", "rows of the months that are judged", "months with 100 rows")
	for _, s := range f.Rows.Sources {
		total, full := 0, 0
		for _, rows := range s.ByMonth {
			total += rows
			if rows >= 100 {
				full++
			}
		}
		table.Row(s.Name, fmt.Sprint(s.Undated), fmt.Sprint(s.Other), fmt.Sprint(total), fmt.Sprintf("%d of %d", full, len(f.Rows.Months)))
	}
	table.End()
}

// decimal writes the mean of an estimate.
func decimal(e estimate) string {
	if e.Count == 0 {
		return "-"
	}
	return judging.Decimal(e.Mean, 3)
}

// points writes an estimate in percentage points, with its interval.
func points(e estimate) string {
	if e.Count == 0 {
		return "-"
	}
	if e.Low == e.High {
		return fmt.Sprintf("%+.1f", math.Round(1000*e.Mean)/10+0)
	}
	tenth := func(x float64) float64 { return math.Round(1000*x)/10 + 0 } // no minus before 0
	return fmt.Sprintf("%+.1f (%+.1f to %+.1f)", tenth(e.Mean), tenth(e.Low), tenth(e.High))
}

// lineNames are what the picture calls the ways, the one that stands out first.
var lineNames = []struct {
	way  way
	name string
}{
	{monthly, "new each month"}, {fromAll, "-from, all rows"}, {fromSample, "-from, new rows and a sample"},
	{fromOwn, "-from, 200 own rows and a sample"},
}

// chart draws what newer rows give, month by month.
func (f found) chart() report.Chart {
	c := report.LineChart{
		Name:  "ageing",
		Title: "What newer rows give",
		Description: "Points of the true positive rate at a false positive rate of 1e-2 above that of a model with as many epochs and no newer rows, " +
			"in each month after the date of the first model.",
		X: "month after the date", Y: "points of TPR at FPR 1e-2 that newer rows give",
	}
	for _, subject := range subjects {
		panel := report.Panel{Title: map[string]string{names: names, urls: urls, own: "names of the user's kind"}[subject]}
		for i, l := range lineNames {
			line := report.Line{Label: l.name}
			for k, value := range f.way(l.way, subject, measures[0]).ByMonth {
				e := value.Newer
				if e.Count == 0 {
					continue
				}
				p := report.LinePoint{X: k + 1, Y: 100 * e.Mean, Low: 100 * e.Mean, High: 100 * e.Mean}
				if i == 0 {
					p.Low, p.High = 100*e.Low, 100*e.High
				}
				line.Points = append(line.Points, p)
			}
			panel.Lines = append(panel.Lines, line)
		}
		c.Panels = append(c.Panels, panel)
	}
	return c.Chart()
}

// String writes the ages.
func (s span) String() string {
	if s.First == s.Last {
		return fmt.Sprint(s.First)
	}
	return fmt.Sprintf("%d to %d", s.First, s.Last)
}
