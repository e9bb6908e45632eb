package cnn

import (
	"cmp"
	"math"
	"slices"
)

// averageGradient sets the log-odds and the baseline, and returns the gradient of f by the sums of
// the next layer, averaged on the path from its bias alone to bias and sums. Both are of every
// view, one behind the other.
//
// Along the path a hidden unit is a straight line and above 0 on at most one stretch. Between the
// ends of these stretches every logit is a straight line. The mean gradient by a unit is the
// integral, over its stretch, of the gradient by the logits, times the unit's output weights.
func (e *Explainer) averageGradient(x *Explanation, sums []float64) []float64 {
	p := e.parameters
	in := newIntegral(e)
	if p.Shape.Hidden == 0 {
		x.Baseline = in.logOdds(0)
		copy(in.slope, sums)
		in.advance(1)
		x.LogOdds = in.logOdds(1)
		return in.sum
	}
	gradient := make([]float64, len(sums))
	biasOf := func(unit int) float64 { return float64(p.DenseBias[unit%p.Shape.Hidden]) }
	toggleUnit := func(unit int, sign float64) { // from here on the unit is above 0 (1) or not (-1)
		for k, weight := range p.OutputWeight[unit*p.Shape.Kinds:][:p.Shape.Kinds] {
			in.intercept[k] += sign * float64(weight) * biasOf(unit)
			in.slope[k] += sign * float64(weight) * sums[unit]
			gradient[unit] -= sign * float64(weight) * in.sum[k]
		}
	}
	type crossing struct {
		at   float64 // as a share of the path
		unit int
		sign float64
	}
	var crossings []crossing
	for unit, sum := range sums {
		bias := biasOf(unit)
		isAbove, willBeAbove := bias > 0, bias+sum > 0
		if isAbove {
			toggleUnit(unit, 1)
		}
		switch {
		case !isAbove && willBeAbove:
			crossings = append(crossings, crossing{-bias / sum, unit, 1})
		case isAbove && !willBeAbove:
			crossings = append(crossings, crossing{-bias / sum, unit, -1})
		}
	}
	slices.SortFunc(crossings, func(a, b crossing) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.unit, b.unit))
	})
	x.Baseline = in.logOdds(0)
	for _, c := range crossings {
		in.advance(c.at)
		toggleUnit(c.unit, c.sign)
	}
	in.advance(1)
	x.LogOdds = in.logOdds(1)
	for unit, sum := range sums {
		if biasOf(unit)+sum > 0 {
			toggleUnit(unit, -1)
		}
	}
	return gradient
}

// An integral is that of the gradient of f by the logits along the path, up to done.
type integral struct {
	explainer        *Explainer
	intercept, slope []float64 // [K], of the straight lines that the logits are from done on
	done             float64   // as a share of the path
	sum              []float64 // [K]

	logits, gradient, part []float64 // [K], scratch
}

func newIntegral(e *Explainer) *integral {
	numbers := func() []float64 { return make([]float64, e.parameters.Shape.Kinds) }
	in := &integral{
		explainer: e,
		intercept: numbers(), slope: numbers(), sum: numbers(),
		logits: numbers(), gradient: numbers(), part: numbers(),
	}
	for k, bias := range e.parameters.OutputBias {
		in.intercept[k] = float64(bias)
	}
	return in
}

// logOdds returns f at a share of the path and sets in.gradient to its gradient by the logits.
func (in *integral) logOdds(at float64) float64 {
	for k := range in.logits {
		in.logits[k] = in.intercept[k] + at*in.slope[k]
	}
	return logOdds(in.gradient, in.logits, in.explainer.temperature)
}

// logOdds returns f of logits, and sets gradient to its gradient by each: with a temperature of 1,
//
//	f = log sum_{k>0} exp l_k - l_0
func logOdds(gradient, logits []float64, temperature float64) float64 {
	benign, malicious := logits[0], logits[1:]
	largest := slices.Max(malicious)
	sum := 0.0
	for k, logit := range malicious {
		gradient[1+k] = exp((logit - largest) / temperature)
		sum += gradient[1+k]
	}
	for k := range malicious {
		gradient[1+k] /= sum * temperature
	}
	gradient[0] = -1 / temperature
	return (largest-benign)/temperature + math.Log(sum)
}

// advance integrates up to a share of the path; until there the logits are straight lines.
func (in *integral) advance(to float64) {
	if to > in.done {
		in.integrate(in.done, to, in.logOdds(in.done), in.logOdds(to), mostHalvings)
		in.done = to
	}
}

// The integral is by Gauss-Legendre quadrature with these nodes and weights on [-1, 1]. Where
// another logit becomes the largest within a short part of the path, f bends sharply. So a stretch
// is halved until its integral equals the difference of f between its ends.
var (
	quadratureNodes   = [...]float64{-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640}
	quadratureWeights = [...]float64{0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891}
)

const (
	quadratureError = 1e-9 // of a stretch, relative to its logits or, where they are smaller, to 1
	mostHalvings    = 30   // after them a stretch with a bend is shorter than that error
)

// integrate adds to in.sum the integral from one share of the path to another.
func (in *integral) integrate(from, to, fFrom, fTo float64, halvings int) {
	clear(in.part)
	middle, half := (from+to)/2, (to-from)/2
	for i, node := range quadratureNodes {
		in.logOdds(middle + half*node)
		for k, gradient := range in.gradient {
			in.part[k] += half * quadratureWeights[i] * gradient
		}
	}
	sum, size := 0.0, 1.0
	for k, slope := range in.slope {
		sum += slope * in.part[k]
		size = max(size, (math.Abs(in.intercept[k])+math.Abs(slope))/in.explainer.temperature)
	}
	if halvings > 0 && math.Abs(sum-(fTo-fFrom)) > quadratureError*size {
		fMiddle := in.logOdds(middle)
		in.integrate(from, middle, fFrom, fMiddle, halvings-1)
		in.integrate(middle, to, fMiddle, fTo, halvings-1)
		return
	}
	for k, part := range in.part {
		in.sum[k] += part
	}
}
