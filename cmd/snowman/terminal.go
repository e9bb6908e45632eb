package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether a person may be looking at what is written to w.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
