package cnn

import (
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// blockFilters is how many filters share a table. A block's table [w][V][64] stays in the caches
// near the core while a whole batch runs over it.
const blockFilters = 64

// A block is up to blockFilters neighbouring filters of one width.
type block struct {
	convolution int // index into Parameters.Convolutions
	width       int
	first       int // the block's first filter within the convolution
	filters     int
	pooled      int // where the block's features start in the pooled vector
}

// blocks divides all filters of a network.
func (s Shape) blocks() []block {
	var blocks []block
	for i, width := range s.Widths {
		for first := 0; first < s.Filters; first += blockFilters {
			blocks = append(blocks, block{
				convolution: i,
				width:       width,
				first:       first,
				filters:     min(blockFilters, s.Filters-first),
				pooled:      i*s.Filters + first,
			})
		}
	}
	return blocks
}

// tableSize is the number of entries of the block's folded table, [w][V][filters].
func (b block) tableSize(s Shape) int { return b.width * s.Symbols * b.filters }

// fold computes the block's table, T[j][v][f] = sum_d E[v][d] W[j][d][f]. The bias is left out: it
// does not depend on the position, so it is added once, after the maximum.
func (b block) fold(table []float32, p *Parameters) {
	s := p.Shape
	clear(table)
	dimensions := count(s.Embedding)
	weights := make([]float32, s.Embedding*b.filters)
	for j := range b.width {
		for d := range s.Embedding {
			copy(weights[d*b.filters:], b.weights(p, j, d))
		}
		for v := range s.Symbols {
			row := table[(j*s.Symbols+v)*b.filters:][:b.filters]
			kernel.AddScaledRows(row, weights, dimensions, p.Embedding[v*s.Embedding:][:s.Embedding])
		}
	}
}

// unfold carries a table's gradient back to what the table was folded from: it adds
// dW[j][d][f] = sum_v E[v][d] dT[j][v][f] to gradient, and dE[v][d] = sum_jf W[j][d][f] dT[j][v][f]
// to embedding, [V][D].
//
// Most rows of a table's gradient are zero: few symbols stand where the maxima of a batch do. They
// are left out.
func (b block) unfold(gradient *Parameters, embedding, table []float32, p *Parameters) {
	s := p.Shape
	live := make([]int32, 0, s.Symbols)               // the symbols whose rows are not zero
	scales := make([]float32, s.Symbols)              // E[live][d], for one d
	weights := make([]float32, b.filters*s.Embedding) // W[j] of the block, transposed to [filters][D]
	filters := count(b.filters)
	for j := range b.width {
		rows := table[j*s.Symbols*b.filters:][:s.Symbols*b.filters]
		live = live[:0]
		for v := range s.Symbols {
			if slices.ContainsFunc(rows[v*b.filters:][:b.filters], func(g float32) bool { return g != 0 }) {
				live = append(live, int32(v))
			}
		}
		for d := range s.Embedding {
			for i, v := range live {
				scales[i] = p.Embedding[int(v)*s.Embedding+d]
			}
			kernel.AddScaledRows(b.weights(gradient, j, d), rows, live, scales[:len(live)])
			for f, weight := range b.weights(p, j, d) {
				weights[f*s.Embedding+d] = weight
			}
		}
		for _, v := range live {
			kernel.AddScaledRows(embedding[int(v)*s.Embedding:][:s.Embedding], weights, filters, rows[int(v)*b.filters:][:b.filters])
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
