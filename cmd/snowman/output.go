package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
)

// An output is a file to write, and the flag that names it.
type output struct{ flag, path string }

// checkOutputs finds out before long work whether the files could be written. None may be one of
// the inputs, another of the files, or standard output. An empty path stands for no file.
func checkOutputs(outputs []output, inputs []string) error {
	for i, o := range outputs {
		switch o.path {
		case "":
			continue
		case "-":
			return usageError{o.flag + " -: want a file; standard output has the figures"}
		}
		if err := checkOutput(o.flag, o.path, inputs...); err != nil {
			return err
		}
		for _, other := range outputs[:i] {
			if filepath.Clean(other.path) == filepath.Clean(o.path) || isSameFile(other.path, o.path) {
				return usageError{fmt.Sprintf("%s and %s both name %q", other.flag, o.flag, o.path)}
			}
		}
	}
	return nil
}

// writeFigures writes figures as JSON, or as the text that writeText makes of them.
func writeFigures[T any](w io.Writer, figures T, asJSON bool, writeText func(io.Writer, T) error) error {
	if asJSON {
		return writeJSON(w, figures)
	}
	return writeText(w, figures)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
