package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const vocabulary = 7

// draws are the numbers that tables are filled with.
var draws = map[string]func(*rand.Rand) float32{
	"numbers of both signs": func(r *rand.Rand) float32 { return float32(r.NormFloat64()) },
	"all sums below zero":   func(r *rand.Rand) float32 { return -r.Float32() - 0.1 },
	"many ties":             func(r *rand.Rand) float32 { return float32(r.IntN(3) - 1) },
	"zeros of both signs":   func(r *rand.Rand) float32 { return float32(math.Copysign(0, r.NormFloat64())) },
	"what is not a number": func(r *rand.Rand) float32 {
		return []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1, 2, 3, 4, 5}[r.IntN(8)]
	},
}

func filled[number any](random *rand.Rand, size int, draw func(*rand.Rand) number) []number {
	numbers := make([]number, size)
	for i := range numbers {
		numbers[i] = draw(random)
	}
	return numbers
}

// randomTexts returns texts of every length from 0 to longest, in random order.
func randomTexts(random *rand.Rand, longest, vocabulary int) Texts {
	x := Texts{Start: uint8(random.IntN(vocabulary)), End: uint8(random.IntN(vocabulary))}
	for _, length := range random.Perm(longest + 1) {
		for range length {
			x.Symbols = append(x.Symbols, uint8(random.IntN(vocabulary)))
		}
		x.Ends = append(x.Ends, int32(len(x.Symbols)))
	}
	return x
}

// padded returns each text between its padding.
func padded(x Texts, width int) [][]uint8 {
	var texts [][]uint8
	first := int32(0)
	for _, last := range x.Ends {
		text := slices.Repeat([]uint8{x.Start}, width-1)
		text = append(text, x.Symbols[first:last]...)
		texts = append(texts, append(text, slices.Repeat([]uint8{x.End}, width-1)...))
		first = last
	}
	return texts
}

// naiveConvolution pools one filter of one padded text, with nothing in common with the package.
func naiveConvolution(table []float32, filter, width int, text []uint8) (largest float32, position int32) {
	largest, position = float32(math.Inf(-1)), int32(1-width)
	for t := 0; t <= len(text)-width; t++ {
		sum := table[(int(text[t])*width)*Lanes+filter]
		for tap := 1; tap < width; tap++ {
			sum += table[(int(text[t+tap])*width+tap)*Lanes+filter]
		}
		if sum > largest {
			largest, position = sum, int32(t+1-width)
		}
	}
	return largest, position
}

// TestEveryBackend runs every test on every backend. A backend that this processor lacks is
// skipped, and the output names it.
func TestEveryBackend(t *testing.T) {
	chosen := backend
	defer func() { backend = chosen }()
	for _, name := range backends {
		t.Run(name, func(t *testing.T) {
			if backend = fastest(name); backend != name {
				t.Skipf("this processor has no %s: NOT TESTED", name)
			}
			t.Run("ConvolutionsEqualTheNaiveLoop", testConvolutionsEqualTheNaiveLoop)
			t.Run("ConvolutionOfInt8EqualsTheNaiveLoop", testConvolutionOfInt8EqualsTheNaiveLoop)
			t.Run("SumsOfInt8SaturateAfterEachTap", testSumsOfInt8SaturateAfterEachTap)
			t.Run("ConvolveArgMaxPicksTheFirstMaximum", testConvolveArgMaxPicksTheFirstMaximum)
			t.Run("DenseEqualsItsDefinition", testDenseEqualsItsDefinition)
			t.Run("DenseBackwardEqualsItsDefinition", testDenseBackwardEqualsItsDefinition)
			t.Run("ConvolveBackwardEqualsTheNaiveLoop", testConvolveBackwardEqualsTheNaiveLoop)
			t.Run("DropSetsToZeroWhatHasABit", testDropSetsToZeroWhatHasABit)
			t.Run("Dense8EqualsTheFloat64Reference", testDense8EqualsTheFloat64Reference)
			t.Run("FoldEqualsItsDefinition", testFoldEqualsItsDefinition)
			t.Run("AddAdds", testAddAdds)
			t.Run("ConvolveDense8EqualsBoth", testConvolveDense8EqualsBoth)
			t.Run("Blocks8EqualsItsDefinition", testBlocks8EqualsItsDefinition)
			t.Run("AdamEqualsItsDefinition", testAdamEqualsItsDefinition)
			t.Run("NothingAllocates", testNothingAllocates)
		})
	}
}

// same compares bits, so that a zero differs from a minus zero.
func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
}

func testConvolutionsEqualTheNaiveLoop(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			for width := 1; width <= MaxWidth; width++ {
				table := filled(random, vocabulary*width*Lanes, draw)
				bias := filled(random, Lanes, draws["numbers of both signs"])
				checkConvolutions(t, Filters{table, bias, width}, randomTexts(random, 2*MaxWidth+3, vocabulary))
				bias = filled(random, Lanes, draws["zeros of both signs"])
				checkConvolutions(t, Filters{table, bias, width}, randomTexts(random, 2*MaxWidth+3, vocabulary))
			}
		})
	}
	t.Run("the largest vocabulary", func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 4))
		table := filled(random, 256*MaxWidth*Lanes, draws["numbers of both signs"])
		filters := Filters{table, make([]float32, Lanes), MaxWidth}
		checkConvolutions(t, filters, Texts{Symbols: []uint8{255, 0, 254, 255}, Ends: []int32{4}, Start: 255, End: 253})
	})
}

// checkConvolutions also finds what is written outside of the features.
func checkConvolutions(t *testing.T, filters Filters, x Texts) {
	t.Helper()
	width := filters.Width
	const untouched, stride = 12345, Lanes + 3
	features := slices.Repeat([]float32{untouched}, len(x.Ends)*stride)
	wantFeatures := slices.Clone(features)
	positions := slices.Repeat([]int32{untouched}, len(x.Ends)*stride)
	wantPositions := slices.Clone(positions)
	for i, text := range padded(x, width) {
		for f := range Lanes {
			wantFeatures[i*stride+f], wantPositions[i*stride+f] =
				naiveConvolution(filters.Table, f, width, text)
			if wantFeatures[i*stride+f] += filters.Bias[f]; !(wantFeatures[i*stride+f] > 0) {
				wantFeatures[i*stride+f] = 0 // and no minus zero
			}
		}
	}
	ConvolveMax(Rows{features, stride}, filters, x)
	if !same(features, wantFeatures) {
		t.Fatalf("width %d: features are %v, want %v", width, features, wantFeatures)
	}
	clear(features)
	for i := range features {
		features[i] = untouched
	}
	ConvolveArgMax(Rows{features, stride}, positions, filters, x)
	if !same(features, wantFeatures) || !slices.Equal(positions, wantPositions) {
		t.Fatalf("width %d: features are %v at %v, want %v at %v", width, features, positions, wantFeatures, wantPositions)
	}
}

// naiveSaturation pools one filter of one padded text, with nothing in common with the package.
func naiveSaturation(table []int8, filter, width int, text []uint8) uint8 {
	largest := 0.0
	for t := 0; t <= len(text)-width; t++ {
		sum := 0.0
		for tap := range width {
			sum = math.Max(-128, math.Min(127, sum+float64(table[(int(text[t+tap])*width+tap)*Lanes8+filter])))
		}
		largest = math.Max(largest, sum)
	}
	return uint8(largest)
}

func testConvolutionOfInt8EqualsTheNaiveLoop(t *testing.T) {
	const untouched, stride = 234, Lanes8 + 3
	random := rand.New(rand.NewPCG(41, 42))
	for width := 1; width <= MaxWidth; width++ {
		for name, draw := range map[string]func(*rand.Rand) int8{
			"most sums saturate":  func(r *rand.Rand) int8 { return int8(r.IntN(256) - 128) },
			"few sums saturate":   func(r *rand.Rand) int8 { return int8(r.IntN(81) - 40) },
			"many ties":           func(r *rand.Rand) int8 { return int8(r.IntN(3) - 1) },
			"all sums below zero": func(r *rand.Rand) int8 { return int8(-1 - r.IntN(128)) },
			"the largest entries": func(r *rand.Rand) int8 { return []int8{math.MinInt8, math.MaxInt8}[r.IntN(2)] },
		} {
			table := filled(random, vocabulary*width*Lanes8, draw)
			x := randomTexts(random, 2*MaxWidth+3, vocabulary)
			features := slices.Repeat([]uint8{untouched}, len(x.Ends)*stride)
			want := slices.Clone(features)
			for i, text := range padded(x, width) {
				for f := range Lanes8 {
					want[i*stride+f] = naiveSaturation(table, f, width, text)
				}
			}
			ConvolveMax8(Rows8{features, stride}, Filters8{table, width}, x)
			if !slices.Equal(features, want) {
				t.Fatalf("width %d, %s: features are %v, want %v", width, name, features, want)
			}
		}
	}
	table := filled(random, 256*MaxWidth*Lanes8, func(r *rand.Rand) int8 { return int8(r.IntN(101) - 50) })
	x := Texts{Symbols: []uint8{255, 0, 254, 255}, Ends: []int32{4}, Start: 255, End: 253}
	features, want := make([]uint8, Lanes8), make([]uint8, Lanes8)
	for f := range want {
		want[f] = naiveSaturation(table, f, MaxWidth, padded(x, MaxWidth)[0])
	}
	if ConvolveMax8(Rows8{features, Lanes8}, Filters8{table, MaxWidth}, x); !slices.Equal(features, want) {
		t.Fatalf("the largest vocabulary: features are %v, want %v", features, want)
	}
}

func testSumsOfInt8SaturateAfterEachTap(t *testing.T) {
	for _, test := range []struct {
		name    string
		taps    []int8 // of the text's symbols
		feature uint8
	}{
		{"what is above the largest sum is lost", []int8{100, 100, -100}, 27},
		{"what is below the smallest sum is lost", []int8{-100, -100, 100, 100}, 72},
		{"the taps are added from the first to the last", []int8{-100, 100, 100}, 100},
		{"the largest sum", []int8{100, 27}, 127},
		{"above the largest sum", []int8{100, 28}, 127},
		{"a sum below zero is no feature", []int8{100, -101}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			width := len(test.taps)
			table := slices.Repeat([]int8{math.MinInt8}, (1+width)*width*Lanes8) // symbol 0, the padding, ends all sums
			text := Texts{Ends: []int32{int32(width)}}
			for tap, entry := range test.taps {
				text.Symbols = append(text.Symbols, uint8(1+tap))
				table[((1+tap)*width+tap)*Lanes8+Lanes8-1] = entry
			}
			var features [Lanes8]uint8
			if ConvolveMax8(Rows8{features[:], Lanes8}, Filters8{table, width}, text); features[Lanes8-1] != test.feature {
				t.Errorf("the feature is %d, want %d", features[Lanes8-1], test.feature)
			}
		})
	}
}

func testConvolveArgMaxPicksTheFirstMaximum(t *testing.T) {
	negativeZero := float32(math.Copysign(0, -1))
	for _, test := range []struct {
		name     string
		table    []float32 // of one filter, [symbols][width]; symbol 0 is the padding
		width    int
		symbols  []uint8
		feature  float32 // with a bias of 10
		position int32
	}{
		{"the first window", []float32{0, 5, 2}, 1, []uint8{1, 0, 2}, 15, 0},
		{"the last window", []float32{0, 5, 2}, 1, []uint8{0, 2, 1}, 15, 2},
		{"half before the text", []float32{7, 0, 1, 2}, 2, []uint8{1, 1}, 19, -1},
		{"half behind the text", []float32{0, 7, 1, 2}, 2, []uint8{1, 1}, 18, 1},
		{"the same symbol twice", []float32{0, 5, 2}, 1, []uint8{0, 1, 2, 1}, 15, 1},
		{"different symbols with the same sum", []float32{0, 5, 5}, 1, []uint8{0, 2, 1}, 15, 1},
		{"all sums below zero", []float32{-3, -2, -4}, 1, []uint8{2, 1, 0}, 8, 1},
		{"zero after minus zero is a tie", []float32{negativeZero, 0}, 1, []uint8{0, 1}, 10, 0},
		{"minus zero after zero is a tie", []float32{negativeZero, 0}, 1, []uint8{1, 0}, 10, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var features [Lanes]float32
			var positions [Lanes]int32
			table := make([]float32, len(test.table)*Lanes)
			for i, entry := range test.table {
				table[i*Lanes+Lanes-1] = entry
			}
			bias := slices.Repeat([]float32{10}, Lanes)
			text := Texts{Symbols: test.symbols, Ends: []int32{int32(len(test.symbols))}}
			ConvolveArgMax(Rows{features[:], Lanes}, positions[:], Filters{table, bias, test.width}, text)
			feature, position := features[Lanes-1], positions[Lanes-1]
			if feature != test.feature || position != test.position {
				t.Errorf("the feature is %v at %d, want %v at %d", feature, position, test.feature, test.position)
			}
		})
	}
}

// columnCounts are numbers of columns that fill registers of every size, and such as leave some
// over.
var columnCounts = []int{1, 4, 7, 8, 9, 16, 31, 64, 72, 127, 128, 137, 255, 256, 300}

func testDenseEqualsItsDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	normal := draws["numbers of both signs"]
	for _, columns := range columnCounts {
		const texts, stride = 4, Lanes + 5
		sumStride := columns + 3
		weights := filled(random, Lanes*columns, normal)
		features := filled(random, texts*stride, normal)
		for f := range Lanes { // a text without a live feature, and one with nothing else
			features[f] = -features[f] * features[f]
			features[stride+f] *= features[stride+f]
		}
		features[2*stride], features[2*stride+1], features[2*stride+2] = 0, float32(math.Copysign(0, -1)), float32(math.NaN())
		sums := filled(random, texts*sumStride, normal)
		want := slices.Clone(sums)
		dense(Rows{want, sumStride}, Weights{weights, columns}, Rows{features, stride}, texts, 0)
		reference := slices.Clone(sums)
		Dense(Rows{sums, sumStride}, Weights{weights, columns}, Rows{features, stride}, texts)
		if !same(sums, want) {
			t.Fatalf("%d columns: sums are %v, want %v", columns, sums, want)
		}
		for text := range texts {
			for column := range columns {
				exact := float64(reference[text*sumStride+column])
				size := math.Abs(exact)
				for f, feature := range features[text*stride:][:Lanes] {
					if feature > 0 {
						product := float64(feature) * float64(weights[f*columns+column])
						exact += product
						size += math.Abs(product)
					}
				}
				if got := float64(sums[text*sumStride+column]); math.Abs(got-exact) > 1e-5*size {
					t.Fatalf("column %d of %d is %v, want %v", column, columns, got, exact)
				}
			}
		}
	}
}

func testDenseBackwardEqualsItsDefinition(t *testing.T) {
	for _, columns := range append([]int{32, 48, 96, 112, 160}, columnCounts...) {
		checkDenseBackward(t, 4, columns)
	}
	for _, texts := range []int{0, 1, 3, 31, 32, 33, 64, 127, 128, 129, 200} {
		checkDenseBackward(t, texts, 16)
		checkDenseBackward(t, texts, 128)
	}
}

func checkDenseBackward(t *testing.T, texts, columns int) {
	const stride = Lanes + 5
	random := rand.New(rand.NewPCG(23, uint64(columns)))
	normal := draws["numbers of both signs"]
	sumStride := columns + 3
	weights, dSums := filled(random, Lanes*columns, normal), filled(random, texts*sumStride, normal)
	features := filled(random, texts*stride, func(r *rand.Rand) float32 { return normal(r) * float32(r.IntN(2)) })
	if texts >= 4 {
		for f := range Lanes { // a text without a live feature, and one with nothing else
			features[f] = 0
			features[stride+f] = 1 + float32(f)
		}
		features[2*stride], features[2*stride+1], features[2*stride+2] = 0, float32(math.Copysign(0, -1)), float32(math.NaN())
	}
	for text := range texts {
		features[text*stride+Lanes-1] = 0 // a feature that no text has: its rows are missing
	}
	weights = slices.Clip(weights[:(Lanes-1)*columns])
	dFeatures, dWeights := filled(random, texts*stride, normal), filled(random, (Lanes-1)*columns, normal)
	wantFeatures, wantWeights := slices.Clone(dFeatures), slices.Clone(dWeights)
	live, wantLive := make([]uint32, texts+1), make([]uint32, texts+1)
	live[texts], wantLive[texts] = 12345, 12345 // stays
	denseBackward(DenseGradient{wantFeatures, wantWeights, wantLive[:texts]},
		Rows{dSums, sumStride}, Weights{weights, columns}, Rows{features, stride})
	DenseBackward(DenseGradient{dFeatures, dWeights, live[:texts]},
		Rows{dSums, sumStride}, Weights{weights, columns}, Rows{features, stride})
	if !slices.Equal(live, wantLive) {
		t.Fatalf("%d texts, %d columns: live features are %x, want %x", texts, columns, live, wantLive)
	}
	if texts >= 4 && wantLive[1] != math.MaxUint32>>1 {
		t.Fatalf("%d texts, %d columns: the second text has the live features %x", texts, columns, wantLive[1])
	}
	if !same(dFeatures, wantFeatures) {
		t.Fatalf("%d texts, %d columns: the gradient by features is %v, want %v", texts, columns, dFeatures, wantFeatures)
	}
	if !same(dWeights, wantWeights) {
		t.Fatalf("%d texts, %d columns: the gradient by weights is %v, want %v", texts, columns, dWeights, wantWeights)
	}
}

func testConvolveBackwardEqualsTheNaiveLoop(t *testing.T) {
	random := rand.New(rand.NewPCG(27, 28))
	normal := draws["numbers of both signs"]
	for width := 1; width <= MaxWidth; width++ {
		for _, margin := range []int{0, 2} { // padding beyond that of this width
			const stride = Lanes + 5
			x := randomTexts(random, 20, vocabulary)
			texts := len(x.Ends)
			gradient := Filters{filled(random, vocabulary*width*Lanes, normal), filled(random, Lanes, normal), width}
			want := Filters{slices.Clone(gradient.Table), slices.Clone(gradient.Bias), width}
			dFeatures := filled(random, texts*stride, normal)
			positions := make([]int32, texts*stride)
			live := filled(random, texts, func(r *rand.Rand) uint32 { return r.Uint32() })
			live[0], live[1] = 0, math.MaxUint32
			var all Padded
			for i, text := range padded(x, width) {
				all.Symbols = append(all.Symbols, make([]uint8, margin)...)
				all.Firsts = append(all.Firsts, int32(len(all.Symbols)+width-1))
				all.Symbols = append(all.Symbols, text...)
				for f := range Lanes {
					windows := len(text) - width + 1
					window := random.IntN(max(windows, 1)) // a text of no symbols and width 1 has none
					if windows == 0 {
						live[i] = 0
					}
					positions[i*stride+f] = int32(window + 1 - width)
					if live[i]>>f&1 == 0 {
						continue
					}
					want.Bias[f] += dFeatures[i*stride+f]
					for tap := range width {
						want.Table[(int(text[window+tap])*width+tap)*Lanes+f] += dFeatures[i*stride+f]
					}
				}
			}
			ConvolveBackward(gradient, Rows{dFeatures, stride}, positions, live, all)
			if !same(gradient.Table, want.Table) || !same(gradient.Bias, want.Bias) {
				t.Fatalf("width %d: the gradient by the filters is %v, %v, want %v, %v", width, gradient.Table, gradient.Bias, want.Table, want.Bias)
			}
		}
	}
	ConvolveBackward(Filters{Bias: make([]float32, Lanes), Width: 1}, Rows{Stride: Lanes}, nil, nil, Padded{}) // of no texts
}

func testDropSetsToZeroWhatHasABit(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	for texts := range 5 {
		const stride = Lanes + 3
		features := filled(random, texts*stride, draws["what is not a number"])
		dropped := filled(random, texts, func(r *rand.Rand) uint32 { return r.Uint32() })
		want := slices.Clone(features)
		for text := range texts {
			for f := range Lanes {
				if dropped[text]>>f&1 == 1 {
					want[text*stride+f] = 0
				}
			}
		}
		Drop(Rows{features, stride}, dropped)
		if !same(features, want) {
			t.Fatalf("%d texts: the features are %v, want %v", texts, features, want)
		}
	}
}

// weights8 returns weights as large as a half of the features allows, and their rows.
func weights8(random *rand.Rand, columns int, draw func(*rand.Rand) float32) (weights Weights8, rows []int8) {
	const largest = math.MaxInt16 / math.MaxInt8 / (Lanes8 / 2) // with it no half can overflow
	rows = filled(random, Lanes8*columns, func(r *rand.Rand) int8 { return int8(r.IntN(2*largest+1) - largest) })
	for i := range rows {
		f, column := i/columns, i%columns
		switch column {
		case 3: // the largest sum and the smallest
			rows[i] = largest
		case 4:
			rows[i] = -largest
		case 5: // the largest weights and the smallest, of neighbouring features
			rows[i] = 0
			if f < 2 {
				rows[i] = math.MaxInt8
			} else if f < 4 {
				rows[i] = math.MinInt8
			}
		}
	}
	return NewWeights8(rows, filled(random, columns, draw)), rows
}

func testDense8EqualsTheFloat64Reference(t *testing.T) {
	random := rand.New(rand.NewPCG(43, 44))
	for _, columns := range []int{64, 128, 192, 320} {
		const texts, stride = 11, Lanes8 + 6
		sumStride := columns + 3
		weights, rows := weights8(random, columns, draws["numbers of both signs"])
		features := filled(random, texts*stride, func(r *rand.Rand) uint8 { return uint8(max(0, r.IntN(2*math.MaxInt8+1)-math.MaxInt8)) })
		for f := range Lanes8 { // a text without a live feature, and one where all are as large as can be
			features[f], features[stride+f] = 0, math.MaxInt8
			if f%17 > 0 { // one that has most features of the text before it
				features[4*stride+f] = features[3*stride+f]
			}
			features[5*stride+f] = features[4*stride+f]                         // one that has all
			features[6*stride+f] = max(features[5*stride+f], uint8(5*(f%13/9))) // one of which some rose
			features[7*stride+f] = features[6*stride+f] / uint8(1+f%13/9)       // and one of which some fell
		}
		sums := filled(random, texts*sumStride, draws["numbers of both signs"])
		for count := range texts + 1 {
			got, want := slices.Clone(sums), slices.Clone(sums)
			for text := range count {
				for column := range columns {
					sum := 0.0 // small whole numbers: exact
					for f := range Lanes8 {
						sum += float64(features[text*stride+f]) * float64(rows[f*columns+column])
					}
					want[text*sumStride+column] += float32(float32(sum) * weights.Scales[column])
				}
			}
			Dense8(Rows{got, sumStride}, weights, Rows8{features, stride}, count)
			if !same(got, want) {
				t.Fatalf("%d texts, %d columns: sums are %v, want %v", count, columns, got, want)
			}
		}
	}
}

func testFoldEqualsItsDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(33, 34))
	normal := draws["numbers of both signs"]
	for columns := 1; columns <= 2*128+33; columns++ {
		for _, size := range []int{1, 2, 5, 32} {
			stride := size + 3
			embedding, weights := filled(random, vocabulary*stride, normal), filled(random, size*columns, normal)
			symbols := []int32{5, 0, 3}[:random.IntN(4)]
			table := filled(random, vocabulary*columns, normal)
			want := slices.Clone(table)
			for _, symbol := range symbols {
				for column := range columns {
					sum := float32(0)
					for d := range size {
						sum += float32(embedding[int(symbol)*stride+d] * weights[d*columns+column])
					}
					want[int(symbol)*columns+column] = sum
				}
			}
			Fold(table, symbols, Rows{embedding, stride}, Weights{weights, columns})
			if !same(table, want) {
				t.Fatalf("%d columns of %d entries: the table is %v, want %v", columns, size, table, want)
			}
		}
	}
}

func testAddAdds(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for length := range 70 {
		row := filled(random, length, draws["numbers of both signs"])
		sum := append(filled(random, length, draws["numbers of both signs"]), 5)
		want := slices.Clone(sum)
		for i, entry := range row {
			want[i] += entry
		}
		if Add(sum[:length], row); !same(sum, want) {
			t.Fatalf("%d entries: the sum is %v, want %v", length, sum, want)
		}
	}
}

func testConvolveDense8EqualsBoth(t *testing.T) {
	random := rand.New(rand.NewPCG(45, 46))
	for _, columns := range []int{64, 128, 192} {
		for width := 1; width <= MaxWidth; width++ {
			for longest := range 12 { // longest+1 texts
				table := filled(random, vocabulary*width*Lanes8, func(r *rand.Rand) int8 { return int8(r.IntN(161) - 80) })
				x := randomTexts(random, longest, vocabulary)
				if longest == 11 { // more symbols than quads of features
					x.Symbols = append(x.Symbols, filled(random, 200, func(r *rand.Rand) uint8 { return uint8(r.IntN(vocabulary)) })...)
					x.Ends[longest] = int32(len(x.Symbols))
				}
				texts := len(x.Ends)
				previous := filled(random, texts*Lanes8, func(r *rand.Rand) uint8 { return uint8(max(0, r.IntN(255)-127)) })
				weights, _ := weights8(random, columns, draws["numbers of both signs"])
				sums := append(filled(random, texts*columns, draws["numbers of both signs"]), 5)
				wantSums := slices.Clone(sums)
				features := slices.Repeat([]uint8{234}, texts*Lanes8+1)
				wantFeatures := slices.Clone(features)
				convolveMax8(Rows8{wantFeatures, Lanes8}, Filters8{table, width}, x)
				dense8(Rows{wantSums, columns}, weights, Rows8{previous, Lanes8}, texts)
				convolveDense8(features, Filters8{table, width}, x, Rows{sums, columns}, weights, previous)
				if !slices.Equal(features, wantFeatures) || !same(sums, wantSums) {
					t.Fatalf("%d texts, width %d, %d columns: features are %v, want %v; sums are %v, want %v",
						texts, width, columns, features, wantFeatures, sums, wantSums)
				}
			}
		}
	}
}

func testBlocks8EqualsItsDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(47, 48))
	for _, columns := range []int{64, 128, 192} {
		for name, largest := range map[string]int{"no feature": 0, "most features are 0": 30, "some features are 0": 80, "sums saturate": 128} {
			var filters []Filters8
			var weights []Weights8
			for width := 1; width <= MaxWidth; width++ {
				table := filled(random, vocabulary*width*Lanes8, func(r *rand.Rand) int8 { return int8(r.IntN(2*largest+1) - largest - 1) })
				block, _ := weights8(random, columns, draws["numbers of both signs"])
				filters, weights = append(filters, Filters8{table, width}), append(weights, block)
			}
			for longest := range 50 { // of one to five texts
				all := randomTexts(random, longest, vocabulary)
				x := Texts{Symbols: all.Symbols, Ends: all.Ends[:min(1+longest%5, longest+1)], Start: all.Start, End: all.End}
				texts, stride := len(x.Ends), columns+longest%2
				sums := append(filled(random, texts*stride, draws["numbers of both signs"]), 5)
				want := slices.Clone(sums)
				features := Rows8{make([]uint8, texts*Lanes8), Lanes8}
				for i := range filters {
					convolveMax8(features, filters[i], x)
					dense8(Rows{want, stride}, weights[i], features, texts)
				}
				Blocks8(Rows{sums, stride}, filters, weights, x, make([]uint8, texts*2*Lanes8))
				if !same(sums, want) {
					t.Fatalf("%s, %d texts, the longest of %d characters, %d columns: sums are %v, want %v", name, texts, longest, columns, sums, want)
				}
			}
		}
	}
}

func testAdamEqualsItsDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	normal := draws["numbers of both signs"]
	step := AdamStep{First: 0.1, Second: 0.001, Stride: 0.02, Scale: 1.5, Epsilon: 1e-8, Keep: 0.999}
	for length := range 70 {
		gradient, first, weights := filled(random, length, normal), filled(random, length, normal), filled(random, length, normal)
		second := filled(random, length, func(r *rand.Rand) float32 { return r.Float32() })
		if length > 20 {
			gradient[20], second[20] = 0, 0 // the deviation is epsilon
		}
		wantFirst, wantSecond, wantWeights := slices.Clone(first), slices.Clone(second), slices.Clone(weights)
		adam(wantWeights, gradient, wantFirst, wantSecond, &step)
		Adam(weights, gradient, first, second, &step)
		if !same(weights, wantWeights) || !same(first, wantFirst) || !same(second, wantSecond) {
			t.Fatalf("%d weights are %v with moments %v and %v, want %v with %v and %v", length, weights, first, second, wantWeights, wantFirst, wantSecond)
		}
	}
}

func testNothingAllocates(t *testing.T) {
	const width, columns = 4, 128
	random := rand.New(rand.NewPCG(15, 16))
	x := randomTexts(random, 9, vocabulary)
	texts := len(x.Ends)
	filters := Filters{filled(random, vocabulary*width*Lanes, draws["many ties"]), make([]float32, Lanes), width}
	filters8 := Filters8{make([]int8, vocabulary*width*Lanes8), width}
	features, positions := Rows{make([]float32, texts*Lanes), Lanes}, make([]int32, texts*Lanes)
	features8, previous8 := Rows8{make([]uint8, texts*Lanes8), Lanes8}, make([]uint8, texts*Lanes8)
	sums := Rows{make([]float32, texts*columns), columns}
	weights := Weights{make([]float32, Lanes*columns), columns}
	weights8 := NewWeights8(make([]int8, Lanes8*columns), make([]float32, columns))
	few, memory := Texts{Symbols: x.Symbols, Ends: x.Ends[:2]}, make([]uint8, texts*2*Lanes8)
	gradient := DenseGradient{make([]float32, texts*Lanes), make([]float32, Lanes*columns), make([]uint32, texts)}
	live, firsts := make([]uint32, texts), make([]int32, texts)
	for name, call := range map[string]func(){
		"ConvolveMax":    func() { ConvolveMax(features, filters, x) },
		"ConvolveArgMax": func() { ConvolveArgMax(features, positions, filters, x) },
		"Dense":          func() { Dense(sums, weights, features, texts) },
		"DenseBackward":  func() { DenseBackward(gradient, sums, weights, features) },
		"ConvolveBackward": func() {
			ConvolveBackward(filters, features, positions, live, Padded{x.Symbols, firsts})
		},
		"Drop":           func() { Drop(features, live) },
		"ConvolveMax8":   func() { ConvolveMax8(features8, filters8, x) },
		"Dense8":         func() { Dense8(sums, weights8, features8, texts) },
		"Blocks8":        func() { Blocks8(sums, []Filters8{filters8}, []Weights8{weights8}, x, memory) },
		"Blocks8 of few": func() { Blocks8(sums, []Filters8{filters8}, []Weights8{weights8}, few, memory) },
		"convolveDense8": func() { convolveDense8(features8.Data, filters8, x, sums, weights8, previous8) },
		"Fold":           func() { Fold(sums.Data, []int32{3, 1}, features, weights) },
		"Add":            func() { Add(sums.Data[:columns], weights.Data) },
	} {
		if allocations := testing.AllocsPerRun(20, call); allocations != 0 {
			t.Errorf("%s costs %v allocations, want 0", name, allocations)
		}
	}
}

// The limits in docs/performance.md are computed from this clock rate: a multiplication that waits
// for the one before takes three cycles on every processor that has AVX-512.
func BenchmarkClock(b *testing.B) {
	const steps = 1 << 20
	x := uint64(1)
	for b.Loop() {
		for range steps {
			x *= 0x9e3779b97f4a7c15
		}
	}
	if x == 0 {
		b.Fatal("an odd number to any power is odd")
	}
	b.ReportMetric(3*steps*float64(b.N)/b.Elapsed().Seconds()/1e9, "GHz")
}

func BenchmarkConvolve(b *testing.B) {
	const common, characters, texts = 45, 77, 64 // real texts consist mostly of the common symbols
	random := rand.New(rand.NewPCG(17, 18))
	for _, width := range []int{2, 3, 4, 5} {
		x := Texts{Start: 0, End: 1}
		for range texts {
			x.Symbols = append(x.Symbols, filled(random, characters, func(r *rand.Rand) uint8 { return uint8(r.IntN(common)) })...)
			x.Ends = append(x.Ends, int32(len(x.Symbols)))
		}
		filters := Filters{filled(random, common*width*Lanes, draws["numbers of both signs"]), make([]float32, Lanes), width}
		filters8 := Filters8{filled(random, common*width*Lanes8, func(r *rand.Rand) int8 { return int8(r.IntN(101) - 50) }), width}
		features8 := make([]uint8, texts*Lanes8)
		wantFeatures8 := slices.Clone(features8)
		convolveMax8(Rows8{wantFeatures8, Lanes8}, filters8, x)
		features, positions := make([]float32, texts*Lanes), make([]int32, texts*Lanes)
		wantFeatures, wantPositions := slices.Clone(features), slices.Clone(positions)
		convolveArgMax(Rows{wantFeatures, Lanes}, wantPositions, filters, x)
		for _, run := range []struct {
			name     string
			rowBytes float64
			call     func()
			isRight  func() bool
		}{
			{"max", 4 * Lanes,
				func() { ConvolveMax(Rows{features, Lanes}, filters, x) },
				func() bool { return same(features, wantFeatures) }},
			{"argmax", 4 * Lanes,
				func() { ConvolveArgMax(Rows{features, Lanes}, positions, filters, x) },
				func() bool { return slices.Equal(positions, wantPositions) }},
			{"max8", Lanes8,
				func() { ConvolveMax8(Rows8{features8, Lanes8}, filters8, x) },
				func() bool { return slices.Equal(features8, wantFeatures8) }},
		} {
			b.Run(fmt.Sprintf("%s/width=%d", run.name, width), func(b *testing.B) {
				if run.call(); !run.isRight() {
					b.Fatal("the result is wrong")
				}
				b.ReportAllocs()
				for b.Loop() {
					run.call()
				}
				// Each symbol loads one row for each tap.
				rows := float64(b.N) * texts * characters * float64(width)
				b.ReportMetric(rows*run.rowBytes/b.Elapsed().Seconds()/1e9, "GB/s")
			})
		}
	}
}

func BenchmarkDense(b *testing.B) {
	const texts, columns = 64, 128
	random := rand.New(rand.NewPCG(19, 20))
	whole := func(r *rand.Rand) float32 { return float32(r.IntN(9) - 4) } // sums stay exact
	features := Rows{filled(random, texts*Lanes, whole), Lanes}
	weights := Weights{filled(random, Lanes*columns, whole), columns}
	features8 := Rows8{filled(random, texts*Lanes8, func(r *rand.Rand) uint8 { return uint8(max(0, r.IntN(9)-4)) }), Lanes8}
	weights8, _ := weights8(random, columns, whole)
	for _, run := range []struct {
		name       string
		call, want func(sums Rows)
	}{
		{"float32",
			func(sums Rows) { Dense(sums, weights, features, texts) },
			func(sums Rows) { dense(sums, weights, features, texts, 0) }},
		{"int8",
			func(sums Rows) { Dense8(sums, weights8, features8, texts) },
			func(sums Rows) { dense8(sums, weights8, features8, texts) }},
	} {
		b.Run(run.name, func(b *testing.B) {
			sums, want := Rows{make([]float32, texts*columns), columns}, Rows{make([]float32, texts*columns), columns}
			run.call(sums)
			run.want(want)
			if !same(sums.Data, want.Data) {
				b.Fatal("the result is wrong")
			}
			b.ReportAllocs()
			for b.Loop() {
				run.call(sums)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/texts, "ns/text")
		})
	}
}
