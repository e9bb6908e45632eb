package cnn

import (
	"fmt"
	"math"
	"slices"
)

// A Floor is how much less malicious a text may be than its host alone and its registered domain
// alone, in log-odds: see head.applyFloor. Where both are 0 there is no floor.
type Floor struct {
	Host             float64 `json:"host"`
	RegisteredDomain float64 `json:"registered_domain"`
}

// Exists reports whether there is a floor.
func (f Floor) Exists() bool { return f != Floor{} }

// Validate returns an error unless both numbers are above 0, or both are 0.
func (f Floor) Validate() error {
	isBound := func(odds float64) bool { return odds > 0 && odds <= math.MaxFloat32 }
	if f.Exists() && !(isBound(f.Host) && isBound(f.RegisteredDomain)) {
		return fmt.Errorf("the floor is %v below the host and %v below the registered domain, want numbers above 0, or 0 twice", f.Host, f.RegisteredDomain)
	}
	return nil
}

// of returns the floor of a view that is read alone.
func (f Floor) of(view int) float64 {
	if view == Host {
		return f.Host
	}
	return f.RegisteredDomain
}

// applyFloor keeps the verdict on a text from falling far below that on its host alone and on its
// registered domain alone, which are what the network says of these texts. With
//
//	z = log sum_{k>0} exp l_k - l_0
//
// for logits l, where z of one alone is above z of the whole by more than its floor, the logits are
// those of that one, with the benign logit raised by its floor. Of two the larger wins.
func (h *head) applyFloor(logits []float32, outputs *viewOutputs, views Views) {
	var buffer [maxKinds]float32
	alone := buffer[:h.kinds]
	last := views[Whole] // read alone
	for _, view := range [...]int{Host, RegisteredDomain} {
		text := views[view]
		if text == last {
			continue
		}
		last = text
		h.logits(alone, outputs, Views{text, text, text})
		alone[0] += float32(h.floor.of(view))
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
