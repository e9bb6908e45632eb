package measure

import (
	"context"
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
)

// OnPart returns an evaluation on a part of the set that the model was trained on.
func OnPart(set *dataset.Set, part dataset.Part) Evaluation {
	return Evaluation{Rows: set.Parts[part], Seen: set.Seen(), Groups: set.Groups}
}

// OnFiles returns an evaluation on the rows of files, and an account of them. The set is what the
// model was trained on, or nil: rows that share a registered domain with a row to train on are left
// out.
func OnFiles(ctx context.Context, files []string, set *dataset.Set) (e Evaluation, account string, err error) {
	if set != nil {
		e.Seen = set.Seen()
	}
	rows, leftOut, refused, err := dataset.ReadUnseen(ctx, files, e.Seen)
	if err != nil {
		return e, "", err
	}
	e.Rows = rows
	account = fmt.Sprintf("%d rows, %d refused", len(rows), refused)
	if set != nil {
		account = fmt.Sprintf("%d rows; %d left out because training has seen their registered domain, %d refused", len(rows), leftOut, refused)
	}
	return e, account, nil
}

// Only returns the evaluation on the URLs alone, or on the names alone.
func (e Evaluation) Only(urls bool) Evaluation {
	e.Rows = slices.DeleteFunc(slices.Clone(e.Rows), func(row dataset.Row) bool { return row.IsURL() != urls })
	return e
}
