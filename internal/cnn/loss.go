package cnn

import (
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// UnknownMalicious is the kind of a training text that is only known to be malicious: it trains the
// sum of the malicious kinds' probabilities.
const UnknownMalicious = -1

// crossEntropies sets losses and the gradients by the logits, [R][K], of the rows from first on.
// Their weights are not in them. The floor is no part of the loss.
func (h *head) crossEntropies(losses []float64, dLogits []float32, outputs kernel.Rows, batch *TrainingBatch, first, last int) {
	for i := first; i < last; i++ {
		logits := dLogits[i*h.kinds:][:h.kinds]
		h.logits(logits, &viewOutputs{texts: outputs}, batch.row(i).Views)
		losses[i] = crossEntropy(logits, batch.Kinds[i])
	}
}

// loss returns the weighted mean of the rows' losses and sets dOutputs to its gradient by the
// outputs. It multiplies dLogits by the weights.
func (h *head) loss(dOutputs kernel.Rows, losses []float64, dLogits []float32, batch *TrainingBatch) float64 {
	total := float32(0)
	for _, weight := range batch.Weights {
		total += weight
	}
	mean := 0.0
	clear(dOutputs.Data)
	for i, loss := range losses {
		weight := batch.Weights[i] / total
		mean += float64(weight) * loss
		logits := dLogits[i*h.kinds:][:h.kinds]
		for k := range logits {
			logits[k] *= weight
		}
		h.logitsBackward(dOutputs, logits, batch.row(i).Views)
	}
	return mean
}

// crossEntropy returns -log of the probability of the true kind, or of all malicious kinds together
// where the kind is unknown, and overwrites the logits with its gradient.
func crossEntropy(logits []float32, kind int) float64 {
	var buffer, truth [maxKinds]float64
	probabilities := buffer[:len(logits)]
	Softmax(probabilities, logits, 1)
	likelihood := Truth(truth[:len(logits)], probabilities, kind)
	for k, p := range probabilities {
		logits[k] = float32(p - truth[k])
	}
	return -math.Log(likelihood)
}

// Truth sets truth to what the probabilities of a text of this kind should be: 1 for the kind.
// Where the kind is unknown, the malicious kinds should be 1 together, divided as the probabilities
// divide it. The cross-entropy's gradient by the logits is probabilities - truth. Truth returns the
// probability of what is known of the text, which is above 0.
func Truth(truth, probabilities []float64, kind int) float64 {
	clear(truth)
	if kind != UnknownMalicious {
		truth[kind] = 1
		return max(probabilities[kind], math.SmallestNonzeroFloat64)
	}
	malicious := max(Score(probabilities), math.SmallestNonzeroFloat64)
	for k := 1; k < len(truth); k++ {
		truth[k] = probabilities[k] / malicious
	}
	return malicious
}
