//go:build !(amd64 || arm64) || purego

package kernel

const goBackend = "go"

// backend is what the kernels run on.
var backend = goBackend

func convolveMaxFast(Rows, Filters, Texts) bool { return false }

func convolveArgMaxFast(Rows, []int32, Filters, Texts) bool { return false }

func convolveBackwardFast(Filters, Rows, []int32, []uint32, Padded) bool { return false }

func dropFast(Rows, []uint32) bool { return false }

func convolveMax8Fast(Rows8, Filters8, Texts) bool { return false }

func dense8Fast(Rows, Weights8, Rows8, int) bool { return false }

func denseBackwardFast(DenseGradient, Rows, Weights, Rows) bool { return false }

func denseFast(Rows, Weights, Rows, int) int { return 0 }

func fewTexts8Fast(Rows, []Filters8, []Weights8, Texts) bool { return false }

func convolveDense8Fast([]uint8, Filters8, Texts, Rows, Weights8, []uint8) int { return 0 }

func foldFast([]float32, []int32, Rows, Weights) int { return 0 }

func addFast(_, _ []float32) int { return 0 }

func adamFast(_, _, _, _ []float32, _ *AdamStep) int { return 0 }
