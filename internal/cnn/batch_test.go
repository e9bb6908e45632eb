package cnn

import (
	"slices"
	"testing"
)

func TestAddedRowsShareTheTextsOfViewsThatAreAlike(t *testing.T) {
	var batch Batch
	for _, ends := range [][viewCount]int{{3, 3, 3}, {5, 9, 9}, {9, 9, 12}, {15, 20, 30}} {
		batch.Symbols = append(batch.Symbols, make([]uint8, ends[Whole]-len(batch.Symbols))...)
		batch.Add(ends, true)
	}
	if want := []int32{3, 5, 9, 9, 12, 15, 20, 30}; !slices.Equal(batch.Ends, want) {
		t.Errorf("the texts end at %v, want %v", batch.Ends, want)
	}
	want := []Row{{Views{0, 0, 0}, true}, {Views{1, 2, 2}, true}, {Views{3, 3, 4}, true}, {Views{5, 6, 7}, true}}
	if !slices.Equal(batch.Rows, want) {
		t.Errorf("the rows are %v, want %v", batch.Rows, want)
	}
}
