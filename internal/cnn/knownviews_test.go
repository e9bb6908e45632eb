package cnn

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Rows with hosts and domains of their own, of the batch and of batches before, and so many that
// most slots have several: with a memory each row's logits are the same.
func TestAMemoryChangesNoLogits(t *testing.T) {
	shape := Shape{Symbols: 40, Embedding: 4, Widths: []int{1, 3}, Filters: 8, Hidden: 8, Kinds: 3, Views: 2}
	for _, kinds := range []int{2, 3} {
		shape.Kinds = kinds
		p, err := NewParameters(shape)
		if err != nil {
			t.Fatal(err)
		}
		p.Initialize(1)
		p.Floor = Floor{Host: 0.01, RegisteredDomain: 0.02}
		quantized, err := Quantize(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, logits := range map[string]func([]float32, *Scratch, *Batch){"float32": NewNetwork(p).Logits, "int8": quantized.Logits} {
			random := rand.New(rand.NewPCG(51, 52))
			text := func(length int) []uint8 {
				symbols := make([]uint8, length)
				for i := range symbols {
					symbols[i] = uint8(2 + random.IntN(shape.Symbols-2))
				}
				return symbols
			}
			domains := make([][]uint8, 2*knownSlots)
			for i := range domains {
				domains[i] = text(random.IntN(12))
			}
			domains[0] = text(100) // longer than a slot has room for
			batch, plain := Batch{Known: NewKnownViews()}, Batch{}
			var scratch Scratch
			known := 0
			for range 400 {
				batch.Clear()
				plain.Clear()
				for range 1 + random.IntN(40) {
					domain := domains[min(random.IntN(len(domains)), random.IntN(len(domains)))]
					views := [viewCount][]uint8{RegisteredDomain: domain}
					if random.IntN(2) == 0 {
						views[Host] = slices.Concat(domains[random.IntN(50)], domain)
					}
					if random.IntN(2) == 0 {
						views[Whole] = slices.Concat(domain, text(random.IntN(30)))
					}
					for _, b := range []*Batch{&batch, &plain} {
						var ends [viewCount]int
						for view, symbols := range views {
							b.Symbols = append(b.Symbols, symbols...)
							ends[view] = len(b.Symbols)
						}
						b.Add(ends, random.IntN(2) == 0)
					}
					plain.Rows[len(plain.Rows)-1].HasFloor = batch.Rows[len(batch.Rows)-1].HasFloor
				}
				known += plain.Len() - batch.Len()
				if random.IntN(5) == 0 {
					continue // a batch that never runs
				}
				got, want := make([]float32, len(batch.Rows)*kinds), make([]float32, len(batch.Rows)*kinds)
				logits(got, &scratch, &batch)
				logits(want, &scratch, &plain)
				if !slices.Equal(got, want) {
					t.Fatalf("%s: with a memory the logits are %v, want %v", name, got, want)
				}
			}
			if known < 1000 {
				t.Errorf("%s: %d views were known, want more", name, known)
			}
		}
	}
}

func TestAViewThatIsKnownIsNoTextAgain(t *testing.T) {
	batch := Batch{Known: NewKnownViews()}
	for _, row := range []string{"abc|xabc|", "abc|xabc|xabc/y", "abc||abc/z"} {
		var ends [viewCount]int
		view := 0
		for _, c := range []byte(row) {
			if c == '|' {
				ends[view] = len(batch.Symbols)
				view++
				continue
			}
			batch.Symbols = append(batch.Symbols, c)
		}
		ends[Whole] = len(batch.Symbols)
		batch.Add(ends, true)
	}
	if got := string(batch.Symbols); got != "abcxabcxabcxabc/yabc/z" {
		t.Errorf("the symbols are %q", got)
	}
	if want := []int32{3, 7, 11, 17, 22}; !slices.Equal(batch.Ends, want) {
		t.Errorf("the texts end at %v, want %v", batch.Ends, want)
	}
	want := []Row{{Views{0, 1, 1}, true}, {Views{0, 2, 3}, true}, {Views{0, 0, 4}, true}}
	if !slices.Equal(batch.Rows, want) {
		t.Errorf("the rows are %v, want %v", batch.Rows, want)
	}
}
