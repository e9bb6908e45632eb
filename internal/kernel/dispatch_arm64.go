//go:build arm64 && !purego

package kernel

import (
	"os"
	"unsafe"
)

// The backends, from the plain to the fast.
const (
	goBackend   = "go"
	neonBackend = "neon" // part of every arm64 processor that Go runs on
)

// backend is what the kernels run on, chosen once. The environment variable SNOWMAN_KERNELS with the
// name of a backend asks for nothing faster than that.
var backend = fastest(os.Getenv("SNOWMAN_KERNELS"))

func fastest(atMost string) string {
	if atMost == goBackend {
		return goBackend
	}
	return neonBackend
}

// The following do all of their work and return true, or none; those that return a number do the columns
// before it.

func convolveMaxFast(features []float32, stride int, table, bias []float32, width int, x Texts) bool {
	if backend == goBackend || len(x.Ends) == 0 {
		return false
	}
	convolveMaxNEON(&features[0], 4*stride, &table[0], &bias[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	return true
}

func convolveArgMaxFast(features []float32, positions []int32, stride int, table, bias []float32, width int, x Texts) bool {
	if backend == goBackend || len(x.Ends) == 0 {
		return false
	}
	convolveArgMaxNEON(&features[0], &positions[0], 4*stride, &table[0], &bias[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	return true
}

func convolveMax16Fast(features []int16, stride int, table []int16, width int, x Texts) bool {
	if backend == goBackend || len(x.Ends) == 0 {
		return false
	}
	convolveMax16NEON(&features[0], 2*stride, &table[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	return true
}

func dense16Fast(sums []float32, columns, sumStride int, weights []int16, scales []float32, features []int16, stride, texts int) bool {
	if backend == goBackend || texts == 0 {
		return false
	}
	for done := 0; done < columns; done += 32 {
		dense16_32xNEON(&sums[done], 4*sumStride, &weights[2*done], 4*columns, &scales[done], &features[0], 2*stride, texts)
	}
	return true
}

func denseBackwardFast(dFeatures, dWeights []float32, live []uint32, dSums []float32, columns, sumStride int, weights, features []float32, stride, texts int) bool {
	if backend == goBackend || texts == 0 || columns == 0 || columns%16 != 0 {
		return false
	}
	denseBackwardNEON(&dFeatures[0], &dWeights[0], &live[0], &dSums[0], 4*columns, 4*sumStride, &weights[0], &features[0], 4*stride, texts)
	return true
}

func denseFast(sums []float32, columns, sumStride int, weights, features []float32, stride, texts int) (done int) {
	if backend == goBackend || texts == 0 {
		return 0
	}
	for ; done+64 <= columns; done += 64 {
		dense64xNEON(&sums[done], 4*sumStride, &weights[done], 4*columns, &features[0], 4*stride, texts)
	}
	for ; done+8 <= columns; done += 8 {
		dense8xNEON(&sums[done], 4*sumStride, &weights[done], 4*columns, &features[0], 4*stride, texts)
	}
	return done
}

func addScaledRowsFast(sum, rows []float32, indices []int32, scales []float32) (done int) {
	if backend == goBackend || len(indices) == 0 {
		return 0
	}
	rowBytes := 4 * len(sum)
	for ; done+64 <= len(sum); done += 64 {
		addScaledRows64xNEON(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
	}
	for ; done+8 <= len(sum); done += 8 {
		addScaledRows8xNEON(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
	}
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

func convolveDense16Fast(_, _ []int16, _ int, _ Texts, _ []float32, _ int, _ []int16, _ []float32, _ []int16) int {
	return 0
}
