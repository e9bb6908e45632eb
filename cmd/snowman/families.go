package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// namedFamilies is how many likely families are shown where there is room.
const namedFamilies = 3

var errNoFamilies = errors.New("-families: the model names no families; snowman model show says which a model names")

// likeliestFamilies returns the likeliest families of a text that was called dga, and of no other.
func (w *worker) likeliestFamilies(text string, verdict snowman.Verdict) ([]snowman.Family, error) {
	if w.namer == nil || verdict.Kind != dataset.DGA {
		return nil, nil
	}
	return w.namer.Families(text, namedFamilies)
}

// familyFields appends two fields, the likeliest family and its probability, empty where there is none.
func (j scoring) familyFields(out []byte, families []snowman.Family) []byte {
	name, probability := "", ""
	if len(families) > 0 {
		name, probability = families[0].Name, strconv.FormatFloat(families[0].Probability, 'f', 2, 64)
	}
	if j.onTerminal {
		return fmt.Appendf(out, "%-16s %-4s ", name, probability)
	}
	return append(append(append(append(out, name...), '\t'), probability...), '\t')
}

// measureFamilies holds the families that the model names against those of the generated rows that are of
// one that it can name, nil where there are none.
func measureFamilies(ctx context.Context, model *snowman.Model, rows []dataset.Row) (*eval.FamilyResult, error) {
	known := model.FamilyNames()
	scorer := model.NewScorer()
	var meter eval.FamilyMeter
	measured := false
	for _, row := range rows {
		if row.Kind != dataset.DGA || !slices.Contains(known, row.Family) {
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		families, err := scorer.Families(row.Text, namedFamilies)
		if err != nil {
			return nil, fmt.Errorf("naming the family of %q: %w", row.Text, err)
		}
		names := make([]string, len(families))
		for i, family := range families {
			names[i] = family.Name
		}
		meter.Add(row.Family, names)
		measured = true
	}
	if !measured {
		return nil, nil
	}
	return new(meter.Result()), nil
}
