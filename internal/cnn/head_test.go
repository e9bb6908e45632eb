package cnn

import (
	"slices"
	"testing"
)

func TestCopyFiltersLeavesTheHead(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			p := newParameters(t, shape, 31)
			otherShape := shape
			otherShape.Hidden, otherShape.Kinds, otherShape.Views = 5, shape.Kinds+2, 1
			other := newParameters(t, otherShape, 32)
			head := slices.Clone(other.Head())
			other.CopyFilters(p)
			if !slices.Equal(other.Embedding, p.Embedding) {
				t.Error("the embeddings differ")
			}
			for i, c := range other.Convolutions {
				if !slices.Equal(c.Weight, p.Convolutions[i].Weight) || !slices.Equal(c.Bias, p.Convolutions[i].Bias) {
					t.Errorf("the filters of width %d differ", c.Width)
				}
			}
			if !slices.Equal(other.Head(), head) {
				t.Error("the head has changed")
			}
		})
	}
}

func TestHeadIsWhatStandsAboveTheFilters(t *testing.T) {
	for name, shape := range shapes {
		p := newParameters(t, shape, 33)
		want := slices.Concat(p.DenseWeight, p.DenseBias, p.OutputWeight, p.OutputBias)
		if !slices.Equal(p.Head(), want) {
			t.Errorf("%s: the head has %d weights, want the %d of its layers", name, len(p.Head()), len(want))
		}
		var names []string
		for _, tensor := range p.HeadTensors() {
			names = append(names, tensor.Name)
		}
		wantNames := []string{"output.weight", "output.bias"}
		if shape.Hidden > 0 {
			wantNames = []string{"dense.weight", "dense.bias", "output.weight", "output.bias"}
		}
		if !slices.Equal(names, wantNames) {
			t.Errorf("%s: the head's tensors are %q, want %q", name, names, wantNames)
		}
	}
}
