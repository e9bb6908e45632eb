package cnn

import (
	"bytes"
	"hash/maphash"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// A Memory holds what one network says of the views that were read last, but not of whole texts: in
// a log the same hosts and registered domains come again and again. It belongs to one goroutine.
//
// A view has one slot by its hash. The slot holds the view itself, so that views that share a hash
// cost time, but never get each other's outputs. A row refers to the slot by the index of a text
// that is below 0.
type Memory struct {
	seed    maphash.Seed
	slots   []slot
	outputs []float32 // [memorySlots][outputColumns]
	pending []int32   // slots of views in the batch, which has not run yet
}

const memorySlots = 1 << 11 // 256 KB with their outputs, about what the second-level cache spares

// A slot has the size of a cache line.
type slot struct {
	text   int32 // of the batch, or remembered
	length uint8
	view   [59]byte
}

// remembered is the text of a slot whose outputs are in the memory.
const remembered = -1

// NewMemory returns a Memory that knows nothing.
func NewMemory() *Memory { return &Memory{seed: maphash.MakeSeed()} }

// find returns the index of a view's text and whether it is known. A new one is known as the
// batch's text from now on.
func (m *Memory) find(view []byte, text int32) (index int32, known bool) {
	if len(view) == 0 || len(view) > len(slot{}.view) {
		return text, false
	}
	if m.slots == nil {
		m.slots = make([]slot, memorySlots)
	}
	number := int32(maphash.Bytes(m.seed, view) % memorySlots)
	s := &m.slots[number]
	if int(s.length) == len(view) && bytes.Equal(s.view[:s.length], view) {
		if s.text == remembered {
			return ^number, true
		}
		return s.text, true
	}
	s.text, s.length = text, uint8(copy(s.view[:], view))
	m.pending = append(m.pending, number)
	return text, false
}

// keep remembers the outputs of the views that were new in the batch.
func (m *Memory) keep(outputs kernel.Rows) {
	columns := outputs.Stride
	if len(m.pending) > 0 && m.outputs == nil {
		m.outputs = make([]float32, memorySlots*columns)
	}
	for _, number := range m.pending {
		if s := &m.slots[number]; s.text != remembered { // once, even if two views had it in turn
			copy(m.outputs[int(number)*columns:][:columns], outputs.Data[int(s.text)*columns:])
			s.text = remembered
		}
	}
	m.pending = m.pending[:0]
}

// clear forgets the views of a batch that never ran.
func (m *Memory) clear() {
	for _, number := range m.pending {
		m.slots[number].length = 0
	}
	m.pending = m.pending[:0]
}
