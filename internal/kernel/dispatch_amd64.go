//go:build amd64 && !purego

package kernel

import (
	"os"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The backends, the slowest first.
const (
	goBackend     = "go"
	avx2Backend   = "avx2"
	avx512Backend = "avx512"
)

// backend is what the kernels run on, chosen once: nothing faster than the backend that the
// environment variable SNOWMAN_KERNELS names.
var backend = fastest(os.Getenv("SNOWMAN_KERNELS"))

func fastest(atMost string) string {
	switch {
	case atMost == goBackend || !cpu.X86.HasAVX2 || !cpu.X86.HasBMI1:
		return goBackend
	case atMost == avx2Backend || !cpu.X86.HasAVX512BW || !cpu.X86.HasAVX512VNNI:
		return avx2Backend
	}
	return avx512Backend
}

// The following do all of their work and return true, or nothing and return false.

func convolveMaxFast(features Rows, filters Filters, x Texts) bool {
	switch {
	case backend == goBackend || len(x.Ends) == 0:
		return false
	case backend == avx2Backend:
		convolveMaxAVX2(&features.Data[0], 4*features.Stride, &filters.Table[0], &filters.Bias[0], filters.Width,
			int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	default:
		convolveMaxAVX512(&features.Data[0], 4*features.Stride, &filters.Table[0], &filters.Bias[0], filters.Width,
			int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	}
	return true
}

func convolveArgMaxFast(features Rows, positions []int32, filters Filters, x Texts) bool {
	switch {
	case backend == goBackend || len(x.Ends) == 0:
		return false
	case backend == avx2Backend:
		convolveArgMaxAVX2(&features.Data[0], &positions[0], 4*features.Stride, &filters.Table[0], &filters.Bias[0], filters.Width,
			int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	default:
		convolveArgMaxAVX512(&features.Data[0], &positions[0], 4*features.Stride, &filters.Table[0], &filters.Bias[0], filters.Width,
			int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	}
	return true
}

func convolveBackwardFast(gradient Filters, dFeatures Rows, positions []int32, live []uint32, x Padded) bool {
	if backend == goBackend || len(live) == 0 {
		return false
	}
	convolveBackwardAVX2(&gradient.Table[0], &gradient.Bias[0], gradient.Width, &dFeatures.Data[0], &positions[0], 4*dFeatures.Stride,
		&live[0], unsafe.SliceData(x.Symbols), &x.Firsts[0], len(live))
	return true
}

func dropFast(features Rows, dropped []uint32) bool {
	if backend == goBackend || len(dropped) == 0 {
		return false
	}
	dropAVX2(&features.Data[0], 4*features.Stride, &dropped[0], len(dropped))
	return true
}

func convolveMax8Fast(features Rows8, filters Filters8, x Texts) bool {
	switch {
	case backend == goBackend || len(x.Ends) == 0:
		return false
	case backend == avx2Backend:
		convolveMax8AVX2(&features.Data[0], features.Stride, &filters.Table[0], filters.Width,
			int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	default:
		convolveMax8AVX512(&features.Data[0], features.Stride, &filters.Table[0], filters.Width,
			int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	}
	return true
}

func dense8Fast(sums Rows, weights Weights8, features Rows8, texts int) bool {
	if backend == goBackend {
		return false
	}
	columns := len(weights.Scales)
	for ; backend == avx512Backend && texts >= 4; texts -= 4 {
		for done := 0; done < columns; done += 64 {
			dense8_4x64xAVX512(&sums.Data[done], 4*sums.Stride, &weights.Quads[4*done], 4*columns, &weights.Scales[done], &features.Data[0], features.Stride)
		}
		if texts == 4 {
			return true
		}
		sums.Data, features.Data = sums.Data[4*sums.Stride:], features.Data[4*features.Stride:]
	}
	if texts == 0 {
		return true
	}
	done := 0
	if backend == avx512Backend {
		for ; done+128 <= columns; done += 128 {
			dense8_128xAVX512(&sums.Data[done], 4*sums.Stride, &weights.Quads[4*done], 4*columns, &weights.Scales[done], &features.Data[0], features.Stride, texts)
		}
	}
	for ; done < columns; done += 64 {
		dense8_64xAVX2(&sums.Data[done], 4*sums.Stride, &weights.Quads[4*done], 4*columns, &weights.Scales[done], &features.Data[0], features.Stride, texts)
	}
	return true
}

// convolveDense8Fast does the first texts and returns their number, all or all but one.
func convolveDense8Fast(features []uint8, filters Filters8, x Texts, sums Rows, weights Weights8, previous []uint8) (done int) {
	twos := len(x.Ends) / 2
	if backend != avx512Backend || len(weights.Scales) != 128 || sums.Stride != 128 || twos == 0 {
		return 0
	}
	convolveDense8AVX512(&features[0], &filters.Table[0], filters.Width,
		int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], twos,
		&sums.Data[0], &weights.Quads[0], &weights.Scales[0], &previous[0])
	return 2 * twos
}

func fewTexts8Fast(sums Rows, filters []Filters8, weights []Weights8, x Texts) bool {
	if backend == goBackend || len(weights[0].Scales) != 128 {
		return false
	}
	var features [Lanes8 + 1]uint8 // with one that is 0
	for i := range filters {
		first := int32(0)
		for text, last := range x.Ends {
			block8AVX2(&features[0], &filters[i].Table[0], filters[i].Width, int(x.Start), int(x.End),
				unsafe.SliceData(x.Symbols[first:]), int(last-first), &sums.Data[text*sums.Stride], &weights[i].ByFeature[0], &weights[i].Scales[0])
			first = last
		}
	}
	return true
}

func denseBackwardFast(gradient DenseGradient, dSums Rows, weights Weights, features Rows) bool {
	columns := weights.Columns
	if backend == goBackend || len(gradient.Live) == 0 || columns == 0 || columns%16 != 0 {
		return false
	}
	const nearTexts = 4 * 32 // whose dSums stay in the second-level cache from one part to the other
	for first := 0; first < len(gradient.Live); first += nearTexts {
		live := gradient.Live[first:min(first+nearTexts, len(gradient.Live))]
		dSums, features := Rows{dSums.row(first), dSums.Stride}, Rows{features.row(first), features.Stride}
		dFeatures := gradient.Features[first*features.Stride:]
		if backend == avx2Backend {
			denseBackwardFeaturesAVX2(&dFeatures[0], &live[0], &dSums.Data[0], 4*columns, 4*dSums.Stride,
				&weights.Data[0], &features.Data[0], 4*features.Stride, len(live))
		} else {
			denseBackwardFeaturesAVX512(&dFeatures[0], &live[0], &dSums.Data[0], 4*columns, 4*dSums.Stride,
				&weights.Data[0], &features.Data[0], 4*features.Stride, len(live))
		}
		for group := 0; group < len(live); group += 32 { // as many dSums stay in the first-level cache
			var bits [32]uint32 // of each text, then of each feature
			copy(bits[:], live[group:])
			transpose(&bits)
			denseBackwardWeights(gradient.Weights, &bits, Rows{dSums.row(group), dSums.Stride}, columns, Rows{features.row(group), features.Stride})
		}
	}
	return true
}

// denseBackwardWeights adds to weights what up to 32 texts give: for each feature, those with a bit
// in live.
func denseBackwardWeights(weights []float32, live *[32]uint32, dSums Rows, columns int, features Rows) {
	done := 0
	if backend == avx512Backend {
		for ; done+128 <= columns; done += 128 {
			denseBackwardWeights128xAVX512(&weights[done], &live[0], &dSums.Data[done], 4*columns, 4*dSums.Stride, &features.Data[0], 4*features.Stride)
		}
		for ; done+64 <= columns; done += 64 {
			denseBackwardWeights64xAVX512(&weights[done], &live[0], &dSums.Data[done], 4*columns, 4*dSums.Stride, &features.Data[0], 4*features.Stride)
		}
		for ; done+32 <= columns; done += 32 {
			denseBackwardWeights32xAVX512(&weights[done], &live[0], &dSums.Data[done], 4*columns, 4*dSums.Stride, &features.Data[0], 4*features.Stride)
		}
	}
	for ; done+64 <= columns; done += 64 {
		denseBackwardWeights64xAVX2(&weights[done], &live[0], &dSums.Data[done], 4*columns, 4*dSums.Stride, &features.Data[0], 4*features.Stride)
	}
	for ; done+32 <= columns; done += 32 {
		denseBackwardWeights32xAVX2(&weights[done], &live[0], &dSums.Data[done], 4*columns, 4*dSums.Stride, &features.Data[0], 4*features.Stride)
	}
	for ; done < columns; done += 16 {
		denseBackwardWeights16xAVX2(&weights[done], &live[0], &dSums.Data[done], 4*columns, 4*dSums.Stride, &features.Data[0], 4*features.Stride)
	}
}

// transpose exchanges rows and columns of bits: of ever smaller squares, those above the diagonal
// with those below it.
func transpose(rows *[32]uint32) {
	low := uint32(1<<16 - 1)
	for size := 16; size > 0; size /= 2 {
		for i := 0; i < 32; i = (i + size + 1) &^ size {
			exchanged := (rows[i]>>size ^ rows[i+size]) & low
			rows[i] ^= exchanged << size
			rows[i+size] ^= exchanged
		}
		low ^= low << (size / 2)
	}
}

// The following do the first entries of a row, those that fill registers, and return their number.

func denseFast(sums Rows, weights Weights, features Rows, texts int) (done int) {
	if backend == goBackend || texts == 0 {
		return 0
	}
	columns := weights.Columns
	if backend == avx512Backend {
		for ; done+128 <= columns; done += 128 {
			dense128xAVX512(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
		}
		for ; done+16 <= columns; done += 16 {
			dense16xAVX512(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
		}
	}
	for ; done+64 <= columns; done += 64 {
		dense64xAVX2(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
	}
	for ; done+16 <= columns; done += 16 {
		dense16xAVX2(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
	}
	for ; done+8 <= columns; done += 8 {
		dense8xAVX2(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
	}
	return done
}

func foldFast(table []float32, symbols []int32, embedding Rows, weights Weights) (done int) {
	columns := weights.Columns
	if backend == goBackend || len(symbols) == 0 || len(weights.Data) == 0 {
		return 0
	}
	size := len(weights.Data) / columns
	if backend == avx512Backend {
		for ; done+128 <= columns; done += 128 {
			fold128xAVX512(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
		}
		for ; done+64 <= columns; done += 64 {
			fold64xAVX512(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
		}
		for ; done+32 <= columns; done += 32 {
			fold32xAVX512(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
		}
		return done
	}
	for ; done+64 <= columns && done+96 != columns; done += 64 {
		fold64xAVX2(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
	}
	for ; done+96 <= columns; done += 96 {
		fold96xAVX2(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
	}
	for ; done+32 <= columns; done += 32 {
		fold32xAVX2(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
	}
	return done
}

func addFast(sum, row []float32) (done int) {
	switch {
	case backend == goBackend || len(sum) < 16:
		return 0
	case backend == avx2Backend:
		done = len(sum) / 8 * 8
		addAVX2(&sum[0], &row[0], done)
	default:
		done = len(sum) / 16 * 16
		addAVX512(&sum[0], &row[0], done)
	}
	return done
}

func adamFast(weights, gradient, first, second []float32, step *AdamStep) (done int) {
	switch {
	case backend == goBackend || len(weights) < 16:
		return 0
	case backend == avx2Backend:
		done = len(weights) / 8 * 8
		adamAVX2(&weights[0], &gradient[0], &first[0], &second[0], &step.First, done)
	default:
		done = len(weights) / 16 * 16
		adamAVX512(&weights[0], &gradient[0], &first[0], &second[0], &step.First, done)
	}
	return done
}
