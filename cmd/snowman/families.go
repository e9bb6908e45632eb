package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// namedFamilies is how many likely families are shown where there is room.
const namedFamilies = 3

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
