package retrain

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/models"
)

// A record says how the rows were divided that a model was trained on. Only who divides them in the
// same way measures the model on rows that it has not seen.
type record struct {
	Model string                   `json:"model"` // SHA-256 of its weights
	Seed  uint64                   `json:"seed"`
	Share map[dataset.Part]float64 `json:"share,omitempty"`
}

// maxRecord is the largest size of a record, in bytes.
const maxRecord = 1 << 20

// recordPath is where the record of a model stands.
func recordPath(model string) string { return model + ".retrained.json" }

// splitIsKnown reports whether the rows are divided as they were when the present model was
// trained.
func (r *run) splitIsKnown() bool {
	before, known := r.recordOfPresent()
	return known && before.Seed == r.plan.recipe.Seed && maps.Equal(before.Share, r.plan.recipe.Share)
}

func (r *run) recordOfPresent() (before record, known bool) {
	sum := r.present.model.Info().SHA256
	if content, err := inputfile.Read(recordPath(r.Model), maxRecord); err == nil && json.Unmarshal(content, &before) == nil && before.Model == sum {
		return before, true
	}
	if sum != snowman.Default().Info().SHA256 {
		return record{}, false
	}
	recipe, err := dataset.ParseRecipe(models.Recipe)
	return record{sum, recipe.Seed, recipe.Share}, err == nil
}

// writeRecord writes the record of a new model.
func (r *run) writeRecord(n *next) error {
	return atomicfile.Write(recordPath(r.Model), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(record{n.model.Info().SHA256, r.plan.recipe.Seed, r.plan.recipe.Share}); err != nil {
			return fmt.Errorf("writing the record: %w", err)
		}
		return nil
	})
}
