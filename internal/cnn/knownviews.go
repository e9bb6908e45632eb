package cnn

import (
	"bytes"
	"hash/maphash"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// KnownViews hold what one network says of the views that it read last, but not of whole texts: in
// a log the same hosts and registered domains come again and again. They belong to one goroutine.
//
// A view has one slot by its hash. The slot holds the view itself, so that views that share a hash
// cost time, but never get each other's outputs. A row refers to the slot by the index of a text
// that is below 0.
type KnownViews struct {
	seed    maphash.Seed
	slots   []slot
	outputs []float32 // [knownSlots][outputColumns]
	pending []int32   // slots of views in the batch, which has not run yet
}

const knownSlots = 1 << 11 // 256 KB with their outputs, about what the second-level cache spares

// A slot has the size of a cache line.
type slot struct {
	text   int32 // of the batch, or remembered
	length uint8
	view   [59]byte
}

// remembered is the text of a slot whose outputs are known.
const remembered = -1

// NewKnownViews returns none.
func NewKnownViews() *KnownViews { return &KnownViews{seed: maphash.MakeSeed()} }

// find returns the index of a view's text and whether it is known. A new one is known as the
// batch's text from now on.
func (k *KnownViews) find(view []byte, text int32) (index int32, known bool) {
	if len(view) == 0 || len(view) > len(slot{}.view) {
		return text, false
	}
	if k.slots == nil {
		k.slots = make([]slot, knownSlots)
	}
	number := int32(maphash.Bytes(k.seed, view) % knownSlots)
	s := &k.slots[number]
	if int(s.length) == len(view) && bytes.Equal(s.view[:s.length], view) {
		if s.text == remembered {
			return ^number, true
		}
		return s.text, true
	}
	s.text, s.length = text, uint8(copy(s.view[:], view))
	k.pending = append(k.pending, number)
	return text, false
}

// keep remembers the outputs of the views that were new in the batch.
func (k *KnownViews) keep(outputs kernel.Rows) {
	columns := outputs.Stride
	if len(k.pending) > 0 && k.outputs == nil {
		k.outputs = make([]float32, knownSlots*columns)
	}
	for _, number := range k.pending {
		if s := &k.slots[number]; s.text != remembered { // once, even if two views had it in turn
			copy(k.outputs[int(number)*columns:][:columns], outputs.Data[int(s.text)*columns:])
			s.text = remembered
		}
	}
	k.pending = k.pending[:0]
}

// clear forgets the views of a batch that never ran.
func (k *KnownViews) clear() {
	for _, number := range k.pending {
		k.slots[number].length = 0
	}
	k.pending = k.pending[:0]
}
