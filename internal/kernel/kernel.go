// Package kernel holds the few loops in which Snowman spends its time.
//
// This file is the definition: each loop in plain Go, which must stay plain. Assembly does the same on
// several entries of a row at once, and dispatch.go chooses. Nothing is reordered where the order could
// show and no multiplication is fused with an addition, so every path returns the same bits, on every
// processor; the tests hold them equal at every length. Why: docs/decisions/kernels.md.
//
// The convolutions and the dense products run over a batch of texts with one block of filters, so
// that the block's table or weights stay in the caches near the core. A row of a table has one lane
// for each filter of the block: Lanes float32 or Lanes16 int16, which both fill 128 bytes.
//
// The functions know slices of numbers and no type of this project's. Assembly checks nothing: callers
// hold the stated lengths, that each symbol has its rows in the table, and that each index names a row.
package kernel

import "math"

// What a block of filters holds, and the widest filter.
const (
	Lanes    = 32 // filters of float32
	Lanes16  = 64 // filters of int16
	MaxWidth = 8
)

// Texts are the symbols of several texts. Before the first symbol of a text stands Start, behind its
// last one End, as often as a filter reads beyond the text.
type Texts struct {
	Symbols    []uint8 // of all texts, one behind the other
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

// convolveMax defines ConvolveMax.
func convolveMax(features []float32, stride int, table, bias []float32, width int, texts Texts) {
	first := 0
	for text, last := range texts.Ends {
		largest := features[text*stride:][:Lanes]
		for f := range largest {
			largest[f] = float32(math.Inf(-1))
		}
		for t := 1 - width; t < int(last)-first; t++ {
			var sums [Lanes]float32
			for tap := range width {
				addRow(sums[:], table, width, tap, texts.at(first, int(last), t+tap))
			}
			for f, sum := range sums {
				if sum > largest[f] {
					largest[f] = sum
				}
			}
		}
		rectify(largest, bias)
		first = int(last)
	}
}

// convolveArgMax defines ConvolveArgMax.
func convolveArgMax(features []float32, positions []int32, stride int, table, bias []float32, width int, texts Texts) {
	first := 0
	for text, last := range texts.Ends {
		largest, where := features[text*stride:][:Lanes], positions[text*stride:][:Lanes]
		for f := range largest {
			largest[f], where[f] = float32(math.Inf(-1)), int32(1-width)
		}
		for t := 1 - width; t < int(last)-first; t++ {
			var sums [Lanes]float32
			for tap := range width {
				addRow(sums[:], table, width, tap, texts.at(first, int(last), t+tap))
			}
			for f, sum := range sums {
				if sum > largest[f] {
					largest[f], where[f] = sum, int32(t)
				}
			}
		}
		rectify(largest, bias)
		first = int(last)
	}
}

// convolveMax16 defines ConvolveMax16.
func convolveMax16(features []int16, stride int, table []int16, width int, texts Texts) {
	first := 0
	for text, last := range texts.Ends {
		largest := features[text*stride:][:Lanes16]
		clear(largest)
		for t := 1 - width; t < int(last)-first; t++ {
			var sums [Lanes16]int16
			for tap := range width {
				addRow(sums[:], table, width, tap, texts.at(first, int(last), t+tap))
			}
			for f, sum := range sums {
				largest[f] = max(largest[f], sum)
			}
		}
		first = int(last)
	}
}

// addRow adds to sums the table's row for one tap and symbol; the first tap's row is where sums start,
// even if it holds a minus zero.
func addRow[number int16 | float32](sums, table []number, width, tap int, symbol uint8) {
	row := table[(int(symbol)*width+tap)*len(sums):][:len(sums)]
	if tap == 0 {
		copy(sums, row)
		return
	}
	for f, entry := range row {
		sums[f] += entry
	}
}

// rectify adds the bias and raises what is below 0, and a minus zero, to 0.
func rectify(sums, bias []float32) {
	for f := range sums {
		sums[f] += bias[f]
		if !(sums[f] > 0) {
			sums[f] = 0
		}
	}
}

// dense defines Dense for the first columns of sums.
func dense(sums []float32, columns, sumStride int, weights []float32, rowLength int, features []float32, stride, texts int) {
	for text := range texts {
		sum := sums[text*sumStride:][:columns]
		for f, feature := range features[text*stride:][:Lanes] {
			if feature > 0 {
				addScaled(sum, weights[f*rowLength:], feature)
			}
		}
	}
}

// denseBackward defines DenseBackward.
func denseBackward(dFeatures, dWeights []float32, live []uint32, dSums []float32, columns, sumStride int, weights, features []float32, stride, texts int) {
	for text := range texts {
		dSum := dSums[text*sumStride:][:columns]
		live[text] = 0
		for f, feature := range features[text*stride:][:Lanes] {
			dFeatures[text*stride+f] = 0
			if feature != 0 {
				live[text] |= 1 << f
				dFeatures[text*stride+f] = dot(weights[f*columns:][:columns], dSum)
				addScaled(dWeights[f*columns:][:columns], dSum, feature)
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

// dense16 defines Dense16 for the first columns of sums.
func dense16(sums []float32, columns, sumStride int, weights []int16, rowLength int, scales []float32, features []int16, stride, texts int) {
	for text := range texts {
		for column := range columns {
			sum := int32(0)
			for f, feature := range features[text*stride:][:Lanes16] {
				sum += int32(feature) * int32(weights[f/2*rowLength+2*column+f%2])
			}
			sums[text*sumStride+column] += float32(float32(sum) * scales[column])
		}
	}
}

// addScaledRows defines AddScaledRows for the first len(sum) entries of rows that are rowLength long.
func addScaledRows(sum, rows []float32, rowLength int, indices []int32, scales []float32) {
	for k, index := range indices {
		addScaled(sum, rows[int(index)*rowLength:], scales[k])
	}
}

func addScaled(sum, row []float32, scale float32) {
	for i, entry := range row[:len(sum)] {
		sum[i] += float32(scale * entry) // the conversion keeps the compiler from fusing
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
