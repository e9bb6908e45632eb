package cnn

import (
	"math"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// A head is what follows the pooled features: the hidden layer, where there is one, and the output.
// Two networks with the same filters can have different heads, and so answer different questions.
type head struct {
	kinds   int
	views   int
	floor   Floor
	spread  float32   // a little above log(K-1)
	bias    []float32 // [columns], of the next layer
	columns int       // of the next layer, with zeros up to a multiple of what the kernels take at once

	// Where the next layer is the hidden one: a text has outputs for each view that it can be of.
	// Those for the last one, the whole, have the bias.
	output     []float32 // [columns][outputColumns]
	outputBias []float32 // [outputColumns]
}

// outputColumns is K times the views, with zeros up to a register, and 0 without a hidden layer.
func (h *head) outputColumns() int { return len(h.outputBias) }

func newHead(p *Parameters) head {
	_, bias := p.nextLayer()
	s := p.Shape
	h := head{kinds: s.Kinds, views: s.views(), floor: p.Floor, columns: roundUp(len(bias), 64)}
	h.spread = float32(math.Log(float64(h.kinds-1)) + 1e-3)
	h.bias = make([]float32, h.columns)
	copy(h.bias, bias)
	if s.Hidden == 0 {
		return h
	}
	const register = 16
	h.outputBias = make([]float32, roundUp(h.views*h.kinds, register))
	copy(h.outputBias[(h.views-1)*h.kinds:], p.OutputBias)
	h.output = make([]float32, h.columns*h.outputColumns())
	for view := range h.views {
		for i := range s.Hidden {
			copy(h.output[i*h.outputColumns()+view*h.kinds:], p.OutputWeight[(view*s.Hidden+i)*h.kinds:][:h.kinds])
		}
	}
	return h
}

// outputGradient copies the gradient by the output layer, as backward leaves it, to its parameters.
func (h *head) outputGradient(gradient *Parameters, dOutput, dOutputBias []float32) {
	hidden := gradient.Shape.Hidden
	copy(gradient.OutputBias, dOutputBias[(h.views-1)*h.kinds:])
	for view := range h.views {
		for i := range hidden {
			copy(gradient.OutputWeight[(view*hidden+i)*h.kinds:][:h.kinds], dOutput[i*h.outputColumns()+view*h.kinds:])
		}
	}
}

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// finish takes the sums of all texts to the logits of all rows, [R][K].
func (h *head) finish(logits []float32, scratch *Scratch, batch *Batch) {
	outputs := &viewOutputs{texts: h.forward(scratch.outputs, scratch.sums, batch.Len())}
	if batch.Known != nil {
		outputs.known = batch.Known.outputs
	}
	for i := range batch.RowCount() {
		row, rowLogits := batch.row(i), logits[i*h.kinds:][:h.kinds]
		h.logits(rowLogits, outputs, row.Views)
		if h.floor.Exists() && row.HasFloor && row.Views[RegisteredDomain] != row.Views[Whole] {
			h.applyFloor(rowLogits, outputs, row.Views)
		}
	}
	if batch.Known != nil { // after the rows: these outputs may take the place of what they point to
		batch.Known.keep(outputs.texts)
	}
}

// viewOutputs are those of a batch's texts, and of known views.
type viewOutputs struct {
	texts kernel.Rows
	known []float32 // as the texts'
}

func (o *viewOutputs) of(text int32) []float32 {
	if text < 0 {
		return o.known[int(^text)*o.texts.Stride:]
	}
	return o.texts.Data[int(text)*o.texts.Stride:]
}

// logits adds up what the views say, [K]. A network of one view reads the last one, the whole.
func (h *head) logits(logits []float32, outputs *viewOutputs, views Views) {
	for view, text := range views[viewCount-h.views:] {
		output := outputs.of(text)[view*h.kinds:][:h.kinds]
		if view == 0 {
			copy(logits, output)
			continue
		}
		for k := range logits {
			logits[k] += output[k]
		}
	}
}

// logitsBackward is the way back through logits: it adds their gradient to those by the outputs.
func (h *head) logitsBackward(dOutputs kernel.Rows, dLogits []float32, views Views) {
	for view, text := range views[viewCount-h.views:] {
		dOutput := dOutputs.Data[int(text)*dOutputs.Stride+view*h.kinds:][:h.kinds]
		for k, d := range dLogits {
			dOutput[k] += d
		}
	}
}

// activate scales the sums of the features that dropout left, adds the bias and, for a hidden
// layer, takes the ReLU.
func (h *head) activate(sums []float32, scale float32) {
	for first := 0; first < len(sums); first += h.columns {
		row := sums[first:][:h.columns]
		for i, sum := range row {
			sum = float32(sum*scale) + h.bias[i]
			if h.output != nil {
				sum = max(sum, 0)
			}
			row[i] = sum
		}
	}
}

// activateBackward is the way back through activate. Where the ReLU gave 0, dSums are 0 already.
func (h *head) activateBackward(dBias, dSums []float32, scale float32) {
	clear(dBias)
	for first := 0; first < len(dSums); first += h.columns {
		kernel.Add(dBias, dSums[first:][:h.columns])
	}
	for i := range dSums {
		dSums[i] *= scale
	}
}

// forward takes the sums of the next layer, [B][columns], to the outputs, [B][outputColumns]. The
// products leave out sums below 0: the ReLU. Without a hidden layer the sums are the outputs.
func (h *head) forward(outputs, sums []float32, texts int) kernel.Rows {
	rows := h.outputs(outputs, sums)
	if h.output == nil {
		return rows
	}
	columns := h.outputColumns()
	for text := range texts {
		copy(outputs[text*columns:], h.outputBias)
	}
	for i := 0; i < h.columns; i += kernel.Lanes {
		weights := kernel.Weights{Data: h.output[i*columns:], Columns: columns}
		kernel.Dense(rows, weights, kernel.Rows{Data: sums[i:], Stride: h.columns}, texts)
	}
	return rows
}

// outputs returns the outputs that forward computes, of as many texts as the slices hold.
func (h *head) outputs(outputs, sums []float32) kernel.Rows {
	if h.output == nil {
		return kernel.Rows{Data: sums, Stride: h.columns}
	}
	return kernel.Rows{Data: outputs, Stride: h.outputColumns()}
}

// backward is the way back through forward: from the gradient by the outputs to those by the sums
// and, into the memory, by the weights and the bias of the output layer.
func (h *head) backward(memory *groupMemory, dSums []float32, dOutputs kernel.Rows, sums []float32, texts int) {
	if h.output == nil {
		copy(dSums, dOutputs.Data)
		return
	}
	columns := h.outputColumns()
	clear(memory.dOutputBias)
	clear(memory.dOutput)
	for text := range texts {
		kernel.Add(memory.dOutputBias, dOutputs.Data[text*columns:][:columns])
	}
	for i := 0; i < h.columns; i += kernel.Lanes {
		weights := kernel.Weights{Data: h.output[i*columns:], Columns: columns}
		gradient := kernel.DenseGradient{Features: dSums[i:], Weights: memory.dOutput[i*columns:], Live: memory.live[:texts]}
		kernel.DenseBackward(gradient, dOutputs, weights, kernel.Rows{Data: sums[i:], Stride: h.columns})
	}
}

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

// CopyFilters sets the embedding and the filters to those of other parameters, whose shape may
// differ in the head only.
func (p *Parameters) CopyFilters(from *Parameters) {
	copy(p.Flat[:len(p.Flat)-len(p.Head())], from.Flat)
}
