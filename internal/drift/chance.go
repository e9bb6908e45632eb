package drift

import "math"

// gammaP returns the regularized lower incomplete gamma function P(a, x): by its series, or by the
// continued fraction of its complement (Abramowitz and Stegun, 6.5.29 and 6.5.31).
func gammaP(a, x float64) float64 {
	if x <= 0 {
		return 0
	}
	logGamma, _ := math.Lgamma(a)
	scale := math.Exp(a*math.Log(x) - x - logGamma)
	const precision, most = 1e-14, 1_000_000
	if x < a+1 {
		sum, term := 1/a, 1/a
		for n := 1.0; n < most && term > sum*precision; n++ {
			term *= x / (a + n)
			sum += term
		}
		return min(sum*scale, 1)
	}
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	fraction := d
	for n := 1.0; n < most; n++ {
		numerator := -n * (n - a)
		b += 2
		if d = numerator*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + numerator/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		fraction *= d * c
		if math.Abs(d*c-1) < precision {
			break
		}
	}
	return max(1-scale*fraction, 0)
}

// inverseGammaP returns the x at which gammaP(a, x) is p.
func inverseGammaP(a, p float64) float64 {
	low, high := 0.0, a+20*math.Sqrt(a+1)+50
	for range 200 {
		if middle := low + (high-low)/2; gammaP(a, middle) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// poissonInterval returns between what the expected number lies, of what came count times (95 %;
// F. Garwood, Biometrika 28, 1936). Of what never came, it is below 3 (the rule of three).
func poissonInterval(count int) (low, high float64) {
	if count == 0 {
		return 0, -math.Log(.05)
	}
	return inverseGammaP(float64(count), .025), inverseGammaP(float64(count)+1, .975)
}

// poissonAtLeast returns the chance of at least count where so many are expected.
func poissonAtLeast(count int, expected float64) float64 {
	if count <= 0 {
		return 1
	}
	return gammaP(float64(count), expected)
}

// chiSquared returns what a chi-squared number of so many degrees of freedom exceeds with the
// chance.
func chiSquared(degrees int, chance float64) float64 {
	return 2 * inverseGammaP(float64(degrees)/2, 1-chance)
}

// A share is how many of how many.
type share struct{ count, of float64 }

func (s share) rate() float64 {
	if s.of == 0 {
		return 0
	}
	return s.count / s.of
}

// exceeds reports whether the rate is surely above factor times that of another: given how many
// there are in both together, the first would have as many with less than the chance if its rate
// were only that (the conditional test of two Poisson rates).
func (s share) exceeds(other share, factor, chance float64) bool {
	count, all := int(math.Round(s.count)), int(math.Round(s.count+other.count))
	if all == 0 || s.of == 0 || other.of == 0 {
		return false
	}
	p := factor * s.of / (factor*s.of + other.of)
	return binomialAtLeast(count, all, p) < chance
}

// binomialAtLeast returns the chance of at least count of so many, each of which has the chance p.
func binomialAtLeast(count, of int, p float64) float64 {
	if float64(count) <= float64(of)*p {
		return 1 // more than any chance that is asked for
	}
	logGamma := func(n int) float64 { l, _ := math.Lgamma(float64(n) + 1); return l }
	sum := 0.0
	for k := count; k <= of; k++ {
		term := math.Exp(logGamma(of) - logGamma(k) - logGamma(of-k) + float64(k)*math.Log(p) + float64(of-k)*math.Log1p(-p))
		sum += term
		if term < sum*1e-12 {
			break
		}
	}
	return sum
}
