package train

import (
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// adam is Adam (Kingma and Ba 2015, arXiv 1412.6980) with decoupled weight decay (Loshchilov and
// Hutter 2019, arXiv 1711.05101). It sees one flat slice of weights.
type adam struct {
	first, second []float32 // moments of the gradient
	workers       workers
}

func newAdam(size int, w workers) adam {
	return adam{first: make([]float32, size), second: make([]float32, size), workers: w}
}

// step takes a step with the gradient. Steps count from 1.
func (a adam) step(weights, gradient []float32, step int, rate, decay float64) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	const chunk = 1 << 14
	correction1 := 1 - math.Pow(beta1, float64(step))
	correction2 := 1 - math.Pow(beta2, float64(step))
	constants := kernel.AdamStep{
		First:   1 - beta1,
		Second:  1 - beta2,
		Stride:  float32(rate / correction1),
		Scale:   float32(1 / math.Sqrt(correction2)),
		Epsilon: epsilon,
		Keep:    float32(1 - rate*decay),
	}
	a.workers.do((len(weights)+chunk-1)/chunk, func(task int) {
		first, last := task*chunk, min((task+1)*chunk, len(weights))
		kernel.Adam(weights[first:last], gradient[first:last], a.first[first:last], a.second[first:last], &constants)
	})
}

// learningRate rises in a line during the warm-up, then falls along half a cosine to zero
// (Loshchilov and Hutter 2017, arXiv 1608.03983). Steps count from 0.
func learningRate(o provenance.Options, step, steps int) float64 {
	warmUp := o.WarmUp * float64(steps)
	position := float64(step) + 0.5
	if position < warmUp {
		return o.LearningRate * position / warmUp
	}
	return o.LearningRate * (1 + math.Cos(math.Pi*(position-warmUp)/(float64(steps)-warmUp))) / 2
}
