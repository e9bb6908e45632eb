package cnn

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/kernel"
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

// quantizedPlainly is Quantize, entry by entry as the comment on Quantized has it.
func quantizedPlainly(p *Parameters, frequency []float64) (filters []kernel.Filters8, dense []kernel.Weights8) {
	columns := newHead(p).columns
	for _, b := range p.Shape.blocks(kernel.Lanes8) {
		table := make([]float32, p.Shape.Symbols*b.rowLength())
		b.fold(table, p, indices(p.Shape.Symbols), b.newFoldScratch(p.Shape))
		for v := range p.Shape.Symbols {
			for f, bias := range b.bias(p) {
				table[v*b.rowLength()+f] += bias
			}
		}
		table8 := make([]int8, len(table))
		rows, units := make([]int8, b.lanes*columns), make([]float32, columns)
		scales, features := make([]float64, b.lanes), make([]float64, b.lanes)
		for f := range b.lanes {
			sum, feature := 0.0, 0
			for j := range b.width {
				largest := float32(0)
				for _, v := range occurring(p.Shape.Symbols, frequency) {
					largest = max(largest, table[int(v)*b.rowLength()+j*b.lanes+f])
				}
				sum += float64(largest)
			}
			scales[f] = 1
			if sum > 0 {
				scales[f] = float64(math.MaxInt8-(b.width+1)/2) / sum
			}
			for j := range b.width {
				largest := math.MinInt8
				for v := range p.Shape.Symbols {
					i := v*b.rowLength() + j*b.lanes + f
					table8[i] = int8(min(max(math.Round(float64(table[i])*scales[f]), math.MinInt8), math.MaxInt8))
					largest = max(largest, int(table8[i]))
				}
				feature = max(feature+largest, math.MinInt8)
			}
			features[f] = float64(min(max(feature, 0), math.MaxInt8))
		}
		weights := b.nextWeights(p)
		for h := range weights.Columns {
			unit := 0.0
			room := [2]float64{math.MaxInt16, math.MaxInt16}
			var positive, negative [2]float64
			for f, m := range features {
				room[half(f)] -= m / 2
				if f < b.filters {
					weight := float64(weights.Row(f)[h]) / scales[f]
					product := float64(m * weight)
					positive[half(f)] += max(product, 0)
					negative[half(f)] += max(-product, 0)
					unit = max(unit, math.Abs(weight)/math.MaxInt8)
				}
			}
			for i, r := range room {
				unit = max(unit, positive[i]/r, negative[i]/r)
			}
			if units[h] = float32(unit * (1 + 1e-6)); units[h] < smallestUnit {
				units[h] = 0
				continue
			}
			for f := range b.filters {
				weight := float64(weights.Row(f)[h]) / scales[f]
				rows[f*columns+h] = int8(math.Round(weight / float64(units[h])))
			}
		}
		filters, dense = append(filters, kernel.Filters8{Table: table8, Width: b.width}), append(dense, kernel.NewWeights8(rows, units))
	}
	return filters, dense
}

func TestQuantizeFollowsItsFormulas(t *testing.T) {
	for name, p := range quantizable(t) {
		t.Run(name, func(t *testing.T) {
			everySecond := make([]float64, p.Shape.Symbols)
			for v := range everySecond {
				everySecond[v] = float64(v % 2)
			}
			for _, frequency := range [][]float64{nil, everySecond} {
				q, err := Quantize(p, frequency)
				if err != nil {
					t.Fatal(err)
				}
				filters, dense := quantizedPlainly(p, frequency)
				if !reflect.DeepEqual(q.filters, filters) {
					t.Errorf("the tables differ, with frequencies %.0f", frequency)
				}
				if !reflect.DeepEqual(q.dense, dense) {
					t.Errorf("the weights of the next layer differ, with frequencies %.0f", frequency)
				}
			}
		})
	}
}

// Above and below are neighbouring numbers.
func TestEntriesAreRoundedHalfAwayFromZero(t *testing.T) {
	for _, half := range []float64{0.5, 1.5, 2.5, 63.5, 126.5, -0.5, -1.5, -126.5, -127.5, -128.5} {
		for _, x := range []float64{half, math.Nextafter(half, 1000), math.Nextafter(half, -1000)} {
			if got, want := quantized(1, x), int8(max(math.Round(x), math.MinInt8)); got != want {
				t.Errorf("%v is rounded to %d, want %d", x, got, want)
			}
		}
	}
	for _, x := range []float64{127.5, 1e10, 1e300} {
		if most, least := quantized(1, x), quantized(-1, x+1); most != math.MaxInt8 || least != math.MinInt8 {
			t.Errorf("%v saturates to %d, what is below its negative to %d", x, most, least)
		}
	}
}

// For every filter, the largest sum of symbols that occur, of any neighbouring taps.
func TestNoSumOfSymbolsThatOccurIsAboveInt8(t *testing.T) {
	for name, p := range quantizable(t) {
		t.Run(name, func(t *testing.T) {
			frequency := make([]float64, p.Shape.Symbols)
			for v := range frequency {
				frequency[v] = float64(v % 2)
			}
			q, err := Quantize(p, frequency)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range q.blocks {
				for f := range b.lanes {
					largest := 0
					for j := range b.width {
						most := 0
						for v := range p.Shape.Symbols {
							if v == Start || v == End || v%2 == 1 {
								most = max(most, int(q.filters[i].Table[v*b.rowLength()+j*b.lanes+f]))
							}
						}
						largest += most
					}
					if largest > math.MaxInt8 {
						t.Fatalf("width %d, filter %d: a sum is %d", b.width, f, largest)
					}
				}
			}
		})
	}
}

// For every output, the largest and the smallest sum over half of the features of any text.
func TestNoSumOfProductsOfInt8CanOverflow(t *testing.T) {
	for name, p := range quantizable(t) {
		t.Run(name, func(t *testing.T) {
			q, err := Quantize(p, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range q.blocks {
				features := make([]int, b.lanes)
				for f := range b.lanes {
					for j := range b.width {
						largest := math.MinInt8
						for v := range p.Shape.Symbols {
							largest = max(largest, int(q.filters[i].Table[v*b.rowLength()+j*b.lanes+f]))
						}
						features[f] += largest
					}
					features[f] = min(max(features[f], 0), math.MaxInt8)
				}
				for h := range q.head.columns {
					var most, least [2]int
					for f, feature := range features {
						product := feature * int(q.dense[i].ByFeature[f*q.head.columns+h])
						most[f%4/2] += max(product, 0)
						least[f%4/2] += min(product, 0)
					}
					if max(most[0], most[1]) > math.MaxInt16 || min(least[0], least[1]) < math.MinInt16 {
						t.Fatalf("width %d, output %d: sums from %d to %d", b.width, h, least, most)
					}
				}
			}
		})
	}
}

func TestQuantizedIsCloseToTheReference(t *testing.T) {
	all := quantizable(t)
	// Beside a number more than 127 times as large, small ones become 0.
	delete(all, "one symbol beyond all others")
	delete(all, "weights of sizes far apart")
	delete(all, "biases above all weights")
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			q, err := Quantize(p, nil)
			if err != nil {
				t.Fatal(err)
			}
			var scratch Scratch
			batch := randomBatch(rand.New(rand.NewPCG(24, 24)), p.Shape, 60, 40)
			kinds := p.Shape.Kinds
			logits := make([]float32, batch.RowCount()*kinds)
			q.Logits(logits, &scratch, &batch)
			errors, size := 0.0, 0.0 // squared
			for i := range batch.RowCount() {
				want := Reference[float64](p, batch.views(p.Shape, i)...)
				for k, logit := range logits[i*kinds:][:kinds] {
					errors += (float64(logit) - want[k]) * (float64(logit) - want[k])
					size += want[k] * want[k]
				}
			}
			if e := math.Sqrt(errors / size); !(e <= 0.2) {
				t.Errorf("logits are off by %v of their size", e)
			}
		})
	}
}

// A network whose numbers are multiples of the steps loses nothing.
func TestWhatInt8HoldsIsComputedExactly(t *testing.T) {
	p, err := NewParameters(Shape{Symbols: 4, Embedding: 2, Widths: []int{2}, Filters: 1, Kinds: 2})
	if err != nil {
		t.Fatal(err)
	}
	p.Embedding[2*2], p.Embedding[3*2+1] = 1, 1 // symbols 2 and 3 have a dimension each
	c := p.Convolutions[0]
	c.Weight[0], c.Weight[1], c.Weight[2], c.Weight[3] = 60, -100, -7, 66 // of tap and dimension: 60 + 66 is 126, the most
	p.OutputWeight[0], p.OutputWeight[1] = -127.0/128, 3.0/128
	q, err := Quantize(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		symbols []uint8
		feature float32
	}{
		{[]uint8{2, 3}, 126},
		{[]uint8{2, 2}, 60}, // before the padding
		{[]uint8{3, 2}, 66}, // behind the padding
		{[]uint8{3, 3}, 66},
		{nil, 0},
	} {
		var scratch Scratch
		var logits [2]float32
		batch := Batch{Texts: Texts{Symbols: test.symbols, Ends: []int32{int32(len(test.symbols))}}}
		q.Logits(logits[:], &scratch, &batch)
		for k, logit := range logits {
			if want := test.feature * p.OutputWeight[k]; math.Abs(float64(logit-want)) > 1e-4*math.Abs(float64(want)) {
				t.Errorf("logit %d of %v is %v, want %v", k, test.symbols, logit, want)
			}
		}
	}
}

func TestASymbolThatDoesNotOccurSaturates(t *testing.T) {
	p, err := NewParameters(Shape{Symbols: 4, Embedding: 2, Widths: []int{2}, Filters: 1, Kinds: 2})
	if err != nil {
		t.Fatal(err)
	}
	p.Embedding[2*2], p.Embedding[3*2] = 1, 1e6
	p.Convolutions[0].Weight[0] = 1
	q, err := Quantize(p, []float64{0, 0, 1, 1e-7})
	if err != nil {
		t.Fatal(err)
	}
	row := 2 * kernel.Lanes8
	if often, never := q.filters[0].Table[2*row], q.filters[0].Table[3*row]; often != 126 || never != 127 {
		t.Errorf("the entries are %d and %d, want 126 and 127", often, never)
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
			if _, err := Quantize(p, nil); err == nil || !strings.Contains(err.Error(), "not a finite number") {
				t.Errorf("error is %v", err)
			}
		})
	}
}
