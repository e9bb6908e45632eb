package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A LineChart shows values over whole numbers, such as months, in panels one below the other that
// have the same axes.
type LineChart struct {
	Name        string // of the Chart
	Title       string
	Description string // its first words; the values follow
	X, Y        string // what the axes show
	Panels      []Panel
}

// A Panel has some lines. The first stands out. Those of all panels are the same in the same order,
// as far as a panel has them.
type Panel struct {
	Title string
	Lines []Line
}

// A Line goes through points from left to right.
type Line struct {
	Label  string
	Points []LinePoint
}

// A LinePoint is a value and its interval, which is drawn where Low is below High.
type LinePoint struct {
	X            int
	Y, Low, High float64
}

// Chart draws the chart.
func (c LineChart) Chart() Chart {
	var points []LinePoint
	for _, panel := range c.Panels {
		for _, line := range panel.Lines {
			points = append(points, line.Points...)
		}
	}
	if len(points) == 0 {
		return nothing(c.Name, c.Title, "There are no values.")
	}
	first, last := points[0].X, points[0].X
	low, high := points[0].Y, points[0].Y
	for _, p := range points {
		first, last = min(first, p.X), max(last, p.X)
		low, high = min(low, p.Y), max(high, p.Y)
		if p.Low < p.High {
			low, high = min(low, p.Low), max(high, p.High)
		}
	}
	step := tickStep(high - low)
	low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	if low == high {
		high += step
	}

	const panelHeight, gap = 150.0, 44.0
	d := newDrawing()
	d.bottom = d.key(c.Panels) + 44 - gap
	words := c.Description
	for i, panel := range c.Panels {
		d.top = d.bottom + gap
		d.bottom = d.top + panelHeight
		x := func(at float64) float64 { return d.x((at - float64(first) + .3) / (float64(last-first) + .6)) }
		y := func(value float64) float64 { return d.y((value - low) / (high - low)) }
		d.text("head start", d.left, d.top-8, panel.Title)
		for value := low; value <= high+step/2; value += step {
			d.line("grid", d.left, y(value), d.right, y(value))
			d.text("tick end", d.left-8, y(value)+4, shortNumber(value, step))
		}
		for at := first; at <= last; at++ {
			d.line("grid", x(float64(at)), d.bottom, x(float64(at)), d.bottom+4)
			d.text("tick middle", x(float64(at)), d.bottom+16, strconv.Itoa(at))
		}
		if i == 0 {
			d.text("name start", 2, d.top-26, c.Y)
		}
		words += " " + panel.Title + ":" + d.lines(panel, x, y) + "."
	}
	d.text("name middle", (d.left+d.right)/2, d.bottom+34, c.X)
	return d.chart(c.Name, c.Title, strings.TrimSpace(words))
}

// key draws what the lines of all panels are, two in a row, and returns where it ends.
func (d *drawing) key(panels []Panel) (bottom float64) {
	const rowHeight, sample = 17.0, 26.0
	var labels []string // lines of the same place look the same
	for _, panel := range panels {
		for i, line := range panel.Lines {
			if i == len(labels) {
				labels = append(labels, line.Label)
			}
		}
	}
	for i, label := range labels {
		x, y := 2+float64(i%2)*(chartWidth/2-20), 10+rowHeight*float64(i/2)
		d.path(lineClass(i), []point{{x, y}, {x + sample, y}})
		d.text("start", x+sample+6, y+4, label)
	}
	return 10 + rowHeight*float64((len(labels)+1)/2)
}

// lineClass is that of the i-th line of a panel.
func lineClass(i int) string {
	if i == 0 {
		return "first"
	}
	return "dash" + strconv.Itoa(i)
}

// lines draws the lines of a panel, the first above the others, and returns their values in words.
func (d *drawing) lines(panel Panel, x, y func(float64) float64) (words string) {
	var lines [][]point
	for _, line := range panel.Lines {
		var places []point
		var values []string
		for _, p := range line.Points {
			places = append(places, point{x(float64(p.X)), y(p.Y)})
			values = append(values, fmt.Sprintf("%s at %d", decimal(p.Y, 1), p.X))
		}
		lines = append(lines, places)
		words += " " + line.Label + " " + strings.Join(values, ", ") + ";"
	}
	for i, places := range slices.Backward(lines) {
		d.path(lineClass(i), places)
	}
	for _, line := range panel.Lines {
		for _, p := range line.Points {
			if p.Low < p.High {
				d.line("whisker", x(float64(p.X)), y(p.Low), x(float64(p.X)), y(p.High))
				d.dot("small", x(float64(p.X)), y(p.Y), fmt.Sprintf("%s: %s (%s to %s)", line.Label, decimal(p.Y, 1), decimal(p.Low, 1), decimal(p.High, 1)))
			}
		}
	}
	return strings.TrimSuffix(words, ";")
}

// tickStep returns a round distance between ticks, of which a range has at most about six.
func tickStep(length float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(max(length, 1e-6)/6)))
	for _, factor := range []float64{1, 2, 5} {
		if length/(factor*step) <= 6 {
			return factor * step
		}
	}
	return 10 * step
}

// shortNumber writes a tick with the digits that its distance to the next one needs.
func shortNumber(value, step float64) string {
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	return decimal(math.Round(value/step)*step+0, digits) // +0: no minus before 0
}
