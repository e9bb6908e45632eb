package cnn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// shapes are the networks that the tests run on.
var shapes = map[string]Shape{
	"one hidden layer, odd sizes":      {Symbols: 23, Embedding: 5, Widths: []int{1, 3, 4}, Filters: 7, Hidden: 6, Kinds: 4},
	"several blocks, the last one cut": {Symbols: 11, Embedding: 3, Widths: []int{2, 5}, Filters: 70, Hidden: 9, Kinds: 3},
	"two views of a text":              {Symbols: 17, Embedding: 4, Widths: []int{2, 3}, Filters: 9, Hidden: 7, Kinds: 4, Views: 2},
	"the original Snowman of 2017":     {Symbols: 256, Embedding: 15, Widths: []int{2, 4, 6}, Filters: 15, Kinds: 2},
}

// randomTexts returns texts of 0 to longest symbols.
func randomTexts(random *rand.Rand, s Shape, texts, longest int) Texts {
	var batch Texts
	for range texts {
		for range random.IntN(longest + 1) {
			batch.Symbols = append(batch.Symbols, uint8(random.IntN(s.Symbols)))
		}
		batch.Ends = append(batch.Ends, int32(len(batch.Symbols)))
	}
	return batch
}

// randomBatch returns a batch of as many rows. Rows of a network with views share some texts.
func randomBatch(random *rand.Rand, s Shape, rows, longest int) Batch {
	batch := Batch{Texts: randomTexts(random, s, rows, longest)}
	if !s.HasViews() {
		return batch
	}
	for range rows {
		var row Row
		for view := range row.Views {
			row.Views[view] = int32(random.IntN(rows))
		}
		switch random.IntN(5) {
		case 0:
			row.Views = alone(row.Views[RegisteredDomain])
		case 1:
			row.Views[Whole] = row.Views[Host]
		case 2:
			row.Views[RegisteredDomain] = row.Views[Host]
		}
		batch.Rows = append(batch.Rows, row)
	}
	return batch
}

// alone are the views of a text by itself.
func alone(text int32) Views { return Views{text, text, text} }

// views returns the symbols that Reference takes of a row.
func (b *Batch) views(s Shape, row int) [][]uint8 {
	var views [][]uint8
	texts := b.row(row).Views
	for _, text := range texts[viewCount-s.views():] {
		views = append(views, b.Text(int(text)))
	}
	return views
}

// newParameters returns random parameters with every bias set too.
func newParameters(t *testing.T, s Shape, seed uint64) *Parameters {
	t.Helper()
	p, err := NewParameters(s)
	if err != nil {
		t.Fatal(err)
	}
	p.Initialize(seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for i, weight := range p.Flat {
		if weight == 0 {
			p.Flat[i] = float32(random.NormFloat64() * 0.3)
		}
	}
	return p
}

func relativeError(got, want float64) float64 {
	return math.Abs(got-want) / max(1, math.Abs(want))
}

func TestUnfoldedAndFoldedEqualTheFloat64Reference(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			p := newParameters(t, shape, 1)
			var scratch Scratch
			batch := randomBatch(rand.New(rand.NewPCG(2, 2)), shape, 40, 60)
			logits := make([]float32, batch.RowCount()*shape.Kinds)
			NewNetwork(p).Logits(logits, &scratch, &batch)
			for i := range batch.RowCount() {
				views := batch.views(shape, i)
				want := Reference[float64](p, views...)
				unfolded := Reference[float32](p, views...)
				folded := logits[i*shape.Kinds:][:shape.Kinds]
				for k := range want {
					if e := relativeError(float64(unfolded[k]), want[k]); e > 1e-5 {
						t.Errorf("unfolded logit %d of row %d is %v, want %v", k, i, unfolded[k], want[k])
					}
					if e := relativeError(float64(folded[k]), want[k]); e > 1e-5 {
						t.Errorf("folded logit %d of row %d is %v, want %v", k, i, folded[k], want[k])
					}
				}
			}
		})
	}
}

// referenceLoss is the weighted mean loss of a batch, in float64 throughout.
func referenceLoss(p *Parameters, batch *TrainingBatch) float64 {
	loss, total := 0.0, 0.0
	for i := range batch.RowCount() {
		logits := Reference[float64](p, batch.views(p.Shape, i)...)
		sum, malicious := 0.0, 0.0
		for k, logit := range logits {
			sum += math.Exp(logit)
			if k > 0 {
				malicious += math.Exp(logit)
			}
		}
		weight := float64(batch.Weights[i])
		total += weight
		if kind := batch.Kinds[i]; kind == UnknownMalicious {
			loss -= weight * math.Log(malicious/sum)
		} else {
			loss -= weight * (logits[kind] - math.Log(sum))
		}
	}
	return loss / total
}

func newBatch(random *rand.Rand, s Shape, rows int) *TrainingBatch {
	batch := &TrainingBatch{Batch: randomBatch(random, s, rows, 20)}
	for range rows {
		batch.Kinds = append(batch.Kinds, random.IntN(s.Kinds+1)-1) // UnknownMalicious among them
		batch.Weights = append(batch.Weights, 0.5+random.Float32())
	}
	return batch
}

func serially(tasks int, task func(int)) {
	for i := range tasks {
		task(i)
	}
}

func TestGradientsEqualFiniteDifferences(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			p := newParameters(t, shape, 3)
			random := rand.New(rand.NewPCG(4, 4))
			batch := newBatch(random, shape, 12)
			g, err := NewBackpropagation(p, batch.Len())
			if err != nil {
				t.Fatal(err)
			}
			loss := g.Run(batch, 0, 0, serially)
			if want := referenceLoss(p, batch); relativeError(loss, want) > 1e-5 {
				t.Fatalf("loss is %v, want %v", loss, want)
			}
			gradients := g.Gradient.Tensors()
			for i, tensor := range p.Tensors() {
				live := 0
				for range 60 {
					at := random.IntN(len(tensor.Data))
					got := float64(gradients[i].Data[at])
					want, smooth := finiteDifference(p, batch, &tensor.Data[at])
					if !smooth {
						continue // within the step another window or ReLU took over
					}
					if math.Abs(got-want) > 1e-3*math.Abs(want)+1e-5 {
						t.Errorf("gradient of %s[%d] is %v, finite difference %v", tensor.Name, at, got, want)
					}
					if math.Abs(want) > 1e-5 {
						live++
					}
				}
				if live == 0 {
					t.Errorf("no sampled gradient of %s was above 0: nothing was tested", tensor.Name)
				}
			}
		})
	}
}

// finiteDifference returns the loss's central difference by one weight, and whether a step of half
// the size agrees, as it does where the loss is smooth.
func finiteDifference(p *Parameters, batch *TrainingBatch, weight *float32) (slope float64, smooth bool) {
	difference := func(step float32) float64 {
		before := *weight
		defer func() { *weight = before }()
		high, low := before+step, before-step
		*weight = high
		above := referenceLoss(p, batch)
		*weight = low
		below := referenceLoss(p, batch)
		return (above - below) / (float64(high) - float64(low))
	}
	slope, half := difference(1e-3), difference(5e-4)
	return half, math.Abs(slope-half) <= 1e-4*math.Abs(slope)+1e-7
}

func TestGradientDoesNotDependOnTheOrderOfTasks(t *testing.T) {
	for _, name := range []string{"several blocks, the last one cut", "two views of a text"} {
		checkOrderOfTasks(t, shapes[name])
	}
}

func checkOrderOfTasks(t *testing.T, shape Shape) {
	p := newParameters(t, shape, 5)
	batch := newBatch(rand.New(rand.NewPCG(6, 6)), shape, 150)
	backwards := func(tasks int, task func(int)) {
		for i := tasks - 1; i >= 0; i-- {
			task(i)
		}
	}
	one, _ := NewBackpropagation(p, 150)
	other, _ := NewBackpropagation(p, 200)
	lossOne, lossOther := one.Run(batch, 0.4, 7, serially), other.Run(batch, 0.4, 7, backwards)
	if lossOne != lossOther {
		t.Errorf("loss is %v or %v, by the order of the tasks", lossOne, lossOther)
	}
	for i := range one.Gradient.Flat {
		if one.Gradient.Flat[i] != other.Gradient.Flat[i] {
			t.Fatalf("gradient %d is %v or %v, by the order of the tasks", i, one.Gradient.Flat[i], other.Gradient.Flat[i])
		}
	}
}

// Dropout drops its share of the features and scales up the others.
func TestDropoutDropsItsShareAndKeepsTheExpectation(t *testing.T) {
	shape := Shape{Symbols: 11, Embedding: 3, Widths: []int{2}, Filters: 1000, Hidden: 4, Kinds: 2}
	p := newParameters(t, shape, 8)
	for i := range p.Convolutions[0].Bias {
		p.Convolutions[0].Bias[i] = 100 // every feature lives
	}
	batch := newBatch(rand.New(rand.NewPCG(9, 9)), shape, 50)
	g, _ := NewBackpropagation(p, 50)
	g.Run(batch, 0, 0, serially)
	count := func() (dropped int, sum float64) {
		for i, memory := range g.memories {
			for text := range batch.Len() {
				for _, feature := range memory.features[text*kernel.Lanes:][:g.blocks[i].filters] {
					if feature == 0 {
						dropped++
					}
					sum += float64(feature)
				}
			}
		}
		return dropped, sum
	}
	_, sum := count()
	for _, probability := range []float64{0.25, 0.5, 0.3, 1.0 / 256, 255.0 / 256, 0.9999} {
		g.Run(batch, probability, 10, serially)
		dropped, sumAfter := count()
		want := min(math.Round(probability*256), 255) / 256
		features := float64(batch.Len() * shape.Filters)
		deviation := 5 * math.Sqrt(want*(1-want)/features)
		if share := float64(dropped) / features; math.Abs(share-want) > deviation {
			t.Errorf("dropped %v of the features, want %v", share, want)
		}
		if ratio := float64(g.dropout.scale) * sumAfter / sum; math.Abs(ratio-1) > deviation/(1-want) {
			t.Errorf("dropout of %v changed the sum of the features by the factor %v", probability, ratio)
		}
	}
}

func TestSoftmax(t *testing.T) {
	for _, test := range []struct {
		name        string
		logits      []float32
		temperature float64
		want        []float64
	}{
		{"equal logits share", []float32{3, 3}, 1, []float64{0.5, 0.5}},
		{"large logits do not overflow", []float32{3e38, 0}, 1, []float64{1, 0}},
		{"log 3 against 0", []float32{0, float32(math.Log(3))}, 1, []float64{0.25, 0.75}},
		{"temperature divides the logits", []float32{0, float32(2 * math.Log(3))}, 2, []float64{0.25, 0.75}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := make([]float64, len(test.logits))
			Softmax(got, test.logits, test.temperature)
			for k := range got {
				if math.Abs(got[k]-test.want[k]) > 1e-7 {
					t.Errorf("probability %d is %v, want %v", k, got[k], test.want[k])
				}
			}
		})
	}
}

func TestExpEqualsMathExp(t *testing.T) {
	for x := 0.0; x > -740; x -= 0.0137 {
		want := math.Exp(x)
		if got := exp(x); math.Abs(got-want) > 4e-16*want+5e-324 {
			t.Fatalf("exp(%v) is %v, want %v", x, got, want)
		}
	}
	if got := exp(math.Inf(-1)); got != 0 {
		t.Errorf("exp(-Inf) is %v, want 0", got)
	}
}

func TestValidateRefusesWhatCannotBeBuilt(t *testing.T) {
	good := shapes["one hidden layer, odd sizes"]
	for name, spoil := range map[string]func(*Shape){
		"no symbols":                 func(s *Shape) { s.Symbols = 0 },
		"more symbols than a byte":   func(s *Shape) { s.Symbols = 257 },
		"no widths":                  func(s *Shape) { s.Widths = nil },
		"a width twice":              func(s *Shape) { s.Widths = []int{2, 2} },
		"a width of 0":               func(s *Shape) { s.Widths = []int{0, 2} },
		"a negative hidden layer":    func(s *Shape) { s.Hidden = -1 },
		"one kind":                   func(s *Shape) { s.Kinds = 1 },
		"three views":                func(s *Shape) { s.Views = 3 },
		"views without hidden layer": func(s *Shape) { s.Views, s.Hidden = 2, 0 },
		"filters beyond memory":      func(s *Shape) { s.Filters = math.MaxInt },
		"a width beyond the kernels": func(s *Shape) { s.Widths = []int{2, 9} },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			spoil(&s)
			if _, err := NewParameters(s); err == nil {
				t.Errorf("NewParameters(%+v) gave no error", s)
			}
		})
	}
}

// benchmarkShape is the network whose speed docs/performance.md gives.
var benchmarkShape = Shape{Symbols: 148, Embedding: 32, Widths: []int{2, 3, 4, 5}, Filters: 256, Hidden: 128, Kinds: 4}

func BenchmarkLogits(b *testing.B) {
	p, _ := NewParameters(benchmarkShape)
	p.Initialize(1)
	quantized, _ := Quantize(p, nil)
	for _, length := range []int{18, 77} {
		for _, size := range []int{1, 128} {
			var texts Batch
			random := rand.New(rand.NewPCG(1, 1))
			for range size {
				for range length {
					texts.Symbols = append(texts.Symbols, uint8(2+random.IntN(40)))
				}
				texts.Ends = append(texts.Ends, int32(len(texts.Symbols)))
			}
			for _, network := range []struct {
				name   string
				logits func([]float32, *Scratch, *Batch)
			}{{"float32", NewNetwork(p).Logits}, {"int8", quantized.Logits}} {
				b.Run(fmt.Sprintf("%s/characters=%d/batch=%d", network.name, length, size), func(b *testing.B) {
					var scratch Scratch
					logits := make([]float32, size*benchmarkShape.Kinds)
					network.logits(logits, &scratch, &texts)
					want := Reference[float64](p, texts.Text(0))
					for k := range want {
						if e := relativeError(float64(logits[k]), want[k]); e > 0.1 {
							b.Fatalf("logit %d is %v, want %v", k, logits[k], want[k])
						}
					}
					b.ReportAllocs()
					for b.Loop() {
						network.logits(logits, &scratch, &texts)
					}
					b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "texts/s")
				})
			}
		}
	}
}

func BenchmarkTrainingStep(b *testing.B) {
	p, _ := NewParameters(benchmarkShape)
	p.Initialize(1)
	const texts = 512
	random := rand.New(rand.NewPCG(1, 1))
	batch := newBatch(random, benchmarkShape, texts)
	batch.Texts = randomTexts(random, benchmarkShape, texts, 60)
	g, _ := NewBackpropagation(p, texts)
	for b.Loop() {
		g.Run(batch, 0.5, 1, serially)
	}
	b.ReportMetric(float64(texts*b.N)/b.Elapsed().Seconds(), "texts/s")
}
