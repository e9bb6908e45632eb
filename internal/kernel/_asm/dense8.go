package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dense8 takes one text after the other. It skips nothing: what that saves, it loses by jumps that
// are not predicted.
//
// Without VNNI a total is two int16, each of two features of every quad. Products of two features
// never saturate, as a feature has seven bits, and a total that overflows on the way comes back.
func (b backend) dense8() {
	b.beginLanes("dense8_", "dense8", wide, "func(sums *float32, sumStride int, weights *int8, rowBytes int, scales *float32, features *uint8, stride int, texts int)")
	sums, sumStride, weights, weightsRow := parameter("sums"), parameter("sumStride"), parameter("weights"), parameter("rowBytes")
	scales, features, stride, texts := parameter("scales"), parameter("features"), parameter("stride"), parameter("texts")
	ones := reg.VecVirtual(nil)
	if !b.hasVNNI() {
		ones = b.vector()
		b.ones(ones)
	}
	totals := b.vectors(wide)
	Label("text")
	for _, total := range totals {
		b.zero(total)
	}
	row, at := GP64(), GP64()
	MOVQ(weights, row)
	XORQ(at, at)
	Label("quad")
	quad := b.vector()
	VPBROADCASTD(Mem{Base: features, Index: at, Scale: 1}, quad)
	for i, total := range totals {
		b.addProducts8(b.at(row, i), quad, total)
	}
	ADDQ(weightsRow, row)
	ADDQ(U8(4), at)
	CMPQ(at, U32(rowBytes8))
	JLT(LabelRef("quad"))
	for i, total := range totals {
		b.addScaledTotal8(total, ones, b.at(scales, i), b.at(sums, i))
	}
	ADDQ(sumStride, sums)
	ADDQ(stride, features)
	DECQ(texts)
	JNZ(LabelRef("text"))
	b.end()
}

// hasVNNI tells whether the processor adds products of int8 to int32.
func (b backend) hasVNNI() bool { return b.bytes == 64 }

// ones sets every int16 to 1.
func (b backend) ones(to reg.VecVirtual) {
	bits := GP32()
	MOVL(U32(0x00010001), bits)
	b.broadcast(bits, to)
}

// denseTexts is the number of texts that dense8Texts takes at once, so that each weight loaded
// serves all of them.
const denseTexts = 4

func (b backend) dense8Texts() {
	count := b.registers / 8 // with 4 texts, half of all registers hold sums
	lanes := count * b.bytes / 4
	b.begin(fmt.Sprintf("dense8_%dx%dx", denseTexts, lanes), fmt.Sprintf("dense8, for %d texts and %d entries of a row", denseTexts, lanes),
		"func(sums *float32, sumStride int, weights *int8, rowBytes int, scales *float32, features *uint8, stride int)")
	sums, sumStride, weights, weightsRow := parameter("sums"), parameter("sumStride"), parameter("weights"), parameter("rowBytes")
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
	Label("quad")
	row := b.vectors(count)
	for i, v := range row {
		VMOVUPS(b.at(weights, i), v)
	}
	for text, total := range totals {
		quad := b.vector()
		VPBROADCASTD(Mem{Base: features[text], Index: at, Scale: 1}, quad)
		for i, v := range row {
			b.addProducts8(v, quad, total[i])
		}
	}
	ADDQ(weightsRow, weights)
	ADDQ(U8(4), at)
	CMPQ(at, U32(rowBytes8))
	JLT(LabelRef("quad"))
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
	scaled := b.vector()
	VCVTDQ2PS(total, scaled)
	VMULPS(scale, scaled, scaled)
	VADDPS(sum, scaled, scaled)
	VMOVUPS(scaled, sum)
}

// addScaledTotal8 is addScaledTotal for totals of addProducts8.
func (b backend) addScaledTotal8(total, ones reg.VecVirtual, scale, sum Mem) {
	if b.hasVNNI() {
		b.addScaledTotal(total, scale, sum)
		return
	}
	whole := b.vector()
	VPMADDWD(ones, total, whole)
	b.addScaledTotal(whole, scale, sum)
}

// addProducts8 adds to each total the products of four pairs of int8; a quad is features, which
// have seven bits.
func (b backend) addProducts8(weights Op, quad, total reg.VecVirtual) {
	if b.hasVNNI() {
		Instruction(&ir.Instruction{ // avo does not know it
			Opcode:   "VPDPBUSD",
			Operands: []Op{weights, quad, total},
			Inputs:   []Op{weights, quad, total},
			Outputs:  []Op{total},
		})
		return
	}
	products := b.vector()
	VPMADDUBSW(weights, quad, products)
	VPADDW(products, total, total)
}
