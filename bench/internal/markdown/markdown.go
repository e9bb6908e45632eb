// Package markdown prints what the programs below bench measure: tables in Markdown, and medians.
package markdown

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// A Table is printed row by row. Errors of the writer are not noticed: it is standard output or
// memory.
type Table struct {
	w       io.Writer
	columns int
}

// NewTable prints a heading, unless the title is empty, and the table's header.
func NewTable(w io.Writer, title string, header ...string) Table {
	if title != "" {
		fmt.Fprintf(w, "### %s\n\n", title)
	}
	t := Table{w, len(header)}
	t.Row(header...)
	fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(header)))
	return t
}

// Row prints a row, whose last cells may be left out. White space in a cell becomes one space, and
// | is written as /.
func (t Table) Row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.Join(strings.Fields(strings.ReplaceAll(cell, "|", "/")), " ")
	}
	cells = append(cells, make([]string, t.columns-len(cells))...)
	fmt.Fprintf(t.w, "| %s |\n", strings.Join(cells, " | "))
}

// End prints the empty line after a table.
func (t Table) End() { fmt.Fprintln(t.w) }

// Median returns the middle of values, NaN if there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
