package report

import (
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Chart is a drawing in SVG.
type Chart struct {
	Name        string // of a file, without its ending
	Title       string
	Description string // the same in words, for people who do not see it

	width, height float64
	marks         string // what is drawn, as SVG
}

// chartStyle names its colours as CSS variables, which the page sets for light and dark.
//
//go:embed chart.css
var chartStyle string

// ChartStyle is the style sheet of charts in a page, which sets the colours --paper, --ink,
// --muted, --line, --shade and --accent.
func ChartStyle() string { return chartStyle }

// lightColours replace the variables in a file of its own: not every program that shows SVG knows
// variables, and there the paper is part of the drawing.
var lightColours = strings.NewReplacer(
	"var(--paper)", "#ffffff",
	"var(--ink)", "#1d2429",
	"var(--muted)", "#5d6870",
	"var(--line)", "#dde2e6",
	"var(--shade)", "#f1f4f6",
	"var(--accent)", "#0b6e8f",
)

// darkColours are those of a page in the dark.
var darkColours = strings.NewReplacer(
	"var(--paper)", "#14181b",
	"var(--ink)", "#e3e7ea",
	"var(--muted)", "#98a3ab",
	"var(--line)", "#2d353b",
	"var(--shade)", "#1d2327",
	"var(--accent)", "#5cbfe0",
)

// SVG returns the chart as a file of its own, on white.
func (c Chart) SVG() []byte { return c.svg(lightColours) }

// DarkSVG returns the chart as a file of its own, on nearly black.
func (c Chart) DarkSVG() []byte { return c.svg(darkColours) }

func (c Chart) svg(colours *strings.Replacer) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" %s<style>%s</style>
<rect class="paper" width="100%%" height="100%%"/>
%s</svg>
`, number(c.width), number(c.height), c.head(), colours.Replace(chartStyle), c.marks)
}

// Inline returns the chart for a page, which must have the style of ChartStyle. What others
// wrote is escaped.
func (c Chart) Inline() template.HTML {
	return template.HTML("<svg " + c.head() + c.marks + "</svg>")
}

// head returns the rest of the svg tag, the title and the description.
func (c Chart) head() string {
	return fmt.Sprintf(`class="chart" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-title %[3]s-words">
<title id="%[3]s-title">%[4]s</title>
<desc id="%[3]s-words">%[5]s</desc>
`, number(c.width), number(c.height), c.Name, html.EscapeString(c.Title), html.EscapeString(c.Description))
}

// A drawing collects the marks of a chart. Places are in pixels from the top left.
type drawing struct {
	strings.Builder
	frame
}

// A frame is the part of a chart that its axes enclose.
type frame struct{ left, right, top, bottom float64 }

type point struct{ x, y float64 }

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(d, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`+"\n", class, number(x1), number(y1), number(x2), number(y2))
}

func (d *drawing) rectangle(class string, x, y, width, height float64, tip string) {
	fmt.Fprintf(d, `<rect class="%s" x="%s" y="%s" width="%s" height="%s">%s</rect>`+"\n",
		class, number(x), number(y), number(width), number(height), title(tip))
}

func (d *drawing) dot(class string, x, y float64, tip string) {
	fmt.Fprintf(d, `<circle class="%s" cx="%s" cy="%s" r="3.5">%s</circle>`+"\n", class, number(x), number(y), title(tip))
}

// title returns the text that is shown where the pointer rests on a mark.
func title(tip string) string {
	if tip == "" {
		return ""
	}
	return "<title>" + html.EscapeString(tip) + "</title>"
}

// path draws straight lines from point to point.
func (d *drawing) path(class string, points []point) {
	if len(points) == 0 {
		return
	}
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(number(p.x) + "," + number(p.y))
	}
	fmt.Fprintf(d, `<polyline class="%s" points="%s"/>`+"\n", class, b.String())
}

// text writes text, y being its baseline. Its class says what x is of it: start, middle or end.
func (d *drawing) text(class string, x, y float64, text string) {
	fmt.Fprintf(d, `<text class="%s" x="%s" y="%s">%s</text>`+"\n", class, number(x), number(y), html.EscapeString(text))
}

// A tick is a value on an axis and its label.
type tick struct {
	value float64
	label string
}

// axisX draws lines up from the ticks, and their labels and the axis's name below the frame.
func (d *drawing) axisX(name string, place func(float64) float64, ticks []tick) {
	for _, t := range ticks {
		d.line("grid", place(t.value), d.top, place(t.value), d.bottom)
		d.text("tick middle", place(t.value), d.bottom+16, t.label)
	}
	d.text("name middle", (d.left+d.right)/2, d.bottom+34, name)
}

// axisY draws lines across from the ticks, their labels on the left and the axis's name above.
func (d *drawing) axisY(name string, place func(float64) float64, ticks []tick) {
	for _, t := range ticks {
		d.line("grid", d.left, place(t.value), d.right, place(t.value))
		d.text("tick end", d.left-8, place(t.value)+4, t.label)
	}
	d.text("name start", 2, d.top-12, name)
}

// rateTicks are those of an axis from 0 to 1.
var rateTicks = []tick{{0, "0"}, {.2, ".2"}, {.4, ".4"}, {.6, ".6"}, {.8, ".8"}, {1, "1"}}

// x and y place a rate, 0 to 1, within the frame.
func (f frame) x(rate float64) float64 { return f.left + rate*(f.right-f.left) }
func (f frame) y(rate float64) float64 { return f.bottom - rate*(f.bottom-f.top) }

// A labelled line goes through points from left to right.
type labelled struct {
	class, label string
	points       []point
}

// labels writes each line's label on the line itself, where it is furthest from the other lines and
// from the labels before it.
func (d *drawing) labels(lines []labelled) {
	const steps, halfHeight, clear = 60, 8.0, 40.0
	type box struct{ x, y, halfWidth float64 }
	var placed []box
	for i, l := range lines {
		best, most := box{halfWidth: 3.6*float64(utf8.RuneCountInString(l.label)) + 4}, -1.0
		for step := range steps {
			x := d.x(float64(step) / steps)
			if x-best.halfWidth < d.left || x+best.halfWidth > d.right {
				continue
			}
			y := min(max(heightAt(l.points, x), d.top+halfHeight), d.bottom-halfHeight)
			space := clear // more would be no better
			for j, other := range lines {
				for part := -1.0; part <= 1 && j != i; part += .5 {
					space = min(space, math.Abs(heightAt(other.points, x+part*best.halfWidth)-y))
				}
			}
			for _, other := range placed {
				if math.Abs(other.x-x) < other.halfWidth+best.halfWidth {
					space = min(space, math.Abs(other.y-y)-2*halfHeight)
				}
			}
			if space > most {
				best.x, best.y, most = x, y, space
			}
		}
		if most < 0 {
			continue // there is no room
		}
		placed = append(placed, best)
		d.text("label middle "+l.class, best.x, best.y+4, l.label)
	}
}

// heightAt returns the y of a line at x, or of its nearer end where it does not reach x.
func heightAt(points []point, x float64) float64 {
	if len(points) == 0 {
		return 0
	}
	i, _ := slices.BinarySearchFunc(points, x, func(p point, x float64) int {
		if p.x < x {
			return -1
		}
		return 1
	})
	switch {
	case i == 0:
		return points[0].y
	case i == len(points):
		return points[i-1].y
	}
	before, after := points[i-1], points[i]
	return before.y + (after.y-before.y)*(x-before.x)/(after.x-before.x)
}

// number writes a place to a tenth of a pixel, which is less than can be seen.
func number(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}
