package cnn

import (
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// UnknownMalicious is the kind of a training text that is only known to be malicious: it trains the
// sum of the malicious kinds' probabilities.
const UnknownMalicious = -1

// loss returns the weighted mean of the rows' losses and sets dOutputs to its gradient by the
// outputs. The floor is no part of it.
func (h *head) loss(dOutputs, outputs kernel.Rows, batch *TrainingBatch) float64 {
	total := float32(0)
	for _, weight := range batch.Weights {
		total += weight
	}
	var buffer [maxKinds]float32
	logits := buffer[:h.kinds]
	loss := 0.0
	clear(dOutputs.Data)
	for i, kind := range batch.Kinds {
		views, weight := batch.row(i).Views, batch.Weights[i]/total
		h.logits(logits, &viewOutputs{texts: outputs}, views)
		loss += float64(weight) * crossEntropy(logits, kind)
		for k := range logits {
			logits[k] *= weight
		}
		h.logitsBackward(dOutputs, logits, views)
	}
	return loss
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
