package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const (
	mostFilters = 130 // two blocks of 64 lanes and a tail
	mostWidth   = 8
	vocabulary  = 7
)

// draws are the numbers that tables are filled with.
var draws = map[string]func(*rand.Rand) float32{
	"numbers of both signs": func(r *rand.Rand) float32 { return float32(r.NormFloat64()) },
	"all sums below zero":   func(r *rand.Rand) float32 { return -r.Float32() - 0.1 },
	"many ties":             func(r *rand.Rand) float32 { return float32(r.IntN(3)) },
}

func filled(random *rand.Rand, size int, draw func(*rand.Rand) float32) []float32 {
	numbers := make([]float32, size)
	for i := range numbers {
		numbers[i] = draw(random)
	}
	return numbers
}

func randomSymbols(random *rand.Rand, length, vocabulary int) []uint8 {
	symbols := make([]uint8, length)
	for t := range symbols {
		symbols[t] = uint8(random.IntN(vocabulary))
	}
	return symbols
}

// naiveConvolution pools one filter after the other, with nothing in common with the package.
func naiveConvolution(filters int, table []float32, vocabulary, width int, symbols []uint8) (maxima []float32, positions []int32) {
	for f := range filters {
		best, at := float32(0), -1
		for t := 0; t <= len(symbols)-width; t++ {
			sum := table[int(symbols[t])*filters+f]
			for tap := 1; tap < width; tap++ {
				sum += table[tap*vocabulary*filters+int(symbols[t+tap])*filters+f]
			}
			if at < 0 || sum > best {
				best, at = sum, t
			}
		}
		maxima, positions = append(maxima, best), append(positions, int32(at))
	}
	return maxima, positions
}

// TestEveryBackend runs every test on every backend. One that this processor cannot run is skipped, by
// name, for whoever reads the output to see.
func TestEveryBackend(t *testing.T) {
	chosen := backend
	defer func() { backend = chosen }()
	for _, name := range backends {
		t.Run(name, func(t *testing.T) {
			if backend = fastest(name); backend != name {
				t.Skipf("this processor has no %s: NOT TESTED", name)
			}
			t.Run("ConvolutionsEqualTheNaiveLoop", testConvolutionsEqualTheNaiveLoop)
			t.Run("ConvolutionsTakeTheLargestVocabulary", testConvolutionsTakeTheLargestVocabulary)
			t.Run("ConvolveArgMaxPicksTheFirstMaximum", testConvolveArgMaxPicksTheFirstMaximum)
			t.Run("AddScaledRowsEqualsASequenceOfAddScaled", testAddScaledRowsEqualsASequenceOfAddScaled)
			t.Run("AddScaledEqualsTheFloat64Reference", testAddScaledEqualsTheFloat64Reference)
			t.Run("DotEqualsTheFloat64Reference", testDotEqualsTheFloat64Reference)
			t.Run("UpTo64FiltersAllocateNothing", testUpTo64FiltersAllocateNothing)
		})
	}
}

// The sums of products are not compared with a naive loop alone: every backend must give the same bits.
func TestProductsHaveTheSameBitsOnEveryBackend(t *testing.T) {
	chosen := backend
	defer func() { backend = chosen }()
	random := rand.New(rand.NewPCG(11, 12))
	for length := 1; length <= 2*mostFilters; length++ {
		rows := filled(random, 5*length, draws["numbers of both signs"])
		indices, scales := []int32{4, 0, 2, 2, 1}, filled(random, 5, draws["numbers of both signs"])
		backend = goBackend
		wantDot := Dot(rows[:length], rows[length:2*length])
		want := slices.Clone(rows[:length])
		AddScaledRows(want, rows, indices, scales)
		for _, name := range backends {
			if backend = fastest(name); backend != name {
				continue // TestEveryBackend says so
			}
			if got := Dot(rows[:length], rows[length:2*length]); got != wantDot {
				t.Errorf("%s: Dot of %d numbers is %v, want %v", name, length, got, wantDot)
			}
			got := slices.Clone(rows[:length])
			if AddScaledRows(got, rows, indices, scales); !slices.Equal(got, want) {
				t.Errorf("%s: AddScaledRows of %d numbers is %v, want %v", name, length, got, want)
			}
		}
	}
}

func TestPositiveKeepsWhatIsAboveZero(t *testing.T) {
	negativeZero := float32(math.Copysign(0, -1))
	features := []float32{0, 1, -1, negativeZero, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, math.MaxFloat32, 0, 2}
	indices, values := make([]int32, len(features)), make([]float32, len(features))
	count := Positive(indices, values, features)
	if want := []int32{1, 4, 6, 8}; !slices.Equal(indices[:count], want) {
		t.Errorf("indices are %v, want %v", indices[:count], want)
	}
	if want := []float32{1, math.SmallestNonzeroFloat32, math.MaxFloat32, 2}; !slices.Equal(values[:count], want) {
		t.Errorf("values are %v, want %v", values[:count], want)
	}
	if count := Positive(nil, nil, nil); count != 0 {
		t.Errorf("of nothing %d are above 0", count)
	}
}

func testConvolutionsEqualTheNaiveLoop(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			numbers := filled(random, mostWidth*vocabulary*mostFilters, draw)
			for filters := 1; filters <= mostFilters; filters++ {
				for width := 1; width <= mostWidth; width++ {
					table := numbers[:width*vocabulary*filters]
					for _, length := range []int{width, width + 1, width + 12} {
						symbols := randomSymbols(random, length, vocabulary)
						checkConvolutions(t, filters, table, vocabulary, width, symbols)
					}
				}
			}
		})
	}
}

func testConvolutionsTakeTheLargestVocabulary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	table := filled(random, 3*256*5, draws["numbers of both signs"])
	checkConvolutions(t, 5, table, 256, 3, []uint8{255, 255, 255, 0, 254, 255})
}

// checkConvolutions also looks for what is written behind the last filter.
func checkConvolutions(t *testing.T, filters int, table []float32, vocabulary, width int, symbols []uint8) {
	t.Helper()
	const untouched = 12345
	want, wantPositions := naiveConvolution(filters, table, vocabulary, width, symbols)
	want, wantPositions = append(want, untouched), append(wantPositions, untouched)
	maxima, positions := make([]float32, filters+1), make([]int32, filters+1)
	maxima[filters], positions[filters] = untouched, untouched

	ConvolveMax(maxima[:filters], table, vocabulary, width, symbols)
	if !slices.Equal(maxima, want) {
		t.Fatalf("%d filters of width %d, symbols %v: maxima are %v, want %v", filters, width, symbols, maxima, want)
	}
	clear(maxima[:filters])
	ConvolveArgMax(maxima[:filters], positions[:filters], table, vocabulary, width, symbols)
	if !slices.Equal(maxima, want) || !slices.Equal(positions, wantPositions) {
		t.Fatalf("%d filters of width %d, symbols %v: maxima are %v at %v, want %v at %v",
			filters, width, symbols, maxima, positions, want, wantPositions)
	}
}

func testConvolveArgMaxPicksTheFirstMaximum(t *testing.T) {
	negativeZero := float32(math.Copysign(0, -1))
	for _, test := range []struct {
		name     string
		table    []float32 // of one filter, [width][symbols]
		width    int
		symbols  []uint8
		maximum  float32
		position int32
	}{
		{"a text as short as the filter", []float32{1, 2, 10, 20}, 2, []uint8{0, 1}, 21, 0},
		{"the first window", []float32{1, 5, 2}, 1, []uint8{1, 0, 2}, 5, 0},
		{"the last window", []float32{1, 5, 2}, 1, []uint8{0, 2, 1}, 5, 2},
		{"the same symbol twice", []float32{1, 5, 2}, 1, []uint8{0, 1, 2, 1}, 5, 1},
		{"different symbols with the same sum", []float32{1, 5, 5}, 1, []uint8{0, 2, 1}, 5, 1},
		{"nothing but ties", []float32{3, 3, 4, 4}, 2, []uint8{0, 1, 0, 1, 1}, 7, 0},
		{"all sums below zero", []float32{-3, -2, -4}, 1, []uint8{2, 1, 0}, -2, 1},
		{"zero after minus zero is a tie", []float32{negativeZero, 0}, 1, []uint8{0, 1}, negativeZero, 0},
		{"minus zero after zero is a tie", []float32{negativeZero, 0}, 1, []uint8{1, 0}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var maximum, maximumAlone [1]float32
			position := [1]int32{99}
			vocabulary := len(test.table) / test.width
			ConvolveArgMax(maximum[:], position[:], test.table, vocabulary, test.width, test.symbols)
			if math.Float32bits(maximum[0]) != math.Float32bits(test.maximum) || position[0] != test.position {
				t.Errorf("the maximum is %v at %d, want %v at %d", maximum[0], position[0], test.maximum, test.position)
			}
			ConvolveMax(maximumAlone[:], test.table, vocabulary, test.width, test.symbols)
			if math.Float32bits(maximumAlone[0]) != math.Float32bits(test.maximum) {
				t.Errorf("ConvolveMax gives %v, want %v", maximumAlone[0], test.maximum)
			}
		})
	}
}

func testAddScaledRowsEqualsASequenceOfAddScaled(t *testing.T) {
	const rowCount = 11
	random := rand.New(rand.NewPCG(5, 6))
	normal := draws["numbers of both signs"]
	for width := 1; width <= mostFilters; width++ {
		rows := filled(random, rowCount*width, normal)
		for count := range 10 {
			indices := make([]int32, count)
			for k := range indices {
				indices[k] = int32(random.IntN(rowCount))
			}
			scales := filled(random, count, normal)
			sum := filled(random, width, normal)
			want := slices.Clone(sum)
			for k, index := range indices {
				AddScaled(want, rows[int(index)*width:], scales[k])
			}
			AddScaledRows(sum, rows, indices, scales)
			if !slices.Equal(sum, want) {
				t.Fatalf("%d rows of %d entries: the sum is %v, want %v", count, width, sum, want)
			}
		}
	}
}

func testAddScaledEqualsTheFloat64Reference(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	normal := draws["numbers of both signs"]
	for width := range mostFilters + 1 {
		before, row, scale := filled(random, width+1, normal), filled(random, width+1, normal), normal(random)
		sum := slices.Clone(before)
		AddScaled(sum[:width], row, scale)
		for i := range width {
			product := float64(scale) * float64(row[i])
			want := float64(before[i]) + product
			if math.Abs(float64(sum[i])-want) > 1e-5*(math.Abs(float64(before[i]))+math.Abs(product)) {
				t.Fatalf("entry %d of %d is %v, want %v", i, width, sum[i], want)
			}
		}
		if sum[width] != before[width] {
			t.Fatalf("AddScaled wrote behind %d entries", width)
		}
	}
}

// The error is relative to the sum of the products' sizes: the products themselves may cancel out.
func testDotEqualsTheFloat64Reference(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			for length := range 1300 {
				a, b := filled(random, length, draw), filled(random, length, draw)
				want, size := 0.0, 0.0
				for i := range a {
					product := float64(a[i]) * float64(b[i])
					want += product
					size += math.Abs(product)
				}
				if got := float64(Dot(a, b)); math.Abs(got-want) > 1e-5*size {
					t.Fatalf("the product of %d entries is %v, want %v", length, got, want)
				}
			}
		})
	}
}

func testUpTo64FiltersAllocateNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for _, filters := range []int{1, 63, 64} {
		table := filled(random, 4*vocabulary*filters, draws["many ties"])
		symbols := randomSymbols(random, 30, vocabulary)
		maxima, positions := make([]float32, filters), make([]int32, filters)
		indices, scales := []int32{3, 1, 4, 1, 5}, []float32{2, 7, 1, 8, 2}
		for name, call := range map[string]func(){
			"ConvolveMax":    func() { ConvolveMax(maxima, table, vocabulary, 4, symbols) },
			"ConvolveArgMax": func() { ConvolveArgMax(maxima, positions, table, vocabulary, 4, symbols) },
			"AddScaledRows":  func() { AddScaledRows(maxima, table, indices, scales) },
			"Dot":            func() { Dot(maxima, table[:filters]) },
		} {
			if allocations := testing.AllocsPerRun(20, call); allocations != 0 {
				t.Errorf("%s with %d filters costs %v allocations, want 0", name, filters, allocations)
			}
		}
	}
}

func BenchmarkConvolve(b *testing.B) {
	const filters, vocabulary, characters = 64, 140, 77
	random := rand.New(rand.NewPCG(13, 14))
	for _, width := range []int{2, 4, 6} {
		table := filled(random, width*vocabulary*filters, draws["numbers of both signs"])
		symbols := randomSymbols(random, characters, vocabulary)
		want, wantPositions := naiveConvolution(filters, table, vocabulary, width, symbols)
		maxima, positions := make([]float32, filters), make([]int32, filters)
		for name, call := range map[string]func(){
			"max":    func() { ConvolveMax(maxima, table, vocabulary, width, symbols) },
			"argmax": func() { ConvolveArgMax(maxima, positions, table, vocabulary, width, symbols) },
		} {
			b.Run(fmt.Sprintf("%s/width=%d", name, width), func(b *testing.B) {
				copy(positions, wantPositions) // ConvolveMax leaves them alone
				call()
				if !slices.Equal(maxima, want) || !slices.Equal(positions, wantPositions) {
					b.Fatal("the result is wrong")
				}
				b.ReportAllocs()
				for b.Loop() {
					call()
				}
			})
		}
	}
}

func BenchmarkAddScaledRows(b *testing.B) {
	const rowCount, width = 1280, 128
	random := rand.New(rand.NewPCG(15, 16))
	whole := func(r *rand.Rand) float32 { return float32(r.IntN(9) - 4) } // sums stay exact
	rows, scales := filled(random, rowCount*width, whole), filled(random, rowCount, whole)
	indices := make([]int32, rowCount)
	want := make([]float32, width)
	for k := range indices {
		indices[k] = int32(rowCount - 1 - k)
		for i := range want {
			want[i] += scales[k] * rows[int(indices[k])*width+i]
		}
	}
	sum := make([]float32, width)
	if AddScaledRows(sum, rows, indices, scales); !slices.Equal(sum, want) {
		b.Fatal("the result is wrong")
	}
	b.ReportAllocs()
	for b.Loop() {
		AddScaledRows(sum, rows, indices, scales)
	}
}

func BenchmarkDot(b *testing.B) {
	random := rand.New(rand.NewPCG(17, 18))
	whole := func(r *rand.Rand) float32 { return float32(r.IntN(9) - 4) } // sums stay exact
	one, other := filled(random, 128, whole), filled(random, 128, whole)
	var want float32
	for i := range one {
		want += one[i] * other[i]
	}
	if got := Dot(one, other); got != want {
		b.Fatalf("the product is %v, want %v", got, want)
	}
	b.ReportAllocs()
	for b.Loop() {
		Dot(one, other)
	}
}
