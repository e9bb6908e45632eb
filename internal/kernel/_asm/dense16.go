package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dense16 takes one text after the other and keeps its totals: where fewer pairs of features differ
// from those of the text before than from 0, it adds to them the products of the differences. Texts
// that are views of one another have most features in common.
func (b backend) dense16() {
	b.beginLanes("dense16_", "dense16", wide, "func(sums *float32, sumStride int, weights *int16, rowBytes int, scales *float32, features *int16, stride int, texts int)")
	sums, sumStride, weights, weightsRow := parameter("sums"), parameter("sumStride"), parameter("weights"), parameter("rowBytes")
	scales, features, stride, texts := parameter("scales"), parameter("features"), parameter("stride"), parameter("texts")
	differences, previous := AllocLocal(rowBytes), GP64()
	totals := b.vectors(wide)
	for _, total := range totals {
		b.zero(total)
	}
	for i := range rowBytes / b.bytes { // before the first text stands one without features
		VMOVUPS(totals[0], differences.Offset(i*b.bytes))
	}
	LEAQ(differences, previous)

	Label("text")
	keep := b.vector()
	pairs := b.chooseBase(features, previous, keep)
	for i := range rowBytes / b.bytes {
		base, difference := b.vector(), b.vector()
		b.and(b.at(previous, i), keep, base)
		VMOVUPS(b.at(features, i), difference)
		VPSUBW(base, difference, difference)
		VMOVUPS(difference, differences.Offset(i*b.bytes))
	}
	for _, total := range totals {
		b.and(total, keep, total)
	}
	TESTL(pairs, pairs)
	JZ(LabelRef("last"))
	Label("pair")
	at, row := GP64(), GP64()
	TZCNTL(pairs, at.As32())
	MOVQ(weightsRow, row)
	IMULQ(at, row)
	ADDQ(weights, row)
	pair := b.vector()
	VPBROADCASTD(differences.Idx(at, 4), pair)
	for i, total := range totals {
		b.addProducts(b.at(row, i), pair, total)
	}
	BLSRL(pairs, pairs)
	JNZ(LabelRef("pair"))
	Label("last")
	for i, total := range totals {
		b.addScaledTotal(total, b.at(scales, i), b.at(sums, i))
	}
	MOVQ(features, previous)
	ADDQ(sumStride, sums)
	ADDQ(stride, features)
	DECQ(texts)
	JNZ(LabelRef("text"))
	b.end()
}

// chooseBase returns a bit for each pair of features to be multiplied. It sets all bits of keep
// where these are the pairs that differ from those of the text before, and none where they are
// those other than 0.
func (b backend) chooseBase(features, previous reg.Register, keep reg.VecVirtual) (pairs reg.GPVirtual) {
	live, changed := GP32(), GP32()
	zero := b.vector()
	b.zero(zero)
	b.equalPairs(live, features, func(int) Op { return zero })
	b.equalPairs(changed, features, func(i int) Op { return b.at(previous, i) })
	NOTL(live)
	NOTL(changed)
	liveCount, changedCount, isKept := GP32(), GP32(), GP32()
	POPCNTL(live, liveCount)
	POPCNTL(changed, changedCount)
	CMPL(changedCount, liveCount)
	CMOVLCC(live, changed)
	SBBL(isKept, isKept)
	b.broadcast(isKept, keep)
	return changed
}

// equalPairs sets a bit for each pair of features that equals another's.
func (b backend) equalPairs(bits reg.GPVirtual, features reg.Register, other func(i int) Op) {
	lanes := b.bytes / 4
	for i := range rowBytes / b.bytes {
		pair, part := b.vector(), GP32()
		VMOVUPS(b.at(features, i), pair)
		if b.bytes == 64 {
			isEqual := K()
			VPCMPEQD(other(i), pair, isEqual)
			KMOVW(isEqual, part)
		} else {
			isEqual := b.vector()
			VPCMPEQD(other(i), pair, isEqual)
			VMOVMSKPS(isEqual, part)
		}
		if i == 0 {
			MOVL(part, bits)
			continue
		}
		SHLL(U8(uint8(i*lanes)), part)
		ORL(part, bits)
	}
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
	scaled := b.vector()
	VCVTDQ2PS(total, scaled)
	VMULPS(scale, scaled, scaled)
	VADDPS(sum, scaled, scaled)
	VMOVUPS(scaled, sum)
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
