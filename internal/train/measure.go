package train

import (
	"math"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// isBetter reports whether v is better than other: first by what is found at few false alarms, then by
// the order of all scores.
func isBetter(v, other provenance.Validation) bool {
	if v.TruePositiveRate != other.TruePositiveRate {
		return v.TruePositiveRate > other.TruePositiveRate
	}
	return v.AUC > other.AUC
}

func (r *run) validate() provenance.Validation {
	var benign, malicious []float64
	for i, score := range r.options.scores(cnn.NewNetwork(r.parameters), r.texts.choose, 1) {
		if r.texts.choose.kinds[i] == 0 {
			benign = append(benign, score)
		} else {
			malicious = append(malicious, score)
		}
	}
	roc := eval.NewROC(benign, malicious)
	var v provenance.Validation
	v.AUC, _ = roc.AUC()
	if point, ok := roc.AtFalsePositiveRate(1e-2); ok {
		v.TruePositiveRate = point.TruePositives.Rate()
	}
	return v
}

// logits returns the logits of all texts, [len][K].
func (o Options) logits(network *cnn.Network, texts encoded) []float32 {
	const textsPerTask = 256
	kinds := network.Kinds()
	all := make([]float32, texts.len()*kinds)
	o.parallel((texts.len()+textsPerTask-1)/textsPerTask, func(task int) {
		first, last := task*textsPerTask, min((task+1)*textsPerTask, texts.len())
		var scratch cnn.Scratch
		network.Logits(all[first*kinds:last*kinds], &scratch, texts.texts(first, last))
	})
	return all
}

// scores returns each text's score.
func (o Options) scores(network *cnn.Network, texts encoded, temperature float64) []float64 {
	kinds := network.Kinds()
	logits := o.logits(network, texts)
	probabilities := make([]float64, kinds)
	scores := make([]float64, texts.len())
	for i := range scores {
		cnn.Softmax(probabilities, logits[i*kinds:][:kinds], temperature)
		scores[i] = cnn.Score(probabilities)
	}
	return scores
}

// calibrate returns the temperature, and what to add to each kind's logit once it is divided by it,
// that give the texts the lowest cross-entropy: temperature scaling (Guo et al. 2017, arXiv 1706.04599)
// with a bias for each kind. The temperature is 1 and the biases are 0 where there are no texts.
//
// It is a logistic regression with K parameters, x = (1/temperature, biases of kinds 1 ... K-1), solved by
// Newton's method. Of a malicious text of unknown kind the network says itself which it is.
func calibrate(logits []float32, texts encoded) (temperature float64, biases []float64) {
	if texts.len() == 0 {
		return 1, nil
	}
	kinds := len(logits) / texts.len()
	const (
		mostSteps       = 100
		lowest, highest = 0.1, 10 // of x[0]: where the kinds fall apart cleanly, it would have no end
		prior           = 1       // as if this many texts spoke for no change: a kind may have no text at all
		longest         = 0.5     // step; where the kinds are far apart Newton's go too far
		shortest        = 1e-9    // step worth another one
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

// addText adds one text's part of the gradient and of the Hessian of the cross-entropy.
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

// solve replaces b with the solution x of a x = b, for a positive definite matrix, which it overwrites.
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

// levels are the levels above none and the false positive rates that they stand for.
var levels = []struct {
	name              string
	falsePositiveRate float64
}{{"low", 1e-2}, {"medium", 1e-3}, {"high", 1e-4}}

// thresholds measures the levels on scores of benign texts, none where there are no texts.
func thresholds(benign []float64) []modelfile.Threshold {
	roc := eval.NewROC(benign, nil)
	var measured []modelfile.Threshold
	for _, level := range levels {
		point, ok := roc.AtFalsePositiveRate(level.falsePositiveRate)
		if !ok {
			return nil
		}
		measured = append(measured, modelfile.Threshold{
			Level:             level.name,
			Score:             point.Threshold,
			FalsePositiveRate: level.falsePositiveRate,
			FalsePositives:    point.FalsePositives.Count,
			Benign:            point.FalsePositives.Total,
		})
	}
	return measured
}
