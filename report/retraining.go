package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Retraining is a model and the one that may take its place, side by side.
type Retraining struct {
	Facts   []Fact
	Verdict string   // whether the new model takes the place, in a line
	Reasons []string // why it does not
	Notes   []string // what is not known, or could not be judged

	Feeds  []CheckedFeed // files that the present model was not trained on
	Ages   []Age         // none if nothing was trained
	Levels []string      // from the lowest up
	Texts  []TextsAtLevels
	Up     []LevelChange // texts whose level rises most
	Down   []LevelChange // texts whose level falls most
}

// A CheckedFeed is a file of labelled rows, held against what is known before anything is trained.
type CheckedFeed struct {
	Name                       string
	Benign, Malicious, Refused int

	// Rows with another label than the list of popular names, rows accepted earlier, or own rows.
	AgainstPopular, AgainstAccepted, AgainstMine int

	Most      eval.Proportion // rows of one name or registered domain
	MostOften string          // that name or registered domain

	// How the present model orders the malicious rows above benign ones, and the other way round:
	// AUC. Nil where there are too few rows.
	OwnOrder, MaliciousOrder, BenignOrder *eval.Estimate
}

// An Age is rows that were first seen about the same time, as both models judge them.
type Age struct {
	Name          string
	Before, After Page
}

// TextsAtLevels are texts of one label, or of none, that reach each level by either model.
type TextsAtLevels struct {
	Name, Note    string
	Malicious     bool              // a level is right
	Before, After []eval.Proportion // by level
}

// A LevelChange is a text that the models give two levels.
type LevelChange struct {
	Text, Where   string
	Before, After Standing
}

// A Standing is what a model says of a text.
type Standing struct {
	Score float64
	Level string
}

// RetrainingText writes both models side by side for a terminal.
func RetrainingText(w io.Writer, r Retraining) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.Verdict)
	writeList(&b, r.Reasons)
	r.feedTable().writeUnder(&b, "Files whose contents the present model was not trained on")
	for _, age := range r.Ages {
		fmt.Fprintf(&b, "\n%s: %s\n\n", age.Name, age.rows())
		age.overallTable().write(&b)
		age.kindTable().writeUnder(&b, age.Name+", malicious rows by kind")
		age.sourceTable().writeUnder(&b, age.Name+", malicious rows by source")
	}
	r.textTable().writeUnder(&b, "Texts at each level and above, before and after")
	changeTable(r.Up).writeUnder(&b, "Texts whose level rises most")
	changeTable(r.Down).writeUnder(&b, "Texts whose level falls most")
	if len(r.Notes) > 0 {
		fmt.Fprintln(&b)
		writeList(&b, r.Notes)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}

func writeList(b *strings.Builder, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", visible.Text(line))
	}
}

func (r Retraining) feedTable() table {
	rows := table{{"file", "benign", "malicious", "refused", "against popular", "accepted", "mine", "most frequent", "order"}}
	for _, f := range r.Feeds {
		rows = append(rows, []string{
			f.Name, Thousands(f.Benign), Thousands(f.Malicious), Thousands(f.Refused),
			Thousands(f.AgainstPopular), Thousands(f.AgainstAccepted), Thousands(f.AgainstMine),
			decimal(f.Most.Rate(), 3), f.order(),
		})
	}
	return rows
}

// order is the lowest of the feed's orders.
func (f CheckedFeed) order() string {
	lowest := ""
	for _, order := range []*eval.Estimate{f.OwnOrder, f.MaliciousOrder, f.BenignOrder} {
		if order != nil {
			if said := decimal(order.Value, 3); lowest == "" || said < lowest {
				lowest = said
			}
		}
	}
	if lowest == "" {
		return "-"
	}
	return lowest
}

// rows says how many rows there are.
func (a Age) rows() string {
	overall := a.After.Result.Overall
	return fmt.Sprintf("%s benign and %s malicious rows", Thousands(overall.Benign), Thousands(overall.Malicious))
}

// overallTable has the figures of all rows.
func (a Age) overallTable() table {
	before, after := a.Before.Result.Overall, a.After.Result.Overall
	rows := table{{"", "before", "after"}, {"AUC", area(before), area(after)}}
	for i := range min(len(before.OperatingPoints), len(after.OperatingPoints)) {
		one, other := before.OperatingPoints[i], after.OperatingPoints[i]
		rows = append(rows,
			[]string{"TPR at FPR " + scientific(one.Limit), interval(one.TruePositives, 3), interval(other.TruePositives, 3)},
			[]string{"  malicious rows", outOf(one.TruePositives), outOf(other.TruePositives)},
			[]string{"  benign rows", outOf(one.FalsePositives), outOf(other.FalsePositives)})
	}
	return rows
}

func (a Age) kindTable() table {
	return pairTable("kind", a.Before.Result.ByKind, a.After.Result.ByKind)
}

func (a Age) sourceTable() table {
	return pairTable("source", a.Before.Result.BySource, a.After.Result.BySource)
}

// pairTable has the malicious rows of each group, as both models judge them.
func pairTable(axis string, before, after []eval.Group) table {
	rows := table{{axis, "number"}}
	for _, group := range after {
		at := slices.IndexFunc(before, func(g eval.Group) bool { return g.Name == group.Name })
		if group.Malicious == 0 || at < 0 {
			continue
		}
		row := []string{group.Name, Thousands(group.Malicious)}
		for i, point := range group.OperatingPoints {
			if len(rows) == 1 {
				limit := scientific(point.Limit)
				rows[0] = append(rows[0], limit+" before", "after")
			}
			row = append(row, briefly(before[at].OperatingPoints[i].TruePositives), briefly(point.TruePositives))
		}
		rows = append(rows, row)
	}
	return rows
}

// briefly writes a rate and the half of its interval's width, for tables with many columns.
func briefly(p eval.Proportion) string {
	if p.Total == 0 {
		return "-"
	}
	low, high := p.Wilson()
	return fmt.Sprintf("%s ±%s", decimal(p.Rate(), 3), decimal((high-low)/2, 3))
}

// textTable has the texts that reach each level.
func (r Retraining) textTable() table {
	header := []string{"texts", "number"}
	for _, level := range r.Levels {
		header = append(header, level, "after")
	}
	rows := table{header}
	for _, t := range r.Texts {
		if len(t.After) == 0 {
			continue
		}
		row := []string{t.Name, Thousands(t.After[0].Total)}
		for i := range r.Levels {
			row = append(row, Thousands(t.Before[i].Count), Thousands(t.After[i].Count))
		}
		rows = append(rows, row)
	}
	return rows
}

func changeTable(changes []LevelChange) table {
	rows := table{{"text", "of", "before", "", "after", ""}}
	for _, c := range changes {
		rows = append(rows, []string{
			visible.Abbreviate(c.Text, 48), visible.Label(c.Where, 40), c.Before.Level, scoreText(c.Before.Score), c.After.Level, scoreText(c.After.Score),
		})
	}
	return rows
}
