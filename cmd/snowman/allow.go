package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// allowFlag adds the flag -allow, which may stand several times, and returns the files that it names.
func allowFlag(flags *flag.FlagSet) *[]string {
	var paths []string
	flags.Func("allow", "texts on the allow list in this `file` reach no level; several may be given", func(path string) error {
		paths = append(paths, path)
		return nil
	})
	return &paths
}

// openAllowed reads allow lists and says what is wrong with single entries. It returns nil where no file
// is named.
func openAllowed(paths []string, stderr io.Writer) (*allow.List, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	list, problems, err := allow.Open(paths...)
	for _, problem := range problems {
		fmt.Fprintf(stderr, "snowman: %s\n", visible.Lines(problem.Error()))
	}
	return list, err
}

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
