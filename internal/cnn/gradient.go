package cnn

import (
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// A TrainingBatch is what one training step is computed from.
type TrainingBatch struct {
	Batch
	Kinds   []int     // [R], the true kind or UnknownMalicious
	Weights []float32 // [R], each row's share of the loss
}

// A Backpropagation computes the loss of batches and its gradient. It keeps its memory from batch
// to batch and belongs to one training.
//
// Max pooling passes its gradient to one window only, so the way back is sparse: for each text and
// live filter, w rows of the table's gradient receive one addition each. The table's gradient is
// unfolded once a batch.
type Backpropagation struct {
	Gradient *Parameters // of the last batch's loss

	parameters *Parameters
	blocks     []block
	memories   []blockMemory
	groups     []groupMemory
	dropout    dropout
	padded     kernel.Padded // by w-1 symbols of the widest filter on either side
	present    []int32       // the symbols that occur in a text or as padding
	embedding  []float32     // theirs, [V][D']

	head     head
	sums     []float32 // [B][columns], of the next layer, after its bias and ReLU
	dSums    []float32 // [B][columns], by the sums of products alone
	outputs  []float32 // [B][outputColumns]
	dOutputs []float32 // [B][outputColumns], or [B][columns] without a hidden layer
	losses   []float64 // [R], without their weights
	dLogits  []float32 // [R][K]
}

// blockMemory is the memory of one block of filters.
type blockMemory struct {
	foldScratch
	table      []float32 // [V][w][lanes]
	dTable     []float32 // [V][w][lanes]
	dEmbedding []float32 // [V][D']
	bias       []float32 // [lanes]
	dBias      []float32 // [lanes]
	features   []float32 // [B][lanes], after ReLU and dropout
	positions  []int32   // [B][lanes], of each maximum
	dFeatures  []float32 // [B][lanes]
	dropped    []uint32  // [B], a bit for each feature that dropout sets to 0
	live       []uint32  // [B], a bit for each feature that is not 0
}

// groupMemory is the memory of one group of neighbouring texts: their part of the gradient.
type groupMemory struct {
	dOutput     []float32 // [columns][outputColumns]
	dOutputBias []float32 // [outputColumns]
	dBias       []float32 // [columns], of the next layer
	live        []uint32  // [groupTexts], a bit for each column that is not 0
}

// groupTexts is the number of texts, or of rows, in a group. A block's weights to the next layer
// are loaded once for each group of texts.
const groupTexts = 64

// NewBackpropagation returns the memory for training these parameters on batches of at most size
// texts.
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
		groups:     make([]groupMemory, groups(size)),
		head:       newHead(p),
	}
	g.sums = make([]float32, size*g.head.columns)
	g.dSums = make([]float32, size*g.head.columns)
	g.outputs = make([]float32, size*g.head.outputColumns())
	g.dOutputs = make([]float32, size*g.head.outputs(g.outputs, g.sums).Stride)
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
			dropped:     make([]uint32, size),
			live:        make([]uint32, size),
		})
	}
	for i := range g.groups {
		g.groups[i] = groupMemory{
			dOutput:     make([]float32, len(g.head.output)),
			dOutputBias: make([]float32, g.head.outputColumns()),
			dBias:       make([]float32, g.head.columns),
			live:        make([]uint32, groupTexts),
		}
	}
	return g, nil
}

// Run computes the weighted mean loss of a batch and leaves its gradient in g.Gradient.
//
// Each pooled feature is dropped with the given probability, in steps of 1/256; the seed decides
// which. Run calls do(n, task), which must call task(0) ... task(n-1) in any order, or in parallel,
// and return when all are done. The result does not depend on the order.
func (g *Backpropagation) Run(batch *TrainingBatch, dropout float64, seed uint64, do func(tasks int, task func(int))) float64 {
	g.dropout = newDropout(dropout, seed)
	g.head = newHead(g.parameters)
	g.findPresent(batch.Texts)
	g.embedding = g.parameters.embedding(g.present)
	texts, rows := batch.Len(), batch.RowCount()
	g.losses = slices.Grow(g.losses[:0], rows)[:rows]
	g.dLogits = slices.Grow(g.dLogits[:0], rows*g.head.kinds)[:rows*g.head.kinds]
	last := len(g.blocks) - 1 // the widest filters come first: they take longest
	do(len(g.blocks)+1, func(i int) {
		if i > last {
			g.pad(batch.Texts)
			return
		}
		g.convolve(last-i, batch.Texts)
	})
	do(groups(texts), func(i int) { g.classify(i, texts) })
	do(groups(rows), func(i int) { g.crossEntropies(i, batch) })
	loss := g.loss(batch)
	do(groups(texts), func(i int) { g.classifyBackward(i, texts) })
	do(len(g.blocks), func(i int) { g.convolveBackward(last-i, batch.Texts) })
	g.sumUp(groups(texts), do)
	return loss
}

// groups is the number of groups that so many texts, or rows, are divided into.
func groups(texts int) int { return (texts + groupTexts - 1) / groupTexts }

// findPresent lists the symbols that occur.
func (g *Backpropagation) findPresent(texts Texts) {
	occurs := [maxSymbols]bool{Start: true, End: true}
	for _, symbol := range texts.Symbols {
		occurs[symbol] = true
	}
	g.present = g.present[:0]
	for symbol := range g.parameters.Shape.Symbols {
		if occurs[symbol] {
			g.present = append(g.present, int32(symbol))
		}
	}
}

// pad writes every text between the padding of the widest filter.
func (g *Backpropagation) pad(texts Texts) {
	padding := g.parameters.Shape.Padding()
	symbols, firsts := g.padded.Symbols[:0], g.padded.Firsts[:0]
	for i := range texts.Len() {
		for range padding {
			symbols = append(symbols, Start)
		}
		firsts = append(firsts, int32(len(symbols)))
		symbols = append(symbols, texts.Text(i)...)
		for range padding {
			symbols = append(symbols, End)
		}
	}
	g.padded = kernel.Padded{Symbols: symbols, Firsts: firsts}
}

// convolve computes one block's pooled features of every text and their positions.
func (g *Backpropagation) convolve(i int, texts Texts) {
	p, b, memory := g.parameters, g.blocks[i], &g.memories[i]
	b.fold(memory.table, p, g.present, memory.foldScratch)
	copy(memory.bias, b.bias(p))
	filters := kernel.Filters{Table: memory.table, Bias: memory.bias, Width: b.width}
	features := kernel.Rows{Data: memory.features, Stride: b.lanes}
	kernel.ConvolveArgMax(features, memory.positions, filters, texts.padded())
	g.dropout.apply(features, b.pooled, memory.dropped[:texts.Len()])
}

// convolveBackward is the way back through convolve: from the gradient by the sums of the next
// layer to one block's part of the gradient, summed over all texts: by its weights to the next
// layer, its filters and the embedding.
func (g *Backpropagation) convolveBackward(i int, texts Texts) {
	p, b, memory := g.parameters, g.blocks[i], &g.memories[i]
	dWeights := b.nextWeights(g.Gradient).Data
	clear(dWeights)
	kernel.DenseBackward(
		kernel.DenseGradient{Features: memory.dFeatures, Weights: dWeights, Live: memory.live[:texts.Len()]},
		kernel.Rows{Data: g.dSums, Stride: g.head.columns},
		b.nextWeights(p),
		kernel.Rows{Data: memory.features, Stride: b.lanes})

	for _, symbol := range g.present {
		clear(memory.dTable[int(symbol)*b.rowLength():][:b.rowLength()])
	}
	clear(memory.dBias)
	kernel.ConvolveBackward(
		kernel.Filters{Table: memory.dTable, Bias: memory.dBias, Width: b.width},
		kernel.Rows{Data: memory.dFeatures, Stride: b.lanes}, memory.positions, memory.live[:texts.Len()], g.padded)
	copy(b.bias(g.Gradient), memory.dBias)
	b.unfold(g.Gradient, memory.dEmbedding, g.embedding, memory.dTable, memory.foldScratch)
}

// classify takes a group of texts from their pooled features to their outputs.
func (g *Backpropagation) classify(group, all int) {
	first, last := group*groupTexts, min((group+1)*groupTexts, all)
	texts, columns := last-first, g.head.columns
	sums := g.sums[first*columns : last*columns]
	clear(sums)
	for i, b := range g.blocks {
		features := kernel.Rows{Data: g.memories[i].features[first*b.lanes:], Stride: b.lanes}
		kernel.Dense(kernel.Rows{Data: sums, Stride: columns}, b.nextWeights(g.parameters), features, texts)
	}
	g.head.activate(sums, g.dropout.scale)
	g.head.forward(g.outputs[first*g.head.outputColumns():], sums, texts)
}

// classifyBackward is the way back through classify: from the gradient by the outputs to that by
// the sums of the next layer.
func (g *Backpropagation) classifyBackward(group, all int) {
	first, last := group*groupTexts, min((group+1)*groupTexts, all)
	columns, memory := g.head.columns, &g.groups[group]
	sums, dSums := g.sums[first*columns:last*columns], g.dSums[first*columns:last*columns]
	dOutputs := g.head.outputs(g.dOutputs, g.dOutputs)
	dOutputs.Data = dOutputs.Data[first*dOutputs.Stride : last*dOutputs.Stride]
	g.head.backward(memory, dSums, dOutputs, sums, last-first)
	g.head.activateBackward(memory.dBias, dSums, g.dropout.scale)
}

// crossEntropies computes the losses of a group of rows, without their weights, and their
// gradients by the logits.
func (g *Backpropagation) crossEntropies(group int, batch *TrainingBatch) {
	first, last := group*groupTexts, min((group+1)*groupTexts, batch.RowCount())
	g.head.crossEntropies(g.losses, g.dLogits, g.head.outputs(g.outputs, g.sums), batch, first, last)
}

// loss returns the loss of all rows and leaves its gradient by the outputs in g.dOutputs.
func (g *Backpropagation) loss(batch *TrainingBatch) float64 {
	dOutputs := g.head.outputs(g.dOutputs, g.dOutputs)
	dOutputs.Data = dOutputs.Data[:batch.Len()*dOutputs.Stride]
	return g.head.loss(dOutputs, g.losses, g.dLogits, batch)
}

// sumUp adds the parts of the gradient that blocks and groups share, in a fixed order.
func (g *Backpropagation) sumUp(groups int, do func(tasks int, task func(int))) {
	const parts = 4 // of the symbols
	symbols := g.parameters.Shape.Symbols
	do(parts+1, func(i int) {
		if i == parts {
			g.sumUpHead(groups)
			return
		}
		g.sumUpEmbedding(i*symbols/parts, (i+1)*symbols/parts)
	})
}

// sumUpEmbedding adds what the blocks say of the symbols from first on.
func (g *Backpropagation) sumUpEmbedding(first, last int) {
	s := g.parameters.Shape
	stride := s.paddedEmbedding()
	dEmbedding := g.memories[0].dEmbedding[first*stride : last*stride]
	for i := range g.memories[1:] {
		kernel.Add(dEmbedding, g.memories[1+i].dEmbedding[first*stride:last*stride])
	}
	for v := first; v < last; v++ {
		copy(g.Gradient.Embedding[v*s.Embedding:][:s.Embedding], dEmbedding[(v-first)*stride:])
	}
}

// sumUpHead adds what the groups say of the layers behind the pooled features.
func (g *Backpropagation) sumUpHead(groups int) {
	sum := &g.groups[0]
	for i := range g.groups[1:groups] {
		memory := &g.groups[1+i]
		kernel.Add(sum.dBias, memory.dBias)
		kernel.Add(sum.dOutputBias, memory.dOutputBias)
		kernel.Add(sum.dOutput, memory.dOutput)
	}
	_, dBias := g.Gradient.nextLayer()
	copy(dBias, sum.dBias)
	if g.head.output != nil {
		g.head.outputGradient(g.Gradient, sum.dOutput, sum.dOutputBias)
	}
}
