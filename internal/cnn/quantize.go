package cnn

import (
	"fmt"
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// A Quantized network computes in int8 what a Network computes in float32: the tables and the
// features of the convolution, and the weights of the next layer. It is immutable and safe for use
// by any number of goroutines.
//
// Each filter has its own scale. The bias is part of the first tap's rows, and
//
//	T8[v][j][f] = round(T[v][j][f] * scale_f), at least -128 and at most 127
//	scale_f     = floor(127 - w/2) / sum_j max(0, max_v T[v][j][f]), over the symbols v that occur
//
// Sums saturate in the same way, after each tap. No part of a sum over symbols that occur is above
// 127, and what is below -128 ends below 0, which is no feature: there, saturating changes nothing.
//
// A feature is at most M_f = min(127, sum_j max_v T8[v][j][f]). The weights of the next layer are
// divided by the features' scales and rounded in units of u_h for each block and column h. With s
// the sum, over the features of one of the halves of kernel.Weights8, of the weights of one sign
// times M_f, and m the sum of M_f over that half,
//
//	u_h >= |A[f][h] / scale_f| / 127,   u_h >= s / (32767 - m / 2)
//
// so that no text's sum over a half leaves int16. The blocks' sums are added as float32.
type Quantized struct {
	blocks  []block
	filters []kernel.Filters8 // of each block
	dense   []kernel.Weights8 // of each block, scaled by u_h
	head    head
}

// Quantize folds and quantises the parameters. frequency is that of each symbol in texts; nil says
// that all symbols occur. Symbols that do not occur saturate where others need not.
func Quantize(p *Parameters, frequency []float64) (*Quantized, error) {
	q := &Quantized{blocks: p.Shape.blocks(kernel.Lanes8), head: newHead(p)}
	occurring := occurring(p.Shape.Symbols, frequency)
	for _, b := range q.blocks {
		table, err := b.tableWithBias(p)
		if err != nil {
			return nil, err
		}
		table8, scales := b.quantizeTable(table, occurring)
		dense, units, err := b.quantizeDense(p, scales, b.largest(table8), q.head.columns)
		if err != nil {
			return nil, err
		}
		q.filters = append(q.filters, kernel.Filters8{Table: table8, Width: b.width})
		q.dense = append(q.dense, kernel.NewWeights8(dense, units))
	}
	return q, nil
}

// occurring returns the symbols that are in texts or stand before and behind them. A symbol seen
// once in a million counts as one that is not.
func occurring(symbols int, frequency []float64) (found []int) {
	for v := range symbols {
		if len(frequency) == 0 || v == Start || v == End || frequency[v] >= 1e-6 {
			found = append(found, v)
		}
	}
	return found
}

// tableWithBias folds the block, with the bias in the first tap's rows.
func (b block) tableWithBias(p *Parameters) ([]float32, error) {
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
	return table, nil
}

// quantizeTable returns the table in int8 and each filter's scale.
func (b block) quantizeTable(table []float32, occurring []int) (table8 []int8, scales []float64) {
	scales = make([]float64, b.lanes)
	table8 = make([]int8, len(table))
	for f := range b.lanes {
		sum := 0.0
		for j := range b.width {
			largest := float32(0)
			for _, v := range occurring {
				largest = max(largest, table[v*b.rowLength()+j*b.lanes+f])
			}
			sum += float64(largest)
		}
		scales[f] = 1
		if sum > 0 {
			scales[f] = float64(math.MaxInt8-(b.width+1)/2) / sum
		}
	}
	for i, entry := range table {
		scaled := math.Round(float64(entry) * scales[i%b.lanes])
		table8[i] = int8(min(max(scaled, math.MinInt8), math.MaxInt8))
	}
	return table8, scales
}

// largest returns M_f, the largest feature that any text can give each filter.
func (b block) largest(table8 []int8) []float64 {
	symbols := len(table8) / b.rowLength()
	features := make([]float64, b.lanes)
	for f := range b.lanes {
		sum := 0
		for j := range b.width {
			largest := math.MinInt8
			for v := range symbols {
				largest = max(largest, int(table8[v*b.rowLength()+j*b.lanes+f]))
			}
			sum = max(sum+largest, math.MinInt8)
		}
		features[f] = float64(min(max(sum, 0), math.MaxInt8))
	}
	return features
}

// smallestUnit is far below any unit that matters, and above the float32 with fewer digits.
const smallestUnit = 1e-30

// half is which of the halves of kernel.Weights8 a feature belongs to.
func half(feature int) int { return feature % 4 / 2 }

// quantizeDense returns the block's weights to the next layer in int8, and the unit of each
// column.
func (b block) quantizeDense(p *Parameters, scales, largest []float64, columns int) (dense []int8, units []float32, err error) {
	dense = make([]int8, b.lanes*columns)
	units = make([]float32, columns)
	room := [2]float64{math.MaxInt16, math.MaxInt16}
	for f, m := range largest {
		room[half(f)] -= m / 2
	}
	weights := b.nextWeights(p)
	for h := range weights.Columns {
		unit := 0.0
		var positive, negative [2]float64
		for f := range b.filters {
			weight := float64(weights.Row(f)[h]) / scales[f]
			product := float64(largest[f] * weight) // not fused: the units are the same on every processor
			positive[half(f)] += max(product, 0)
			negative[half(f)] += max(-product, 0)
			unit = max(unit, math.Abs(weight)/math.MaxInt8)
		}
		for i, r := range room {
			unit = max(unit, positive[i]/r, negative[i]/r)
		}
		const roundedUp = 1 + 1e-6 // so that the unit is still large enough as float32
		units[h] = float32(unit * roundedUp)
		if !(units[h] <= math.MaxFloat32) {
			return nil, nil, fmt.Errorf("quantising the weights above the filters of width %d: the largest is not a finite number", b.width)
		}
		if units[h] < smallestUnit {
			units[h] = 0
			continue // all weights are 0 or too small to matter
		}
		for f := range b.filters {
			weight := float64(weights.Row(f)[h]) / scales[f]
			dense[f*columns+h] = int8(math.Round(weight / float64(units[h])))
		}
	}
	return dense, units, nil
}

// Kinds is K, the number of logits.
func (q *Quantized) Kinds() int { return q.head.kinds }

// Logits sets logits, [R][K], to those of the rows, of which there is at least one.
func (q *Quantized) Logits(logits []float32, scratch *Scratch, batch *Batch) {
	texts := batch.Texts
	scratch.reset(texts.Len(), &q.head)
	scratch.features8 = resized(scratch.features8, texts.Len()*2*kernel.Lanes8)
	sums := kernel.Rows{Data: scratch.sums, Stride: q.head.columns}
	kernel.Blocks8(sums, q.filters, q.dense, texts.padded(), scratch.features8)
	q.head.finish(logits, scratch, batch)
}
