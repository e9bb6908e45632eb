//go:build !(amd64 || arm64) || purego

package kernel

const goBackend = "go"

// backend is what the kernels run on.
var backend = goBackend

func convolveMaxFast(_ []float32, _ int, _, _ []float32, _ int, _ Texts) bool { return false }

func convolveArgMaxFast(_ []float32, _ []int32, _ int, _, _ []float32, _ int, _ Texts) bool {
	return false
}

func convolveMax16Fast(_ []int16, _ int, _ []int16, _ int, _ Texts) bool { return false }

func dense16Fast(_ []float32, _, _ int, _ []int16, _ []float32, _ []int16, _, _ int) bool {
	return false
}

func denseBackwardFast(_, _ []float32, _ []uint32, _ []float32, _, _ int, _, _ []float32, _, _ int) bool {
	return false
}

func denseFast(_ []float32, _, _ int, _, _ []float32, _, _ int) int { return 0 }

func addScaledRowsFast(_, _ []float32, _ []int32, _ []float32) int { return 0 }

func adamFast(_, _, _, _ []float32, _ *AdamStep) int { return 0 }

func convolveDense16Fast(_, _ []int16, _ int, _ Texts, _ []float32, _ int, _ []int16, _ []float32, _ []int16) int {
	return 0
}
