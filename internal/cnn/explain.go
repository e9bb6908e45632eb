package cnn

import (
	"cmp"
	"math"
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// An Explainer says what the log-odds of malicious of a text are made of. It is safe for use by any number
// of goroutines.
//
// It takes the log-odds f as a function of the pooled features m, and compares with a text that has none,
// m = 0. A feature's contribution is by integrated gradients (Sundararajan, Taly and Yan 2017,
// arXiv 1703.01365): the feature, times the gradient of f by it, averaged on the straight path from 0 to m.
// These add up to f(m) - f(0). Below the maximum over time a feature is a sum, so its contribution is
// divided as the feature is:
//
//	m_wf = b_wf + sum_{j<w} mean_wf[j] + sum_{j<w} (T_w[j][s_{t+j}][f] - mean_wf[j])
//
// where t is its winning window and mean_wf[j] the mean over all symbols, as common as they are in
// training. The last sum's terms go to the symbols that they name, what stands before it is the filter's
// own: what it has on symbols as they come.
//
// Other ways to divide the log-odds add up, too. This one is complete, not the only one.
type Explainer struct {
	parameters *Parameters
	network    *Network
	means      [][]float64 // of each block, [w][lanes]

	temperature float64
}

// NewExplainer folds the parameters, which must not change afterwards. The frequency of each symbol, [V],
// may be in any unit; without one, all but the padding are equally common.
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

// mean returns the mean of a table's rows over all symbols, [w][lanes].
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

// An Explanation says what a text's log-odds are made of. All is in units of log-odds, with the natural
// logarithm:
//
//	LogOdds = Baseline + Constant + Start + End + the sum of Symbols
//	LogOdds = Baseline + the sum of Windows
type Explanation struct {
	LogOdds    float64   // f(m); the score is 1 / (1 + exp(-LogOdds))
	Baseline   float64   // f(0)
	Constant   float64   // of the filters' own
	Start, End float64   // of the padding before and behind the text
	Symbols    []float64 // of each symbol
	Windows    []Window  // in which filters have their maximum
}

// A Window is neighbouring symbols of a text. It may reach beyond it.
type Window struct {
	Start, Width int
	Contribution float64 // of the features of this width whose maximum is here
}

// Explain explains one text. Where the model's numbers overflow, LogOdds is not a number.
func (e *Explainer) Explain(symbols []uint8) Explanation {
	n, p := e.network, e.parameters
	features, positions := n.pool(symbols)
	_, bias := p.above()
	sums := make([]float64, len(bias)) // what the features add to those of the layer above
	for i, b := range n.blocks {
		for f, feature := range features[i*kernel.Lanes:][:b.filters] {
			if feature == 0 {
				continue
			}
			for column, weight := range b.above(p, f) {
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
	windows := make([][]float64, len(p.Convolutions)) // of each width, by their end
	for i, c := range p.Convolutions {
		windows[i] = make([]float64, len(symbols)+c.Width-1)
	}
	for i, b := range n.blocks {
		for f, feature := range features[i*kernel.Lanes:][:b.filters] {
			if feature == 0 {
				continue
			}
			slope := 0.0 // of f by this feature
			for column, weight := range b.above(p, f) {
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

// pool returns the pooled features of one text, [blocks][lanes], and where each has its maximum.
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

// at returns what stands at a position of a text, or beyond it, and the contribution of that.
func (x *Explanation) at(position int, symbols []uint8) (symbol uint8, contribution *float64) {
	switch {
	case position < 0:
		return Start, &x.Start
	case position >= len(symbols):
		return End, &x.End
	}
	return symbols[position], &x.Symbols[position]
}

// averageGradient sets the log-odds and the baseline, and returns the gradient of f by the sums of the layer
// above the pooled features, averaged on the path from its bias alone to bias and sums.
//
// Along the path a unit of the hidden layer is a straight line, above 0 on one stretch if at all, and so is
// every logit from one end of such a stretch to the next. The mean gradient by a unit is the integral, over
// its stretch, of the gradient by the logits, times the weights in between.
func (e *Explainer) averageGradient(x *Explanation, sums []float64) []float64 {
	p := e.parameters
	l := newPath(e)
	if p.Shape.Hidden == 0 {
		x.Baseline = l.logOdds(0)
		copy(l.slope, sums)
		l.advance(1)
		x.LogOdds = l.logOdds(1)
		return l.integral
	}
	gradient := make([]float64, len(sums))
	turn := func(unit int, sign float64) { // the unit starts (1) or ceases (-1) to be above 0
		for k, weight := range p.OutputWeight[unit*p.Shape.Kinds:][:p.Shape.Kinds] {
			l.intercept[k] += sign * float64(weight) * float64(p.DenseBias[unit])
			l.slope[k] += sign * float64(weight) * sums[unit]
			gradient[unit] -= sign * float64(weight) * l.integral[k]
		}
	}
	type crossing struct {
		at   float64 // the share of the path
		unit int
		sign float64
	}
	var crossings []crossing
	for unit, sum := range sums {
		bias := float64(p.DenseBias[unit])
		isAbove, willBe := bias > 0, bias+sum > 0
		if isAbove {
			turn(unit, 1)
		}
		switch {
		case !isAbove && willBe:
			crossings = append(crossings, crossing{-bias / sum, unit, 1})
		case isAbove && !willBe:
			crossings = append(crossings, crossing{-bias / sum, unit, -1})
		}
	}
	slices.SortFunc(crossings, func(a, b crossing) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.unit, b.unit))
	})
	x.Baseline = l.logOdds(0)
	for _, c := range crossings {
		l.advance(c.at)
		turn(c.unit, c.sign)
	}
	l.advance(1)
	x.LogOdds = l.logOdds(1)
	for unit, sum := range sums {
		if float64(p.DenseBias[unit])+sum > 0 {
			turn(unit, -1)
		}
	}
	return gradient
}

// A path integrates the gradient of f by the logits, while these are straight lines.
type path struct {
	explainer        *Explainer
	intercept, slope []float64 // [K], of the lines here
	at               float64   // the share of the path that is done
	integral         []float64 // [K], so far

	logits, gradient, step []float64 // [K], scratch
}

func newPath(e *Explainer) *path {
	numbers := func() []float64 { return make([]float64, e.parameters.Shape.Kinds) }
	l := &path{
		explainer: e,
		intercept: numbers(), slope: numbers(), integral: numbers(),
		logits: numbers(), gradient: numbers(), step: numbers(),
	}
	for k, bias := range e.parameters.OutputBias {
		l.intercept[k] = float64(bias)
	}
	return l
}

// logOdds returns f at a place of the path and sets l.gradient to its gradient by the logits.
func (l *path) logOdds(at float64) float64 {
	for k := range l.logits {
		l.logits[k] = l.intercept[k] + at*l.slope[k]
	}
	return l.explainer.logOdds(l.gradient, l.logits)
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

// advance adds to the integral what lies before a place of the path, up to which the lines are straight.
func (l *path) advance(to float64) {
	if to > l.at {
		l.integrate(l.at, to, l.logOdds(l.at), l.logOdds(to), mostHalvings)
		l.at = to
	}
}

// The integral is by Gauss-Legendre quadrature with these nodes and weights on [-1, 1]. Where the largest
// logit passes to another kind within a short part of the path, f bends sharply, and a stretch is halved as
// long as what it adds up to is not the difference that f has between its ends.
var (
	quadratureNodes   = [...]float64{-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640}
	quadratureWeights = [...]float64{0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891}
)

const (
	quadratureError = 1e-9 // of a stretch, relative to the numbers that are added, where they are above 1
	mostHalvings    = 30   // what they leave of a stretch with a bend is below that error
)

func (l *path) integrate(from, to, fFrom, fTo float64, halvings int) {
	clear(l.step)
	middle, half := (from+to)/2, (to-from)/2
	for i, node := range quadratureNodes {
		l.logOdds(middle + half*node)
		for k, gradient := range l.gradient {
			l.step[k] += half * quadratureWeights[i] * gradient
		}
	}
	sum, size := 0.0, 1.0
	for k, slope := range l.slope {
		sum += slope * l.step[k]
		size = max(size, (math.Abs(l.intercept[k])+math.Abs(slope))/l.explainer.temperature)
	}
	if halvings > 0 && math.Abs(sum-(fTo-fFrom)) > quadratureError*size {
		fMiddle := l.logOdds(middle)
		l.integrate(from, middle, fFrom, fMiddle, halvings-1)
		l.integrate(middle, to, fMiddle, fTo, halvings-1)
		return
	}
	for k, part := range l.step {
		l.integral[k] += part
	}
}
