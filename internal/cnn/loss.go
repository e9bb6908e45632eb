package cnn

import (
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// UnknownMalicious is the kind of a training text that is only known to be malicious: it trains the
// sum of the malicious kinds' probabilities.
const UnknownMalicious = -1

// loss returns the sum of neighbouring texts' losses, each times its weight / total, and overwrites
// their outputs with its gradient.
func (h *head) loss(outputs kernel.Rows, kinds []int, weights []float32, total float32) float64 {
	loss := 0.0
	for text, kind := range kinds {
		row := outputs.Data[text*outputs.Stride:][:outputs.Stride]
		weight, logits := weights[text]/total, row[:h.kinds]
		loss += float64(weight) * crossEntropy(logits, kind)
		for k := range logits {
			logits[k] *= weight
		}
		clear(row[h.kinds:])
	}
	return loss
}

// crossEntropy returns -log of the probability of the true kind, or of all malicious kinds together
// where the kind is unknown, and overwrites the logits with its gradient.
func crossEntropy(logits []float32, kind int) float64 {
	var buffer [maxKinds]float64
	probabilities := buffer[:len(logits)]
	Softmax(probabilities, logits, 1)
	if kind != UnknownMalicious {
		for k, p := range probabilities {
			logits[k] = float32(p)
		}
		logits[kind] = float32(probabilities[kind] - 1)
		return -math.Log(max(probabilities[kind], math.SmallestNonzeroFloat64))
	}
	malicious := max(Score(probabilities), math.SmallestNonzeroFloat64)
	logits[0] = float32(probabilities[0])
	for k := 1; k < len(logits); k++ {
		logits[k] = float32(probabilities[k] - probabilities[k]/malicious)
	}
	return -math.Log(malicious)
}
