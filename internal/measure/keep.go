package measure

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/report"
)

// kept is what a model file says was measured of the model, on the part report where nothing else
// is said.
type kept struct {
	report.Kept
	HighestVetted []scoredName `json:"highest_vetted"` // of the benign names set aside for the thresholds
}

type scoredName struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// Keep measures a model that was trained on the set, as somebody would who opened its file, on the
// part report. It keeps what it measured in the model's metadata, and a reference.
func Keep(ctx context.Context, trained *modelfile.Model, set *dataset.Set) (eval.Result, error) {
	var file bytes.Buffer
	if err := trained.Write(&file); err != nil {
		return eval.Result{}, err
	}
	model, err := snowman.Parse(file.Bytes())
	if err != nil {
		return eval.Result{}, err
	}
	e := OnPart(set, dataset.Report)
	e.Model = model
	e.Seen.Names = dataset.PopularDomains(trained.Metadata.Imitated) // a model that went on from another may have that one's
	page, err := e.Page(ctx)
	if err != nil {
		return eval.Result{}, err
	}
	if page.Result.Changes, err = Changes(ctx, model, set.Parts[dataset.Report]); err != nil {
		return eval.Result{}, err
	}
	trained.Metadata.Figures, err = json.Marshal(kept{
		Kept:          report.NewKept(page.Result, page.Curves),
		HighestVetted: highest(model, heldOutNames(set, e.Seen.Names), 20),
	})
	if err != nil {
		return eval.Result{}, fmt.Errorf("writing figures: %w", err)
	}
	if trained.Metadata.Reference, err = NewReference(ctx, model, set); err != nil {
		return eval.Result{}, err
	}
	return page.Result, nil
}

// heldOutNames returns the vetted names that were set aside for the thresholds, but not those that
// the model knows.
func heldOutNames(set *dataset.Set, known map[string]bool) []string {
	var names []string
	for _, vetted := range set.Vetted {
		if vetted.Part == dataset.Calibrate && !vetted.IsURL() && !known[vetted.Text] {
			names = append(names, vetted.Text)
		}
	}
	return names
}

// highest returns the names with the highest scores, at most count.
func highest(model *snowman.Model, names []string, count int) []scoredName {
	scorer := model.NewScorer()
	scored := make([]scoredName, 0, len(names))
	for _, name := range names {
		if score, err := scorer.Score(name); err == nil { // every name in a set has a canonical form
			scored = append(scored, scoredName{name, score})
		}
	}
	slices.SortFunc(scored, func(a, b scoredName) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Name, b.Name))
	})
	return scored[:min(count, len(scored))]
}
