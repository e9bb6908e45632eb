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
	z := newQuantizer(p, frequency)
	for _, b := range q.blocks {
		if !z.fold(b) {
			return nil, fmt.Errorf("folding the filters of width %d: a sum of products is not a finite number", b.width)
		}
		table8 := z.quantizeTable(b)
		dense, err := z.quantizeDense(b, q.head.columns)
		if err != nil {
			return nil, err
		}
		q.filters = append(q.filters, kernel.Filters8{Table: table8, Width: b.width})
		q.dense = append(q.dense, dense)
	}
	return q, nil
}

// occurring returns the symbols that are in texts or stand before and behind them. A symbol seen
// once in a million counts as one that is not.
func occurring(symbols int, frequency []float64) (found []uint8) {
	for v := range symbols {
		if len(frequency) == 0 || v == Start || v == End || frequency[v] >= 1e-6 {
			found = append(found, uint8(v))
		}
	}
	return found
}

// parts is how many blocks of float32 a block of int8 is.
const parts = kernel.Lanes8 / kernel.Lanes

// A quantizer holds the memory in which the blocks of a network are quantised one after the other.
//
// Its tables are those of a single tap and of a part of the block's filters, [V][Lanes]. So the
// largest entries are what the kernels for filters of width 1 find in a text of all symbols.
type quantizer struct {
	p              *Parameters
	occurring, all []uint8 // symbols
	rows           []int32 // all symbols

	embedding kernel.Rows        // [V][D+1], with a 1 for the bias
	weights   [parts][]float32   // [D+1][Lanes], of a tap, with the bias as the last row
	tables    [][parts][]float32 // of each tap

	scales   [kernel.Lanes8]float64 // of the block's filters
	features [kernel.Lanes8]float64 // M_f

	scaled []float64     // [Lanes8][next layer], weights divided by the filters' scales
	most   []uint64      // [next layer], the bits of the largest of them without its sign
	sums   [2]signedSums // of each of the halves of kernel.Weights8
}

// signedSums are s: for each column, what of the products of weights and M_f is above 0 and below.
type signedSums struct{ positive, negative []float64 }

func newQuantizer(p *Parameters, frequency []float64) *quantizer {
	s := p.Shape
	_, bias := p.nextLayer()
	z := &quantizer{
		p:         p,
		occurring: occurring(s.Symbols, frequency),
		all:       occurring(s.Symbols, nil),
		rows:      indices(s.Symbols),
		embedding: kernel.Rows{Data: make([]float32, s.Symbols*(s.Embedding+1)), Stride: s.Embedding + 1},
		tables:    make([][parts][]float32, s.Padding()+1),
		scaled:    make([]float64, kernel.Lanes8*len(bias)),
		most:      make([]uint64, len(bias)),
	}
	for v := range s.Symbols {
		row := z.embedding.Data[v*z.embedding.Stride:][:z.embedding.Stride]
		copy(row, p.Embedding[v*s.Embedding:][:s.Embedding])
		row[s.Embedding] = 1
	}
	for part := range z.weights {
		z.weights[part] = make([]float32, (s.Embedding+1)*kernel.Lanes)
	}
	for j := range z.tables {
		for part := range parts {
			z.tables[j][part] = make([]float32, s.Symbols*kernel.Lanes)
		}
	}
	for half := range z.sums {
		z.sums[half] = signedSums{make([]float64, len(bias)), make([]float64, len(bias))}
	}
	return z
}

// fold computes the block's tables, with the bias in those of the first tap, and reports whether
// all entries are finite.
func (z *quantizer) fold(b block) bool {
	for j := range b.width {
		for part, table := range z.tables[j] {
			weights := z.weights[part]
			clear(weights) // also of lanes that are left over
			first := part * kernel.Lanes
			set := func(row int, of []float32) {
				if first < len(of) {
					copy(weights[row*kernel.Lanes:][:kernel.Lanes], of[first:])
				}
			}
			for d := range z.p.Shape.Embedding {
				set(d, b.weights(z.p, j, d))
			}
			if j == 0 {
				set(z.p.Shape.Embedding, b.bias(z.p))
			}
			kernel.Fold(table, z.rows, z.embedding, kernel.Weights{Data: weights, Columns: kernel.Lanes})
			if !areFinite(table) {
				return false
			}
		}
	}
	return true
}

// areFinite reports whether no number has all bits of the exponent set.
func areFinite(numbers []float32) bool {
	const exponent, lowest = 0x7f800000, 0x00800000
	carry := uint32(0) // no branch for each number
	for _, x := range numbers {
		carry |= math.Float32bits(x)&exponent + lowest
	}
	return carry>>31 == 0
}

// quantizeTable returns the folded block's table in int8, and sets the filters' scales.
func (z *quantizer) quantizeTable(b block) []int8 {
	z.setScales(b)
	table8 := make([]int8, len(z.all)*b.rowLength())
	for j := range b.width {
		for part, table := range z.tables[j] {
			first := part * kernel.Lanes
			for v := range z.all {
				row8 := table8[(v*b.width+j)*b.lanes+first:][:kernel.Lanes]
				quantizeRow(row8, table[v*kernel.Lanes:], z.scales[first:])
			}
		}
	}
	return table8
}

// quantizeRow sets a row of T8, apart from quantizeTable so that its loop has all registers.
//
//go:noinline
func quantizeRow(row8 []int8, row []float32, scales []float64) {
	row, scales = row[:len(row8)], scales[:len(row8)]
	for f := range row8 {
		row8[f] = quantized(row[f], scales[f])
	}
}

// quantized returns round(entry * scale) within int8. Halves are rounded away from 0.
func quantized(entry float32, scale float64) int8 {
	x := float64(float64(entry) * scale) // not fused
	switch {
	case x <= math.MinInt8:
		return math.MinInt8
	case x >= math.MaxInt8:
		return math.MaxInt8
	}
	return int8(rounded(x))
}

// rounded is math.Round for numbers within int32.
func rounded(x float64) int32 {
	whole := int32(x)
	return whole + int32((x-float64(whole))*2)
}

// setScales sets the scales of the folded block's filters, and their largest features.
func (z *quantizer) setScales(b block) {
	var sums [kernel.Lanes8]float64
	var largest [kernel.MaxWidth][kernel.Lanes8]float32
	for j := range b.width {
		for part, table := range z.tables[j] {
			first := part * kernel.Lanes
			for f, entry := range z.largestThatOccur(table) {
				sums[first+f] += float64(entry)
			}
			z.largest(largest[j][first:], table)
		}
	}
	for f, sum := range sums {
		z.scales[f] = 1
		if sum > 0 {
			z.scales[f] = float64(math.MaxInt8-(b.width+1)/2) / sum
		}
		feature := 0 // T8 rises with T, and so do their largest entries
		for j := range b.width {
			feature = max(feature+int(quantized(largest[j][f], z.scales[f])), math.MinInt8)
		}
		z.features[f] = float64(min(max(feature, 0), math.MaxInt8))
	}
}

// largestThatOccur returns max(0, max_v T[v]) of each filter, over the symbols that occur.
func (z *quantizer) largestThatOccur(table []float32) (largest [kernel.Lanes]float32) {
	var bias [kernel.Lanes]float32
	text := kernel.Texts{Symbols: z.occurring, Ends: []int32{int32(len(z.occurring))}}
	kernel.ConvolveMax(kernel.Rows{Data: largest[:], Stride: kernel.Lanes}, kernel.Filters{Table: table, Bias: bias[:], Width: 1}, text)
	return largest
}

// largest sets largest to max_v T[v] of each filter, over all symbols.
func (z *quantizer) largest(largest, table []float32) {
	var features, bias [kernel.Lanes]float32
	var symbols [kernel.Lanes]int32
	text := kernel.Texts{Symbols: z.all, Ends: []int32{int32(len(z.all))}}
	kernel.ConvolveArgMax(kernel.Rows{Data: features[:], Stride: kernel.Lanes}, symbols[:], kernel.Filters{Table: table, Bias: bias[:], Width: 1}, text)
	for f, v := range symbols {
		largest[f] = table[int(v)*kernel.Lanes+f]
	}
}

// smallestUnit is far below any unit that matters, and above the float32 with fewer digits.
const smallestUnit = 1e-30

// half is which of the halves of kernel.Weights8 a feature belongs to.
func half(feature int) int { return feature % 4 / 2 }

// quantizeDense returns the block's weights to the next layer in int8, scaled by their units.
func (z *quantizer) quantizeDense(b block, columns int) (kernel.Weights8, error) {
	z.scaleWeights(b)
	room := [2]float64{math.MaxInt16, math.MaxInt16}
	for f, m := range z.features {
		room[half(f)] -= m / 2
	}
	units := make([]float32, columns)
	divisors := make([]float64, len(z.most))
	for h := range divisors {
		unit := math.Float64frombits(z.most[h]) / math.MaxInt8
		for i, r := range room {
			unit = max(unit, z.sums[i].positive[h]/r, z.sums[i].negative[h]/r)
		}
		const roundedUp = 1 + 1e-6 // so that the unit is still large enough as float32
		units[h] = float32(unit * roundedUp)
		if !(units[h] <= math.MaxFloat32) {
			return kernel.Weights8{}, fmt.Errorf("quantising the weights above the filters of width %d: the largest is not a finite number", b.width)
		}
		divisors[h] = float64(units[h])
		if units[h] < smallestUnit { // all weights are 0 or too small to matter, and become 0
			units[h], divisors[h] = 0, math.Inf(1)
		}
	}
	dense := make([]int8, b.lanes*columns)
	for f := range b.filters {
		row := dense[f*columns:]
		for h, weight := range z.scaled[f*len(divisors):][:len(divisors)] {
			row[h] = int8(rounded(weight / divisors[h]))
		}
	}
	return kernel.NewWeights8(dense, units), nil
}

// scaleWeights sets the weights of the block's features to the next layer, what they are at most,
// and their sums.
func (z *quantizer) scaleWeights(b block) {
	const sign = 1 << 63
	clear(z.most)
	for _, s := range z.sums {
		clear(s.positive)
		clear(s.negative)
	}
	weights := b.nextWeights(z.p)
	for f := range b.filters {
		row := weights.Row(f)
		scale, largest := z.scales[f], z.features[f]
		scaled, most := z.scaled[f*len(row):][:len(row)], z.most[:len(row)]
		positive, negative := z.sums[half(f)].positive[:len(row)], z.sums[half(f)].negative[:len(row)]
		for h, weight := range row {
			w := float64(weight) / scale
			scaled[h] = w
			most[h] = max(most[h], math.Float64bits(w)&^sign)
			product := math.Float64bits(largest * w)
			isNegative := uint64(int64(product) >> 63) // all bits or none: signs cannot be guessed
			positive[h] += math.Float64frombits(product &^ isNegative)
			negative[h] += math.Float64frombits(product & isNegative &^ sign)
		}
	}
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
