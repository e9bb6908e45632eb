package cnn

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// bruteForce explains views by the definition, in float64 and one multiplication at a time: it
// averages the gradient over many points of the path and looks at every filter by itself. It does
// not know floors.
func bruteForce(p *Parameters, temperature float64, frequency []float64, views [][]uint8) Explanation {
	s := p.Shape
	entry := func(c Convolution, f, j int, symbol uint8) float64 {
		sum := 0.0
		for d := range s.Embedding {
			sum += float64(c.Weight[(j*s.Embedding+d)*s.Filters+f]) * float64(p.Embedding[int(symbol)*s.Embedding+d])
		}
		return sum
	}
	at := func(symbols []uint8, t int) uint8 {
		switch {
		case t < 0:
			return Start
		case t >= len(symbols):
			return End
		}
		return symbols[t]
	}
	var pooled []float64 // of each view, one behind the other
	var places []int
	for _, symbols := range views {
		for _, c := range p.Convolutions {
			for f := range s.Filters {
				largest, where := math.Inf(-1), 0
				for t := 1 - c.Width; t < len(symbols); t++ {
					sum := float64(c.Bias[f])
					for j := range c.Width {
						sum += entry(c, f, j, at(symbols, t+j))
					}
					if sum > largest {
						largest, where = sum, t
					}
				}
				pooled, places = append(pooled, max(largest, 0)), append(places, where)
			}
		}
	}

	scaled := func(share float64) []float64 {
		some := make([]float64, len(pooled))
		for i := range some {
			some[i] = share * pooled[i]
		}
		return some
	}
	// logOdds returns f of pooled features, and its gradient by them.
	logOdds := func(pooled []float64) (float64, []float64) {
		features := pooled
		if s.Hidden > 0 {
			features = nil
			for one := range slices.Chunk(pooled, s.Pooled()) {
				features = append(features, affine(one, p.DenseWeight, p.DenseBias)...)
			}
			for i := range features {
				features[i] = max(features[i], 0)
			}
		}
		logits := affine(features, p.OutputWeight, p.OutputBias)
		largest, malicious := slices.Max(logits[1:]), 0.0
		for _, logit := range logits[1:] {
			malicious += math.Exp((logit - largest) / temperature)
		}
		dLogits := []float64{-1 / temperature}
		for _, logit := range logits[1:] {
			dLogits = append(dLogits, math.Exp((logit-largest)/temperature)/malicious/temperature)
		}
		back := func(d []float64, weights []float32) []float64 {
			gradient := make([]float64, len(weights)/len(d))
			for i := range gradient {
				for k := range d {
					gradient[i] += float64(weights[i*len(d)+k]) * d[k]
				}
			}
			return gradient
		}
		gradient := back(dLogits, p.OutputWeight)
		if s.Hidden > 0 {
			for i := range gradient {
				if features[i] == 0 {
					gradient[i] = 0
				}
			}
			var byPooled []float64
			for one := range slices.Chunk(gradient, s.Hidden) {
				byPooled = append(byPooled, back(one, p.DenseWeight)...)
			}
			gradient = byPooled
		}
		return (largest-logits[0])/temperature + math.Log(malicious), gradient
	}

	const steps = 20_000
	gradient := make([]float64, len(pooled))
	for step := range steps {
		_, here := logOdds(scaled((float64(step) + 0.5) / steps))
		for i := range gradient {
			gradient[i] += here[i] / steps
		}
	}
	var x Explanation
	x.LogOdds, _ = logOdds(pooled)
	x.Baseline, _ = logOdds(scaled(0))
	total := 0.0
	for _, share := range frequency {
		total += share
	}
	for i, symbols := range views {
		view := View{Symbols: make([]float64, len(symbols))}
		first := i * s.Pooled()
		for _, c := range p.Convolutions {
			ends := make([]float64, len(symbols)+c.Width-1)
			for f := range s.Filters {
				feature, t := first+f, places[first+f]
				if pooled[feature] == 0 {
					continue
				}
				view.Sum += gradient[feature] * pooled[feature]
				ends[t+c.Width-1] += gradient[feature] * pooled[feature]
				view.Constant += gradient[feature] * float64(c.Bias[f])
				for j := range c.Width {
					mean := 0.0
					for v, share := range frequency {
						mean += share / total * entry(c, f, j, uint8(v))
					}
					view.Constant += gradient[feature] * mean
					share := gradient[feature] * (entry(c, f, j, at(symbols, t+j)) - mean)
					switch {
					case t+j < 0:
						view.Start += share
					case t+j >= len(symbols):
						view.End += share
					default:
						view.Symbols[t+j] += share
					}
				}
			}
			for end, contribution := range ends {
				if contribution != 0 {
					view.Windows = append(view.Windows, Window{end + 1 - c.Width, c.Width, contribution})
				}
			}
			first += s.Filters
		}
		x.Views = append(x.Views, view)
	}
	return x
}

// explainedShapes are all shapes and one without a hidden layer whose softmax still bends.
func explainedShapes() map[string]Shape {
	all := maps.Clone(shapes)
	all["no hidden layer, four kinds"] = Shape{Symbols: 23, Embedding: 5, Widths: []int{1, 3}, Filters: 7, Kinds: 4}
	return all
}

func TestExplanationEqualsBruteForce(t *testing.T) {
	for name, shape := range explainedShapes() {
		t.Run(name, func(t *testing.T) {
			p := newParameters(t, shape, 41)
			random := rand.New(rand.NewPCG(42, 42))
			frequency := make([]float64, shape.Symbols)
			for v := range frequency[2:] {
				frequency[2+v] = random.ExpFloat64()
			}
			const temperature = 0.8
			e := NewExplainer(p, temperature, frequency)
			batch := randomBatch(random, shape, 3, 20)
			for i := range batch.RowCount() {
				got, want := e.Explain(&batch, i), bruteForce(p, temperature, frequency, batch.views(shape, i))
				near := func(what string, got, want, within float64) {
					t.Helper()
					if math.Abs(got-want) > within*max(1, math.Abs(want)) {
						t.Errorf("row %d: %s is %v, want %v", i, what, got, want)
					}
				}
				near("the log-odds", got.LogOdds, want.LogOdds, 1e-5)
				near("the baseline", got.Baseline, want.Baseline, 1e-9)
				if len(got.Views) != len(want.Views) {
					t.Fatalf("%d views, want %d", len(got.Views), len(want.Views))
				}
				for v, want := range want.Views {
					got := got.Views[v]
					near("a view", got.Sum, want.Sum, 1e-3)
					near("the constant part", got.Constant, want.Constant, 1e-3)
					near("the start", got.Start, want.Start, 1e-3)
					near("the end", got.End, want.End, 1e-3)
					for at := range want.Symbols {
						near("a symbol", got.Symbols[at], want.Symbols[at], 1e-3)
					}
					if len(got.Windows) != len(want.Windows) {
						t.Fatalf("%d windows, want %d", len(got.Windows), len(want.Windows))
					}
					for w, window := range want.Windows {
						if got.Windows[w].Start != window.Start || got.Windows[w].Width != window.Width {
							t.Fatalf("window %d is %+v, want %+v", w, got.Windows[w], window)
						}
						near("a window", got.Windows[w].Contribution, window.Contribution, 1e-3)
					}
				}
			}
		})
	}
}

// sums returns the sums of an explanation's parts, which all are to be the log-odds.
func (x Explanation) sums() (byViews, bySymbols, byWindows float64) {
	byViews, bySymbols, byWindows = x.Baseline, x.Baseline, x.Baseline
	for _, view := range x.Views {
		byViews += view.Sum
		bySymbols += view.Constant + view.Start + view.End
		for _, contribution := range view.Symbols {
			bySymbols += contribution
		}
		for _, window := range view.Windows {
			byWindows += window.Contribution
		}
	}
	return byViews, bySymbols, byWindows
}

func TestExplanationAddsUpToTheReferencesLogOdds(t *testing.T) {
	for name, test := range map[string]struct {
		temperature float64
		change      func(*Parameters)
	}{
		"as drawn": {1, func(*Parameters) {}},
		// Another logit becomes the largest within a millionth of the path.
		"output weights a million times as large": {1, func(p *Parameters) {
			for i := range p.OutputWeight {
				p.OutputWeight[i] *= 1e6
			}
		}},
		"a low temperature": {1e-4, func(*Parameters) {}},
		"no feature": {1, func(p *Parameters) {
			for _, c := range p.Convolutions {
				for f := range c.Bias {
					c.Bias[f] = -100
				}
			}
		}},
		"hidden units that start at 0": {1, func(p *Parameters) { clear(p.DenseBias) }},
		"equal hidden units": {1, func(p *Parameters) {
			for i := range p.DenseBias {
				p.DenseBias[i] = -0.1
			}
			for i := range p.DenseWeight {
				p.DenseWeight[i] = 0.1
			}
		}},
	} {
		for of, shape := range explainedShapes() {
			t.Run(name+"/"+of, func(t *testing.T) {
				p := newParameters(t, shape, 43)
				test.change(p)
				e := NewExplainer(p, test.temperature, nil)
				batch := randomBatch(rand.New(rand.NewPCG(44, 44)), shape, 30, 60)
				gradient := make([]float64, shape.Kinds)
				for i := range batch.RowCount() {
					x := e.Explain(&batch, i)
					logits := Reference[float64](p, batch.views(shape, i)...)
					size := 1.0
					for _, logit := range logits {
						size = max(size, math.Abs(logit)/test.temperature)
					}
					if want := logOdds(gradient, logits, test.temperature); math.Abs(x.LogOdds-want) > 1e-5*size {
						t.Errorf("the log-odds are %v, the reference's %v", x.LogOdds, want)
					}
					byViews, bySymbols, byWindows := x.sums()
					for of, sum := range map[string]float64{"views": byViews, "symbols": bySymbols, "windows": byWindows} {
						if math.Abs(sum-x.LogOdds) > 1e-7*size {
							t.Errorf("the log-odds are %v, the %s add up to %v", x.LogOdds, of, sum)
						}
					}
				}
			})
		}
	}
}

func TestScoreIsTheSigmoidOfTheLogOdds(t *testing.T) {
	const temperature = 1.3
	logits, probabilities := []float32{0.3, -2, 1, 0.9}, make([]float64, 4)
	Softmax(probabilities, logits, temperature)
	wide := []float64{float64(logits[0]), float64(logits[1]), float64(logits[2]), float64(logits[3])}
	odds := logOdds(make([]float64, 4), wide, temperature)
	if got, want := 1/(1+math.Exp(-odds)), Score(probabilities); math.Abs(got-want) > 1e-12 {
		t.Errorf("log-odds of %v are a score of %v, want %v", odds, got, want)
	}
}

// A symbol whose table entry is the mean gets nothing, however much the filter contributes.
func TestASymbolAsCommonSymbolsAreGetsNothing(t *testing.T) {
	shape := Shape{Symbols: 4, Embedding: 1, Widths: []int{1}, Filters: 1, Kinds: 2}
	p := newParameters(t, shape, 46)
	copy(p.Embedding, []float32{0, 0, 1, 3})
	copy(p.Convolutions[0].Weight, []float32{1})
	copy(p.Convolutions[0].Bias, []float32{0.5})
	copy(p.OutputWeight, []float32{0, 2})
	batch := &Batch{Texts: Texts{Symbols: []uint8{2, 3}, Ends: []int32{2}}}
	x := NewExplainer(p, 1, []float64{0, 0, 0, 7}).Explain(batch, 0).Views[0]
	if !slices.Equal(x.Symbols, []float64{0, 0}) || x.Constant != 7 {
		t.Errorf("symbols are %v, the constant part %v, want 0, 0 and 7", x.Symbols, x.Constant)
	}
	x = NewExplainer(p, 1, nil).Explain(batch, 0).Views[0]
	if !slices.Equal(x.Symbols, []float64{0, 2}) || x.Constant != 5 {
		t.Errorf("without frequencies, symbols are %v, the constant part %v, want 0, 2 and 5", x.Symbols, x.Constant)
	}
}

func TestExplanationsSayWhatTheFloorDoes(t *testing.T) {
	const temperature = 1.3
	shape := shapes["two views of a text"]
	p := newParameters(t, shape, 47)
	for i := range p.OutputWeight {
		p.OutputWeight[i] *= 10
	}
	p.Floor = Floor{Host: 1, RegisteredDomain: 1}
	batch := randomBatch(rand.New(rand.NewPCG(48, 48)), shape, 200, 30)
	for i := range batch.Rows {
		batch.Rows[i].HasFloor = i%4 > 0
	}
	logits, wide := make([]float32, len(batch.Rows)*shape.Kinds), make([]float64, shape.Kinds)
	NewNetwork(p).Logits(logits, new(Scratch), &batch)
	e := NewExplainer(p, temperature, nil)
	held := make(map[int]int)
	for i, row := range batch.Rows {
		x := e.Explain(&batch, i)
		held[x.FloorOf]++
		got := x.LogOdds
		if x.FloorOf >= 0 {
			got = x.Floor
			alone := x.DomainAlone
			if x.FloorOf == Host {
				alone = x.Views[0].Alone
			}
			if want := alone - p.Floor.Host/temperature; math.Abs(got-want) > 1e-9 {
				t.Errorf("row %d: the floor is at %v, want %v", i, got, want)
			}
		}
		for k := range wide {
			wide[k] = float64(logits[i*shape.Kinds+k])
		}
		if want := logOdds(make([]float64, shape.Kinds), wide, temperature); relativeError(got, want) > 1e-4 {
			t.Errorf("row %d: the log-odds with the floor are %v, the network's %v", i, got, want)
		}
		domain := alone(row.Views[RegisteredDomain])
		if !row.HasFloor {
			domain = Views{}
			if x.DomainAlone != 0 {
				t.Errorf("row %d: there is no floor, and the domain alone is at %v", i, x.DomainAlone)
			}
		}
		for _, test := range []struct {
			name  string
			views Views
			got   float64
		}{
			{"domain", domain, x.DomainAlone}, {"host", alone(row.Views[Host]), x.Views[0].Alone}, {"whole", row.Views, x.Views[1].Alone},
		} {
			if test.views == (Views{}) {
				continue
			}
			logits := Reference[float64](p, batch.Text(int(test.views[Host])), batch.Text(int(test.views[Whole])))
			if want := logOdds(make([]float64, shape.Kinds), logits, temperature); relativeError(test.got, want) > 1e-4 {
				t.Errorf("row %d: the %s alone is at %v, want %v", i, test.name, test.got, want)
			}
		}
	}
	if held[-1] < 10 || held[RegisteredDomain] < 10 || held[Host] < 10 {
		t.Errorf("the floors held are %v: too few to test", held)
	}
}

func BenchmarkExplain(b *testing.B) {
	p, _ := NewParameters(benchmarkShape)
	p.Initialize(1)
	e := NewExplainer(p, 1, nil)
	batch := randomBatch(rand.New(rand.NewPCG(1, 1)), benchmarkShape, 1, 40)
	_, bySymbols, _ := e.Explain(&batch, 0).sums()
	if x := e.Explain(&batch, 0); math.Abs(bySymbols-x.LogOdds) > 1e-6 {
		b.Fatalf("the log-odds are %v, the parts add up to %v", x.LogOdds, bySymbols)
	}
	for b.Loop() {
		e.Explain(&batch, 0)
	}
}
