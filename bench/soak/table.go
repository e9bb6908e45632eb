package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// table is a Markdown table that is printed row by row.
type table struct {
	w       io.Writer
	columns int
}

func newTable(w io.Writer, title string, header ...string) table {
	fmt.Fprintf(w, "### %s\n\n", title)
	t := table{w, len(header)}
	t.row(header...)
	fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(header)))
	return t
}

// row prints a row, whose last cells may be left out.
func (t table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.Join(strings.Fields(strings.ReplaceAll(cell, "|", "/")), " ")
	}
	cells = append(cells, make([]string, t.columns-len(cells))...)
	fmt.Fprintf(t.w, "| %s |\n", strings.Join(cells, " | "))
}

func (t table) end() { fmt.Fprintln(t.w) }

// median returns the middle of values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// spread prints the smallest and the largest of values.
func spread(format string, values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return fmt.Sprintf(format+" to "+format, slices.Min(values), slices.Max(values))
}
