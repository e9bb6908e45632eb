package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dense16 takes one text after the other and skips features that are 0. It serves the texts, fewer
// than four, that dense16Texts leaves.
func (b backend) dense16() {
	b.beginLanes("dense16_", "dense16", wide, "func(sums *float32, sumStride int, weights *int16, rowBytes int, scales *float32, features *int16, stride int, texts int)")
	scales := parameter("scales")
	d := b.newDense(wide)
	d.integer = true
	d.generate(func(i int, sum reg.VecVirtual) { b.zero(sum) },
		func(at reg.Register) reg.VecVirtual {
			pair := b.vector()
			VPBROADCASTD(Mem{Base: d.features, Index: at, Scale: 4}, pair)
			return pair
		},
		func(row reg.Register, i int, pair, sum reg.VecVirtual) { b.addProducts(b.at(row, i), pair, sum) },
		func(i int, sum reg.VecVirtual) { b.addScaledTotal(sum, b.at(scales, i), b.at(d.sums, i)) })
}

// denseTexts is the number of texts that the dense product of int16 takes at once, so that each
// weight loaded serves all of them. Skipping features that are 0 would not pay there.
const denseTexts = 4

func (b backend) dense16Texts() {
	count := b.registers / 8 // with 4 texts, half of all registers hold sums
	lanes := count * b.bytes / 4
	b.begin(fmt.Sprintf("dense16_%dx%dx", denseTexts, lanes), fmt.Sprintf("dense16, for %d texts and %d entries of a row", denseTexts, lanes),
		"func(sums *float32, sumStride int, weights *int16, rowBytes int, scales *float32, features *int16, stride int)")
	sums, sumStride, weights, rowBytes := parameter("sums"), parameter("sumStride"), parameter("weights"), parameter("rowBytes")
	scales, stride := parameter("scales"), parameter("stride")
	features := make([]reg.Register, denseTexts)
	totals := make([][]reg.VecVirtual, denseTexts)
	for text := range features {
		if text == 0 {
			features[0] = parameter("features")
		} else {
			features[text] = GP64()
			LEAQ(Mem{Base: features[text-1], Index: stride, Scale: 1}, features[text])
		}
		totals[text] = b.vectors(count)
		for _, total := range totals[text] {
			b.zero(total)
		}
	}
	at := GP64()
	XORQ(at, at)
	Label("pair")
	row := b.vectors(count)
	for i, v := range row {
		VMOVUPS(b.at(weights, i), v)
	}
	for text, total := range totals {
		pair := b.vector()
		VPBROADCASTD(Mem{Base: features[text], Index: at, Scale: 1}, pair)
		for i, v := range row {
			b.addProducts(v, pair, total[i])
		}
	}
	ADDQ(rowBytes, weights)
	ADDQ(U8(4), at)
	CMPQ(at, U32(2*64))
	JLT(LabelRef("pair"))
	for _, total := range totals {
		for i, v := range total {
			b.addScaledTotal(v, b.at(scales, i), b.at(sums, i))
		}
		ADDQ(sumStride, sums)
	}
	b.end()
}

// addScaledTotal adds a total of products times the scale to the sum in memory.
func (b backend) addScaledTotal(total reg.VecVirtual, scale, sum Mem) {
	VCVTDQ2PS(total, total)
	VMULPS(scale, total, total)
	VADDPS(sum, total, total)
	VMOVUPS(total, sum)
}

// addProducts adds to each 32-bit lane the products of two pairs of int16.
func (b backend) addProducts(weights Op, pair, sum reg.VecVirtual) {
	if b.bytes == 64 {
		Instruction(&ir.Instruction{ // avo does not know it
			Opcode:   "VPDPWSSD",
			Operands: []Op{weights, pair, sum},
			Inputs:   []Op{weights, pair, sum},
			Outputs:  []Op{sum},
		})
		return
	}
	products := b.vector()
	VPMADDWD(weights, pair, products)
	VPADDD(products, sum, sum)
}
