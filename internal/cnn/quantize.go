package cnn

import (
	"fmt"
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// A Quantized network computes in int16 what a Network computes in float32, twice as fast: the
// tables and the features of the convolution, and the weights of the next layer. It is immutable
// and safe for use by any number of goroutines.
//
// Each filter has its own scale. The bias is part of the first tap's rows, and with
// r_f = sum_j max_v |T[v][j][f]|, over all symbols v,
//
//	T16[v][j][f] = round(T[v][j][f] * (32767 - w) / r_f)
//
// Rounding adds at most 1/2 to each of w entries, so no sum over taps, nor any part of one, goes
// beyond 32767 - w + w/2: no text makes it overflow.
//
// A feature is then at most M_f = sum_j max_v T16[v][j][f]. The weights of the next layer are
// divided by the features' scales and rounded in units of u_h for each block and column h, with
//
//	u_h >= sum_f M_f |A[f][h] / scale_f| / (2^31 - 1 - sum_f M_f / 2)
//
// so that the sum over a block's features of M_f |round(A[f][h] / (scale_f u_h))| stays within
// int32. The blocks' sums are added as float32.
type Quantized struct {
	blocks  []block
	filters []kernel.Filters16 // of each block
	dense   []kernel.Weights16 // of each block, scaled by u_h
	head    head
}

// Quantize folds and quantises the parameters.
func Quantize(p *Parameters) (*Quantized, error) {
	q := &Quantized{blocks: p.Shape.blocks(kernel.Lanes16), head: newHead(p)}
	for _, b := range q.blocks {
		table := make([]float32, p.Shape.Symbols*b.rowLength())
		b.fold(table, p, indices(p.Shape.Symbols), b.newFoldScratch(p.Shape))
		for v := range p.Shape.Symbols {
			for f, bias := range b.bias(p) {
				table[v*b.rowLength()+f] += bias
			}
		}
		for _, entry := range table {
			if difference := entry - entry; difference != 0 { // entry is infinite or not a number
				return nil, fmt.Errorf("folding the filters of width %d: a sum of products is not a finite number", b.width)
			}
		}
		table16, scales := b.quantizeTable(table)
		dense, units, err := b.quantizeDense(p, scales, b.largest(table16), q.head.columns)
		if err != nil {
			return nil, err
		}
		q.filters = append(q.filters, kernel.Filters16{Table: table16, Width: b.width})
		q.dense = append(q.dense, kernel.Weights16{Data: dense, Scales: units})
	}
	return q, nil
}

// quantizeTable returns the table in int16 and each filter's scale.
func (b block) quantizeTable(table []float32) (table16 []int16, scales []float64) {
	symbols := len(table) / b.rowLength()
	scales = make([]float64, b.lanes)
	table16 = make([]int16, len(table))
	for f := range b.lanes {
		sum := 0.0
		for j := range b.width {
			largest := float32(0)
			for v := range symbols {
				entry := table[v*b.rowLength()+j*b.lanes+f]
				largest = max(largest, entry, -entry)
			}
			sum += float64(largest)
		}
		scales[f] = 1
		if sum > 0 {
			scales[f] = float64(math.MaxInt16-b.width) / sum
		}
	}
	for i, entry := range table {
		table16[i] = int16(math.Round(float64(entry) * scales[i%b.lanes]))
	}
	return table16, scales
}

// largest returns M_f, the largest sum over taps that any text can give each filter.
func (b block) largest(table16 []int16) []float64 {
	symbols := len(table16) / b.rowLength()
	sums := make([]float64, b.lanes)
	for f := range b.lanes {
		for j := range b.width {
			largest := int16(math.MinInt16)
			for v := range symbols {
				largest = max(largest, table16[v*b.rowLength()+j*b.lanes+f])
			}
			sums[f] += float64(largest)
		}
		sums[f] = max(sums[f], 0)
	}
	return sums
}

// smallestUnit is far below any unit that matters, and above the float32 with fewer digits.
const smallestUnit = 1e-30

// quantizeDense returns the block's weights to the next layer in int16, and the unit of each
// column.
func (b block) quantizeDense(p *Parameters, scales, largest []float64, columns int) (dense []int16, units []float32, err error) {
	dense = make([]int16, b.lanes*columns)
	units = make([]float32, columns)
	room := float64(math.MaxInt32)
	for _, m := range largest {
		room -= m / 2
	}
	weights := b.nextWeights(p)
	for h := range weights.Columns {
		sum, largestWeight := 0.0, 0.0
		for f := range b.filters {
			weight := math.Abs(float64(weights.Row(f)[h]) / scales[f])
			sum += float64(largest[f] * weight) // not fused: the units are the same on every processor
			largestWeight = max(largestWeight, weight)
		}
		const roundedUp = 1 + 1e-6 // so that the unit is still large enough as float32
		units[h] = float32(max(sum/room, largestWeight/(math.MaxInt16-1)) * roundedUp)
		if !(units[h] <= math.MaxFloat32) {
			return nil, nil, fmt.Errorf("quantising the weights above the filters of width %d: the largest is not a finite number", b.width)
		}
		if units[h] < smallestUnit {
			units[h] = 0
			continue // all weights are 0 or too small to matter
		}
		for f := range b.filters {
			weight := float64(weights.Row(f)[h]) / scales[f]
			dense[(f/2*columns+h)*2+f%2] = int16(math.Round(weight / float64(units[h])))
		}
	}
	return dense, units, nil
}

// Logits sets logits, [R][K], to those of the rows, of which there is at least one.
func (q *Quantized) Logits(logits []float32, scratch *Scratch, batch *Batch) {
	texts := batch.Texts
	scratch.reset(texts.Len(), &q.head)
	scratch.features16 = resized(scratch.features16, texts.Len()*kernel.Lanes16)
	scratch.previous16 = resized(scratch.previous16, texts.Len()*kernel.Lanes16)
	features, previous := scratch.features16, scratch.previous16
	kernel.ConvolveMax16(kernel.Rows16{Data: features, Stride: kernel.Lanes16}, q.filters[0], texts.padded())
	for i, filters := range q.filters[1:] {
		features, previous = previous, features
		kernel.ConvolveDense16(features, filters, texts.padded(), scratch.sums, q.dense[i], previous)
	}
	kernel.Dense16(kernel.Rows{Data: scratch.sums, Stride: q.head.columns}, q.dense[len(q.dense)-1],
		kernel.Rows16{Data: features, Stride: kernel.Lanes16}, texts.Len())
	q.head.finish(logits, scratch, batch)
}
