package cnn

// A head is all that stands above the filters: the hidden layer, where there is one, and the output. Two
// networks of the same filters can have different heads, and so answer different questions.

// Head returns the part of Flat that holds the head.
func (p *Parameters) Head() []float32 {
	size := 0
	for _, tensor := range p.HeadTensors() {
		size += len(tensor.Data)
	}
	return p.Flat[len(p.Flat)-size:]
}

// HeadTensors lists the head's tensors by name, sharing their memory.
func (p *Parameters) HeadTensors() []Tensor {
	const ofConvolution = 2 // tensors: weight and bias
	return p.Tensors()[1+ofConvolution*len(p.Convolutions):]
}

// CopyFilters sets the embedding and the filters to those of other parameters, whose shape differs in the head
// alone.
func (p *Parameters) CopyFilters(from *Parameters) {
	copy(p.Flat[:len(p.Flat)-len(p.Head())], from.Flat)
}
