package main

import (
	"math"
	"slices"
)

// A measure is one figure of a cell.
type measure string

var measures = []measure{"TPR at FPR 1e-2", "TPR at FPR 1e-3", "AUC"}

// of returns the figure.
func (m measure) of(c cell) float64 {
	switch m {
	case measures[0]:
		return c.rate(0)
	case measures[1]:
		return c.rate(1)
	}
	return c.AUC
}

// fewest is how many malicious rows a month must have to count in a mean.
const fewest = 50

// The ways of a table. The others are those of fromWays.
const (
	never   way = "never"
	monthly way = "new each month"
)

var allWays = []way{never, monthly, fromAll, fromSample, fromOwn, fromOldAll, fromOldSample}

// without has, for each way, the one that differs from it in that it has no newer rows.
var without = map[way]way{
	never: never, monthly: never, fromAll: fromOldAll, fromSample: fromOldSample, fromOwn: fromOldSample,
	fromOldAll: fromOldAll, fromOldSample: fromOldSample,
}

// An estimate is a mean and its 95 % interval, after Student's t.
type estimate struct {
	Mean  float64 `json:"mean"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Count int     `json:"count"` // of what the mean is of
}

// newEstimate returns the mean of values. Of one value the interval is the value itself.
func newEstimate(values []float64) estimate {
	n := float64(len(values))
	if n == 0 {
		return estimate{}
	}
	mean, squares := 0.0, 0.0
	for _, value := range values {
		mean += value / n
	}
	if len(values) == 1 {
		return estimate{mean, mean, mean, 1}
	}
	for _, value := range values {
		squares += (value - mean) * (value - mean)
	}
	half := quantile(len(values)-1) * math.Sqrt(squares/(n-1)/n)
	return estimate{mean, mean - half, mean + half, len(values)}
}

// quantiles are those of Student's t at .975, for 1, 2, ... degrees of freedom.
var quantiles = []float64{
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
	2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
}

func quantile(freedom int) float64 {
	if freedom <= len(quantiles) {
		return quantiles[freedom-1]
	}
	return 1.96 + 2.5/float64(freedom)
}

// found is all that the experiment found.
type found struct {
	Design  design           `json:"design"`
	Rows    rowCounts        `json:"rows"`
	Ways    []wayFigures     `json:"ways"`
	Sources []wayFigures     `json:"sources"` // at FPR 1e-2, of the rows of one source
	Ages    []ageFigures     `json:"ages"`
	Chance  []chanceFigures  `json:"chance,omitempty"`
	Costs   map[way]estimate `json:"seconds"` // of a training
	Models  []trained        `json:"models"`
}

// rowCounts are the rows that were judged and those left out.
type rowCounts struct {
	BenignNames int           `json:"benign_names"`
	BenignURLs  int           `json:"benign_urls"`
	Months      []monthCounts `json:"months"`
	Sources     []dated       `json:"sources"`
}

type monthCounts struct {
	Month    month `json:"month"`
	Names    int   `json:"names"`
	URLs     int   `json:"urls"`
	Known    int   `json:"known"`
	Siblings int   `json:"siblings"`
	Benign   int   `json:"benign"`
	Enough   int   `json:"enough"`

	Addresses int `json:"addresses"`
}

// wayFigures say what a way gives in the months after a date.
type wayFigures struct {
	Way     way     `json:"way"`
	Subject string  `json:"subject"`
	Measure measure `json:"measure"`

	ByMonth []monthFigures `json:"by_month"` // the first is that of the date

	// Gain is over never, in all months but the first, a mean of the dates.
	Gain   estimate          `json:"gain"`
	ByDate map[month]float64 `json:"by_date"` // the gain
	// Newer is the part of it that newer rows give: the gain over the same epochs without them.
	Newer estimate `json:"newer"`
	// Fresh is the gain over a new model each month.
	Fresh estimate `json:"over_new"`
	// Value is of the same months.
	Value estimate `json:"value"`
}

type monthFigures struct {
	Value estimate `json:"value"`
	Gain  estimate `json:"gain"`  // over never
	Newer estimate `json:"newer"` // over the same without newer rows
}

// ageFigures say what a model finds less than one that was trained at the beginning of the month.
type ageFigures struct {
	Subject string   `json:"subject"`
	Measure measure  `json:"measure"`
	Age     span     `json:"age"`
	Loss    estimate `json:"loss"` // a mean of the models
}

// A span is of ages in months.
type span struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// chanceFigures say how far apart models are that differ in their seed alone.
type chanceFigures struct {
	Subject string  `json:"subject"`
	Measure measure `json:"measure"`
	SD      float64 `json:"sd"` // of one model's mean over the months after a date
	Models  int     `json:"models"`
}

// lookup finds cells.
type lookup map[key]cell

type key struct {
	way     way
	date    month // of the first model; of the model itself for a new one
	month   month
	subject string
}

func newLookup(models []trained) lookup {
	l := make(lookup)
	for _, t := range models {
		if t.Seed > 1 {
			continue
		}
		w, date := t.Way, t.Date
		if w == "" {
			w, date = monthly, t.AsOf
		}
		for _, c := range t.Cells {
			if c.Malicious >= fewest {
				l[key{w, date, c.Month, c.Subject}] = c
			}
			for source, t := range c.BySource {
				if t.Malicious >= fewest {
					subject := c.Subject + " of " + source
					l[key{w, date, c.Month, subject}] = cell{Month: c.Month, Subject: subject, Malicious: t.Malicious, Found: t.Found}
				}
			}
		}
	}
	return l
}

// after returns the cell of a way in the k-th month after a date.
func (l lookup) after(w way, date month, k int, subject string) (cell, bool) {
	m := date.plus(k)
	switch {
	case w == never || k == 0:
		w = monthly
	case w == monthly:
		date = m
	}
	c, found := l[key{w, date, m, subject}]
	return c, found
}

// compare makes the figures of all models.
func (s *session) compare() found {
	x, models := s.experiment, s.models
	l := newLookup(models)
	f := found{Design: x.design, Rows: s.count(), Models: models, Costs: make(map[way]estimate)}
	for _, subject := range subjects {
		for _, m := range measures {
			for _, w := range allWays {
				f.Ways = append(f.Ways, x.wayFigures(l, w, subject, m))
			}
			f.Ages = append(f.Ages, x.ageFigures(l, subject, m)...)
			if x.Seeds > 1 {
				f.Chance = append(f.Chance, x.chance(models, subject, m))
			}
		}
	}
	for _, subject := range subjects[:2] {
		for _, source := range judgedSources {
			for _, w := range allWays {
				figures := x.wayFigures(l, w, subject+" of "+source, measures[0])
				if figures.Gain.Count > 0 {
					f.Sources = append(f.Sources, figures)
				}
			}
		}
	}
	for _, w := range allWays[1:] {
		var seconds []float64
		for _, t := range models {
			if t.Way == w || t.Way == "" && w == monthly {
				seconds = append(seconds, t.Seconds)
			}
		}
		f.Costs[w] = newEstimate(seconds)
	}
	return f
}

// count counts the rows that are judged.
func (s *session) count() rowCounts {
	counts := rowCounts{BenignNames: len(s.rows.JudgedNames), BenignURLs: len(s.rows.JudgedURLs), Sources: s.rows.Sources}
	for _, m := range s.judgedMonths() {
		j := s.rows.Judged[m]
		counts.Months = append(counts.Months, monthCounts{m, len(j.Names), len(j.URLs), j.Known, j.Siblings, j.Benign, j.Enough, j.Addresses})
	}
	return counts
}

func (x experiment) wayFigures(l lookup, w way, subject string, m measure) wayFigures {
	f := wayFigures{Way: w, Subject: subject, Measure: m}
	gains, newer := make(map[month][]float64), make(map[month][]float64)
	over, means := make(map[month][]float64), make(map[month][]float64)
	for k := range x.Months {
		var values, gained, newerNow []float64
		for _, date := range x.Dates {
			c, ok := l.after(w, date, k, subject)
			base, known := l.after(never, date, k, subject)
			if !ok || !known {
				continue
			}
			values, gained = append(values, m.of(c)), append(gained, m.of(c)-m.of(base))
			old, isCompared := l.after(without[w], date, k, subject)
			if isCompared {
				newerNow = append(newerNow, m.of(c)-m.of(old))
			}
			if k > 0 {
				gains[date] = append(gains[date], m.of(c)-m.of(base))
				means[date] = append(means[date], m.of(c))
				if fresh, ok := l.after(monthly, date, k, subject); ok {
					over[date] = append(over[date], m.of(c)-m.of(fresh))
				}
				if isCompared {
					newer[date] = append(newer[date], m.of(c)-m.of(old))
				}
			}
		}
		f.ByMonth = append(f.ByMonth, monthFigures{newEstimate(values), newEstimate(gained), newEstimate(newerNow)})
	}
	f.Gain, f.Newer = newEstimate(meansOf(x.Dates, gains)), newEstimate(meansOf(x.Dates, newer))
	f.ByDate = make(map[month]float64)
	for date, gained := range gains {
		f.ByDate[date] = newEstimate(gained).Mean
	}
	f.Fresh = newEstimate(meansOf(x.Dates, over))
	f.Value = newEstimate(meansOf(x.Dates, means))
	return f
}

// meansOf returns the mean of each date that has values.
func meansOf(dates []month, values map[month][]float64) []float64 {
	var means []float64
	for _, date := range dates {
		if len(values[date]) > 0 {
			means = append(means, newEstimate(values[date]).Mean)
		}
	}
	return means
}

// ages are those that a table has. Between the dates may lie years.
func (x experiment) ages() []span {
	var ages []span
	for age := 1; age <= 13; age++ {
		ages = append(ages, span{age, age})
	}
	return append(ages, span{14, 18}, span{19, 30}, span{31, 45})
}

// ageFigures compares, month by month, each older model with the month's own.
func (x experiment) ageFigures(l lookup, subject string, m measure) []ageFigures {
	months := x.judgedMonths()
	var figures []ageFigures
	for _, ages := range x.ages() {
		losses := make(map[month][]float64)
		for _, then := range months {
			for _, now := range months {
				age := now.since(then)
				old, ok := l[key{monthly, then, now, subject}]
				fresh, known := l[key{monthly, now, now, subject}]
				if ok && known && ages.First <= age && age <= ages.Last {
					losses[then] = append(losses[then], m.of(fresh)-m.of(old))
				}
			}
		}
		if len(losses) > 0 {
			figures = append(figures, ageFigures{subject, m, ages, newEstimate(meansOf(months, losses))})
		}
	}
	return figures
}

// loss returns what is lost at an age.
func (f found) loss(subject string, m measure, ages span) (estimate, bool) {
	for _, a := range f.Ages {
		if a.Subject == subject && a.Measure == m && a.Age == ages {
			return a.Loss, true
		}
	}
	return estimate{}, false
}

// lossEvery returns what is lost on the mean by whoever trains a new model every so many months.
func (f found) lossEvery(subject string, m measure, every int) (float64, bool) {
	sum := 0.0
	for age := 1; age < every; age++ { // at age 0 nothing is lost
		loss, ok := f.loss(subject, m, span{age, age})
		if !ok {
			return 0, false
		}
		sum += loss.Mean
	}
	return sum / float64(every), true
}

// chance compares models as of the same date with other seeds.
func (x experiment) chance(models []trained, subject string, m measure) chanceFigures {
	means := make(map[month][]float64)
	f := chanceFigures{Subject: subject, Measure: m}
	for _, t := range models {
		if t.Way != "" || !slices.Contains(x.Dates, t.AsOf) {
			continue
		}
		var values []float64
		for _, c := range t.Cells {
			if c.Subject == subject && c.Malicious >= fewest && c.Month.since(t.AsOf) < x.Months {
				values = append(values, m.of(c))
			}
		}
		if len(values) > 0 {
			means[t.AsOf] = append(means[t.AsOf], newEstimate(values).Mean)
			f.Models++
		}
	}
	squares, freedom := 0.0, 0
	for _, values := range means {
		mean := newEstimate(values).Mean
		for _, value := range values {
			squares += (value - mean) * (value - mean)
		}
		freedom += len(values) - 1
	}
	if freedom > 0 {
		f.SD = math.Sqrt(squares / float64(freedom))
	}
	return f
}

// way returns the figures of a way.
func (f found) way(w way, subject string, m measure) wayFigures {
	return find(f.Ways, w, subject, m)
}

// find returns the figures of a way, empty ones if there are none.
func find(all []wayFigures, w way, subject string, m measure) wayFigures {
	for _, figures := range all {
		if figures.Way == w && figures.Subject == subject && figures.Measure == m {
			return figures
		}
	}
	return wayFigures{}
}
