// Package render writes records as lines, for people and for programs, and draws explanations.
//
//	format := render.Tabs.New(render.Options{})
//	line = format.AppendRecord(line[:0], record)
//
// Outputs is the table of all formats. Texts are other people's, and are written so that they do
// nothing to a terminal; docs/changing.md says how to add a format.
package render

import "github.com/snowman-ml/snowman/internal/verdict"

// A Format writes what is said of texts, a line for each. It is immutable and safe for any number
// of goroutines.
type Format interface {
	AppendHeader(out []byte) []byte                          // what stands before all lines
	AppendRecord(out []byte, r verdict.Record) []byte        // the line of a text that has a score
	AppendFailure(out []byte, text string, err error) []byte // the line of a text that has none
}

// Options say what the records hold that a Format writes.
type Options struct {
	Kinds    []string // the model's
	Families bool     // families are named
}

// An Output is a way to write records.
type Output struct {
	Flag          string // that asks for it; empty where the place that the lines go to does
	Usage         string // of the flag
	Probabilities bool   // it writes the probability of each kind
	New           func(Options) Format
}

// The outputs. No flag asks for the first two.
var (
	Columns   = Output{New: newColumns} // on a terminal
	Tabs      = Output{New: newTabs}    // elsewhere
	JSONLines = Output{Flag: "json", Usage: "print one JSON object a line, numbers unrounded", Probabilities: true, New: newJSONLines}
)

// Outputs are all ways to write records.
var Outputs = []Output{
	Columns,
	Tabs,
	JSONLines,
}
