package cnn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// quantizable returns parameters whose sums are hard to keep from overflowing.
func quantizable(t *testing.T) map[string]*Parameters {
	shape := Shape{Symbols: 256, Embedding: 8, Widths: []int{1, 3, 8}, Filters: 70, Hidden: 40, Kinds: 4}
	all := make(map[string]*Parameters)
	for name, change := range map[string]func(*Parameters, *rand.Rand){
		"as initialised": func(*Parameters, *rand.Rand) {},
		"every entry as large as the largest": func(p *Parameters, _ *rand.Rand) {
			for i := range p.Flat {
				p.Flat[i] = 1
			}
		},
		"weights of sizes far apart": func(p *Parameters, r *rand.Rand) {
			for i := range p.Flat {
				p.Flat[i] *= float32(math.Exp(10 * r.NormFloat64()))
			}
		},
		"biases above all weights": func(p *Parameters, _ *rand.Rand) {
			for _, c := range p.Convolutions {
				for f := range c.Bias {
					c.Bias[f] = 1000
				}
			}
		},
		"filters and outputs that are zero": func(p *Parameters, _ *rand.Rand) {
			for i := range p.Convolutions[1].Weight {
				p.Convolutions[1].Weight[i] = 0
			}
			for i := 0; i < len(p.DenseWeight); i += 5 {
				p.DenseWeight[i] = 0
			}
		},
		"one symbol beyond all others": func(p *Parameters, _ *rand.Rand) {
			for d := range shape.Embedding {
				p.Embedding[200*shape.Embedding+d] *= 1e4
			}
		},
	} {
		p := newParameters(t, shape, 21)
		change(p, rand.New(rand.NewPCG(22, 22)))
		all[name] = p
	}
	withViews := shape
	withViews.Views = sideBySide
	all["two views"] = newParameters(t, withViews, 26)
	noHidden := shape
	noHidden.Hidden = 0
	all["no hidden layer"] = newParameters(t, noHidden, 23)
	return all
}

// For every filter and output, the largest and the smallest sum that any text can give.
func TestNoSumOfIntegersCanOverflow(t *testing.T) {
	for name, p := range quantizable(t) {
		t.Run(name, func(t *testing.T) {
			q, err := Quantize(p)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range q.blocks {
				features := make([]int64, b.lanes)
				for f := range b.lanes {
					most, least := int64(0), int64(0) // of the sums of any neighbouring taps
					for first := range b.width {
						high, low := int64(0), int64(0)
						for j := first; j < b.width; j++ {
							largest, smallest := int64(math.MinInt16), int64(math.MaxInt16)
							for v := range p.Shape.Symbols {
								entry := int64(q.filters[i].Table[v*b.rowLength()+j*b.lanes+f])
								largest, smallest = max(largest, entry), min(smallest, entry)
							}
							high, low = high+largest, low+smallest
							most, least = max(most, high), min(least, low)
						}
						if first == 0 {
							features[f] = max(high, 0)
						}
					}
					if most > math.MaxInt16 || least < math.MinInt16 {
						t.Fatalf("width %d, filter %d: sums from %d to %d", b.width, f, least, most)
					}
				}
				for h := range q.head.columns {
					most, least := int64(0), int64(0)
					for f, feature := range features {
						weight := int64(q.dense[i].Data[(f/2*q.head.columns+h)*2+f%2])
						most += max(feature*weight, 0)
						least += min(feature*weight, 0)
					}
					if most > math.MaxInt32 || least < math.MinInt32 {
						t.Fatalf("width %d, output %d: sums from %d to %d", b.width, h, least, most)
					}
				}
			}
		})
	}
}

func TestQuantizedIsCloseToTheReference(t *testing.T) {
	all := quantizable(t)
	// Beside a number more than 32767 times as large, small ones become 0.
	delete(all, "one symbol beyond all others")
	delete(all, "weights of sizes far apart")
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			q, err := Quantize(p)
			if err != nil {
				t.Fatal(err)
			}
			var scratch Scratch
			batch := randomBatch(rand.New(rand.NewPCG(24, 24)), p.Shape, 60, 40)
			kinds := p.Shape.Kinds
			logits := make([]float32, batch.RowCount()*kinds)
			q.Logits(logits, &scratch, &batch)
			for i := range batch.RowCount() {
				want := Reference[float64](p, batch.views(p.Shape, i)...)
				size := 0.0
				for _, logit := range want {
					size = max(size, math.Abs(logit))
				}
				for k, logit := range logits[i*kinds:][:kinds] {
					if math.Abs(float64(logit)-want[k]) > 2e-3*size {
						t.Fatalf("logit %d of text %d is %v, want %v", k, i, logit, want[k])
					}
				}
			}
		})
	}
}

func TestQuantizeRefusesWeightsWhoseSumsAreNotFinite(t *testing.T) {
	for name, change := range map[string]func(*Parameters){
		"products beyond float32": func(p *Parameters) {
			for i := range p.Flat {
				p.Flat[i] = 1e30
			}
		},
		"a bias on top of a table": func(p *Parameters) {
			for i := range p.Embedding {
				p.Embedding[i] = 1
			}
			p.Convolutions[0].Weight[0], p.Convolutions[0].Bias[0] = 2e38, 2e38
		},
		"weights above features that are large": func(p *Parameters) {
			p.Convolutions[0].Bias[0] = 1e30
			p.DenseWeight[0] = 1e30
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newParameters(t, shapes["one hidden layer, odd sizes"], 25)
			change(p)
			if _, err := Quantize(p); err == nil || !strings.Contains(err.Error(), "not a finite number") {
				t.Errorf("error is %v", err)
			}
		})
	}
}
