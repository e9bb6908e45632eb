//go:build amd64 && !purego

package kernel

import (
	"os"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C _asm . -out ../kernel_amd64.s -stubs ../kernel_amd64_stubs.go -pkg kernel

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
	case atMost == goBackend || !cpu.X86.HasAVX2:
		return goBackend
	case atMost == avx2Backend || !cpu.X86.HasAVX512F:
		return avx2Backend
	}
	return avx512Backend
}

// Each of the following does the first entries of a row, as many as fill registers, and returns how
// many those are.

func convolveMaxFast(maxima, table []float32, vocabulary, width int, symbols []uint8) (done int) {
	filters, windows := len(maxima), len(symbols)-width+1
	if backend == goBackend || windows < 1 || filters < 8 {
		return 0
	}
	_ = table[width*vocabulary*filters-1]
	rowBytes, tapBytes := 4*filters, 4*filters*vocabulary
	if backend == avx512Backend {
		for ; done+64 <= filters; done += 64 {
			convolveMax64xAVX512(&maxima[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
		}
		for ; done+16 <= filters; done += 16 {
			convolveMax16xAVX512(&maxima[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
		}
	}
	for ; done+32 <= filters; done += 32 {
		convolveMax32xAVX2(&maxima[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
	}
	for ; done+8 <= filters; done += 8 {
		convolveMax8xAVX2(&maxima[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
	}
	return done
}

func convolveArgMaxFast(maxima []float32, positions []int32, table []float32, vocabulary, width int, symbols []uint8) (done int) {
	filters, windows := len(maxima), len(symbols)-width+1
	if backend == goBackend || windows < 1 || filters < 8 {
		return 0
	}
	_, _ = table[width*vocabulary*filters-1], positions[filters-1]
	rowBytes, tapBytes := 4*filters, 4*filters*vocabulary
	if backend == avx512Backend {
		for ; done+64 <= filters; done += 64 {
			convolveArgMax64xAVX512(&maxima[done], &positions[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
		}
		for ; done+16 <= filters; done += 16 {
			convolveArgMax16xAVX512(&maxima[done], &positions[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
		}
	}
	for ; done+32 <= filters; done += 32 {
		convolveArgMax32xAVX2(&maxima[done], &positions[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
	}
	for ; done+8 <= filters; done += 8 {
		convolveArgMax8xAVX2(&maxima[done], &positions[done], &table[done], rowBytes, tapBytes, width, &symbols[0], windows)
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
		for ; done+16 <= len(sum); done += 16 {
			addScaledRows16xAVX512(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
		}
	}
	for ; done+64 <= len(sum); done += 64 {
		addScaledRows64xAVX2(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
	}
	for ; done+8 <= len(sum); done += 8 {
		addScaledRows8xAVX2(&sum[done], &rows[done], rowBytes, &indices[0], &scales[0], len(indices))
	}
	return done
}

func dotFast(parts *[dotParts]float32, a, b []float32) (done int) {
	turns := len(a) / dotParts
	switch {
	case turns == 0:
		return 0
	case backend == avx512Backend:
		dotAVX512(&parts[0], &a[0], &b[0], turns)
	case backend == avx2Backend:
		dotAVX2(&parts[0], &a[0], &b[0], turns)
	default:
		return 0
	}
	return turns * dotParts
}
