package cnn

import (
	"math"
	"math/bits"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// UnknownMalicious is the kind of a training text of which only the label is known: it trains the
// sum of the malicious kinds' probabilities.
const UnknownMalicious = -1

// A Batch is what one training step sees.
type Batch struct {
	Texts
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
	groups     []groupMemory
	dropout    dropout
	padded     []uint8   // all texts, each between w-1 padding symbols of the widest filter
	sums       []float32 // [B][H], then h; or [B][K] and the logits where there is no hidden layer
	dSums      []float32 // likewise, times what dropout scales by
}

// blockMemory is what a block of filters computes with, apart from all others.
type blockMemory struct {
	foldScratch
	table      []float32 // [V][w][lanes]
	dTable     []float32 // likewise
	dEmbedding []float32 // [V][D]
	features   []float32 // [B][lanes], after ReLU and dropout
	positions  []int32   // [B][lanes], where each maximum stands
	dFeatures  []float32 // [B][lanes]
	bias       []float32 // [lanes]
}

// groupMemory is what a group of neighbouring texts sums up, apart from all others.
type groupMemory struct {
	loss          float64
	dOutputWeight []float32 // [H][K]
	dOutputBias   []float32 // [K]
	dDenseBias    []float32 // [H]
}

// groupTexts is the number of texts in a group. A block's part of the dense weights is loaded once for
// each group.
const groupTexts = 64

// NewBackpropagation returns the memory for training these parameters on batches of at most size texts.
func NewBackpropagation(p *Parameters, size int) (*Backpropagation, error) {
	gradient, err := NewParameters(p.Shape)
	if err != nil {
		return nil, err
	}
	s := p.Shape
	_, bias := p.above()
	g := &Backpropagation{
		Gradient:   gradient,
		parameters: p,
		blocks:     s.blocks(kernel.Lanes),
		sums:       make([]float32, size*len(bias)),
		dSums:      make([]float32, size*len(bias)),
		groups:     make([]groupMemory, (size+groupTexts-1)/groupTexts),
	}
	for _, b := range g.blocks {
		g.memories = append(g.memories, blockMemory{
			foldScratch: b.newFoldScratch(s),
			table:       make([]float32, s.Symbols*b.rowLength()),
			dTable:      make([]float32, s.Symbols*b.rowLength()),
			dEmbedding:  make([]float32, s.Symbols*s.Embedding),
			features:    make([]float32, size*b.lanes),
			positions:   make([]int32, size*b.lanes),
			dFeatures:   make([]float32, size*b.lanes),
			bias:        make([]float32, b.lanes),
		})
	}
	for i := range g.groups {
		g.groups[i] = groupMemory{
			dOutputWeight: make([]float32, s.Hidden*s.Kinds),
			dOutputBias:   make([]float32, s.Kinds),
			dDenseBias:    make([]float32, s.Hidden),
		}
	}
	return g, nil
}

// Run computes the weighted mean loss of a batch and leaves its gradient in g.Gradient.
//
// Each pooled feature is dropped with the given probability, in steps of 1/256; the seed decides
// which. Run calls do(n, task), which must call task(0) ... task(n-1) in any order, or at once, and
// return when all are done; what is computed does not depend on the order.
func (g *Backpropagation) Run(batch Batch, dropout float64, seed uint64, do func(tasks int, task func(int))) float64 {
	g.dropout = newDropout(dropout, seed)
	g.pad(batch.Texts)
	total := float32(0)
	for _, weight := range batch.Weights {
		total += weight
	}
	groups := (batch.Len() + groupTexts - 1) / groupTexts
	do(len(g.blocks), func(i int) { g.convolve(i, batch) })
	do(groups, func(i int) { g.classify(i, batch, total) })
	do(len(g.blocks), func(i int) { g.accumulate(i, batch) })
	return g.sumUp(groups)
}

// pad writes every text between the padding of the widest filter.
func (g *Backpropagation) pad(texts Texts) {
	padding := g.parameters.Shape.Padding()
	g.padded = g.padded[:0]
	for i := range texts.Len() {
		for range padding {
			g.padded = append(g.padded, Start)
		}
		g.padded = append(g.padded, texts.Text(i)...)
		for range padding {
			g.padded = append(g.padded, End)
		}
	}
}

// convolve computes one block's pooled features of every text, and where they stand.
func (g *Backpropagation) convolve(i int, batch Batch) {
	p, b, memory := g.parameters, g.blocks[i], &g.memories[i]
	b.fold(memory.table, p, memory.foldScratch)
	copy(memory.bias, b.bias(p))
	kernel.ConvolveArgMax(memory.features, memory.positions, b.lanes, memory.table, memory.bias, b.width, batch.padded())
	for text := range batch.Len() {
		g.dropout.apply(memory.features[text*b.lanes:][:b.lanes], text, b.pooled)
	}
}

// A dropout drops features at random, with a probability in steps of 1/256 (Srivastava et al. 2014).
type dropout struct {
	threshold uint64 // of 256
	scale     float32
	seed      uint64
}

func newDropout(probability float64, seed uint64) dropout {
	threshold := uint64(math.Round(probability * 256))
	return dropout{
		threshold: threshold,
		scale:     float32(256 / float64(256-threshold)), // the expectation of a feature stays
		seed:      mix(seed),
	}
}

// apply zeroes some of a text's features, of which the first has this number. The others are scaled up
// later, where there are fewer numbers.
func (d dropout) apply(features []float32, text, first int) {
	for f := 0; f < len(features); f += kernel.Lanes {
		dropped := d.draw(text, first+f)
		for ; dropped != 0; dropped &= dropped - 1 {
			features[f+bits.TrailingZeros32(dropped)] = 0
		}
	}
}

// draw returns 32 random bits, each 1 with probability threshold/256. From the lowest digit of the
// threshold up, a random word is put on top: "or" where the digit is 1, "and" where it is 0, so that each
// halves the distance to 1 or to 0.
func (d dropout) draw(text, first int) uint32 {
	if d.threshold == 0 {
		return 0
	}
	state := d.seed + uint64(text)<<32 + uint64(first)<<8
	drawn := uint64(0)
	for digit := bits.TrailingZeros64(d.threshold); digit < 8; digit++ {
		state += 0x9e3779b97f4a7c15
		random := mix(state)
		if d.threshold>>digit&1 == 1 {
			drawn |= random
		} else {
			drawn &= random
		}
	}
	return uint32(drawn)
}

// mix is the output function of SplitMix64 (Steele, Lea and Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// classify takes a group of texts from their pooled features to their loss, and the gradient from there
// back to the sums of the layer above the pooled features.
func (g *Backpropagation) classify(group int, batch Batch, total float32) {
	first, last := group*groupTexts, min((group+1)*groupTexts, batch.Len())
	weights, bias := g.parameters.above()
	columns := len(bias)
	sums := g.sums[first*columns : last*columns]
	clear(sums)
	for i, b := range g.blocks {
		kernel.Dense(sums, columns, columns, weights[b.pooled*columns:][:b.filters*columns], g.memories[i].features[first*b.lanes:], b.lanes, last-first)
	}
	for i := range sums {
		sums[i] = float32(sums[i]*g.dropout.scale) + bias[i%columns]
	}
	g.groups[group].clear()
	for text := first; text < last; text++ {
		g.classifyText(&g.groups[group], text, batch.Kinds[text], batch.Weights[text]/total)
	}
}

func (m *groupMemory) clear() {
	m.loss = 0
	clear(m.dOutputWeight)
	clear(m.dOutputBias)
	clear(m.dDenseBias)
}

// classifyText takes one text from its sums, now with their bias, to its loss and back to dSums.
func (g *Backpropagation) classifyText(memory *groupMemory, text, kind int, weight float32) {
	p, kinds := g.parameters, g.parameters.Shape.Kinds
	_, bias := p.above()
	sums, dSums := g.sums[text*len(bias):][:len(bias)], g.dSums[text*len(bias):][:len(bias)]
	var buffer [maxKinds]float32
	logits := buffer[:kinds]

	// Forward. The hidden layer is left out where there is none.
	if p.Shape.Hidden == 0 {
		copy(logits, sums)
	} else {
		copy(logits, p.OutputBias)
		for i, h := range sums {
			if h > 0 {
				kernel.AddScaled(logits, p.OutputWeight[i*kinds:], h)
			}
		}
	}

	// The loss, and from here on its gradient by the logits.
	memory.loss += float64(weight) * crossEntropy(logits, kind)
	for k := range logits {
		logits[k] *= weight
	}

	// Backward.
	kernel.AddScaled(memory.dOutputBias, logits, 1)
	if p.Shape.Hidden == 0 {
		copy(dSums, logits)
	} else {
		for i, h := range sums {
			dSums[i] = 0
			if h > 0 {
				kernel.AddScaled(memory.dOutputWeight[i*kinds:][:kinds], logits, h)
				dSums[i] = dot(p.OutputWeight[i*kinds:][:kinds], logits)
			}
		}
		kernel.AddScaled(memory.dDenseBias, dSums, 1)
	}
	for i := range dSums {
		dSums[i] *= g.dropout.scale
	}
}

func dot(a, b []float32) float32 {
	sum := float32(0)
	for i, x := range a {
		sum += float32(x * b[i]) // not fused on any processor
	}
	return sum
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
	p, b, memory := g.parameters, g.blocks[i], &g.memories[i]
	weights, bias := p.above()
	dWeights, _ := g.Gradient.above()
	rows := func(weights []float32) []float32 {
		return weights[b.pooled*len(bias):][:b.filters*len(bias)]
	}
	clear(rows(dWeights))
	kernel.DenseBackward(memory.dFeatures, rows(dWeights), memory.features, b.lanes, rows(weights), g.dSums, len(bias), batch.Len())

	clear(memory.dTable)
	dBias := b.bias(g.Gradient)
	clear(dBias)
	padding := p.Shape.Padding()
	first := padding // of the text in g.padded
	for text := range batch.Len() {
		at := text * b.lanes
		positions := memory.positions[at:][:b.filters]
		for f, feature := range memory.features[at:][:b.filters] {
			if feature == 0 {
				continue
			}
			gradient := memory.dFeatures[at+f]
			dBias[f] += gradient
			row := f
			for _, symbol := range g.padded[first+int(positions[f]):][:b.width] {
				memory.dTable[int(symbol)*b.rowLength()+row] += gradient
				row += b.lanes
			}
		}
		first += len(batch.Text(text)) + 2*padding
	}
	b.unfold(g.Gradient, memory.dEmbedding, memory.dTable, p, memory.foldScratch)
}

// sumUp adds, in their order, the parts of the gradient that blocks and groups have apart, and returns
// the loss.
func (g *Backpropagation) sumUp(groups int) float64 {
	clear(g.Gradient.Embedding)
	for i := range g.memories {
		kernel.AddScaled(g.Gradient.Embedding, g.memories[i].dEmbedding, 1)
	}
	hidden := g.parameters.Shape.Hidden > 0
	clear(g.Gradient.OutputBias)
	clear(g.Gradient.DenseBias)
	if hidden {
		clear(g.Gradient.OutputWeight)
	}
	loss := 0.0
	for i := range g.groups[:groups] {
		memory := &g.groups[i]
		loss += memory.loss
		kernel.AddScaled(g.Gradient.OutputBias, memory.dOutputBias, 1)
		if hidden {
			kernel.AddScaled(g.Gradient.OutputWeight, memory.dOutputWeight, 1)
			kernel.AddScaled(g.Gradient.DenseBias, memory.dDenseBias, 1)
		}
	}
	return loss
}
