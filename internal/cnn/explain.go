package cnn

import (
	"cmp"
	"math"
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// An Explainer divides a text's log-odds of being malicious among its symbols. It is safe for use
// by any number of goroutines.
//
// The log-odds f are a function of the pooled features m. The text is compared with one that has no
// features, m = 0. A feature's contribution is by integrated gradients (Sundararajan, Taly and Yan
// 2017, arXiv 1703.01365): the feature times the gradient of f by it, averaged on the straight path
// from 0 to m. The contributions add up to f(m) - f(0). Before the maximum over time a feature is a
// sum, so its contribution is divided in the same way:
//
//	m_wf = b_wf + sum_{j<w} mean_wf[j] + sum_{j<w} (T_w[j][s_{t+j}][f] - mean_wf[j])
//
// where t is its winning window and mean_wf[j] the mean over all symbols, weighted by their
// frequency in training. The terms of the last sum go to their symbols. What stands before it is
// the filter's own: its feature on average symbols.
//
// This way to divide the log-odds is complete, but not the only one that is.
type Explainer struct {
	parameters *Parameters
	network    *Network
	means      [][]float64 // of each block, [w][lanes]

	temperature float64
}

// NewExplainer folds the parameters, which must not change afterwards. The frequency of the
// symbols, [V], may be in any unit; if it is empty, all symbols but the padding are equally
// frequent.
func NewExplainer(p *Parameters, temperature float64, frequency []float64) *Explainer {
	if len(frequency) == 0 {
		frequency = slices.Repeat([]float64{1}, p.Shape.Symbols)
		frequency[Start], frequency[End] = 0, 0
	}
	e := &Explainer{parameters: p, network: NewNetwork(p), temperature: temperature}
	for i, b := range e.network.blocks {
		e.means = append(e.means, b.mean(e.network.filters[i].Table, frequency))
	}
	return e
}

// mean returns the mean of a table's rows over all symbols, weighted by frequency, [w][lanes].
func (b block) mean(table []float32, frequency []float64) []float64 {
	means := make([]float64, b.rowLength())
	total := 0.0
	for v, weight := range frequency {
		total += weight
		for i, entry := range table[v*b.rowLength():][:b.rowLength()] {
			means[i] += weight * float64(entry)
		}
	}
	for i := range means {
		means[i] /= max(total, math.SmallestNonzeroFloat64)
	}
	return means
}

// An Explanation says what adds up to a text's log-odds. All contributions are in log-odds, with
// the natural logarithm:
//
//	LogOdds = Baseline + Constant + Start + End + the sum of Symbols
//	LogOdds = Baseline + the sum of Windows
type Explanation struct {
	LogOdds    float64   // f(m); the score is 1 / (1 + exp(-LogOdds))
	Baseline   float64   // f(0)
	Constant   float64   // of the filters' own
	Start, End float64   // of the padding before and after the text
	Symbols    []float64 // of each symbol
	Windows    []Window  // those in which a filter has its maximum
}

// A Window is a run of neighbouring symbols of a text. It may reach beyond the text.
type Window struct {
	Start, Width int
	Contribution float64 // of the features of this width whose maximum is here
}

// Explain explains one text. Where the model's numbers overflow, LogOdds is NaN.
func (e *Explainer) Explain(symbols []uint8) Explanation {
	n, p := e.network, e.parameters
	features, positions := n.pool(symbols)
	_, bias := p.nextLayer()
	sums := make([]float64, len(bias)) // of the next layer, without its bias
	for i, b := range n.blocks {
		weights := b.nextWeights(p)
		for f, feature := range features[i*kernel.Lanes:][:b.filters] {
			if feature == 0 {
				continue
			}
			for column, weight := range weights.Row(f) {
				sums[column] += float64(weight) * float64(feature)
			}
		}
	}

	x := Explanation{Symbols: make([]float64, len(symbols))}
	for _, sum := range sums {
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			x.LogOdds = math.NaN()
			return x
		}
	}
	gradient := e.averageGradient(&x, sums)
	windows := make([][]float64, len(p.Convolutions)) // contributions, of each width and by the window's end
	for i, c := range p.Convolutions {
		windows[i] = make([]float64, len(symbols)+c.Width-1)
	}
	for i, b := range n.blocks {
		weights := b.nextWeights(p)
		for f, feature := range features[i*kernel.Lanes:][:b.filters] {
			if feature == 0 {
				continue
			}
			slope := 0.0 // of the log-odds by this feature
			for column, weight := range weights.Row(f) {
				slope += float64(weight) * gradient[column]
			}
			t := int(positions[i*kernel.Lanes+f])
			windows[b.convolution][t+b.width-1] += slope * float64(feature)
			rest := float64(feature)
			for j := range b.width {
				symbol, contribution := x.at(t+j, symbols)
				entry := float64(n.filters[i].Table[int(symbol)*b.rowLength()+j*b.lanes+f]) - e.means[i][j*b.lanes+f]
				*contribution += slope * entry
				rest -= entry
			}
			x.Constant += slope * rest
		}
	}
	for i, c := range p.Convolutions {
		for end, contribution := range windows[i] {
			if contribution != 0 {
				x.Windows = append(x.Windows, Window{end + 1 - c.Width, c.Width, contribution})
			}
		}
	}
	return x
}

// pool returns the pooled features of one text and the position of each maximum, [blocks][lanes].
func (n *Network) pool(symbols []uint8) (features []float32, positions []int32) {
	text := Texts{Symbols: symbols, Ends: []int32{int32(len(symbols))}}
	features = make([]float32, len(n.blocks)*kernel.Lanes)
	positions = make([]int32, len(features))
	for i := range n.blocks {
		first := i * kernel.Lanes
		kernel.ConvolveArgMax(kernel.Rows{Data: features[first:], Stride: kernel.Lanes}, positions[first:], n.filters[i], text.padded())
	}
	return features, positions
}

// at returns the symbol at a position of a text, or the padding beyond it, and its contribution.
func (x *Explanation) at(position int, symbols []uint8) (symbol uint8, contribution *float64) {
	switch {
	case position < 0:
		return Start, &x.Start
	case position >= len(symbols):
		return End, &x.End
	}
	return symbols[position], &x.Symbols[position]
}

// averageGradient sets the log-odds and the baseline, and returns the gradient of f by the sums of
// the next layer, averaged on the path from its bias alone to bias and sums.
//
// Along the path a hidden unit is a straight line and above 0 on at most one stretch. Between the
// ends of these stretches every logit is a straight line. The mean gradient by a unit is the
// integral, over its stretch, of the gradient by the logits, times the unit's output weights.
func (e *Explainer) averageGradient(x *Explanation, sums []float64) []float64 {
	p := e.parameters
	in := newIntegral(e)
	if p.Shape.Hidden == 0 {
		x.Baseline = in.logOdds(0)
		copy(in.slope, sums)
		in.advance(1)
		x.LogOdds = in.logOdds(1)
		return in.sum
	}
	gradient := make([]float64, len(sums))
	toggleUnit := func(unit int, sign float64) { // from here on the unit is above 0 (1) or not (-1)
		for k, weight := range p.OutputWeight[unit*p.Shape.Kinds:][:p.Shape.Kinds] {
			in.intercept[k] += sign * float64(weight) * float64(p.DenseBias[unit])
			in.slope[k] += sign * float64(weight) * sums[unit]
			gradient[unit] -= sign * float64(weight) * in.sum[k]
		}
	}
	type crossing struct {
		at   float64 // as a share of the path
		unit int
		sign float64
	}
	var crossings []crossing
	for unit, sum := range sums {
		bias := float64(p.DenseBias[unit])
		isAbove, willBeAbove := bias > 0, bias+sum > 0
		if isAbove {
			toggleUnit(unit, 1)
		}
		switch {
		case !isAbove && willBeAbove:
			crossings = append(crossings, crossing{-bias / sum, unit, 1})
		case isAbove && !willBeAbove:
			crossings = append(crossings, crossing{-bias / sum, unit, -1})
		}
	}
	slices.SortFunc(crossings, func(a, b crossing) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.unit, b.unit))
	})
	x.Baseline = in.logOdds(0)
	for _, c := range crossings {
		in.advance(c.at)
		toggleUnit(c.unit, c.sign)
	}
	in.advance(1)
	x.LogOdds = in.logOdds(1)
	for unit, sum := range sums {
		if float64(p.DenseBias[unit])+sum > 0 {
			toggleUnit(unit, -1)
		}
	}
	return gradient
}

// An integral is that of the gradient of f by the logits along the path, up to done.
type integral struct {
	explainer        *Explainer
	intercept, slope []float64 // [K], of the straight lines that the logits are from done on
	done             float64   // as a share of the path
	sum              []float64 // [K]

	logits, gradient, part []float64 // [K], scratch
}

func newIntegral(e *Explainer) *integral {
	numbers := func() []float64 { return make([]float64, e.parameters.Shape.Kinds) }
	in := &integral{
		explainer: e,
		intercept: numbers(), slope: numbers(), sum: numbers(),
		logits: numbers(), gradient: numbers(), part: numbers(),
	}
	for k, bias := range e.parameters.OutputBias {
		in.intercept[k] = float64(bias)
	}
	return in
}

// logOdds returns f at a share of the path and sets in.gradient to its gradient by the logits.
func (in *integral) logOdds(at float64) float64 {
	for k := range in.logits {
		in.logits[k] = in.intercept[k] + at*in.slope[k]
	}
	return in.explainer.logOdds(in.gradient, in.logits)
}

// logOdds returns f of logits, and sets gradient to its gradient by each: with a temperature of 1,
//
//	f = log sum_{k>0} exp l_k - l_0
func (e *Explainer) logOdds(gradient, logits []float64) float64 {
	benign, malicious := logits[0], logits[1:]
	largest := slices.Max(malicious)
	sum := 0.0
	for k, logit := range malicious {
		gradient[1+k] = exp((logit - largest) / e.temperature)
		sum += gradient[1+k]
	}
	for k := range malicious {
		gradient[1+k] /= sum * e.temperature
	}
	gradient[0] = -1 / e.temperature
	return (largest-benign)/e.temperature + math.Log(sum)
}

// advance integrates up to a share of the path; until there the logits are straight lines.
func (in *integral) advance(to float64) {
	if to > in.done {
		in.integrate(in.done, to, in.logOdds(in.done), in.logOdds(to), mostHalvings)
		in.done = to
	}
}

// The integral is by Gauss-Legendre quadrature with these nodes and weights on [-1, 1]. Where
// another logit becomes the largest within a short part of the path, f bends sharply. So a stretch
// is halved until its integral equals the difference of f between its ends.
var (
	quadratureNodes   = [...]float64{-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640}
	quadratureWeights = [...]float64{0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891}
)

const (
	quadratureError = 1e-9 // of a stretch, relative to its logits or, where they are smaller, to 1
	mostHalvings    = 30   // after them a stretch with a bend is shorter than that error
)

// integrate adds to in.sum the integral from one share of the path to another.
func (in *integral) integrate(from, to, fFrom, fTo float64, halvings int) {
	clear(in.part)
	middle, half := (from+to)/2, (to-from)/2
	for i, node := range quadratureNodes {
		in.logOdds(middle + half*node)
		for k, gradient := range in.gradient {
			in.part[k] += half * quadratureWeights[i] * gradient
		}
	}
	sum, size := 0.0, 1.0
	for k, slope := range in.slope {
		sum += slope * in.part[k]
		size = max(size, (math.Abs(in.intercept[k])+math.Abs(slope))/in.explainer.temperature)
	}
	if halvings > 0 && math.Abs(sum-(fTo-fFrom)) > quadratureError*size {
		fMiddle := in.logOdds(middle)
		in.integrate(from, middle, fFrom, fMiddle, halvings-1)
		in.integrate(middle, to, fMiddle, fTo, halvings-1)
		return
	}
	for k, part := range in.part {
		in.sum[k] += part
	}
}
