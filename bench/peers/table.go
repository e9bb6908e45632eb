package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// table is a Markdown table that is printed row by row.
type table struct {
	w       io.Writer
	columns int
}

func newTable(w io.Writer, header ...string) table {
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

// thousands prints a count with commas, to three figures from a thousand on, which is all that
// a measurement of speed is good for.
func thousands(count float64) string {
	if !(count < 1e15) {
		return "-"
	}
	if count >= 1000 {
		unit := math.Pow(10, math.Floor(math.Log10(count))-2)
		count = math.Round(count/unit) * unit
	}
	digits := fmt.Sprintf("%.0f", count)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func ratio(x float64) string {
	switch {
	case math.IsNaN(x): // what it is divided by is not available
		return "-"
	case x >= 10:
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
