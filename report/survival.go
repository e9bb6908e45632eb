package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/eval"
)

// writeSurvivals writes how many verdicts survive each change.
func writeSurvivals(b *strings.Builder, changes []eval.Survival) {
	for _, t := range (Page{Result: eval.Result{Changes: changes}}).ChangeTables() {
		table(t.Rows).writeUnder(b, t.Caption)
	}
}

// survivalTable has the share of verdicts that survive each change, of all and of each kind. which
// chooses between the verdicts that the host carried and the others. Changes that no verdict could
// be tried with are left out.
func survivalTable(changes []eval.Survival, which func(host, path eval.Proportion) eval.Proportion) table {
	kinds := survivalKinds(changes)
	rows := table{append([]string{"change", "scored", "tried", "all"}, kinds...)}
	if len(kinds) < 2 {
		kinds, rows[0] = nil, rows[0][:4]
	}
	for _, c := range changes {
		all := which(c.Host, c.Path)
		if all.Total == 0 {
			continue
		}
		rows = append(rows, append([]string{c.Change, c.Scored, Thousands(all.Total), interval(all, 3)}, survivalCells(c, kinds, which)...))
	}
	return rows
}

// survivalCells returns the shares of the kinds.
func survivalCells(c eval.Survival, kinds []string, which func(host, path eval.Proportion) eval.Proportion) []string {
	var cells []string
	for _, kind := range kinds {
		cell := "-"
		for _, k := range c.ByKind {
			if of := which(k.Host, k.Path); k.Kind == kind && of.Total > 0 {
				cell = decimal(of.Rate(), 3)
			}
		}
		cells = append(cells, cell)
	}
	return cells
}

// survivalKinds returns the kinds of all changes, in order.
func survivalKinds(changes []eval.Survival) []string {
	var kinds []string
	for _, c := range changes {
		for _, k := range c.ByKind {
			if !slices.Contains(kinds, k.Kind) {
				kinds = append(kinds, k.Kind)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}

// A keptChange counts the verdicts of one change.
type keptChange struct {
	Change string             `json:"change"`
	Scored string             `json:"scored,omitempty"`
	Kinds  []keptKindSurvival `json:"kinds"`
}

// A keptKindSurvival counts the verdicts of a kind: those that survive, and those tried.
type keptKindSurvival struct {
	Kind string `json:"kind"`
	Host [2]int `json:"host"`
	Path [2]int `json:"path"`
}

func newKeptChanges(changes []eval.Survival) []keptChange {
	var kept []keptChange
	for _, c := range changes {
		k := keptChange{Change: c.Change, Scored: c.Scored}
		for _, kind := range c.ByKind {
			k.Kinds = append(k.Kinds, keptKindSurvival{
				kind.Kind, [2]int{kind.Host.Count, kind.Host.Total}, [2]int{kind.Path.Count, kind.Path.Total},
			})
		}
		kept = append(kept, k)
	}
	return kept
}

// survivals returns what was kept.
func (f Kept) survivals() []eval.Survival {
	var changes []eval.Survival
	for _, c := range f.Changes {
		var kinds []eval.KindSurvival
		for _, k := range c.Kinds {
			kinds = append(kinds, eval.KindSurvival{
				Kind: k.Kind,
				Host: eval.Proportion{Count: k.Host[0], Total: k.Host[1]},
				Path: eval.Proportion{Count: k.Path[0], Total: k.Path[1]},
			})
		}
		changes = append(changes, eval.NewSurvival(c.Change, c.Scored, kinds))
	}
	return changes
}

// checkChanges checks the counts of changes.
func (f Kept) checkChanges() error {
	const maxChanges, maxKinds = 200, 16
	if len(f.Changes) > maxChanges {
		return fmt.Errorf("there are %d changes, more than can be shown", len(f.Changes))
	}
	for _, c := range f.Changes {
		if len(c.Kinds) > maxKinds {
			return fmt.Errorf("change %q has %d kinds, more than can be shown", c.Change, len(c.Kinds))
		}
		for _, k := range c.Kinds {
			if !areCounts(k.Host[:1], k.Host[1]) || !areCounts(k.Path[:1], k.Path[1]) {
				return fmt.Errorf("of change %q survive %d of %d and %d of %d verdicts", c.Change, k.Host[0], k.Host[1], k.Path[0], k.Path[1])
			}
		}
	}
	return nil
}

// A ChangeTable is one of the tables of Page.ChangeTables.
type ChangeTable struct {
	Caption string
	Rows    [][]string // the first is the header
}

// ChangeTables have the share of verdicts that survive each change: a table of those that the host
// carried and one of those that the path carried. Tables without a verdict are left out.
func (page Page) ChangeTables() []ChangeTable {
	var tables []ChangeTable
	for _, sort := range []struct {
		carrier string
		which   func(host, path eval.Proportion) eval.Proportion
	}{
		{"host", func(host, _ eval.Proportion) eval.Proportion { return host }},
		{"path", func(_, path eval.Proportion) eval.Proportion { return path }},
	} {
		if rows := survivalTable(page.Result.Changes, sort.which); len(rows) > 1 {
			tables = append(tables, ChangeTable{"Verdicts that survive a cheap change, where the " + sort.carrier + " carried them", rows})
		}
	}
	return tables
}
