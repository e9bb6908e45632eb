package eval

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
)

// Curves are what charts are drawn from, beside a [Result].
type Curves struct {
	Overall Curve   `json:"overall"`
	ByKind  []Curve `json:"by_kind"` // the malicious rows of a kind against all benign rows, sorted by name

	// Scores are the histograms of all benign rows, of all malicious rows and, where there are
	// several kinds, of each kind's malicious rows.
	Scores []Histogram `json:"scores"`

	// OtherKinds is how many kinds, those with the fewest rows, are left out of ByKind and Scores.
	OtherKinds int `json:"other_kinds"`
}

// maxKinds is how many kinds have curves at most. More could not be told apart, and in somebody's
// file each row may have a kind of its own.
const maxKinds = 8

// A Curve is a ROC curve, thinned as [ROC.Curve] does.
type Curve struct {
	Name      string       `json:"name"` // empty for all rows
	Benign    int          `json:"benign"`
	Malicious int          `json:"malicious"`
	Points    []CurvePoint `json:"points"`
}

// A CurvePoint is a threshold and the number of benign and malicious texts at or above it.
type CurvePoint struct {
	Threshold      float64 `json:"threshold"`
	FalsePositives int     `json:"false_positives"`
	TruePositives  int     `json:"true_positives"`
}

// A Histogram counts a set of rows by score, in bins that are the same for every histogram.
type Histogram struct {
	Name      string     `json:"name"` // of a kind, empty for all rows
	Malicious bool       `json:"malicious"`
	Bins      []ScoreBin `json:"bins"`
}

// A ScoreBin is the rows with a score at or above Low and below High. The last bin includes 1.
type ScoreBin struct {
	Low  float64    `json:"low"`
	High float64    `json:"high"`
	Rows Proportion `json:"rows"` // of all rows of the histogram
}

// scoreEdges stand between the bins of a Histogram. They are evenly spaced in log-odds, more or
// less: what decides about a threshold happens near 0 and near 1.
var scoreEdges = [...]float64{
	0, .00001, .00002, .00005, .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .35,
	.5, .65, .8, .9, .95, .98, .99, .995, .998, .999, .9995, .9998, .9999, .99995, .99998, .99999, 1,
}

// Curves measures the examples added so far.
func (m *Meter) Curves() Curves {
	var benign, malicious [][]float64
	byKind := make(map[string][][]float64)
	rows := make(map[string]int)
	for label, scores := range m.scores {
		if !label.Malicious {
			benign = append(benign, scores)
			continue
		}
		malicious = append(malicious, scores)
		if label.Kind != "" {
			byKind[label.Kind] = append(byKind[label.Kind], scores)
			rows[label.Kind] += len(scores)
		}
	}
	kinds := slices.SortedFunc(maps.Keys(byKind), func(a, b string) int {
		return cmp.Or(cmp.Compare(rows[b], rows[a]), cmp.Compare(a, b))
	})
	shown := kinds[:min(len(kinds), maxKinds)]
	slices.Sort(shown)

	all := ROC{benign: sorted(benign...), malicious: sorted(malicious...)}
	var thresholds []float64
	for _, limit := range limits {
		if point, ok := all.AtFalsePositiveRate(limit); ok {
			thresholds = append(thresholds, point.Threshold)
		}
	}
	for _, level := range m.Levels {
		thresholds = append(thresholds, level.Threshold)
	}
	curve := func(name string, r ROC) Curve {
		return Curve{name, len(r.benign), len(r.malicious), r.Curve(thresholds...)}
	}

	curves := Curves{
		Overall:    curve("", all),
		Scores:     []Histogram{histogram("", false, all.benign), histogram("", true, all.malicious)},
		OtherKinds: len(kinds) - len(shown),
	}
	for _, kind := range shown {
		of := ROC{benign: all.benign, malicious: sorted(byKind[kind]...)}
		curves.ByKind = append(curves.ByKind, curve(kind, of))
		if len(kinds) > 1 {
			curves.Scores = append(curves.Scores, histogram(kind, true, of.malicious))
		}
	}
	return curves
}

// Curve returns the curve from the threshold that no text reaches to the one that all texts reach,
// thinned to a few hundred points, however many texts there are. Every point is exact. So are the
// counts at each of the thresholds given, which are those of the last point at or above it.
// Straight lines between the points deviate from the whole curve by at most 1 % of the malicious
// texts and a 24th of a decade of the benign ones. There are no points if there are no scores.
func (r ROC) Curve(thresholds ...float64) []CurvePoint {
	descending := slices.Sorted(slices.Values(thresholds))
	slices.Reverse(descending)

	// A point is left out if it lies in the same cell of a grid as the points on both its sides:
	// docs/decisions/evaluation.md.
	type cell struct{ falsePositives, truePositives, thresholds int }
	cellOf := func(p CurvePoint) cell {
		var c cell
		if p.FalsePositives > 0 {
			c.falsePositives = 1 + int(24*math.Log10(float64(p.FalsePositives)))
		}
		if p.TruePositives > 0 {
			c.truePositives = 1 + (100*p.TruePositives-1)/len(r.malicious)
		}
		c.thresholds = sort.Search(len(descending), func(i int) bool { return descending[i] <= p.Threshold })
		return c
	}

	b, m := len(r.benign), len(r.malicious) // scores of each side that are below the point
	highest := func() float64 {
		score := math.NaN()
		if b > 0 {
			score = r.benign[b-1]
		}
		if m > 0 && cmp.Less(score, r.malicious[m-1]) {
			score = r.malicious[m-1]
		}
		return score
	}
	score := highest()
	if math.IsNaN(score) {
		return nil
	}
	points := []CurvePoint{{Threshold: math.Nextafter(score, math.Inf(1))}}
	last := points[0] // which may have been left out
	for ; !math.IsNaN(score); score = highest() {
		for b > 0 && r.benign[b-1] == score {
			b--
		}
		for m > 0 && r.malicious[m-1] == score {
			m--
		}
		p := CurvePoint{score, len(r.benign) - b, len(r.malicious) - m}
		if cellOf(p) != cellOf(last) {
			if last != points[len(points)-1] {
				points = append(points, last)
			}
			points = append(points, p)
		}
		last = p
	}
	if last != points[len(points)-1] {
		points = append(points, last)
	}
	return points
}

// histogram counts ascending scores. As in [CalibrationError], a score below 0, or NaN, counts as
// 0, and one above 1 as 1.
func histogram(name string, malicious bool, scores []float64) Histogram {
	h := Histogram{Name: name, Malicious: malicious}
	start := 0
	for i, high := range scoreEdges[1:] {
		end := len(scores)
		if high < 1 {
			end, _ = slices.BinarySearch(scores, high)
		}
		h.Bins = append(h.Bins, ScoreBin{scoreEdges[i], high, Proportion{end - start, len(scores)}})
		start = end
	}
	return h
}

// Worst returns the indices of the benign texts with the highest scores and of the malicious texts
// with the lowest, at most count of each, worst first and ties in order of index. malicious[i] says
// what text i is.
func Worst(scores []float64, malicious []bool, count int) (benignHighest, maliciousLowest []int) {
	for i, score := range scores {
		if malicious[i] {
			maliciousLowest = insert(maliciousLowest, i, count, func(other int) bool { return cmp.Less(score, scores[other]) })
		} else {
			benignHighest = insert(benignHighest, i, count, func(other int) bool { return cmp.Less(scores[other], score) })
		}
	}
	return benignHighest, maliciousLowest
}

// insert puts index before the first of worst that it is worse than, and keeps the first count of
// them.
func insert(worst []int, index, count int, worseThan func(other int) bool) []int {
	at := sort.Search(len(worst), func(i int) bool { return worseThan(worst[i]) })
	if at >= count {
		return worst
	}
	return slices.Insert(worst, at, index)[:min(len(worst)+1, count)]
}
