package main

import (
	"io"
	"os"
	"unicode"

	"golang.org/x/term"
)

// isTerminal reports whether a person may be looking at what is written to w.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printable is a text of somebody else's, such as a file name, as a terminal may be shown it.
func printable(text string) string {
	return escape(text, func(r rune) bool { return r == '\n' || unicode.IsPrint(r) })
}
