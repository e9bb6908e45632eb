//go:build arm64 && !purego

package kernel

import (
	"os"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The backends, the slowest first.
const (
	goBackend      = "go"
	neonBackend    = "neon"    // part of every arm64 processor that Go runs on
	dotprodBackend = "dotprod" // NEON with SDOT: Graviton 2, Apple M1, Cortex-A76 and later
)

// backend is what the kernels run on, chosen once: nothing faster than the backend that the
// environment variable SNOWMAN_KERNELS names.
var backend = fastest(os.Getenv("SNOWMAN_KERNELS"))

func fastest(atMost string) string {
	switch {
	case atMost == goBackend:
		return goBackend
	case atMost == neonBackend || !cpu.ARM64.HasASIMDDP:
		return neonBackend
	}
	return dotprodBackend
}

// The following do all of their work and return true, or nothing and return false. Those that
// return a number do the columns before it.

func convolveMaxFast(features Rows, filters Filters, x Texts) bool {
	if backend == goBackend || len(x.Ends) == 0 {
		return false
	}
	convolveMaxNEON(&features.Data[0], 4*features.Stride, &filters.Table[0], &filters.Bias[0], filters.Width,
		int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	return true
}

func convolveArgMaxFast(features Rows, positions []int32, filters Filters, x Texts) bool {
	if backend == goBackend || len(x.Ends) == 0 {
		return false
	}
	convolveArgMaxNEON(&features.Data[0], &positions[0], 4*features.Stride, &filters.Table[0], &filters.Bias[0], filters.Width,
		int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	return true
}

func convolveMax8Fast(features Rows8, filters Filters8, x Texts) bool {
	if backend == goBackend || len(x.Ends) == 0 {
		return false
	}
	convolveMax8NEON(&features.Data[0], features.Stride, &filters.Table[0], filters.Width,
		int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	return true
}

func dense8Fast(sums Rows, weights Weights8, features Rows8, texts int) bool {
	columns := len(weights.Scales)
	if backend == goBackend || texts == 0 || columns == 0 {
		return false
	}
	if backend == dotprodBackend {
		dense8Dotprod(sums, weights, features, texts)
		return true
	}
	for done := 0; done < columns; done += 32 {
		dense8_32xNEON(&sums.Data[done], 4*sums.Stride, &weights.Quads[4*done], 4*columns, &weights.Scales[done], &features.Data[0], features.Stride, texts)
	}
	return true
}

func dense8Dotprod(sums Rows, weights Weights8, features Rows8, texts int) {
	rowBytes, done := 4*len(weights.Scales), 0
	for ; done+4 <= texts; done += 4 {
		dense8Dot_4xNEON(&sums.row(done)[0], 4*sums.Stride, &weights.Quads[0], rowBytes, &weights.Scales[0], &features.row(done)[0], features.Stride)
	}
	if done+2 <= texts {
		dense8Dot_2xNEON(&sums.row(done)[0], 4*sums.Stride, &weights.Quads[0], rowBytes, &weights.Scales[0], &features.row(done)[0], features.Stride)
		done += 2
	}
	if done < texts {
		dense8DotNEON(&sums.row(done)[0], 4*sums.Stride, &weights.Quads[0], rowBytes, &weights.Scales[0], &features.row(done)[0], features.Stride)
	}
}

func denseBackwardFast(gradient DenseGradient, dSums Rows, weights Weights, features Rows) bool {
	columns, texts := weights.Columns, len(gradient.Live)
	if backend == goBackend || texts == 0 || columns == 0 || columns%16 != 0 {
		return false
	}
	denseBackwardNEON(&gradient.Features[0], &gradient.Weights[0], &gradient.Live[0], &dSums.Data[0], 4*columns, 4*dSums.Stride,
		&weights.Data[0], &features.Data[0], 4*features.Stride, texts)
	return true
}

func denseFast(sums Rows, weights Weights, features Rows, texts int) (done int) {
	if backend == goBackend || texts == 0 {
		return 0
	}
	columns := weights.Columns
	for ; done+64 <= columns; done += 64 {
		dense64xNEON(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
	}
	for ; done+8 <= columns; done += 8 {
		dense8xNEON(&sums.Data[done], 4*sums.Stride, &weights.Data[done], 4*columns, &features.Data[0], 4*features.Stride, texts)
	}
	return done
}

func foldFast(table []float32, symbols []int32, embedding Rows, weights Weights) (done int) {
	columns := weights.Columns
	if backend == goBackend || len(symbols) == 0 || len(weights.Data) == 0 {
		return 0
	}
	size := len(weights.Data) / columns
	for ; done+64 <= columns; done += 64 {
		fold64xNEON(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
	}
	for ; done+8 <= columns; done += 8 {
		fold8xNEON(&table[done], 4*columns, &symbols[0], len(symbols), &embedding.Data[0], 4*embedding.Stride, &weights.Data[done], size)
	}
	return done
}

func addFast(sum, row []float32) (done int) {
	if backend == goBackend || len(sum) < 8 {
		return 0
	}
	done = len(sum) / 8 * 8
	addNEON(&sum[0], &row[0], done)
	return done
}

func adamFast(weights, gradient, first, second []float32, step *AdamStep) (done int) {
	if backend == goBackend || len(weights) < 8 {
		return 0
	}
	done = len(weights) / 8 * 8
	adamNEON(&weights[0], &gradient[0], &first[0], &second[0], &step.First, done)
	return done
}

func fewTexts8Fast(Rows, []Filters8, []Weights8, Texts) bool { return false }

func convolveDense8Fast([]uint8, Filters8, Texts, Rows, Weights8, []uint8) int { return 0 }

func convolveBackwardFast(Filters, Rows, []int32, []uint32, Padded) bool { return false }

func dropFast(Rows, []uint32) bool { return false }
