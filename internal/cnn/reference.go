package cnn

import "slices"

// Reference returns the logits of one text, [K], computed as the package comment writes them, one
// multiplication at a time in the caller's precision. views are the symbols of the host and the
// whole; of a network with one view, those of the whole alone. It knows no floor. Tests hold
// everything faster to it, so it must stay plain.
func Reference[float float32 | float64](p *Parameters, views ...[]uint8) []float {
	if p.Shape.Hidden == 0 {
		return affine(pool[float](p, views[0]), p.OutputWeight, p.OutputBias)
	}
	var hidden []float
	for _, symbols := range views {
		for _, sum := range affine(pool[float](p, symbols), p.DenseWeight, p.DenseBias) {
			hidden = append(hidden, max(sum, 0))
		}
	}
	return affine(hidden, p.OutputWeight, p.OutputBias)
}

// pool returns the pooled features of one text, [P].
func pool[float float32 | float64](p *Parameters, symbols []uint8) []float {
	s := p.Shape
	pooled := make([]float, 0, s.Pooled())
	for _, c := range p.Convolutions {
		padded := slices.Concat(slices.Repeat([]uint8{Start}, c.Width-1), symbols, slices.Repeat([]uint8{End}, c.Width-1))
		for f := range s.Filters {
			var maximum float // relu(max c) is the maximum of 0 and every c
			for t := 0; t+c.Width <= len(padded); t++ {
				sum := float(c.Bias[f])
				for j := range c.Width {
					embedded := p.Embedding[int(padded[t+j])*s.Embedding:][:s.Embedding]
					for d, e := range embedded {
						sum += float(c.Weight[(j*s.Embedding+d)*s.Filters+f]) * float(e)
					}
				}
				maximum = max(maximum, sum)
			}
			pooled = append(pooled, maximum)
		}
	}
	return pooled
}

// affine returns bias + in . weight, for weight [len(in)][len(bias)].
func affine[float float32 | float64](in []float, weight, bias []float32) []float {
	out := make([]float, len(bias))
	for o := range out {
		out[o] = float(bias[o])
		for i := range in {
			out[o] += in[i] * float(weight[i*len(bias)+o])
		}
	}
	return out
}
