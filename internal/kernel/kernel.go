// Package kernel holds the few loops in which Snowman spends its time.
//
// This file is the definition: each loop in plain Go, which must stay plain. Assembly does the same
// on several entries of a row at once, and dispatch.go chooses. Nothing is reordered where the
// order could show and no multiplication is fused with an addition, so every backend returns the
// same bits on every processor. The tests hold them equal at every length. Why:
// docs/decisions/kernels.md.
//
// The convolutions and the dense products run over a batch of texts with one block of filters, so
// that the block's table or weights stay in the caches near the core. A row of a table has one lane
// for each filter of the block: Lanes float32 or Lanes8 int8.
//
// The package knows slices of numbers and no other package of this project. Assembly checks
// nothing: callers pass slices of the stated lengths, symbols that have rows in the table, and
// indices that name a row.
package kernel

import (
	"math"
	"math/bits"
)

// What a block of filters holds, and the widest filter.
const (
	Lanes    = 32 // filters of float32
	Lanes8   = 64 // filters of int8
	MaxWidth = 8
)

// Texts are the symbols of several texts. A filter that reads beyond a text finds Start before its
// first symbol and End after its last one.
type Texts struct {
	Symbols    []uint8 // of all texts, one after the other
	Ends       []int32 // of each text in Symbols, ascending
	Start, End uint8
}

// at returns the symbol at position t of the text that is Symbols[first:last].
func (x Texts) at(first, last, t int) uint8 {
	switch {
	case t < 0:
		return x.Start
	case first+t >= last:
		return x.End
	}
	return x.Symbols[first+t]
}

// Padded are the symbols of several texts with padding between them. The window at position t of
// text i is Symbols[Firsts[i]+t:].
type Padded struct {
	Symbols []uint8
	Firsts  []int32
}

// Rows hold numbers of several texts: those of text i begin at Data[i*Stride].
type Rows struct {
	Data   []float32
	Stride int
}

func (r Rows) row(i int) []float32 { return r.Data[i*r.Stride:] }

// Rows8 are Rows of features that are computed in int8, none below 0: seven bits.
type Rows8 struct {
	Data   []uint8
	Stride int
}

func (r Rows8) row(i int) []uint8 { return r.Data[i*r.Stride:] }

// Filters are a block of folded filters: its table has a row for every symbol and tap.
type Filters struct {
	Table []float32 // [symbols][Width][Lanes]
	Bias  []float32 // [Lanes]
	Width int
}

// Filters8 are Filters of int8, whose bias is part of the first tap's rows. Sums saturate.
type Filters8 struct {
	Table []int8 // [symbols][Width][Lanes8]
	Width int
}

// Weights lead from the features of a block to the columns of the next layer.
type Weights struct {
	Data    []float32 // [Lanes][Columns]
	Columns int
}

// Row returns the weights of feature f.
func (w Weights) Row(f int) []float32 { return w.Data[f*w.Columns:][:w.Columns] }

// Weights8 are Weights of int8. Two halves of the features, 0, 1, 4, 5, ... and 2, 3, 6, 7, ...,
// are added apart: of no text and column may the products above 0 of either, nor those below 0, add
// up to more than int16 holds.
type Weights8 struct {
	Quads     []int8    // [Lanes8/4][columns][4]: four neighbouring features lie side by side
	ByFeature []int8    // [Lanes8+1][columns]: the same of each feature, and zeros
	Scales    []float32 // [columns]
}

// NewWeights8 returns the weights of rows, [Lanes8][columns]. There is a scale for each column; the
// number of columns is a multiple of 64.
func NewWeights8(rows []int8, scales []float32) Weights8 {
	columns := len(scales)
	w := Weights8{Quads: make([]int8, len(rows)), ByFeature: make([]int8, len(rows)+columns), Scales: scales}
	copy(w.ByFeature, rows)
	for f := range Lanes8 {
		for column := range columns {
			w.Quads[(f/4*columns+column)*4+f%4] = rows[f*columns+column]
		}
	}
	return w
}

// A DenseGradient is what DenseBackward computes.
type DenseGradient struct {
	Features []float32 // by the features, laid out as these
	Weights  []float32 // by the weights, laid out as these
	Live     []uint32  // of each text, a bit for each feature other than 0
}

// convolveMax defines ConvolveMax.
func convolveMax(features Rows, filters Filters, texts Texts) {
	first := 0
	for text, last := range texts.Ends {
		largest := features.row(text)[:Lanes]
		for f := range largest {
			largest[f] = float32(math.Inf(-1))
		}
		for t := 1 - filters.Width; t < int(last)-first; t++ {
			var sums [Lanes]float32
			for tap := range filters.Width {
				addRow(sums[:], filters.Table, filters.Width, tap, texts.at(first, int(last), t+tap))
			}
			for f, sum := range sums {
				if sum > largest[f] {
					largest[f] = sum
				}
			}
		}
		rectify(largest, filters.Bias)
		first = int(last)
	}
}

// convolveArgMax defines ConvolveArgMax.
func convolveArgMax(features Rows, positions []int32, filters Filters, texts Texts) {
	first := 0
	for text, last := range texts.Ends {
		largest, where := features.row(text)[:Lanes], positions[text*features.Stride:][:Lanes]
		for f := range largest {
			largest[f], where[f] = float32(math.Inf(-1)), int32(1-filters.Width)
		}
		for t := 1 - filters.Width; t < int(last)-first; t++ {
			var sums [Lanes]float32
			for tap := range filters.Width {
				addRow(sums[:], filters.Table, filters.Width, tap, texts.at(first, int(last), t+tap))
			}
			for f, sum := range sums {
				if sum > largest[f] {
					largest[f], where[f] = sum, int32(t)
				}
			}
		}
		rectify(largest, filters.Bias)
		first = int(last)
	}
}

// convolveBackward defines ConvolveBackward.
func convolveBackward(gradient Filters, dFeatures Rows, positions []int32, live []uint32, texts Padded) {
	dTable, dBias, width := gradient.Table, (*[Lanes]float32)(gradient.Bias), gradient.Width // local: not loaded again for every addition
	for text, live := range live {
		row, where := (*[Lanes]float32)(dFeatures.row(text)), (*[Lanes]int32)(positions[text*dFeatures.Stride:])
		for ; live != 0; live &= live - 1 {
			f := bits.TrailingZeros32(live) % Lanes
			dFeature := row[f]
			dBias[f] += dFeature
			at := f
			for _, symbol := range texts.Symbols[int(texts.Firsts[text]+where[f]):][:width] {
				dTable[int(symbol)*width*Lanes+at] += dFeature
				at += Lanes
			}
		}
	}
}

// convolveMax8 defines ConvolveMax8.
func convolveMax8(features Rows8, filters Filters8, texts Texts) {
	first := 0
	for text, last := range texts.Ends {
		largest := features.row(text)[:Lanes8]
		clear(largest)
		for t := 1 - filters.Width; t < int(last)-first; t++ {
			var sums [Lanes8]int8
			for tap := range filters.Width {
				symbol := texts.at(first, int(last), t+tap)
				for f, entry := range filters.Table[(int(symbol)*filters.Width+tap)*Lanes8:][:Lanes8] {
					sums[f] = saturated(int(sums[f]) + int(entry))
				}
			}
			for f, sum := range sums {
				largest[f] = max(largest[f], uint8(max(sum, 0)))
			}
		}
		first = int(last)
	}
}

func saturated(sum int) int8 { return int8(min(max(sum, math.MinInt8), math.MaxInt8)) }

// addRow adds to sums the table's row for one symbol and tap. The first tap's row is copied, not
// added to zeros, which would turn its minus zeros into zeros.
func addRow(sums, table []float32, width, tap int, symbol uint8) {
	row := table[(int(symbol)*width+tap)*len(sums):][:len(sums)]
	if tap == 0 {
		copy(sums, row)
		return
	}
	for f, entry := range row {
		sums[f] += entry
	}
}

// rectify adds the bias and sets to 0 what is then not above 0: also a minus zero and what is not a
// number.
func rectify(sums, bias []float32) {
	for f := range sums {
		sums[f] += bias[f]
		if !(sums[f] > 0) {
			sums[f] = 0
		}
	}
}

// drop defines Drop.
func drop(features Rows, dropped []uint32) {
	for text, dropped := range dropped {
		for f, feature := range features.row(text)[:Lanes] {
			kept := dropped>>f&1 - 1 // all bits or none: arm64 runs this, and could guess no branch
			features.row(text)[f] = math.Float32frombits(math.Float32bits(feature) & kept)
		}
	}
}

// dense defines Dense, for the columns from first on.
func dense(sums Rows, weights Weights, features Rows, texts, first int) {
	for text := range texts {
		sum := sums.row(text)[first:weights.Columns]
		for f, feature := range features.row(text)[:Lanes] {
			if feature > 0 {
				addScaled(sum, weights.Row(f)[first:], feature)
			}
		}
	}
}

// denseBackward defines DenseBackward.
func denseBackward(gradient DenseGradient, dSums Rows, weights Weights, features Rows) {
	columns := weights.Columns
	for text := range gradient.Live {
		dSum := dSums.row(text)[:columns]
		dFeatures := gradient.Features[text*features.Stride:][:Lanes]
		gradient.Live[text] = 0
		for f, feature := range features.row(text)[:Lanes] {
			dFeatures[f] = 0
			if feature != 0 {
				gradient.Live[text] |= 1 << f
				dFeatures[f] = dot(weights.Row(f), dSum)
				addScaled(gradient.Weights[f*columns:][:columns], dSum, feature)
			}
		}
	}
}

func dot(a, b []float32) float32 {
	var parts [16]float32
	for i := range a {
		parts[i%16] += float32(a[i] * b[i])
	}
	for half := len(parts) / 2; half > 0; half /= 2 {
		for i := range half {
			parts[i] += parts[i+half]
		}
	}
	return parts[0]
}

// dense8 defines Dense8.
func dense8(sums Rows, weights Weights8, features Rows8, texts int) {
	columns := len(weights.Scales)
	for text := range texts {
		for column, scale := range weights.Scales {
			sum := int32(0)
			for f, feature := range features.row(text)[:Lanes8] {
				sum += int32(feature) * int32(weights.ByFeature[f*columns+column])
			}
			sums.row(text)[column] += float32(float32(sum) * scale)
		}
	}
}

// fold defines Fold, for the columns from first on.
func fold(table []float32, symbols []int32, embedding Rows, weights Weights, first int) {
	columns := weights.Columns
	for _, symbol := range symbols {
		sum := table[int(symbol)*columns:][first:columns]
		clear(sum)
		for d := range len(weights.Data) / columns {
			addScaled(sum, weights.Row(d)[first:], embedding.row(int(symbol))[d])
		}
	}
}

func addScaled(sum, row []float32, scale float32) {
	for i, entry := range row[:len(sum)] {
		sum[i] += float32(scale * entry) // the conversion keeps the compiler from fusing
	}
}

// add defines Add.
func add(sum, row []float32) {
	for i, entry := range row {
		sum[i] += entry
	}
}

// An AdamStep holds the constants of a step of Adam.
type AdamStep struct {
	First, Second float32 // how far the moments move: 1 - beta1 and 1 - beta2
	Stride        float32 // learning rate / (1 - beta1^t)
	Scale         float32 // 1 / sqrt(1 - beta2^t)
	Epsilon       float32
	Keep          float32 // what the decay leaves of a weight
}

// adam defines Adam.
func adam(weights, gradient, first, second []float32, s *AdamStep) {
	for i, g := range gradient {
		first[i] += float32((g - first[i]) * s.First)
		second[i] += float32((float32(g*g) - second[i]) * s.Second)
		deviation := float32(float32(math.Sqrt(float64(second[i])))*s.Scale) + s.Epsilon
		weights[i] = float32(weights[i]*s.Keep) - float32(first[i]*s.Stride)/deviation
	}
}
