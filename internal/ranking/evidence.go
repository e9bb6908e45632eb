package ranking

import "math"

// tail returns the probability that of n draws k or more hit, where the hit rate is itself drawn
// from a beta distribution with mean p and the weight of s draws: the upper tail of a
// beta-binomial distribution. A small s stands for draws that resemble each other.
func tail(k, n int, p, s float64) float64 {
	if k <= 0 {
		return 1
	}
	if k > n || p <= 0 {
		return 0
	}
	if p >= 1 {
		return 1
	}
	a, b := p*s, (1-p)*s
	term := math.Exp(logChoose(n, k) + logBeta(float64(k)+a, float64(n-k)+b) - logBeta(a, b))
	sum := 0.0
	for i := k; ; i++ {
		sum += term
		if i == n || term < sum*1e-12 {
			return min(sum, 1)
		}
		// Where nearly all hit, b+n-i-1 may be close to 0, never below.
		term *= float64(n-i) / float64(i+1) * (a + float64(i)) / (b + float64(n-i-1))
	}
}

func logChoose(n, k int) float64 {
	return logGamma(float64(n)+1) - logGamma(float64(k)+1) - logGamma(float64(n-k)+1)
}

func logBeta(a, b float64) float64 { return logGamma(a) + logGamma(b) - logGamma(a+b) }

func logGamma(x float64) float64 {
	value, _ := math.Lgamma(x) // the sign is positive for all x above 0
	return value
}

// digits returns a probability as evidence: 3 for 1 in 1,000.
func digits(probability float64) float64 {
	const most = 300
	return min(max(-math.Log10(probability), 0), most)
}
