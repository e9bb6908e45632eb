package retrain

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/report"
)

// compare holds both models against rows and texts.
func (r *run) compare(ctx context.Context, n *next, set *dataset.Set) error {
	r.compared.Levels = levelNames()
	if !r.splitIsKnown() {
		r.note("what the present model was trained on is not known: some of these rows may be among it, and its figures too good")
	}
	r.checkLevels(n)
	if err := r.compareAges(ctx, n, set); err != nil {
		return err
	}
	return r.compareTexts(ctx, n, set)
}

// checkLevels refuses a model without levels, which raises no alarm, and so no more than another,
// and one whose levels mean less than those of the present model.
func (r *run) checkLevels(n *next) {
	info, before := n.model.Info(), r.present.model.Info()
	if len(info.Thresholds) == 0 {
		r.refuse("the new model has no levels: there were no benign names to measure them on")
	}
	if fewest, isOn := r.Rules["levels"]; isOn {
		r.refuse(judgeLevels(before.Thresholds, info.Thresholds, fewest)...)
	}
	for _, texts := range []struct {
		are        string
		thresholds []snowman.Threshold
	}{{"names", info.Thresholds}, {"URLs", info.URLThresholds}} {
		for _, t := range texts.thresholds {
			if t.TooFew() && t.Own == nil {
				r.note(fmt.Sprintf("level %s of the new model means little: %d benign %s are too few for a false positive rate of %g", t.Level, t.Benign, texts.are, t.FalsePositiveRate))
			}
		}
	}
}

func levelNames() (names []string) {
	for level := snowman.Low; level <= snowman.High; level++ {
		names = append(names, level.String())
	}
	return names
}

// The ages that rows are divided into. Each has all benign rows, of which few have a date.
const (
	newest = "The newest month"
	older  = "Older months, and rows without a date"
)

// compareAges measures both models on the part that neither was trained on.
func (r *run) compareAges(ctx context.Context, n *next, set *dataset.Set) error {
	rows := slices.DeleteFunc(slices.Clone(set.Parts[dataset.Report]), func(row dataset.Row) bool {
		return r.plan.mine[row.Source] // has a table of its own
	})
	since, month := newestMonths(rows)
	if month == "" {
		r.note(fmt.Sprintf("fewer than %d malicious rows that are set aside have a date, generated names left out: all are among the older ones", fewestNewest))
	}
	// What one model knows by its own list is no test of either.
	seen := set.Seen()
	seen.Names = dataset.PopularDomains(slices.Concat(r.present.file.Metadata.Imitated, n.file.Metadata.Imitated))
	for _, age := range []struct {
		name  string
		isNew bool
	}{{fmt.Sprintf("%s, %s", newest, month), true}, {older, false}} {
		of := slices.DeleteFunc(slices.Clone(rows), func(row dataset.Row) bool {
			return row.Malicious && (month != "" && hasDay(row) && row.Month() >= since) != age.isNew
		})
		if age.isNew && month == "" {
			continue
		}
		side := func(model *snowman.Model) (report.Page, error) {
			return measure.Evaluation{Model: model, Rows: of, Seen: seen, Groups: set.Groups}.Page(ctx)
		}
		before, err := side(r.present.model)
		if err != nil {
			return err
		}
		after, err := side(n.model)
		if err != nil {
			return err
		}
		r.compared.Ages = append(r.compared.Ages, report.Age{Name: age.name, Before: before, After: after})
	}
	return nil
}

// fewestNewest is the number of malicious rows below which the newest month takes in the one
// before.
const fewestNewest = 20

// hasDay reports whether it is known when a row was seen. The date of a generated name is mostly
// what its algorithm was fed with, and may lie ahead.
func hasDay(row dataset.Row) bool {
	return row.Kind != dataset.DGA && len(row.Month()) == len("2006-01")
}

// newestMonths returns the last months that together have enough malicious rows, from the first of
// them on and in words, or nothing where all have too few.
func newestMonths(rows []dataset.Row) (since, said string) {
	counts := make(map[string]int)
	for _, row := range rows {
		if row.Malicious && hasDay(row) {
			counts[row.Month()]++
		}
	}
	months := slices.Sorted(maps.Keys(counts))
	total := 0
	for i, month := range slices.Backward(months) {
		if total += counts[month]; total >= fewestNewest {
			said = month
			if last := months[len(months)-1]; i < len(months)-1 {
				said += " to " + last
			}
			return month, said
		}
	}
	return "", ""
}

// A group is texts of one label, or of none, at whose levels both models are compared.
type group struct {
	name, note string
	malicious  bool
	bareScores bool // see standingsOf
	texts      []string
}

// groups returns the groups that there are.
func (r *run) groups(set *dataset.Set) []group {
	trained := set.Seen().Domains
	apart := func(rows []dataset.Row, malicious bool) (texts []string) {
		for _, row := range rows {
			if row.Malicious == malicious && !trained[domainOf(row.Text)] {
				texts = append(texts, row.Text)
			}
		}
		return texts
	}
	own, ownNote := apart, "own rows that are not trained on"
	if !r.plan.apart {
		own, ownNote = all, fmt.Sprintf("the new model was trained on them: there are fewer than %d registered domains, too few to set some apart", fewestApart)
	}
	const acceptedNote = "set aside in earlier runs, and not trained on since"
	groups := []group{
		{name: "traffic", note: "unlabelled; those that are malicious should reach a level", texts: r.traffic},
		{name: "popular names", note: "of the program; counted by their score alone, without the rule that keeps them below medium", bareScores: true, texts: sortedKeys(popularDomains(r.present))},
		{name: "accepted benign", note: acceptedNote, texts: apart(r.accepted, false)},
		{name: "accepted malicious", note: acceptedNote, malicious: true, texts: apart(r.accepted, true)},
		{name: "own benign", note: ownNote, texts: own(r.mine, false)},
		{name: "own malicious", note: ownNote, malicious: true, texts: own(r.mine, true)},
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.texts) == 0 })
}

// compareTexts counts the texts at each level, and finds those whose level changes most.
func (r *run) compareTexts(ctx context.Context, n *next, set *dataset.Set) error {
	var changes changes
	compare := func(g group) (before, after standings, err error) {
		if before, err = standingsOf(ctx, r.present.model, g.texts, g.bareScores); err != nil {
			return before, after, err
		}
		if after, err = standingsOf(ctx, n.model, g.texts, g.bareScores); err != nil {
			return before, after, err
		}
		changes.add(g, before, after)
		return before, after, nil
	}
	for _, g := range r.groups(set) {
		before, after, err := compare(g)
		if err != nil {
			return err
		}
		r.compared.Texts = append(r.compared.Texts, report.TextsAtLevels{
			Name: g.name, Note: g.note, Malicious: g.malicious, Before: before.reaching(), After: after.reaching(),
		})
	}
	for _, malicious := range []bool{false, true} { // levels of these are in the figures
		name := map[bool]string{false: "benign rows", true: "malicious rows"}[malicious]
		if _, _, err := compare(group{name: name, texts: all(set.Parts[dataset.Report], malicious)}); err != nil {
			return err
		}
	}
	r.compared.Up, r.compared.Down = changes.largest()
	return nil
}

// all returns the texts of all rows of a label.
func all(rows []dataset.Row, malicious bool) (texts []string) {
	for _, row := range rows {
		if row.Malicious == malicious {
			texts = append(texts, row.Text)
		}
	}
	return texts
}
