package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/snowman-ml/snowman/allow"
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
		fmt.Fprintf(stderr, "snowman: %s\n", printable(problem.Error()))
	}
	return list, err
}
