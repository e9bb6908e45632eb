package cnn

import "github.com/snowman-ml/snowman/internal/kernel"

// A Network is a folded network. It is immutable and safe for use by any number of goroutines.
type Network struct {
	blocks  []block
	filters []kernel.Filters // of each block
	dense   []kernel.Weights // of each block, [lanes][columns], to the next layer
	head    head
}

// NewNetwork folds the parameters, which must not change afterwards.
func NewNetwork(p *Parameters) *Network {
	n := &Network{blocks: p.Shape.blocks(kernel.Lanes), head: newHead(p)}
	for _, b := range n.blocks {
		table := make([]float32, p.Shape.Symbols*b.rowLength())
		b.fold(table, p, indices(p.Shape.Symbols), b.newFoldScratch(p.Shape))
		dense := make([]float32, b.lanes*n.head.columns)
		weights := b.nextWeights(p)
		for f := range b.filters {
			copy(dense[f*n.head.columns:], weights.Row(f))
		}
		n.filters = append(n.filters, kernel.Filters{Table: table, Bias: b.lanesOf(b.bias(p)), Width: b.width})
		n.dense = append(n.dense, kernel.Weights{Data: dense, Columns: n.head.columns})
	}
	return n
}

// Kinds is K, the number of logits.
func (n *Network) Kinds() int { return n.head.kinds }

// Logits sets logits, [R][K], to those of the rows, of which there is at least one.
//
// All texts run through one block before the next, so that a block's table and weights stay in the
// caches near the core.
func (n *Network) Logits(logits []float32, scratch *Scratch, batch *Batch) {
	texts := batch.Texts
	scratch.reset(texts.Len(), &n.head)
	scratch.features = resized(scratch.features, texts.Len()*kernel.Lanes)
	features := kernel.Rows{Data: scratch.features, Stride: kernel.Lanes}
	sums := kernel.Rows{Data: scratch.sums, Stride: n.head.columns}
	for i := range n.blocks {
		kernel.ConvolveMax(features, n.filters[i], texts.padded())
		kernel.Dense(sums, n.dense[i], features, texts.Len())
	}
	n.head.finish(logits, scratch, batch)
}

// Scratch is the memory that scoring texts needs. It grows with the largest batch and belongs to
// one goroutine. The zero value is ready.
type Scratch struct {
	features  []float32 // [B][Lanes], of one block
	features8 []uint8   // [2][B][Lanes8], of two blocks
	sums      []float32 // [B][columns]
	outputs   []float32 // [B][outputColumns]
}

// reset makes room for a batch and sets the sums to their bias.
func (s *Scratch) reset(texts int, h *head) {
	s.sums = resized(s.sums, texts*h.columns)
	s.outputs = resized(s.outputs, texts*h.outputColumns())
	for text := range texts {
		copy(s.sums[text*h.columns:], h.bias)
	}
}

// resized returns the slice with this size, or a new one where it is too small.
func resized[T any](slice []T, size int) []T {
	if cap(slice) < size {
		return make([]T, size)
	}
	return slice[:size]
}
