package retrain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// ErrBeside says that the model was replaced, and what the next run needs beside it was not.
var ErrBeside = errors.New("the model is replaced, but not all that belongs beside it is written")

// replace puts the new model in the place of the present one, and beside it what the next run
// needs. The model comes first: killed before the rest, the next run knows less, and nothing wrong.
func (r *run) replace(n *next, set *dataset.Set) error {
	if err := atomicfile.Write(r.Model, n.file.Write); err != nil {
		return err
	}
	if err := r.replaceBeside(n, set); err != nil {
		return fmt.Errorf("%w: %w", ErrBeside, err)
	}
	return nil
}

func (r *run) replaceBeside(n *next, set *dataset.Set) error {
	if err := writeAccepted(r.Model, keepAccepted(r.setAside(set), r.accepted)); err != nil {
		return err
	}
	if err := r.writeRecord(n); err != nil {
		return err
	}
	err := atomicfile.Write(r.Model+".json", func(w io.Writer) error { // as train does
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(set.Account)
	})
	if err != nil {
		return err
	}
	return r.trainingOptions().RemoveCheckpoints()
}

// setAside returns the rows of feeds that were measured on.
func (r *run) setAside(set *dataset.Set) (rows []dataset.Row) {
	for _, row := range set.Parts[dataset.Report] {
		if !r.plan.mine[row.Source] {
			rows = append(rows, row)
		}
	}
	return rows
}
