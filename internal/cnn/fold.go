package cnn

import (
	"github.com/snowman-ml/snowman/internal/kernel"
)

// A block is neighbouring filters of one width, as many as a table row has lanes. What is left of the
// last block's lanes stays 0.
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

// foldScratch is the memory for folding and unfolding one block.
type foldScratch struct {
	weights    []float32 // the block's part of W, [D][w][lanes]
	transposed []float32 // the same, [w][lanes][D]
	dimensions []int32   // 0 ... D-1
	entries    []int32   // 0 ... w*lanes-1
	scales     []float32
}

func (b block) newFoldScratch(s Shape) foldScratch {
	return foldScratch{
		weights:    make([]float32, s.Embedding*b.rowLength()),
		transposed: make([]float32, b.rowLength()*s.Embedding),
		dimensions: count(s.Embedding),
		entries:    count(b.rowLength()),
		scales:     make([]float32, s.Symbols),
	}
}

// fold computes the block's table for some symbols, T[v][j][f] = sum_d E[v][d] W[j][d][f]. The bias is
// left out: it does not depend on the position, so it is added once, after the maximum.
func (b block) fold(table []float32, p *Parameters, symbols []int32, scratch foldScratch) {
	s := p.Shape
	for d := range s.Embedding {
		for j := range b.width {
			copy(scratch.weights[(d*b.width+j)*b.lanes:], b.weights(p, j, d))
		}
	}
	for _, v := range symbols {
		row := table[int(v)*b.rowLength():][:b.rowLength()]
		clear(row)
		kernel.AddScaledRows(row, scratch.weights, scratch.dimensions, p.Embedding[int(v)*s.Embedding:][:s.Embedding])
	}
}

// unfold carries a table's gradient back to what the table was folded from: it sets
// dW[j][d][f] = sum_v E[v][d] dT[v][j][f] in gradient, and dE[v][d] = sum_jf W[j][d][f] dT[v][j][f]
// in embedding, [V][D].
//
// Only the symbols that are present in the batch have rows other than 0.
func (b block) unfold(gradient *Parameters, embedding, table []float32, present []int32, p *Parameters, scratch foldScratch) {
	s := p.Shape
	scales := scratch.scales[:len(present)]
	dWeights := scratch.weights
	clear(dWeights)
	for d := range s.Embedding {
		for i, v := range present {
			scales[i] = p.Embedding[int(v)*s.Embedding+d]
		}
		kernel.AddScaledRows(dWeights[d*b.rowLength():][:b.rowLength()], table, present, scales)
		for j := range b.width {
			copy(b.weights(gradient, j, d), dWeights[(d*b.width+j)*b.lanes:])
		}
	}
	for j := range b.width {
		for d := range s.Embedding {
			column := scratch.transposed[j*b.lanes*s.Embedding+d:]
			for f, weight := range b.weights(p, j, d) {
				column[f*s.Embedding] = weight
			}
		}
	}
	clear(embedding)
	for _, v := range present {
		kernel.AddScaledRows(embedding[int(v)*s.Embedding:][:s.Embedding], scratch.transposed, scratch.entries, table[int(v)*b.rowLength():][:b.rowLength()])
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

// lanesOf returns numbers, with zeros up to all lanes.
func (b block) lanesOf(numbers []float32) []float32 {
	lanes := make([]float32, b.lanes)
	copy(lanes, numbers)
	return lanes
}

// count returns 0 ... n-1.
func count(n int) []int32 {
	indices := make([]int32, n)
	for i := range indices {
		indices[i] = int32(i)
	}
	return indices
}
