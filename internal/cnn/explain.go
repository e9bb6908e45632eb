package cnn

import (
	"math"
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// An Explainer divides a text's log-odds of being malicious among the symbols of its views. It is
// safe for use by any number of goroutines.
//
// The log-odds f are a function of the pooled features m, of every view side by side. The text is
// compared with one that has no features, m = 0. A feature's contribution is by integrated
// gradients (Sundararajan, Taly and Yan 2017, arXiv 1703.01365): the feature times the gradient of
// f by it, averaged on the straight path from 0 to m. The contributions add up to f(m) - f(0).
// Before the maximum over time a feature is a sum, so its contribution is divided in the same way:
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

// An Explanation says what adds up to the log-odds of a row. All contributions are in log-odds,
// with the natural logarithm:
//
//	LogOdds = Baseline + the sum of every view
//
// The floor is no part of it: Floor and FloorOf say what it did.
type Explanation struct {
	LogOdds  float64 // f(m); the score is 1 / (1 + exp(-LogOdds)), where no floor holds
	Baseline float64 // f(0)
	Views    []View  // of the host and the whole, or of the whole alone

	DomainAlone float64 // the log-odds of the registered domain alone; 0 where there is no floor
	FloorOf     int     // the view whose floor holds, RegisteredDomain or Host; -1 if none does
	Floor       float64 // the log-odds that it demands
}

// A View is the share of one view, which adds up in two ways:
//
//	Sum = Constant + Start + End + the sum of Symbols
//	Sum = the sum of Windows
type View struct {
	Alone      float64 // the log-odds of this view alone, as if there were nothing more
	Sum        float64
	Constant   float64   // of the filters' own
	Start, End float64   // of the padding before and after the text
	Symbols    []float64 // of each symbol
	Windows    []Window  // those in which a filter has its maximum
}

// A Window is a run of neighbouring symbols of a view. It may reach beyond the view.
type Window struct {
	Start, Width int
	Contribution float64 // of the features of this width whose maximum is here
}

// A pooled text has come as far as the sums of the next layer.
type pooled struct {
	symbols   []uint8
	features  []float32 // [blocks][lanes]
	positions []int32   // [blocks][lanes], of each maximum
	sums      []float64 // [columns], without the bias
}

// Explain explains one row of a batch. Where the model's numbers overflow, LogOdds is NaN.
func (e *Explainer) Explain(batch *Batch, i int) Explanation {
	row, views := batch.row(i), e.parameters.Shape.views()
	x := Explanation{Views: make([]View, views), FloorOf: -1}
	texts := make([]pooled, views)
	var sums []float64
	for view, text := range row.Views[viewCount-views:] {
		texts[view] = e.pool(batch.Text(int(text)))
		sums = append(sums, texts[view].sums...)
	}
	for _, sum := range sums {
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			x.LogOdds = math.NaN()
			return x
		}
	}
	gradient := e.averageGradient(&x, sums)
	for view, text := range texts {
		columns := len(text.sums)
		x.Views[view] = e.divide(text, gradient[view*columns:][:columns])
	}
	e.addAlone(&x, texts)
	if e.parameters.Floor.Exists() && row.HasFloor {
		e.addFloor(&x, texts, e.pool(batch.Text(int(row.Views[RegisteredDomain]))))
	}
	return x
}

// divide divides the share of a view among its symbols. gradient is that of the log-odds by the
// view's sums.
func (e *Explainer) divide(text pooled, gradient []float64) View {
	n, p := e.network, e.parameters
	x := View{Symbols: make([]float64, len(text.symbols))}
	windows := make([][]float64, len(p.Convolutions)) // contributions, of each width and by the window's end
	for i, c := range p.Convolutions {
		windows[i] = make([]float64, len(text.symbols)+c.Width-1)
	}
	for i, b := range n.blocks {
		weights := b.nextWeights(p)
		for f, feature := range text.features[i*kernel.Lanes:][:b.filters] {
			if feature == 0 {
				continue
			}
			slope := 0.0 // of the log-odds by this feature
			for column, weight := range weights.Row(f) {
				slope += float64(weight) * gradient[column]
			}
			t := int(text.positions[i*kernel.Lanes+f])
			windows[b.convolution][t+b.width-1] += slope * float64(feature)
			x.Sum += slope * float64(feature)
			rest := float64(feature)
			for j := range b.width {
				symbol, contribution := x.at(t+j, text.symbols)
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

// addAlone says what the network says of each view alone. The whole is one already.
func (e *Explainer) addAlone(x *Explanation, texts []pooled) {
	whole := len(texts) - 1
	x.Views[whole].Alone = x.LogOdds
	for view, text := range texts[:whole] {
		x.Views[view].Alone = e.logOdds(e.logits(text, text))
	}
}

// addFloor says what the network says of the registered domain alone, and whether a floor holds:
// see head.applyFloor.
func (e *Explainer) addFloor(x *Explanation, texts []pooled, domain pooled) {
	host := texts[0]
	z := func(logits []float64) float64 { return logOdds(make([]float64, len(logits)), logits, 1) }
	best := z(e.logits(texts...))
	for view, text := range [...]pooled{RegisteredDomain: domain, Host: host} {
		logits := e.logits(text, text)
		if view == RegisteredDomain {
			x.DomainAlone = e.logOdds(logits)
		}
		logits[0] += e.parameters.Floor.of(view)
		if least := z(logits); least > best {
			best, x.FloorOf, x.Floor = least, view, e.logOdds(logits)
		}
	}
}

// logOdds returns f of logits.
func (e *Explainer) logOdds(logits []float64) float64 {
	return logOdds(make([]float64, len(logits)), logits, e.temperature)
}

// logits returns the logits of a network with a hidden layer and these views, [K].
func (e *Explainer) logits(views ...pooled) []float64 {
	p := e.parameters
	var hidden []float64
	for _, text := range views {
		for unit, sum := range text.sums {
			hidden = append(hidden, max(sum+float64(p.DenseBias[unit]), 0))
		}
	}
	return affine(hidden, p.OutputWeight, p.OutputBias)
}

// pool takes one text to the sums of the next layer.
func (e *Explainer) pool(symbols []uint8) pooled {
	n, p := e.network, e.parameters
	text := Texts{Symbols: symbols, Ends: []int32{int32(len(symbols))}}
	_, bias := p.nextLayer()
	x := pooled{symbols: symbols, features: make([]float32, len(n.blocks)*kernel.Lanes), sums: make([]float64, len(bias))}
	x.positions = make([]int32, len(x.features))
	for i, b := range n.blocks {
		first := i * kernel.Lanes
		kernel.ConvolveArgMax(kernel.Rows{Data: x.features[first:], Stride: kernel.Lanes}, x.positions[first:], n.filters[i], text.padded())
		weights := b.nextWeights(p)
		for f, feature := range x.features[first:][:b.filters] {
			if feature == 0 {
				continue
			}
			for column, weight := range weights.Row(f) {
				x.sums[column] += float64(weight) * float64(feature)
			}
		}
	}
	return x
}

// at returns the symbol at a position of a view, or the padding beyond it, and its contribution.
func (x *View) at(position int, symbols []uint8) (symbol uint8, contribution *float64) {
	switch {
	case position < 0:
		return Start, &x.Start
	case position >= len(symbols):
		return End, &x.End
	}
	return symbols[position], &x.Symbols[position]
}
