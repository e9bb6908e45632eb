package main

import (
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// allowedRows says of each row whether it is on the list, and counts those that are. Without a list there
// are no counts.
func allowedRows(list *allow.List, rows []dataset.Row) ([]bool, *eval.AllowedRows) {
	allowed := make([]bool, len(rows))
	if list == nil {
		return allowed, nil
	}
	matcher, counts := list.NewMatcher(), &eval.AllowedRows{}
	for i, row := range rows {
		_, allowed[i] = matcher.Match(row.Text)
		of := &counts.Benign
		if row.Malicious {
			of = &counts.Malicious
		}
		of.Total++
		if allowed[i] {
			of.Count++
		}
	}
	return allowed, counts
}
