package cnn

import (
	"math"
	"math/bits"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// A dropout drops features at random, with a probability in steps of 1/256 (Srivastava et al.
// 2014).
type dropout struct {
	threshold uint64 // of 256
	scale     float32
	seed      uint64
}

func newDropout(probability float64, seed uint64) dropout {
	threshold := min(uint64(math.Round(probability*256)), 255) // at 256 no feature would be left to scale up
	return dropout{
		threshold: threshold,
		scale:     float32(256 / float64(256-threshold)), // keeps the expectation of a feature
		seed:      mix(seed),
	}
}

// apply sets some features of a block to 0; the first is number first of all pooled features. The
// others are scaled up later, as sums of the next layer, of which there are fewer. The memory has
// room for a word of each text.
func (d dropout) apply(features kernel.Rows, first int, dropped []uint32) {
	if d.threshold == 0 {
		return
	}
	for text := range dropped {
		dropped[text] = d.draw(text, first)
	}
	kernel.Drop(features, dropped)
}

// draw returns 32 random bits, each 1 with probability threshold/256, which is above 0. It takes a
// random word for each binary digit of the threshold, from the lowest up: "or" for a digit of 1,
// "and" for 0. Each halves the probability's distance to 1 or to 0.
func (d dropout) draw(text, first int) uint32 {
	state := d.seed + uint64(text)<<32 + uint64(first)<<8
	drawn := uint64(0)
	for digit := bits.TrailingZeros64(d.threshold); digit < 8; digit++ {
		state += 0x9e3779b97f4a7c15
		random := mix(state)
		if d.threshold>>digit&1 == 1 {
			drawn |= random
		} else {
			drawn &= random
		}
	}
	return uint32(drawn)
}

// mix is the output function of SplitMix64 (Steele, Lea and Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
