package card

import (
	"fmt"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/report"
)

// figures are what was measured of the model.
type figures struct {
	Problem  string         // why they cannot be shown
	Rows     string         // what they were measured on, empty if nothing was
	Families *familiesNamed // nil if it names none
	Charts   []chart
	NoMonths bool // there is no chart by month
	Tables   []Table
	Changes  []Table // of verdicts that survive a change
}

// familiesNamed says how often the right family comes first.
type familiesNamed struct{ Rows, First string }

// A chart is drawn, and has words that say how to read it.
type chart struct {
	report.Chart
	Reading string
}

// newFigures returns what the model's file says was measured of it.
func newFigures(info snowman.Info) figures {
	measured, err := report.ReadKept(info.Figures, measure.Levels(info))
	if err != nil {
		return figures{Problem: visible.Label(err.Error(), 200)}
	}
	overall := measured.Result.Overall
	if overall.Benign+overall.Malicious == 0 {
		return figures{}
	}
	f := figures{
		Rows: fmt.Sprintf("%s benign and %s malicious texts that it was not trained on", report.Thousands(overall.Benign), report.Thousands(overall.Malicious)),
	}
	if kinds := measured.KindTable(); len(kinds) > 1 {
		f.Tables = append(f.Tables, newTable("Malicious texts found, by kind", kinds))
	}
	if sources := measured.LevelTable(); len(sources) > 1 {
		f.Tables = append(f.Tables, newTable("Texts that reach a level or a higher one, by source", sources))
	}
	if groups := measured.GroupTable(); len(groups) > 1 {
		f.Tables = append(f.Tables, newTable("Benign texts that reach a level or a higher one, by kind of site and country", groups))
	}
	if hosts := measured.HostTable(); len(hosts) > 1 {
		f.Tables = append(f.Tables, newTable("Texts that reach a level or a higher one, by kind of host", hosts))
	}
	for _, changes := range measured.ChangeTables() {
		f.Changes = append(f.Changes, newTable(changes.Caption, changes.Rows))
	}
	if named := measured.Result.Families; named != nil && named.Top1.Total > 0 {
		low, high := named.Top1.Wilson()
		f.Families = &familiesNamed{report.Thousands(named.Top1.Total), fmt.Sprintf("%.1f %% (%.1f–%.1f %%)", 100*named.Top1.Rate(), 100*low, 100*high)}
	}
	if len(measured.Curves.Overall.Points) == 0 {
		return f // the file is from before curves were kept
	}
	readings := map[string]string{
		"roc": "How much is found, by how many false alarms you can afford: choose a rate at the bottom and read the height. " +
			"In the shaded part fewer than ten benign texts decide, and one wrong label moves the curve. Dots are the rates of 1 in 100, 1,000 and 10,000, with 95 % intervals.",
		"scores": "How far the scores of benign and malicious texts lie apart; both ends are stretched, since that is where levels are. " +
			"Dotted are the levels of names. A benign name right of one is a false alarm, a malicious one left of it is missed; the levels of URLs lie somewhat further right.",
		"calibration": "On the diagonal a score is a probability, but only among texts of which as many are malicious as here. In traffic, where nearly all are benign, go by the level. " +
			"Hollow: fewer than 20 texts.",
		"months": "How much is found of what was first seen in a month. A fall towards the newest is drift, unless those months hold other kinds of names. " +
			"When your own months fall off, train again. Lines join years where there are more than three. Hollow: fewer than 20 texts.",
	}
	if f.NoMonths = len(measured.Result.ByMonth) == 0; f.NoMonths {
		delete(readings, "months")
	}
	for _, drawn := range report.Charts(measured) {
		if reading, wanted := readings[drawn.Name]; wanted {
			f.Charts = append(f.Charts, chart{drawn, reading})
		}
	}
	return f
}
