package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// Charts draws the page's charts: the same ones in the same order each time. A chart for
// which there are no rows says so.
func Charts(page Page) []Chart {
	return []Chart{
		rocChart(page),
		precisionRecallChart(page),
		scoresChart(page),
		calibrationChart(page),
		familiesChart(page),
		monthsChart(page),
	}
}

const (
	chartWidth  = 480.0
	chartHeight = 344.0
)

// newDrawing leaves room for an axis on the left and one below.
func newDrawing() *drawing {
	return &drawing{frame: frame{left: 40, right: chartWidth - 14, top: 34, bottom: chartHeight - 44}}
}

func (d *drawing) chart(name, title, description string) Chart {
	return Chart{
		Name: name, Title: title, Description: description,
		width: chartWidth, height: d.bottom + 44, marks: d.String(),
	}
}

// nothing is a chart that says why there is no drawing.
func nothing(name, title, reason string) Chart {
	d := newDrawing()
	d.bottom = d.top + 40
	d.text("note middle", chartWidth/2, d.top+20, reason)
	return d.chart(name, title, reason)
}

func rocChart(page Page) Chart {
	const name, title = "roc", "ROC curve"
	overall := page.Curves.Overall
	if overall.Benign == 0 || overall.Malicious == 0 {
		return nothing(name, title, "This needs benign and malicious rows.")
	}
	d := newDrawing()
	const lowest = 1e-5
	x := func(rate float64) float64 { return d.x(1 - math.Log10(max(rate, lowest))/math.Log10(lowest)) }

	const few = 10 // false positives: with fewer, the interval is wider than the rate itself
	if rate := float64(few) / float64(overall.Benign); rate > lowest {
		d.rectangle("shade", d.left, d.top, x(min(rate, 1))-d.left, d.bottom-d.top, "")
		d.text("note start", d.left+6, d.top+15, "under 10")
		d.text("note start", d.left+6, d.top+28, "false positives")
	}
	d.axisX("false positive rate, logarithmic", x, []tick{
		{1e-5, "1e-5"}, {1e-4, "1e-4"}, {1e-3, "1e-3"}, {1e-2, "1e-2"}, {1e-1, "1e-1"}, {1, "1"},
	})
	d.axisY("true positive rate", d.y, rateTicks)
	d.curves(page.Curves, func(c eval.Curve, p eval.CurvePoint) (point, bool) {
		return point{
			x(rate(p.FalsePositives, c.Benign)),
			d.y(rate(p.TruePositives, c.Malicious)),
		}, true
	})

	words := "The share of malicious rows found against the share of benign rows called malicious. Area under the curve " + area(page.Result.Overall) + "."
	for _, p := range page.Result.Overall.OperatingPoints {
		said := fmt.Sprintf("at a false positive rate of at most %s: %s, %s", scientific(p.Limit), interval(p.TruePositives, 3), outOf(p.TruePositives))
		words += " True positive rate " + said + "."
		d.whisker(x(p.Limit), p.TruePositives)
		d.dot("", x(p.Limit), d.y(p.TruePositives.Rate()), said)
	}
	return d.chart(name, title, words)
}

func precisionRecallChart(page Page) Chart {
	const name, title = "precision-recall", "Precision and recall"
	overall := page.Curves.Overall
	if overall.Benign == 0 || overall.Malicious == 0 {
		return nothing(name, title, "This needs benign and malicious rows.")
	}
	d := newDrawing()
	d.axisX("recall, which is the true positive rate", d.x, rateTicks)
	d.axisY("precision", d.y, rateTicks)
	d.curves(page.Curves, func(c eval.Curve, p eval.CurvePoint) (point, bool) {
		called := p.TruePositives + p.FalsePositives
		return point{
			d.x(rate(p.TruePositives, c.Malicious)),
			d.y(rate(p.TruePositives, called)),
		}, called > 0
	})

	words := "The share of malicious rows among those called malicious, against the share of malicious rows found, where " +
		decimal(rate(overall.Malicious, overall.Malicious+overall.Benign), 3) + " of all rows are malicious."
	for _, p := range page.Result.Overall.OperatingPoints {
		precision := precisionAt(p)
		if precision.Total == 0 {
			continue
		}
		said := fmt.Sprintf("precision %s, %s, at a recall of %s", interval(precision, 3), outOf(precision), decimal(p.TruePositives.Rate(), 3))
		words += " At a false positive rate of at most " + scientific(p.Limit) + ": " + said + "."
		d.dot("", d.x(p.TruePositives.Rate()), d.y(precision.Rate()), said)
	}
	return d.chart(name, title, words)
}

// curves draws the curve of each kind, if there are several kinds, and above them the one of all
// rows.
func (d *drawing) curves(curves eval.Curves, place func(eval.Curve, eval.CurvePoint) (point, bool)) {
	var lines []labelled
	add := func(class, label string, c eval.Curve) {
		line := labelled{class: class, label: label}
		for _, p := range c.Points {
			if at, ok := place(c, p); ok {
				line.points = append(line.points, at)
			}
		}
		lines = append(lines, line)
		d.path(class, line.points)
	}
	if len(curves.ByKind) > 1 {
		for i, c := range curves.ByKind {
			add("dash"+strconv.Itoa(i), visible.Label(c.Name, 24), c)
		}
	}
	add("first", "all", curves.Overall)
	if len(lines) > 1 {
		d.labels(lines)
	}
}

func scoresChart(page Page) Chart {
	const (
		name, title = "scores", "How the scores are spread"
		panel, gap  = 56.0, 30.0
	)
	d := newDrawing()
	d.left, d.right = 4, chartWidth-4
	highest := 0.0
	rows := 0
	for _, h := range page.Curves.Scores {
		for _, bin := range h.Bins {
			highest = max(highest, bin.Rows.Rate())
			rows = max(rows, bin.Rows.Total)
		}
	}
	if rows == 0 {
		return nothing(name, title, "There are no rows.")
	}
	bins := page.Curves.Scores[0].Bins
	width := (d.right - d.left) / float64(len(bins))

	// Within a bin, places are in proportion to the log-odds, as the bins themselves are.
	place := func(score float64) float64 {
		for i, bin := range bins {
			if score < bin.High || i == len(bins)-1 {
				low, high := logOdds(bin.Low), logOdds(bin.High)
				within := min(max((logOdds(score)-low)/(high-low), 0), 1)
				return d.left + (float64(i)+within)*width
			}
		}
		return d.right
	}

	d.bottom = d.top - gap
	words := "The share of rows with a score in each bin."
	for _, h := range page.Curves.Scores {
		total := h.Bins[0].Rows.Total
		if total == 0 {
			continue
		}
		d.bottom += gap + panel
		class, of := "bar", visible.Label(h.Name, 24)
		switch {
		case !h.Malicious:
			class, of = "bar benign", "all benign"
		case h.Name == "":
			of = "all malicious"
		}
		fullest := h.Bins[0]
		for i, bin := range h.Bins {
			if bin.Rows.Rate() > fullest.Rows.Rate() {
				fullest = bin
			}
			if bin.Rows.Count == 0 {
				continue
			}
			height := panel * bin.Rows.Rate() / highest
			d.rectangle(class, d.left+float64(i)*width+.5, d.bottom-height, width-1, height,
				fmt.Sprintf("%s: %s, %s", between(bin.Low, bin.High), interval(bin.Rows, 4), outOf(bin.Rows)))
		}
		d.line("grid", d.left, d.bottom, d.right, d.bottom)
		for _, level := range page.Result.Levels {
			x := place(level.Threshold)
			d.line("reference", x, d.bottom-panel, x, d.bottom)
		}
		said := fmt.Sprintf("%s rows; at most %s in a bin, %s", Thousands(total), decimal(fullest.Rows.Rate(), 3), between(fullest.Low, fullest.High))
		d.text("head start", d.left, d.bottom-panel-8, of)
		d.text("note end", d.right, d.bottom-panel-8, said)
		words += " " + of + ": " + said + "."
	}

	for _, s := range []tick{
		{.0001, ".0001"}, {.001, ".001"}, {.01, ".01"}, {.1, ".1"}, {.5, ".5"}, {.9, ".9"}, {.99, ".99"}, {.999, ".999"}, {.9999, ".9999"},
	} {
		d.line("grid", place(s.value), d.bottom, place(s.value), d.bottom+4)
		d.text("tick middle", place(s.value), d.bottom+17, s.label)
	}
	axis := "score; both ends stretched"
	if len(page.Result.Levels) > 0 {
		axis += "; dotted: the model's levels"
	}
	d.text("name middle", (d.left+d.right)/2, d.bottom+34, axis)
	return d.chart(name, title, words)
}

// logOdds keeps 0 and 1 finite, half a decade beyond the outermost edges of the bins.
func logOdds(score float64) float64 {
	score = min(max(score, 3e-6), 1-3e-6)
	return math.Log(score / (1 - score))
}

func calibrationChart(page Page) Chart {
	const name, title = "calibration", "Reliability of the scores"
	d := newDrawing()
	d.axisX("mean score", d.x, rateTicks)
	d.axisY("share of malicious rows", d.y, rateTicks)
	d.line("reference", d.x(0), d.y(0), d.x(1), d.y(1))
	words := "The share of malicious rows against the mean score, of rows with about the same score. Expected calibration error " +
		decimal(page.Result.CalibrationError, 4) + "."
	var line []point
	for _, bin := range page.Result.CalibrationBins {
		if bin.Truth.Total > 0 {
			line = append(line, point{d.x(bin.MeanProbability), d.y(bin.Truth.Rate())})
		}
	}
	if len(line) == 0 {
		return nothing(name, title, "There are no rows.")
	}
	d.path("thin", line)
	for _, bin := range page.Result.CalibrationBins {
		if bin.Truth.Total == 0 {
			continue
		}
		x := d.x(bin.MeanProbability)
		said := fmt.Sprintf("mean score %s: %s malicious, %s", decimal(bin.MeanProbability, 3), interval(bin.Truth, 3), outOf(bin.Truth))
		words += " " + said + "."
		d.whisker(x, bin.Truth)
		d.dot(dotClass(bin.Truth), x, d.y(bin.Truth.Rate()), said)
	}
	return d.chart(name, title, words)
}

// chartFamilies is how many families a chart holds.
const chartFamilies = 40

func familiesChart(page Page) Chart {
	const name, title = "families", "True positive rate by family, worst first"
	families := worstFirst(page.Result.ByFamily)
	families = families[:min(len(families), chartFamilies)]
	if len(families) == 0 {
		return nothing(name, title, "No malicious row has a family.")
	}
	if len(families[0].OperatingPoints) == 0 {
		return nothing(name, title, "No threshold: there are no benign rows.")
	}
	const rowHeight = 17.0
	d := newDrawing()
	d.left, d.right = 150, chartWidth-118
	d.top = 14
	d.bottom = d.top + rowHeight*float64(len(families)) + 4
	limit := scientific(families[0].OperatingPoints[0].Limit)
	d.axisX("true positive rate at a false positive rate of at most "+limit, d.x, rateTicks)
	words := fmt.Sprintf("At a false positive rate of at most %s.", limit)
	for i, f := range families {
		y := d.top + rowHeight*(float64(i)+.5) + 2
		found := f.OperatingPoints[0].TruePositives
		said := fmt.Sprintf("%s: %s, %s", visible.Label(f.Name, 60), interval(found, 3), outOf(found))
		words += " " + said + "."
		low, high := found.Wilson()
		d.text("end", d.left-10, y+4, visible.Label(f.Name, 17))
		d.line("whisker", d.x(low), y, d.x(high), y)
		d.dot(dotClass(found), d.x(found.Rate()), y, said)
		d.text("note end", chartWidth-4, y+4, outOf(found))
	}
	return d.chart(name, title, words)
}

func monthsChart(page Page) Chart {
	const name, title = "months", "True positive rate by month of first sight"
	type month struct {
		time  float64 // in months
		group eval.Group
	}
	var months []month
	for _, g := range page.Result.ByMonth {
		if t, err := time.Parse("2006-01", g.Name); err == nil && g.Malicious > 0 {
			months = append(months, month{float64(t.Year()*12 + int(t.Month()) - 1), g})
		}
	}
	points := page.Result.Overall.OperatingPoints
	if len(months) == 0 {
		return nothing(name, title, "No malicious row has a month.")
	}
	if len(points) == 0 {
		return nothing(name, title, "No threshold: there are no benign rows.")
	}
	d := newDrawing()
	first, last := months[0].time-.5, months[len(months)-1].time+.5
	x := func(t float64) float64 { return d.x((t - first) / (last - first)) }
	d.axisX("month", x, monthTicks(months[0].time, months[len(months)-1].time))
	d.axisY("true positive rate", d.y, rateTicks)

	words := fmt.Sprintf("At a false positive rate of at most %s.", scientific(points[0].Limit))
	for _, m := range months {
		found := m.group.OperatingPoints[0].TruePositives
		said := fmt.Sprintf("%s: %s, %s", m.group.Name, interval(found, 3), outOf(found))
		words += " " + said + "."
		d.whisker(x(m.time), found)
		d.dot(dotClass(found)+" small", x(m.time), d.y(found.Rate()), said)
	}

	// Over a long time, a line through single months could not be followed.
	together := 1.0
	if last-first > 36 {
		together = 12
	}
	var lines []labelled
	for i, p := range points {
		line := labelled{class: "dash" + strconv.Itoa(i), label: "FPR " + scientific(p.Limit)}
		if i == 0 {
			line.class = "first"
		}
		for start := 0; start < len(months); {
			var found eval.Proportion
			end, time := start, 0.0
			for ; end < len(months) && math.Floor(months[end].time/together) == math.Floor(months[start].time/together); end++ {
				some := months[end].group.OperatingPoints[i].TruePositives
				found.Count += some.Count
				found.Total += some.Total
				time += months[end].time * float64(some.Total)
			}
			line.points = append(line.points, point{x(time / float64(found.Total)), d.y(found.Rate())})
			start = end
		}
		d.path(line.class, line.points)
		lines = append(lines, line)
	}
	d.labels(lines)
	return d.chart(name, title, words)
}

// monthTicks returns at most about six months between first and last, at equal distances.
func monthTicks(first, last float64) []tick {
	const about = 6
	step := 1.0
	for _, step = range []float64{1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 12000} {
		if (last-first)/step <= about {
			break
		}
	}
	var ticks []tick
	for t := math.Ceil(first/step) * step; t <= last; t += step {
		year, month := int(t)/12, int(t)%12+1
		text := strconv.Itoa(year)
		if step < 12 {
			text = fmt.Sprintf("%04d-%02d", year, month)
		}
		ticks = append(ticks, tick{t, text})
	}
	return ticks
}

// whisker draws the Wilson interval of a proportion, upright.
func (d *drawing) whisker(x float64, p eval.Proportion) {
	low, high := p.Wilson()
	d.line("whisker", x, d.y(low), x, d.y(high))
}

// dotClass makes a dot hollow that rests on few rows.
func dotClass(p eval.Proportion) string {
	if p.Total < smallFamily {
		return "few"
	}
	return ""
}

// precisionAt returns the malicious among the rows called malicious.
func precisionAt(p eval.OperatingPoint) eval.Proportion {
	return eval.Proportion{Count: p.TruePositives.Count, Total: p.TruePositives.Count + p.FalsePositives.Count}
}

func rate(count, total int) float64 { return eval.Proportion{Count: count, Total: total}.Rate() }

// between writes the range of a bin.
func between(low, high float64) string {
	return "score " + decimal(low, -1) + " to " + decimal(high, -1)
}
