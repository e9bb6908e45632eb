package train

import (
	"math"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// calibrate returns the temperature and the biases with which the texts have the lowest
// cross-entropy: temperature scaling (Guo et al. 2017, arXiv 1706.04599) with a bias for each kind,
// which is added to the kind's logit after that is divided by the temperature. logits is [len][K].
// Without texts the temperature is 1, and the biases are nil.
//
// This is a logistic regression with K parameters, x = (1/temperature, biases of kinds 1 ... K-1),
// solved by Newton's method. A malicious text of unknown kind counts for the malicious kinds as the
// network divides it among them.
func calibrate(logits []float32, texts encoded) (temperature float64, biases []float64) {
	if texts.len() == 0 {
		return 1, nil
	}
	kinds := len(logits) / texts.len()
	const (
		mostSteps       = 100
		lowest, highest = 0.1, 10 // of x[0], which would grow without end where kinds never overlap
		prior           = 1       // texts that speak for no change: a kind may have no text at all
		longest         = 0.5     // step; where kinds are far apart, Newton's steps go too far
		shortest        = 1e-9    // step that is worth another one
	)
	r := newRegression(kinds)
	r.x[0] = 1
	for range mostSteps {
		for i := range r.x {
			r.gradient[i] = prior * r.x[i]
			clear(r.hessian[i])
			r.hessian[i][i] = prior
		}
		r.gradient[0] -= prior // its origin is 1
		for i := range texts.len() {
			r.add(logits[i*kinds:][:kinds], texts.kinds[i], float64(texts.weights[i]))
		}
		solve(r.hessian, r.gradient)
		length := 0.0
		for _, step := range r.gradient {
			length = max(length, math.Abs(step))
		}
		for i, step := range r.gradient {
			r.x[i] -= step * min(1, longest/length)
		}
		r.x[0] = min(max(r.x[0], lowest), highest)
		if length < shortest {
			break
		}
	}
	temperature, biases = 1/r.x[0], r.x
	biases[0] = 0
	return temperature, biases
}

// A regression is what calibrate solves, at one x, with K entries in each dimension.
type regression struct {
	x        []float64
	gradient []float64 // of the cross-entropy, by x
	hessian  [][]float64

	probabilities, truth []float64 // of one text
}

func newRegression(kinds int) *regression {
	r := &regression{
		x:             make([]float64, kinds),
		gradient:      make([]float64, kinds),
		hessian:       make([][]float64, kinds),
		probabilities: make([]float64, kinds),
		truth:         make([]float64, kinds),
	}
	for i := range r.hessian {
		r.hessian[i] = make([]float64, kinds)
	}
	return r
}

// add adds one text's part of the gradient and of the Hessian.
func (r *regression) add(logits []float32, kind int, weight float64) {
	x, probabilities := r.x, r.probabilities
	calibrated := func(k int) float64 {
		if k == 0 {
			return x[0] * float64(logits[0])
		}
		return x[0]*float64(logits[k]) + x[k]
	}
	sum, largest := 0.0, math.Inf(-1)
	for k := range x {
		largest = max(largest, calibrated(k))
	}
	for k := range x {
		probabilities[k] = math.Exp(calibrated(k) - largest)
		sum += probabilities[k]
	}
	mean := 0.0 // of the logits
	for k := range x {
		probabilities[k] /= sum
		mean += probabilities[k] * float64(logits[k])
	}
	cnn.Truth(r.truth, probabilities, kind)
	for k, p := range probabilities {
		excess, logit := p-r.truth[k], float64(logits[k])
		r.gradient[0] += weight * excess * logit
		r.hessian[0][0] += weight * p * logit * (logit - mean)
		if k == 0 {
			continue
		}
		r.gradient[k] += weight * excess
		r.hessian[0][k] += weight * p * (logit - mean)
		r.hessian[k][0] = r.hessian[0][k]
		for other := 1; other < len(x); other++ {
			r.hessian[k][other] -= weight * p * probabilities[other]
		}
		r.hessian[k][k] += weight * p
	}
}

// solve replaces b with the solution x of a x = b. The matrix a is positive definite; it is
// overwritten.
func solve(a [][]float64, b []float64) {
	for i := range b {
		for j := i + 1; j < len(b); j++ {
			factor := a[j][i] / a[i][i]
			for k := i; k < len(b); k++ {
				a[j][k] -= factor * a[i][k]
			}
			b[j] -= factor * b[i]
		}
	}
	for i := len(b) - 1; i >= 0; i-- {
		for k := i + 1; k < len(b); k++ {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
}
