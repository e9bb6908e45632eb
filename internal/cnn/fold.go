package cnn

import "github.com/snowman-ml/snowman/internal/kernel"

// A block is a group of neighbouring filters of one width, one for each lane of a table row. In the
// last block of a width some lanes may be left over; they stay 0.
type block struct {
	convolution int // index into Parameters.Convolutions
	width       int
	first       int // the block's first filter within the convolution
	filters     int
	pooled      int // the block's first feature within all pooled features
	lanes       int
}

// blocks divides all filters of a network.
func (s Shape) blocks(lanes int) []block {
	var blocks []block
	for i, width := range s.Widths {
		for first := 0; first < s.Filters; first += lanes {
			blocks = append(blocks, block{
				convolution: i,
				width:       width,
				first:       first,
				filters:     min(lanes, s.Filters-first),
				pooled:      i*s.Filters + first,
				lanes:       lanes,
			})
		}
	}
	return blocks
}

// rowLength is the number of entries that a symbol has in the block's table, [V][w][lanes].
func (b block) rowLength() int { return b.width * b.lanes }

// A foldScratch is the memory for folding and unfolding one block. D' is D with zeros up to a
// multiple of kernel.Lanes.
type foldScratch struct {
	weights  []float32 // the block's part of W, [D'][w][lanes]
	dWeights []float32
	nonZero  []uint32 // [V], only because kernel.DenseBackward writes it
}

func (b block) newFoldScratch(s Shape) foldScratch {
	size := s.paddedEmbedding() * b.rowLength()
	return foldScratch{weights: make([]float32, size), dWeights: make([]float32, size), nonZero: make([]uint32, s.Symbols)}
}

// paddedEmbedding is D'.
func (s Shape) paddedEmbedding() int { return roundUp(s.Embedding, kernel.Lanes) }

// embedding returns the embedding of some symbols, with zeros for the others, [V][D'].
func (p *Parameters) embedding(symbols []int32) []float32 {
	padded := make([]float32, p.Shape.Symbols*p.Shape.paddedEmbedding())
	for _, v := range symbols {
		copy(padded[int(v)*p.Shape.paddedEmbedding():], p.Embedding[int(v)*p.Shape.Embedding:][:p.Shape.Embedding])
	}
	return padded
}

// fold computes the block's table for some symbols, T[v][j][f] = sum_d E[v][d] W[j][d][f]. It
// leaves out the bias, which does not depend on the position and is added once, after the maximum.
func (b block) fold(table []float32, p *Parameters, symbols []int32, scratch foldScratch) {
	s := p.Shape
	for d := range s.Embedding {
		for j := range b.width {
			copy(scratch.weights[(d*b.width+j)*b.lanes:], b.weights(p, j, d))
		}
	}
	kernel.Fold(table, symbols, kernel.Rows{Data: p.Embedding, Stride: s.Embedding},
		kernel.Weights{Data: scratch.weights[:s.Embedding*b.rowLength()], Columns: b.rowLength()})
}

// unfold is the way back through fold, from the gradient by the table:
//
//	dW[j][d][f] = sum_v E[v][d] dT[v][j][f]
//	dE[v][d]    = sum_jf W[j][d][f] dT[v][j][f]
//
// Both embeddings are [V][D']. An entry that is exactly 0 is left out: this skips symbols that do
// not occur, and random weights are never exactly 0.
func (b block) unfold(gradient *Parameters, dEmbedding, embedding, dTable []float32, scratch foldScratch) {
	s := gradient.Shape
	clear(scratch.dWeights)
	for d := 0; d < s.paddedEmbedding(); d += kernel.Lanes {
		kernel.DenseBackward(
			kernel.DenseGradient{Features: dEmbedding[d:], Weights: scratch.dWeights[d*b.rowLength():], Live: scratch.nonZero},
			kernel.Rows{Data: dTable, Stride: b.rowLength()},
			kernel.Weights{Data: scratch.weights[d*b.rowLength():], Columns: b.rowLength()},
			kernel.Rows{Data: embedding[d:], Stride: s.paddedEmbedding()})
	}
	for d := range s.Embedding {
		for j := range b.width {
			copy(b.weights(gradient, j, d), scratch.dWeights[(d*b.width+j)*b.lanes:])
		}
	}
}

// weights returns the block's part of W[j][d].
func (b block) weights(p *Parameters, j, d int) []float32 {
	s := p.Shape
	return p.Convolutions[b.convolution].Weight[(j*s.Embedding+d)*s.Filters+b.first:][:b.filters]
}

// bias returns the block's part of the convolution's bias.
func (b block) bias(p *Parameters) []float32 {
	return p.Convolutions[b.convolution].Bias[b.first:][:b.filters]
}

// nextWeights returns the weights from the block's features to the next layer, without the lanes
// that are left over.
func (b block) nextWeights(p *Parameters) kernel.Weights {
	weights, bias := p.nextLayer()
	return kernel.Weights{Data: weights[b.pooled*len(bias):][:b.filters*len(bias)], Columns: len(bias)}
}

// lanesOf returns the numbers with zeros up to the number of lanes.
func (b block) lanesOf(numbers []float32) []float32 {
	lanes := make([]float32, b.lanes)
	copy(lanes, numbers)
	return lanes
}

// indices returns 0 ... n-1.
func indices(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}
