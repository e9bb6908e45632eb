package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The convolution is bound by loading, the dense product by multiplying. convolveDense8 does both
// in one loop: after every second symbol it multiplies a quad of features, until none is left. It
// takes two texts at once, so that the sums of all windows and columns stay in registers.

const (
	fusedTexts      = 2
	fusedQuads      = 16               // of features in a block
	fusedColumns    = 128              // of the dense product
	fusedSumStride  = 4 * fusedColumns // bytes from one text's sums to the next
	fusedWeightsRow = 4 * fusedColumns // bytes of the weights of a quad of features
)

func (b backend) convolveDense8() {
	b.begin("convolveDense8", "convolveMax8, and dense8 with 128 columns, for twos of texts",
		"func(features *uint8, table *int8, width, start, end int, symbols *uint8, ends *int32, twos int, sums *float32, weights *int8, scales *float32, previous *uint8)")
	eachWidth(b.convolveDense8Width)
}

func (b backend) convolveDense8Width(width int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, width) }
	w := convolution{backend: b, isInt8: true}.newWindow(width, 1)

	Label(label("width"))
	features, ends, twos, sums, previous := parameter("features"), parameter("ends"), parameter("twos"), parameter("sums"), parameter("previous")
	w.table = parameter("table")
	symbol := parameter("symbols")

	Label(label("twos"))
	d := b.newQuads(parameter("weights"), previous)
	texts := GP64()
	MOVQ(U32(fusedTexts), texts)

	Label(label("text"))
	behind := GP64()
	MOVLQSX(Mem{Base: ends}, behind)
	first := parameter("symbols")
	ADDQ(first, behind)
	w.startPadding = w.padding("start")
	w.begin()
	CMPQ(symbol, behind)
	JGE(LabelRef(label("last")))
	TESTQ(d.left, d.left)
	JZ(LabelRef(label("symbol")))

	Label(label("symbolAndQuad"))
	w.step(symbol)
	CMPQ(symbol, behind)
	JGE(LabelRef(label("last")))
	w.step(symbol)
	d.quad()
	JZ(LabelRef(label("noQuad")))
	CMPQ(symbol, behind)
	JLT(LabelRef(label("symbolAndQuad")))
	JMP(LabelRef(label("last")))
	Label(label("noQuad"))
	CMPQ(symbol, behind)
	JGE(LabelRef(label("last")))
	Label(label("symbol"))
	w.step(symbol)
	CMPQ(symbol, behind)
	JLT(LabelRef(label("symbol")))

	Label(label("last"))
	w.endPadding = w.padding("end")
	w.finish()
	VMOVUPS(w.largest[0], Mem{Base: features})
	ADDQ(U32(rowBytes8), features)
	ADDQ(U8(4), ends)
	DECQ(texts)
	JNZ(LabelRef(label("text")))

	TESTQ(d.left, d.left)
	JZ(LabelRef(label("noQuads")))
	Label(label("quad"))
	d.quad()
	JNZ(LabelRef(label("quad")))
	Label(label("noQuads"))
	d.end(sums, parameter("scales"))
	ADDQ(U32(fusedTexts*rowBytes8), previous)
	DECQ(twos)
	JNZ(LabelRef(label("twos")))
	b.end()
}

// quads is the dense product of two texts; left counts the quads of features still to come.
type quads struct {
	backend
	totals                  [][]reg.VecVirtual // [fusedTexts][128 columns]
	weights, features, left reg.Register
}

func (b backend) newQuads(weights, previous reg.Register) quads {
	q := quads{backend: b, weights: weights, features: GP64(), left: GP64()}
	MOVQ(previous, q.features)
	MOVQ(U32(fusedQuads), q.left)
	for range fusedTexts {
		q.totals = append(q.totals, b.vectors(4*fusedColumns/b.bytes))
	}
	for _, total := range q.totals {
		for _, v := range total {
			b.zero(v)
		}
	}
	return q
}

// quad emits the products of the next quad, and leaves the zero flag set if it was the last.
func (q quads) quad() {
	features := q.vectors(len(q.totals))
	for text, v := range features {
		VPBROADCASTD(Mem{Base: q.features, Disp: text * rowBytes8}, v)
	}
	for i := range q.totals[0] {
		row := q.vector()
		VMOVUPS(q.at(q.weights, i), row)
		for text, total := range q.totals {
			q.addProducts8(row, features[text], total[i])
		}
	}
	ADDQ(U32(fusedWeightsRow), q.weights)
	ADDQ(U8(4), q.features)
	DECQ(q.left)
}

// end adds the totals to the sums, and moves on to those of the next texts.
func (q quads) end(sums, scales reg.Register) {
	for _, total := range q.totals {
		for i, v := range total {
			q.addScaledTotal(v, q.at(scales, i), q.at(sums, i))
		}
		ADDQ(U32(fusedSumStride), sums)
	}
}
