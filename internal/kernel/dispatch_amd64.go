//go:build amd64 && !purego

package kernel

import (
	"os"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The backends, from the plain to the fast.
const (
	goBackend     = "go"
	avx2Backend   = "avx2"
	avx512Backend = "avx512"
)

// backend is what the kernels run on, chosen once. The environment variable SNOWMAN_KERNELS with the
// name of a backend asks for nothing faster than that.
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

// The following do all of their work and return true, or none where the processor lacks the
// instructions.

func convolveMaxFast(features []float32, stride int, table, bias []float32, width int, x Texts) bool {
	switch {
	case backend == goBackend || len(x.Ends) == 0:
		return false
	case backend == avx2Backend:
		convolveMaxAVX2(&features[0], 4*stride, &table[0], &bias[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	default:
		convolveMaxAVX512(&features[0], 4*stride, &table[0], &bias[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	}
	return true
}

func convolveArgMaxFast(features []float32, positions []int32, stride int, table, bias []float32, width int, x Texts) bool {
	switch {
	case backend == goBackend || len(x.Ends) == 0:
		return false
	case backend == avx2Backend:
		convolveArgMaxAVX2(&features[0], &positions[0], 4*stride, &table[0], &bias[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	default:
		convolveArgMaxAVX512(&features[0], &positions[0], 4*stride, &table[0], &bias[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	}
	return true
}

func convolveMax16Fast(features []int16, stride int, table []int16, width int, x Texts) bool {
	switch {
	case backend == goBackend || len(x.Ends) == 0:
		return false
	case backend == avx2Backend:
		convolveMax16AVX2(&features[0], 2*stride, &table[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	default:
		convolveMax16AVX512(&features[0], 2*stride, &table[0], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], len(x.Ends))
	}
	return true
}

func dense16Fast(sums []float32, columns, sumStride int, weights []int16, scales []float32, features []int16, stride, texts int) bool {
	if backend == goBackend {
		return false
	}
	for ; texts >= 4; texts -= 4 {
		if backend == avx512Backend {
			for done := 0; done < columns; done += 64 {
				dense16_4x64xAVX512(&sums[done], 4*sumStride, &weights[2*done], 4*columns, &scales[done], &features[0], 2*stride)
			}
		} else {
			for done := 0; done < columns; done += 16 {
				dense16_4x16xAVX2(&sums[done], 4*sumStride, &weights[2*done], 4*columns, &scales[done], &features[0], 2*stride)
			}
		}
		if texts == 4 {
			return true
		}
		sums, features = sums[4*sumStride:], features[4*stride:]
	}
	if texts == 0 {
		return true
	}
	done := 0
	if backend == avx512Backend {
		for ; done+128 <= columns; done += 128 {
			dense16_128xAVX512(&sums[done], 4*sumStride, &weights[2*done], 4*columns, &scales[done], &features[0], 2*stride, texts)
		}
	}
	for ; done < columns; done += 64 {
		dense16_64xAVX2(&sums[done], 4*sumStride, &weights[2*done], 4*columns, &scales[done], &features[0], 2*stride, texts)
	}
	return true
}

// convolveDense16Fast does the first texts and returns how many.
func convolveDense16Fast(features, table []int16, width int, x Texts, sums []float32, columns int, weights []int16, scales []float32, previous []int16) (done int) {
	fours := len(x.Ends) / 4
	if backend != avx512Backend || columns != 128 || fours == 0 {
		return 0
	}
	for half := range 2 {
		convolveDense16AVX512(&features[32*half], &table[32*half], width, int(x.Start), int(x.End), unsafe.SliceData(x.Symbols), &x.Ends[0], fours,
			&sums[64*half], &weights[2*64*half], &scales[64*half], &previous[0])
	}
	return 4 * fours
}

func denseBackwardFast(dFeatures, dWeights []float32, live []uint32, dSums []float32, columns, sumStride int, weights, features []float32, stride, texts int) bool {
	switch {
	case backend == goBackend || texts == 0 || columns == 0 || columns%16 != 0:
		return false
	case backend == avx2Backend:
		denseBackwardAVX2(&dFeatures[0], &dWeights[0], &live[0], &dSums[0], 4*columns, 4*sumStride, &weights[0], &features[0], 4*stride, texts)
	case columns == 128:
		denseBackward128xAVX512(&dFeatures[0], &dWeights[0], &live[0], &dSums[0], 4*columns, 4*sumStride, &weights[0], &features[0], 4*stride, texts)
	default:
		denseBackwardAVX512(&dFeatures[0], &dWeights[0], &live[0], &dSums[0], 4*columns, 4*sumStride, &weights[0], &features[0], 4*stride, texts)
	}
	return true
}

// The following do the first entries of a row, as many as fill registers, and return how many those are.

func denseFast(sums []float32, columns, sumStride int, weights, features []float32, stride, texts int) (done int) {
	if backend == goBackend || texts == 0 {
		return 0
	}
	if backend == avx512Backend {
		for ; done+128 <= columns; done += 128 {
			dense128xAVX512(&sums[done], 4*sumStride, &weights[done], 4*columns, &features[0], 4*stride, texts)
		}
		for ; done+16 <= columns; done += 16 {
			dense16xAVX512(&sums[done], 4*sumStride, &weights[done], 4*columns, &features[0], 4*stride, texts)
		}
	}
	for ; done+64 <= columns; done += 64 {
		dense64xAVX2(&sums[done], 4*sumStride, &weights[done], 4*columns, &features[0], 4*stride, texts)
	}
	for ; done+8 <= columns; done += 8 {
		dense8xAVX2(&sums[done], 4*sumStride, &weights[done], 4*columns, &features[0], 4*stride, texts)
	}
	return done
}

func addScaledRowsFast(sum, rows []float32, indices []int32, scales []float32) (done int) {
	if backend == goBackend || len(indices) == 0 || len(sum) < 8 {
		return 0
	}
	rowBytes := 4 * len(sum)
	if backend == avx512Backend {
		for ; done+128 <= len(sum); done += 128 {
			addScaledRows128xAVX512(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
		}
		for ; done+32 <= len(sum); done += 32 {
			addScaledRows32xAVX512(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
		}
		for ; done+16 <= len(sum); done += 16 {
			addScaledRows16xAVX512(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
		}
	}
	for ; done+64 <= len(sum); done += 64 {
		addScaledRows64xAVX2(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
	}
	for ; done+16 <= len(sum); done += 16 {
		addScaledRows16xAVX2(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
	}
	for ; done+8 <= len(sum); done += 8 {
		addScaledRows8xAVX2(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
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
