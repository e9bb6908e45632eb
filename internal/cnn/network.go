package cnn

import "github.com/snowman-ml/snowman/internal/kernel"

// A Network is a folded, immutable network, safe for use by any number of goroutines.
type Network struct {
	blocks  []block
	filters []kernel.Filters // of each block
	dense   []kernel.Weights // of each block, [lanes][columns], to the layer above the pooled features
	head    head
}

// NewNetwork folds the parameters, which must not change afterwards.
func NewNetwork(p *Parameters) *Network {
	n := &Network{blocks: p.Shape.blocks(kernel.Lanes), head: newHead(p)}
	for _, b := range n.blocks {
		table := make([]float32, p.Shape.Symbols*b.rowLength())
		b.fold(table, p, count(p.Shape.Symbols), b.newFoldScratch(p.Shape))
		dense := make([]float32, b.lanes*n.head.columns)
		for f := range b.filters {
			copy(dense[f*n.head.columns:], b.above(p, f))
		}
		n.filters = append(n.filters, kernel.Filters{Table: table, Bias: b.lanesOf(b.bias(p)), Width: b.width})
		n.dense = append(n.dense, kernel.Weights{Data: dense, Columns: n.head.columns})
	}
	return n
}

// Kinds is K, the number of logits.
func (n *Network) Kinds() int { return n.head.kinds }

// Logits sets logits, [B][K], to those of the texts, of which there is at least one.
//
// All texts run through one block before the next, so that a block's table and weights stay in the
// caches near the core.
func (n *Network) Logits(logits []float32, scratch *Scratch, texts Texts) {
	scratch.grow(texts.Len(), &n.head)
	scratch.features = grown(scratch.features, texts.Len()*kernel.Lanes)
	features := kernel.Rows{Data: scratch.features, Stride: kernel.Lanes}
	sums := kernel.Rows{Data: scratch.sums, Stride: n.head.columns}
	for i := range n.blocks {
		kernel.ConvolveMax(features, n.filters[i], texts.padded())
		kernel.Dense(sums, n.dense[i], features, texts.Len())
	}
	n.head.finish(logits, scratch, texts.Len())
}

// above returns the weights, in the layer above, of the block's feature f.
func (b block) above(p *Parameters, f int) []float32 {
	weights, _ := p.above()
	outputs := len(weights) / p.Shape.Pooled()
	return weights[(b.pooled+f)*outputs:][:outputs]
}

// above returns the layer above the pooled features: the dense one, or the output where there is none.
func (p *Parameters) above() (weights, bias []float32) {
	if p.Shape.Hidden > 0 {
		return p.DenseWeight, p.DenseBias
	}
	return p.OutputWeight, p.OutputBias
}

// A head is what a network does with the sums of the layer above the pooled features.
type head struct {
	kinds   int
	bias    []float32 // [columns], of that layer
	columns int       // of that layer, with zeros up to a multiple of what the kernels take at once

	// Where that layer is the hidden one:
	output     []float32 // [columns][outputColumns]
	outputBias []float32 // [outputColumns]
}

// outputColumns is K with zeros up to a register.
func (h *head) outputColumns() int { return len(h.outputBias) }

// outputWeights are those of the hidden layer's columns from first on.
func (h *head) outputWeights(first int) kernel.Weights {
	return kernel.Weights{Data: h.output[first*h.outputColumns():], Columns: h.outputColumns()}
}

func newHead(p *Parameters) head {
	_, bias := p.above()
	h := head{kinds: p.Shape.Kinds, columns: roundUp(len(bias), 64)}
	h.bias = make([]float32, h.columns)
	copy(h.bias, bias)
	if p.Shape.Hidden == 0 {
		return h
	}
	const register = 16
	h.outputBias = make([]float32, roundUp(h.kinds, register))
	copy(h.outputBias, p.OutputBias)
	h.output = make([]float32, h.columns*h.outputColumns())
	for i := range p.Shape.Hidden {
		copy(h.output[i*h.outputColumns():], p.OutputWeight[i*h.kinds:][:h.kinds])
	}
	return h
}

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// finish takes the sums of all texts to logits.
func (h *head) finish(logits []float32, scratch *Scratch, texts int) {
	outputs := kernel.Rows{Data: scratch.sums, Stride: h.columns}
	if h.output != nil {
		outputs = kernel.Rows{Data: scratch.outputs, Stride: h.outputColumns()}
		for first := 0; first < h.columns; first += kernel.Lanes { // the products skip what is below 0: the ReLU
			kernel.Dense(outputs, h.outputWeights(first), kernel.Rows{Data: scratch.sums[first:], Stride: h.columns}, texts)
		}
	}
	for text := range texts {
		copy(logits[text*h.kinds:][:h.kinds], outputs.Data[text*outputs.Stride:])
	}
}

// Scratch is the memory that scoring texts needs; it grows with the largest batch. The zero value is
// ready. It belongs to one goroutine.
type Scratch struct {
	features   []float32 // [B][Lanes], of one block
	features16 []int16   // [B][Lanes16]
	previous16 []int16   // likewise, of the block before
	sums       []float32 // [B][columns]
	outputs    []float32 // [B][outputColumns]
}

// grow makes room for a batch's sums and sets them to their biases.
func (s *Scratch) grow(texts int, h *head) {
	s.sums = grown(s.sums, texts*h.columns)
	s.outputs = grown(s.outputs, texts*h.outputColumns())
	for text := range texts {
		copy(s.sums[text*h.columns:], h.bias)
		copy(s.outputs[text*h.outputColumns():], h.outputBias)
	}
}

// grown returns a slice of the size, the given one where it is large enough.
func grown[T any](slice []T, size int) []T {
	if cap(slice) < size {
		return make([]T, size)
	}
	return slice[:size]
}
