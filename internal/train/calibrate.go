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
	x := make([]float64, kinds)
	x[0] = 1
	for range mostSteps {
		gradient, hessian := make([]float64, kinds), make([][]float64, kinds)
		for i := range hessian {
			hessian[i] = make([]float64, kinds)
			hessian[i][i] = prior
			gradient[i] = prior * x[i]
		}
		gradient[0] -= prior // its origin is 1
		for i := range texts.len() {
			addText(gradient, hessian, x, logits[i*kinds:][:kinds], texts.kinds[i], float64(texts.weights[i]))
		}
		solve(hessian, gradient)
		length := 0.0
		for _, step := range gradient {
			length = max(length, math.Abs(step))
		}
		for i, step := range gradient {
			x[i] -= step * min(1, longest/length)
		}
		x[0] = min(max(x[0], lowest), highest)
		if length < shortest {
			break
		}
	}
	temperature, biases = 1/x[0], x
	biases[0] = 0
	return temperature, biases
}

// addText adds one text's part of the gradient and of the Hessian of the cross-entropy, whose
// gradient by the logits is p - truth, as in cnn's loss.
func addText(gradient []float64, hessian [][]float64, x []float64, logits []float32, kind int, weight float64) {
	probabilities := make([]float64, len(x))
	sum, largest := 0.0, math.Inf(-1)
	at := func(k int) float64 { // the calibrated logit
		if k == 0 {
			return x[0] * float64(logits[0])
		}
		return x[0]*float64(logits[k]) + x[k]
	}
	for k := range x {
		largest = max(largest, at(k))
	}
	for k := range x {
		probabilities[k] = math.Exp(at(k) - largest)
		sum += probabilities[k]
	}
	mean := 0.0 // of the logits
	for k := range x {
		probabilities[k] /= sum
		mean += probabilities[k] * float64(logits[k])
	}
	malicious := cnn.Score(probabilities)
	for k, p := range probabilities {
		truth := 0.0
		switch {
		case k == kind:
			truth = 1
		case k > 0 && kind == cnn.UnknownMalicious && malicious > 0:
			truth = p / malicious
		}
		logit := float64(logits[k])
		gradient[0] += weight * (p - truth) * logit
		hessian[0][0] += weight * p * logit * (logit - mean)
		if k == 0 {
			continue
		}
		gradient[k] += weight * (p - truth)
		hessian[0][k] += weight * p * (logit - mean)
		hessian[k][0] = hessian[0][k]
		for other := 1; other < len(x); other++ {
			hessian[k][other] -= weight * p * probabilities[other]
		}
		hessian[k][k] += weight * p
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
