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
	present    []int32   // the symbols that stand in a text
	embedding  []float32 // theirs, [V][D']

	head  head      // its columns are the sums of the layer above the pooled features
	sums  []float32 // [B][columns]
	dSums []float32 // [B][columns], times what dropout scales by
}

// blockMemory is what a block of filters computes with, apart from all others.
type blockMemory struct {
	foldScratch
	table      []float32 // [V][w][lanes]
	dTable     []float32 // likewise
	dEmbedding []float32 // [V][D']
	bias       []float32 // [lanes]
	dBias      []float32 // [lanes]
	features   []float32 // [B][lanes], after ReLU and dropout
	positions  []int32   // [B][lanes], where each maximum stands
	dFeatures  []float32 // [B][lanes]
	live       []uint32  // [B], a bit for each feature that is not 0
}

// groupMemory is what a group of neighbouring texts sums up, apart from all others.
type groupMemory struct {
	loss          float64
	logits        []float32 // [groupTexts][outputs], then their gradient
	dOutputWeight []float32 // [columns][outputs], laid out as in head
	dOutputBias   []float32 // [outputs]
	dBias         []float32 // [columns], of the layer above the pooled features
	live          []uint32  // [groupTexts]
}

// groupTexts is the number of texts in a group. A block's part of the weights above is loaded once for
// each group.
const groupTexts = 64

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
		blocks:     s.blocks(kernel.Lanes),
		groups:     make([]groupMemory, (size+groupTexts-1)/groupTexts),
		head:       newHead(p),
	}
	g.sums = make([]float32, size*g.head.columns)
	g.dSums = make([]float32, size*g.head.columns)
	for _, b := range g.blocks {
		g.memories = append(g.memories, blockMemory{
			foldScratch: b.newFoldScratch(s),
			table:       make([]float32, s.Symbols*b.rowLength()),
			dTable:      make([]float32, s.Symbols*b.rowLength()),
			dEmbedding:  make([]float32, s.Symbols*s.paddedEmbedding()),
			bias:        make([]float32, b.lanes),
			dBias:       make([]float32, b.lanes),
			features:    make([]float32, size*b.lanes),
			positions:   make([]int32, size*b.lanes),
			dFeatures:   make([]float32, size*b.lanes),
			live:        make([]uint32, size),
		})
	}
	for i := range g.groups {
		g.groups[i] = groupMemory{
			logits:        make([]float32, groupTexts*g.head.outputColumns()),
			dOutputWeight: make([]float32, len(g.head.output)),
			dOutputBias:   make([]float32, g.head.outputColumns()),
			dBias:         make([]float32, g.head.columns),
			live:          make([]uint32, groupTexts),
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
	g.head = newHead(g.parameters)
	g.pad(batch.Texts)
	g.embedding = g.parameters.embedding(g.present)
	total := float32(0)
	for _, weight := range batch.Weights {
		total += weight
	}
	groups := (batch.Len() + groupTexts - 1) / groupTexts
	last := len(g.blocks) - 1 // the widest filters take longest, so they come first
	do(len(g.blocks), func(i int) { g.convolve(last-i, batch) })
	do(groups, func(i int) { g.classify(i, batch, total) })
	do(len(g.blocks), func(i int) { g.accumulate(last-i, batch) })
	return g.sumUp(groups)
}

// pad writes every text between the padding of the widest filter, and lists the symbols.
func (g *Backpropagation) pad(texts Texts) {
	padding := g.parameters.Shape.Padding()
	g.padded = g.padded[:0]
	var stands [maxSymbols]bool
	for i := range texts.Len() {
		for range padding {
			g.padded = append(g.padded, Start)
		}
		g.padded = append(g.padded, texts.Text(i)...)
		for range padding {
			g.padded = append(g.padded, End)
		}
	}
	for _, symbol := range g.padded {
		stands[symbol] = true
	}
	g.present = g.present[:0]
	for symbol := range g.parameters.Shape.Symbols {
		if stands[symbol] {
			g.present = append(g.present, int32(symbol))
		}
	}
}

// convolve computes one block's pooled features of every text, and where they stand.
func (g *Backpropagation) convolve(i int, batch Batch) {
	p, b, memory := g.parameters, g.blocks[i], &g.memories[i]
	b.fold(memory.table, p, g.present, memory.foldScratch)
	copy(memory.bias, b.bias(p))
	filters := kernel.Filters{Table: memory.table, Bias: memory.bias, Width: b.width}
	kernel.ConvolveArgMax(kernel.Rows{Data: memory.features, Stride: b.lanes}, memory.positions, filters, batch.padded())
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
	threshold := min(uint64(math.Round(probability*256)), 255) // of all features dropped none would be left to scale up
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
	texts, columns, memory := last-first, g.head.columns, &g.groups[group]
	weights, bias := g.parameters.above()

	// Forward.
	sums := g.sums[first*columns : last*columns]
	clear(sums)
	for i, b := range g.blocks {
		kernel.Dense(kernel.Rows{Data: sums, Stride: columns},
			kernel.Weights{Data: weights[b.pooled*len(bias):][:b.filters*len(bias)], Columns: len(bias)},
			kernel.Rows{Data: g.memories[i].features[first*b.lanes:], Stride: b.lanes}, texts)
	}
	for text := range texts {
		for i, sum := range sums[text*columns:][:columns] {
			sum = float32(sum*g.dropout.scale) + g.head.bias[i]
			if g.head.output != nil {
				sum = max(sum, 0)
			}
			sums[text*columns+i] = sum
		}
	}
	logits, outputs := sums, columns
	if g.head.output != nil {
		logits, outputs = memory.logits[:texts*g.head.outputColumns()], g.head.outputColumns()
		for text := range texts {
			copy(logits[text*outputs:], g.head.outputBias)
		}
		for i := 0; i < columns; i += kernel.Lanes {
			kernel.Dense(kernel.Rows{Data: logits, Stride: outputs}, g.head.outputWeights(i), kernel.Rows{Data: sums[i:], Stride: columns}, texts)
		}
	}

	// The loss; the logits turn into its gradient.
	memory.loss = 0
	for text := range texts {
		weight := batch.Weights[first+text] / total
		dLogits := logits[text*outputs:][:g.head.kinds]
		memory.loss += float64(weight) * crossEntropy(dLogits, batch.Kinds[first+text])
		for k := range dLogits {
			dLogits[k] *= weight
		}
		clear(logits[text*outputs+g.head.kinds:][:outputs-g.head.kinds])
	}

	// Backward.
	dSums := g.dSums[first*columns : last*columns]
	clear(memory.dOutputBias)
	clear(memory.dOutputWeight)
	clear(memory.dBias)
	if g.head.output == nil {
		copy(dSums, logits)
	} else {
		for text := range texts {
			kernel.AddScaled(memory.dOutputBias, logits[text*outputs:][:outputs], 1)
		}
		for i := 0; i < columns; i += kernel.Lanes {
			kernel.DenseBackward(
				kernel.DenseGradient{Features: dSums[i:], Weights: memory.dOutputWeight[i*outputs:], Live: memory.live[:texts]},
				kernel.Rows{Data: logits, Stride: outputs}, g.head.outputWeights(i), kernel.Rows{Data: sums[i:], Stride: columns})
		}
	}
	for text := range texts {
		kernel.AddScaled(memory.dBias, dSums[text*columns:][:columns], 1)
	}
	for i := range dSums {
		dSums[i] *= g.dropout.scale
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
	p, b, memory := g.parameters, g.blocks[i], &g.memories[i]
	weights, bias := p.above()
	dWeights, _ := g.Gradient.above()
	rows := func(weights []float32) []float32 {
		return weights[b.pooled*len(bias):][:b.filters*len(bias)]
	}
	clear(rows(dWeights))
	kernel.DenseBackward(
		kernel.DenseGradient{Features: memory.dFeatures, Weights: rows(dWeights), Live: memory.live[:batch.Len()]},
		kernel.Rows{Data: g.dSums, Stride: g.head.columns},
		kernel.Weights{Data: rows(weights), Columns: len(bias)},
		kernel.Rows{Data: memory.features, Stride: b.lanes})

	table, rowLength := memory.dTable, b.rowLength() // local, or they are loaded again for every addition
	for _, symbol := range g.present {
		clear(table[int(symbol)*rowLength:][:rowLength])
	}
	clear(memory.dBias)
	padding := p.Shape.Padding()
	first := padding // of the text in g.padded
	for text, live := range memory.live[:batch.Len()] {
		positions := (*[kernel.Lanes]int32)(memory.positions[text*kernel.Lanes:])
		gradients := (*[kernel.Lanes]float32)(memory.dFeatures[text*kernel.Lanes:])
		for ; live != 0; live &= live - 1 {
			f := bits.TrailingZeros32(live) % kernel.Lanes
			gradient := gradients[f]
			memory.dBias[f] += gradient
			at := f
			for _, symbol := range g.padded[first+int(positions[f]):][:b.width] {
				table[int(symbol)*rowLength+at] += gradient
				at += kernel.Lanes
			}
		}
		first += len(batch.Text(text)) + 2*padding
	}
	copy(b.bias(g.Gradient), memory.dBias)
	b.unfold(g.Gradient, memory.dEmbedding, g.embedding, memory.dTable, memory.foldScratch)
}

// sumUp adds, in their order, the parts of the gradient that blocks and groups have apart, and returns
// the loss.
func (g *Backpropagation) sumUp(groups int) float64 {
	s := g.parameters.Shape
	dEmbedding := g.memories[0].dEmbedding
	for i := range g.memories[1:] {
		kernel.AddScaled(dEmbedding, g.memories[1+i].dEmbedding, 1)
	}
	for v := range s.Symbols {
		copy(g.Gradient.Embedding[v*s.Embedding:][:s.Embedding], dEmbedding[v*s.paddedEmbedding():])
	}
	sum := &g.groups[0]
	for i := range g.groups[1:groups] {
		memory := &g.groups[1+i]
		sum.loss += memory.loss
		kernel.AddScaled(sum.dBias, memory.dBias, 1)
		kernel.AddScaled(sum.dOutputBias, memory.dOutputBias, 1)
		kernel.AddScaled(sum.dOutputWeight, memory.dOutputWeight, 1)
	}
	_, dBias := g.Gradient.above()
	copy(dBias, sum.dBias)
	if g.head.output != nil {
		copy(g.Gradient.OutputBias, sum.dOutputBias)
		for i := range s.Hidden {
			copy(g.Gradient.OutputWeight[i*g.head.kinds:][:g.head.kinds], sum.dOutputWeight[i*g.head.outputColumns():])
		}
	}
	return sum.loss
}
