package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The convolution is bound by loading, the dense product by multiplying. convolveDense16 does both
// in one loop: after every second symbol it multiplies a pair of features, until none is left. It
// takes four texts at once, half a block's filters and half of 128 columns, so that the sums of all
// windows and columns stay in registers, and half the table and half the weights in the first-level
// cache.

const (
	fusedColumns    = 128                  // of the dense product; a call computes half of them
	fusedSumStride  = 4 * fusedColumns     // bytes from one text's sums to the next
	fusedWeightsRow = 2 * 2 * fusedColumns // bytes of the weights of a pair of features
	fusedPairs      = 32                   // of features in a block
)

func (b backend) convolveDense16() {
	b.begin("convolveDense16", "half of convolveMax16 and of dense16 with 128 columns, for fours of texts",
		"func(features, table *int16, width, start, end int, symbols *uint8, ends *int32, fours int, sums *float32, weights *int16, scales *float32, previous *int16)")
	eachWidth(b.convolveDense16Width)
}

func (b backend) convolveDense16Width(width int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, width) }
	w := window{convolution: convolution{backend: b, integer: true}, width: width, largest: b.vectors(1), temporary: b.vectors(1)}
	for range width - 1 {
		w.sums = append(w.sums, b.vectors(1))
	}
	padding := func(name string) reg.Register {
		rows := parameter(name)
		IMUL3Q(U32(uint32(width*rowBytes)), rows, rows)
		ADDQ(w.table, rows)
		return rows
	}

	Label(label("width"))
	features, ends, fours, sums, previous := parameter("features"), parameter("ends"), parameter("fours"), parameter("sums"), parameter("previous")
	w.table = parameter("table")
	symbol := parameter("symbols")

	Label(label("fours"))
	d := b.newPairs(parameter("weights"), previous)
	texts := GP64()
	MOVQ(U32(denseTexts), texts)

	Label(label("text"))
	behind := GP64()
	MOVLQSX(Mem{Base: ends}, behind)
	first := parameter("symbols")
	ADDQ(first, behind)
	w.startPadding = padding("start")
	w.begin()
	CMPQ(symbol, behind)
	JGE(LabelRef(label("last")))
	TESTQ(d.left, d.left)
	JZ(LabelRef(label("symbol")))

	Label(label("symbolAndPair"))
	w.step(symbol)
	CMPQ(symbol, behind)
	JGE(LabelRef(label("last")))
	w.step(symbol)
	d.pair()
	JZ(LabelRef(label("noPair")))
	CMPQ(symbol, behind)
	JLT(LabelRef(label("symbolAndPair")))
	JMP(LabelRef(label("last")))
	Label(label("noPair"))
	CMPQ(symbol, behind)
	JGE(LabelRef(label("last")))
	Label(label("symbol"))
	w.step(symbol)
	CMPQ(symbol, behind)
	JLT(LabelRef(label("symbol")))

	Label(label("last"))
	w.endPadding = padding("end")
	w.finish()
	VMOVUPS(w.largest[0], Mem{Base: features})
	ADDQ(U32(rowBytes), features)
	ADDQ(U8(4), ends)
	DECQ(texts)
	JNZ(LabelRef(label("text")))

	TESTQ(d.left, d.left)
	JZ(LabelRef(label("noPairs")))
	Label(label("pair"))
	d.pair()
	JNZ(LabelRef(label("pair")))
	Label(label("noPairs"))
	d.end(sums, parameter("scales"))
	ADDQ(U32(denseTexts*rowBytes), previous)
	DECQ(fours)
	JNZ(LabelRef(label("fours")))
	b.end()
}

// pairs is the dense product of four texts; left counts the pairs of features still to come.
type pairs struct {
	backend
	totals                  [][]reg.VecVirtual // [denseTexts][64 columns]
	weights, features, left reg.Register
}

func (b backend) newPairs(weights, previous reg.Register) pairs {
	p := pairs{backend: b, weights: weights, features: GP64(), left: GP64()}
	MOVQ(previous, p.features)
	MOVQ(U32(fusedPairs), p.left)
	for range denseTexts {
		p.totals = append(p.totals, b.vectors(4*64/b.bytes))
	}
	for _, total := range p.totals {
		for _, v := range total {
			b.zero(v)
		}
	}
	return p
}

// pair emits the products of the next pair, and leaves the zero flag set if it was the last.
func (p pairs) pair() {
	row := p.vectors(len(p.totals[0]))
	for i, v := range row {
		VMOVUPS(p.at(p.weights, i), v)
	}
	for text, total := range p.totals {
		pair := p.vector()
		VPBROADCASTD(Mem{Base: p.features, Disp: text * rowBytes}, pair)
		for i, v := range row {
			p.addProducts(v, pair, total[i])
		}
	}
	ADDQ(U32(fusedWeightsRow), p.weights)
	ADDQ(U8(4), p.features)
	DECQ(p.left)
}

// end adds the totals to the sums, and moves on to those of the next texts.
func (p pairs) end(sums, scales reg.Register) {
	for _, total := range p.totals {
		for i, v := range total {
			p.addScaledTotal(v, p.at(scales, i), p.at(sums, i))
		}
		ADDQ(U32(fusedSumStride), sums)
	}
}
