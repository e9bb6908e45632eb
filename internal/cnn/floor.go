package cnn

import (
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// applyFloor keeps the verdict on a text from falling far below that on its host alone and on its
// registered domain alone, which are what the network says of these texts. With
//
//	z = log sum_{k>0} exp l_k - l_0
//
// for logits l, where z of one alone is above z of the whole by more than the floor, the logits are
// those of that one, with the benign logit raised by the floor. Of two the larger wins.
func (h *head) applyFloor(logits []float32, outputs kernel.Rows, views Views) {
	var buffer [maxKinds]float32
	alone := buffer[:h.kinds]
	last := views[Whole] // read alone
	for _, text := range [...]int32{views[Host], views[RegisteredDomain]} {
		if text == last {
			continue
		}
		last = text
		h.logits(alone, outputs, Views{text, text, text})
		alone[0] += float32(h.floor)
		if h.isMoreMalicious(alone, logits) {
			copy(logits, alone)
		}
	}
}

// isMoreMalicious reports whether z of one text's logits is above that of another's. It calls exp
// only where the largest logits do not decide: z is at least their difference from the benign one,
// and at most log(K-1) above it.
func (h *head) isMoreMalicious(one, other []float32) bool {
	least, leastOther := slices.Max(one[1:])-one[0], slices.Max(other[1:])-other[0]
	switch {
	case least > leastOther+h.spread:
		return true
	case least+h.spread < leastOther:
		return false
	}
	return benignOdds(one) < benignOdds(other)
}

// benignOdds is exp(-z).
func benignOdds(logits []float32) float64 {
	largest := float64(slices.Max(logits))
	malicious := 0.0
	for _, logit := range logits[1:] {
		malicious += exp(float64(logit) - largest)
	}
	return exp(float64(logits[0])-largest) / malicious
}
