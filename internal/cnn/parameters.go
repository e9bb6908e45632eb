package cnn

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Parameters are all weights of a network in one flat buffer, with a named view for each layer. The
// optimiser works on the buffer, the mathematics on the views.
type Parameters struct {
	Shape Shape
	Flat  []float32

	Floor Floor // under the verdicts; it is not trained

	Embedding    []float32 // [V][D]
	Convolutions []Convolution
	DenseWeight  []float32 // [P][H], A transposed: the weights of a feature lie side by side
	DenseBias    []float32 // [H]
	OutputWeight []float32 // [views][H][K], or [P][K] without a hidden layer
	OutputBias   []float32 // [K]
}

// A Convolution holds the filters of one width.
type Convolution struct {
	Width  int
	Weight []float32 // [w][D][F]
	Bias   []float32 // [F]
}

// A Tensor is one named view of the parameters.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// NewParameters returns parameters of this shape, all zero.
func NewParameters(shape Shape) (*Parameters, error) {
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	return shape.over(make([]float32, shape.parameters())), nil
}

// ParametersOf returns parameters of this shape that share the memory of flat, which has their
// values in the order of Tensors.
func ParametersOf(shape Shape, flat []float32) (*Parameters, error) {
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	if want := shape.parameters(); len(flat) != want {
		return nil, fmt.Errorf("%d values, want %d", len(flat), want)
	}
	return shape.over(flat), nil
}

// over returns the parameters of the buffer.
func (s Shape) over(flat []float32) *Parameters {
	p := &Parameters{Shape: s, Flat: flat, Convolutions: make([]Convolution, len(s.Widths))}
	offset := 0
	for _, view := range p.views() {
		end := offset + product(view.shape)
		*view.data = p.Flat[offset:end:end]
		offset = end
	}
	for i, width := range s.Widths {
		p.Convolutions[i].Width = width
	}
	return p
}

type view struct {
	name  string
	shape []int
	data  *[]float32
}

// views lists every view in the order of the flat buffer.
func (p *Parameters) views() []view {
	s := p.Shape
	views := []view{{"embedding.weight", []int{s.Symbols, s.Embedding}, &p.Embedding}}
	for i, width := range s.Widths {
		name := fmt.Sprintf("conv.%d", width)
		views = append(views,
			view{name + ".weight", []int{width, s.Embedding, s.Filters}, &p.Convolutions[i].Weight},
			view{name + ".bias", []int{s.Filters}, &p.Convolutions[i].Bias})
	}
	if s.Hidden > 0 {
		views = append(views,
			view{"dense.weight", []int{s.Pooled(), s.Hidden}, &p.DenseWeight},
			view{"dense.bias", []int{s.Hidden}, &p.DenseBias})
	}
	return append(views,
		view{"output.weight", []int{s.features(), s.Kinds}, &p.OutputWeight},
		view{"output.bias", []int{s.Kinds}, &p.OutputBias})
}

// Tensors lists the parameters by name, sharing their memory.
func (p *Parameters) Tensors() []Tensor {
	var tensors []Tensor
	for _, view := range p.views() {
		tensors = append(tensors, Tensor{Name: view.name, Shape: view.shape, Data: *view.data})
	}
	return tensors
}

// nextLayer returns the layer that reads the pooled features.
func (p *Parameters) nextLayer() (weights, bias []float32) {
	if p.Shape.Hidden > 0 {
		return p.DenseWeight, p.DenseBias
	}
	return p.OutputWeight, p.OutputBias
}

// Initialize draws the weights at random, the same for the same seed: He's normal distribution
// (2015, arXiv 1502.01852) before a ReLU, biases zero.
func (p *Parameters) Initialize(seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0x536e6f776d616e)) // any constant will do: it selects a stream
	normal := func(weights []float32, deviation float64) {
		for i := range weights {
			weights[i] = float32(random.NormFloat64() * deviation)
		}
	}
	const embeddingDeviation = 0.3
	normal(p.Embedding, embeddingDeviation)
	for _, c := range p.Convolutions {
		fanIn := float64(c.Width*p.Shape.Embedding) * embeddingDeviation * embeddingDeviation
		normal(c.Weight, math.Sqrt(1/fanIn))
	}
	normal(p.DenseWeight, math.Sqrt(2/float64(p.Shape.Pooled())))
	normal(p.OutputWeight, math.Sqrt(1/float64(p.Shape.features())))
}

func product(shape []int) int {
	size := 1
	for _, n := range shape {
		size *= n
	}
	return size
}
