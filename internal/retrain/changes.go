package retrain

import (
	"cmp"
	"math"
	"slices"

	"github.com/snowman-ml/snowman/report"
)

// changes are texts whose level is another one with the new model.
type changes struct{ all []change }

type change struct {
	report.LevelChange
	levels  int     // by how many it rises
	logOdds float64 // by how much its score rises
}

// shownChanges is how many texts are shown of either way.
const shownChanges = 20

func (c *changes) add(g group, before, after standings) {
	for i, text := range g.texts {
		rise := int(after.levels[i]) - int(before.levels[i])
		if rise == 0 {
			continue
		}
		standing := func(s standings) report.Standing {
			return report.Standing{Score: s.scores[i], Level: s.levels[i].String()}
		}
		c.all = append(c.all, change{
			report.LevelChange{Text: text, Where: g.name, Before: standing(before), After: standing(after)},
			rise, logOdds(after.scores[i]) - logOdds(before.scores[i]),
		})
	}
}

// largest returns the changes up and down, the largest first, each text once.
func (c *changes) largest() (up, down []report.LevelChange) {
	slices.SortStableFunc(c.all, func(a, b change) int {
		return cmp.Or(-cmp.Compare(a.levels, b.levels), -cmp.Compare(a.logOdds, b.logOdds), cmp.Compare(a.Text, b.Text))
	})
	for _, change := range c.all {
		up = addChange(up, change, change.levels > 0)
	}
	for _, change := range slices.Backward(c.all) {
		down = addChange(down, change, change.levels < 0)
	}
	return up, down
}

func addChange(shown []report.LevelChange, c change, wanted bool) []report.LevelChange {
	isShown := func(other report.LevelChange) bool { return other.Text == c.Text }
	if !wanted || len(shown) == shownChanges || slices.ContainsFunc(shown, isShown) {
		return shown
	}
	return append(shown, c.LevelChange)
}

// logOdds of a score, which may be exactly 0 or 1.
func logOdds(score float64) float64 {
	const nearest = 1e-12
	score = min(max(score, nearest), 1-nearest)
	return math.Log(score / (1 - score))
}
