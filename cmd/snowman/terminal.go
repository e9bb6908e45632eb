package main

import (
	"io"
	"os"
	"unicode"
)

// isTerminal reports whether a person may be looking at what is written to w.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// printable is a text of somebody else's, such as a file name, as a terminal may be shown it.
func printable(text string) string {
	return escape(text, func(r rune) bool { return r == '\n' || unicode.IsPrint(r) })
}
