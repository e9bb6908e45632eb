package cnn

import (
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// UnknownMalicious is the kind of a training text of which only the label is known: it trains the
// sum of the malicious kinds' probabilities.
const UnknownMalicious = -1

// A Batch is what one training step sees.
type Batch struct {
	Symbols [][]uint8 // [B], each padded
	Kinds   []int     // [B], the true kind or UnknownMalicious
	Weights []float32 // [B], each text's share of the loss
}

// A Backpropagation computes the loss of batches and its gradient. It keeps the memory in between
// and belongs to one training.
//
// Max pooling hands its gradient to one window alone, so the way back is sparse: for each text and
// live filter, w rows of the table gradient receive one addition each, and the table gradient is
// unfolded once a batch.
type Backpropagation struct {
	Gradient *Parameters // of the last batch's loss

	parameters *Parameters
	blocks     []block
	memories   []blockMemory
	features   []int32

	pooled    []float32 // [B][P], after ReLU and dropout
	positions []int32   // [B][P], where each maximum stands
	live      []int32   // [B][P], the indices of a text's pooled features above 0, then unused space
	scales    []float32 // [B][P], those features
	dPooled   []float32 // [B][P]
	hidden    []float32 // [B][H]
	dHidden   []float32 // [B][H]
	dLogits   []float32 // [B][K]
	losses    []float64 // [B]
}

// blockMemory is what a block of filters computes with, apart from all others.
type blockMemory struct {
	table      []float32 // [w][V][filters]
	dTable     []float32 // likewise
	dEmbedding []float32 // [V][D]
}

// NewBackpropagation returns the memory for training these parameters on batches of at most size texts.
func NewBackpropagation(p *Parameters, size int) (*Backpropagation, error) {
	gradient, err := NewParameters(p.Shape)
	if err != nil {
		return nil, err
	}
	s := p.Shape
	g := &Backpropagation{
		Gradient:   gradient,
		parameters: p,
		blocks:     s.blocks(),
		features:   count(s.features()),
		pooled:     make([]float32, size*s.Pooled()),
		positions:  make([]int32, size*s.Pooled()),
		live:       make([]int32, size*s.Pooled()),
		scales:     make([]float32, size*s.Pooled()),
		dPooled:    make([]float32, size*s.Pooled()),
		hidden:     make([]float32, size*s.Hidden),
		dHidden:    make([]float32, size*s.Hidden),
		dLogits:    make([]float32, size*s.Kinds),
		losses:     make([]float64, size),
	}
	for _, b := range g.blocks {
		g.memories = append(g.memories, blockMemory{
			table:      make([]float32, b.tableSize(s)),
			dTable:     make([]float32, b.tableSize(s)),
			dEmbedding: make([]float32, s.Symbols*s.Embedding),
		})
	}
	return g, nil
}

// Run computes the weighted mean loss of a batch and leaves its gradient in g.Gradient.
//
// Each pooled feature is dropped with the given probability, in steps of 1/256; the seed decides
// which. Run calls
// do(n, task), which must call task(0) ... task(n-1) in any order, or at once, and return when all
// are done; what is computed does not depend on the order.
func (g *Backpropagation) Run(batch Batch, dropout float64, seed uint64, do func(tasks int, task func(int))) float64 {
	const textsPerTask = 16
	size := len(batch.Symbols)
	total := float32(0)
	for _, weight := range batch.Weights {
		total += weight
	}
	threshold := uint64(math.Round(dropout * 256))
	scale := float32(256 / float64(256-threshold)) // the expectation of a feature stays
	do(len(g.blocks), func(i int) { g.convolve(i, batch) })
	do((size+textsPerTask-1)/textsPerTask, func(i int) {
		for b := i * textsPerTask; b < min((i+1)*textsPerTask, size); b++ {
			g.drop(b, threshold, scale, seed)
			g.classify(b, batch.Kinds[b], batch.Weights[b]/total, scale)
		}
	})
	do(len(g.blocks), func(i int) { g.accumulate(i, batch) })
	g.accumulateShared(size)

	loss := 0.0
	for _, l := range g.losses[:size] {
		loss += l
	}
	return loss
}

// convolve computes one block's pooled features of every text, and where they stand.
func (g *Backpropagation) convolve(i int, batch Batch) {
	p, b, memory := g.parameters, g.blocks[i], g.memories[i]
	s := p.Shape
	b.fold(memory.table, p)
	for text, symbols := range batch.Symbols {
		at := text*s.Pooled() + b.pooled
		pooled := g.pooled[at:][:b.filters]
		kernel.ConvolveArgMax(pooled, g.positions[at:][:b.filters], memory.table, s.Symbols, b.width, s.window(symbols, b.width))
		for f, bias := range b.bias(p) {
			pooled[f] = max(pooled[f]+bias, 0)
		}
	}
}

// drop zeroes each pooled feature of one text with the probability threshold / 256 and scales the
// others up (Srivastava et al. 2014).
func (g *Backpropagation) drop(text int, threshold uint64, scale float32, seed uint64) {
	if threshold == 0 {
		return
	}
	pooled := g.pooled[text*g.parameters.Shape.Pooled():][:g.parameters.Shape.Pooled()]
	state := mix(seed) + uint64(text)<<32
	var bits uint64
	for f := range pooled {
		if f%8 == 0 {
			state += 0x9e3779b97f4a7c15
			bits = mix(state)
		}
		if bits&0xff < threshold {
			pooled[f] = 0
		} else {
			pooled[f] *= scale
		}
		bits >>= 8
	}
}

// mix is the output function of SplitMix64 (Steele, Lea and Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// classify takes one text from its pooled features to its loss, and the gradient from there back to
// the pooled features as they were before the dropout scaled them.
func (g *Backpropagation) classify(text, kind int, weight, scale float32) {
	p, s := g.parameters, g.parameters.Shape
	at := text * s.Pooled()
	live, scales := g.live[at:][:s.Pooled()], g.scales[at:][:s.Pooled()]
	count := kernel.Positive(live, scales, g.pooled[at:][:s.Pooled()])
	live, scales = live[:count], scales[:count]

	// Forward.
	hidden := g.hidden[text*s.Hidden:][:s.Hidden]
	features, indices := scales, live
	if s.Hidden > 0 {
		copy(hidden, p.DenseBias)
		kernel.AddScaledRows(hidden, p.DenseWeight, live, scales)
		for i, h := range hidden {
			hidden[i] = max(h, 0)
		}
		features, indices = hidden, g.features
	}
	logits := g.dLogits[text*s.Kinds:][:s.Kinds] // becomes its own gradient
	copy(logits, p.OutputBias)
	kernel.AddScaledRows(logits, p.OutputWeight, indices, features)

	// The loss and its gradient by the logits.
	g.losses[text] = float64(weight) * crossEntropy(logits, kind)
	for k := range logits {
		logits[k] *= weight
	}

	// Backward.
	dPooled := g.dPooled[at:][:s.Pooled()]
	clear(dPooled)
	upper, weights := logits, p.OutputWeight
	if s.Hidden > 0 {
		dHidden := g.dHidden[text*s.Hidden:][:s.Hidden]
		for i, h := range hidden {
			dHidden[i] = 0
			if h > 0 {
				dHidden[i] = kernel.Dot(p.OutputWeight[i*s.Kinds:][:s.Kinds], logits)
			}
		}
		upper, weights = dHidden, p.DenseWeight
	}
	for _, f := range live {
		dPooled[f] = scale * kernel.Dot(weights[int(f)*len(upper):][:len(upper)], upper)
	}
}

// crossEntropy returns -log of the true kind's probability, or of all malicious kinds' where the
// kind is unknown, and overwrites the logits with its gradient.
func crossEntropy(logits []float32, kind int) float64 {
	var buffer [maxKinds]float64
	probabilities := buffer[:len(logits)]
	Softmax(probabilities, logits, 1)
	if kind != UnknownMalicious {
		for k, p := range probabilities {
			logits[k] = float32(p)
		}
		logits[kind] = float32(probabilities[kind] - 1)
		return -math.Log(max(probabilities[kind], math.SmallestNonzeroFloat64))
	}
	malicious := max(Score(probabilities), math.SmallestNonzeroFloat64)
	logits[0] = float32(probabilities[0])
	for k := 1; k < len(logits); k++ {
		logits[k] = float32(probabilities[k] - probabilities[k]/malicious)
	}
	return -math.Log(malicious)
}

// accumulate sums one block's part of the gradient over all texts: its filters, its share of the
// embedding's, and its rows of the layer above.
func (g *Backpropagation) accumulate(i int, batch Batch) {
	p, b, memory := g.parameters, g.blocks[i], g.memories[i]
	s := p.Shape
	upper, dWeights := g.dLogits, g.Gradient.OutputWeight
	if s.Hidden > 0 {
		upper, dWeights = g.dHidden, g.Gradient.DenseWeight
	}
	outputs := len(dWeights) / s.Pooled()
	dWeights = dWeights[b.pooled*outputs:][:b.filters*outputs]
	dBias := b.bias(g.Gradient)
	clear(dWeights)
	clear(dBias)
	clear(memory.dTable)
	for text, symbols := range batch.Symbols {
		windows := s.window(symbols, b.width)
		at := text*s.Pooled() + b.pooled
		for f, feature := range g.pooled[at:][:b.filters] {
			if feature <= 0 {
				continue
			}
			kernel.AddScaled(dWeights[f*outputs:][:outputs], upper[text*outputs:], feature)
			gradient := g.dPooled[at+f]
			dBias[f] += gradient
			position := int(g.positions[at+f])
			for j, symbol := range windows[position:][:b.width] {
				memory.dTable[(j*s.Symbols+int(symbol))*b.filters+f] += gradient
			}
		}
	}
	for j := range b.width {
		for d := range s.Embedding {
			clear(b.weights(g.Gradient, j, d))
		}
	}
	clear(memory.dEmbedding)
	b.unfold(g.Gradient, memory.dEmbedding, memory.dTable, p)
}

// accumulateShared sums, over all blocks and texts, the parts of the gradient that no block has to itself.
func (g *Backpropagation) accumulateShared(size int) {
	s := g.parameters.Shape
	clear(g.Gradient.Embedding)
	for _, memory := range g.memories {
		kernel.AddScaled(g.Gradient.Embedding, memory.dEmbedding, 1)
	}
	clear(g.Gradient.OutputBias)
	clear(g.Gradient.DenseBias)
	if s.Hidden > 0 {
		clear(g.Gradient.OutputWeight)
	}
	for text := range size {
		dLogits := g.dLogits[text*s.Kinds:][:s.Kinds]
		kernel.AddScaled(g.Gradient.OutputBias, dLogits, 1)
		if s.Hidden == 0 {
			continue
		}
		kernel.AddScaled(g.Gradient.DenseBias, g.dHidden[text*s.Hidden:], 1)
		for i, h := range g.hidden[text*s.Hidden:][:s.Hidden] {
			if h > 0 {
				kernel.AddScaled(g.Gradient.OutputWeight[i*s.Kinds:][:s.Kinds], dLogits, h)
			}
		}
	}
}
