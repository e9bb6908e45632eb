package cnn

import "math"

// Softmax sets probabilities to the softmax of logits divided by the temperature, which is above 0.
// It calls no function of package math whose result differs between processors, so equal logits
// give equal probabilities everywhere.
func Softmax(probabilities []float64, logits []float32, temperature float64) {
	largest := math.Inf(-1)
	for _, logit := range logits {
		largest = max(largest, float64(logit))
	}
	sum := 0.0
	for k, logit := range logits {
		probabilities[k] = exp((float64(logit) - largest) / temperature)
		sum += probabilities[k]
	}
	for k := range logits {
		probabilities[k] /= sum
	}
}

// Score is the probability that a text is malicious: the sum over all kinds but the first, benign.
func Score(probabilities []float64) float64 {
	sum := 0.0
	for _, p := range probabilities[1:] {
		sum += p
	}
	return min(sum, 1)
}

// inverseFactorials are 1/n! from n = 13 down to 0.
var inverseFactorials = [...]float64{
	1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
	1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1,
}

// exp returns e to the x, for x at most 0. math.Exp is assembly on some processors and Go on
// others, and the last digits differ. Here x = n ln 2 + r with |r| <= ln 2 / 2, and e to the r is
// its Taylor series up to the 13th power, whose remainder is below 2^-57. The conversions keep the
// compiler from fusing a multiplication with an addition, which it does on some processors only.
func exp(x float64) float64 {
	const (
		// ln 2 in two parts (Cody and Waite 1980). The first ends in zeros, so that n times it is
		// exact.
		ln2High = 6.93147180369123816490e-01
		ln2Low  = 1.90821492927058770002e-10
	)
	if x < -745 { // below the smallest float64
		return 0
	}
	n := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(n*ln2High) - float64(n*ln2Low)
	sum := 0.0
	for _, c := range inverseFactorials {
		sum = float64(sum*r) + c
	}
	if n < -1000 { // the result may have fewer digits
		return math.Ldexp(sum, int(n))
	}
	return math.Float64frombits(math.Float64bits(sum) + uint64(int64(n))<<52)
}
