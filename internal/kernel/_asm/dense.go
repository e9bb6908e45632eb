package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wide is the number of registers that the wide form of a routine fills with sums; the narrow form
// fills one.
const wide = 8

// beginLanes starts a routine that works on count registers of 32-bit sums.
func (b backend) beginLanes(name, is string, count int, signature string) {
	lanes := count * b.bytes / 4
	b.begin(fmt.Sprintf("%s%dx", name, lanes), fmt.Sprintf("%s, for %d entries of a row", is, lanes), signature)
}

func (b backend) dense() {
	for _, count := range slices.Compact([]int{wide, 64 / b.bytes, 1}) {
		b.beginLanes("dense", "dense", count, "func(sums *float32, sumStride int, weights *float32, rowBytes int, features *float32, stride int, texts int)")
		d := b.newDense(count)
		d.generate(func(i int, sum reg.VecVirtual) { VMOVUPS(b.at(d.sums, i), sum) },
			func(at reg.Register) reg.VecVirtual {
				factor := b.vector()
				VBROADCASTSS(Mem{Base: d.features, Index: at, Scale: 4}, factor)
				return factor
			},
			func(row reg.Register, i int, factor, sum reg.VecVirtual) {
				product := b.vector()
				VMULPS(b.at(row, i), factor, product)
				VADDPS(product, sum, sum)
			},
			func(i int, sum reg.VecVirtual) { VMOVUPS(sum, b.at(d.sums, i)) })
	}
}

// A denseProduct runs over the features of a block, text by text, and skips those that are not
// live.
type denseProduct struct {
	backend
	count                              int
	isLive                             uint8
	sums, sumStride, weights, rowBytes reg.Register
	features, stride, texts            reg.Register
}

func (b backend) newDense(count int) *denseProduct {
	return &denseProduct{backend: b, count: count, isLive: less,
		sums: parameter("sums"), sumStride: parameter("sumStride"), weights: parameter("weights"), rowBytes: parameter("rowBytes"),
		features: parameter("features"), stride: parameter("stride"), texts: parameter("texts"),
	}
}

func (d *denseProduct) generate(load func(int, reg.VecVirtual), broadcast func(reg.Register) reg.VecVirtual,
	multiply func(reg.Register, int, reg.VecVirtual, reg.VecVirtual), store func(int, reg.VecVirtual)) {
	sums := d.vectors(d.count)
	Label("text")
	live := d.live()
	for i, sum := range sums {
		load(i, sum)
	}
	TESTL(live, live)
	JZ(LabelRef("last"))
	Label("feature")
	at, row := GP64(), GP64()
	TZCNTL(live, at.As32())
	MOVQ(d.rowBytes, row)
	IMULQ(at, row)
	ADDQ(d.weights, row)
	factor := broadcast(at)
	BLSRL(live, live)
	for i, sum := range sums {
		multiply(row, i, factor, sum)
	}
	TESTL(live, live)
	JNZ(LabelRef("feature"))
	Label("last")
	for i, sum := range sums {
		store(i, sum)
	}
	ADDQ(d.sumStride, d.sums)
	ADDQ(d.stride, d.features)
	DECQ(d.texts)
	JNZ(LabelRef("text"))
	d.end()
}

// How a feature that is not skipped compares with 0.
const (
	less     = 0x11 // LT_OQ, with 0 as the first of two
	notEqual = 4    // NEQ_UQ
)

// live returns a bit for each of the text's 32 features that is not skipped.
func (d *denseProduct) live() reg.GPVirtual {
	live := GP32()
	zero := d.vector()
	d.zero(zero)
	lanes := d.bytes / 4
	for i := 0; i*lanes < 32; i++ {
		features := d.at(d.features, i)
		part := live
		if i > 0 {
			part = GP32()
		}
		if d.bytes == 64 {
			mask := K()
			VCMPPS(U8(d.isLive), features, zero, mask)
			KMOVW(mask, part)
		} else {
			isLive := d.vector()
			VCMPPS(U8(d.isLive), d.load(features), zero, isLive)
			VMOVMSKPS(isLive, part)
		}
		if i > 0 {
			SHLL(U8(uint8(i*lanes)), part)
			ORL(part, live)
		}
	}
	return live
}

func (d *denseProduct) load(from Mem) reg.VecVirtual {
	v := d.vector()
	VMOVUPS(from, v)
	return v
}

// denseBackward is generated in two parts: the gradient by the features, text by text, and that by
// the weights, feature by feature, so that a row of weights stays in registers.
func (b backend) denseBackward() {
	b.denseBackwardFeatures()
	for count := wide; count*b.bytes >= 4*parts && count >= 2; count /= 2 {
		b.denseBackwardWeights(count)
	}
}

const parts = 16 // of an inner product

// denseBackwardFeatures takes four live features at once: they share what is loaded of a text's
// dSums. Where fewer are left, it takes the last one again.
func (b backend) denseBackwardFeatures() {
	const atOnce = 4
	b.begin("denseBackwardFeatures", "the part of denseBackward that sets gradient.Features and gradient.Live",
		"func(dFeatures *float32, live *uint32, dSums *float32, columnBytes, sumStride int, weights, features *float32, stride, texts int)")
	dFeatures, masks, dSums := parameter("dFeatures"), parameter("live"), parameter("dSums")
	weights, columnBytes, texts := inMemory("weights"), inMemory("columnBytes"), inMemory("texts") // for want of registers
	features := parameter("features")
	d := denseProduct{backend: b, features: features, isLive: notEqual}

	Label("text")
	live := d.live()
	MOVL(live, Mem{Base: masks})
	ADDQ(U8(4), masks)
	zero := b.vector()
	b.zero(zero)
	for i := 0; i*b.bytes < 4*32; i++ {
		VMOVUPS(zero, b.at(dFeatures, i))
	}
	TESTL(live, live)
	JZ(LabelRef("last"))
	Label("features")
	var at, rows [atOnce]reg.GPVirtual
	var sums [atOnce][]reg.VecVirtual
	for i := range at {
		at[i], rows[i] = GP64(), GP64()
		TZCNTL(live, at[i].As32())
		if i > 0 {
			CMOVQCS(at[i-1], at[i]) // none is left
		}
		BLSRL(live, live)
		MOVQ(columnBytes, rows[i])
		IMULQ(at[i], rows[i])
		ADDQ(weights, rows[i])
		sums[i] = b.vectors(4 * parts / b.bytes)
		for _, sum := range sums[i] {
			b.zero(sum)
		}
	}
	column := GP64()
	XORQ(column, column)
	Label("column")
	for i := range sums[0] {
		here := func(row reg.Register) Mem { return Mem{Base: row, Index: column, Scale: 1, Disp: i * b.bytes} }
		dSum := b.vector()
		VMOVUPS(here(dSums), dSum)
		for k, row := range rows {
			product := b.vector()
			VMULPS(here(row), dSum, product)
			VADDPS(product, sums[k][i], sums[k][i])
		}
	}
	ADDQ(U8(4*parts), column)
	CMPQ(column, columnBytes)
	JLT(LabelRef("column"))
	products := b.halves(sums)
	for i, at := range at {
		to := Mem{Base: dFeatures, Index: at, Scale: 4}
		if i == 0 {
			VMOVSS(products, to)
		} else {
			VEXTRACTPS(U8(uint8(i)), products, to)
		}
	}
	TESTL(live, live)
	JNZ(LabelRef("features"))
	Label("last")
	ADDQ(inMemory("sumStride"), dSums)
	next := parameter("stride")
	ADDQ(next, features)
	ADDQ(next, dFeatures)
	DECQ(texts)
	JNZ(LabelRef("text"))
	b.end()
}

// halves emits the sums of four times 16 parts, each by adding the second half to the first until
// one is left.
func (b backend) halves(parts [4][]reg.VecVirtual) reg.VecVirtual {
	var four [4]reg.VecVirtual
	for i, part := range parts {
		low, other := part[0].AsY(), YMM()
		if b.bytes == 64 {
			VEXTRACTF64X4(U8(1), part[0], other)
			VADDPS(other, low, low)
		} else {
			VADDPS(part[1], low, low)
		}
		four[i] = XMM()
		VEXTRACTF128(U8(1), low, four[i])
		VADDPS(part[0].AsX(), four[i], four[i])
	}
	const evens, odds = 0b10_00_10_00, 0b11_01_11_01
	var two [2]reg.VecVirtual
	for i := range two { // lanes 0, 1 and 2, 3 of two products
		one, other, high := four[2*i], four[2*i+1], XMM()
		two[i] = XMM()
		VMOVLHPS(other, one, two[i])
		VMOVHLPS(one, other, high)
		VADDPS(high, two[i], two[i])
	}
	sum, odd := XMM(), XMM()
	VSHUFPS(U8(evens), two[1], two[0], sum)
	VSHUFPS(U8(odds), two[1], two[0], odd)
	VADDPS(odd, sum, sum)
	return sum
}

// denseBackwardWeights is generated for count registers of columns and up to 32 texts.
func (b backend) denseBackwardWeights(count int) {
	b.beginLanes("denseBackwardWeights", "the part of denseBackward that adds to gradient.Weights; live has a bit for each text with the feature", count,
		"func(dWeights *float32, live *uint32, dSums *float32, columnBytes, sumStride int, features *float32, stride int)")
	dWeights, masks, dSums, columnBytes, sumStride := parameter("dWeights"), parameter("live"), parameter("dSums"), parameter("columnBytes"), parameter("sumStride")
	features, stride := parameter("features"), parameter("stride")
	left := GP64()
	MOVQ(U32(32), left)
	sums := b.vectors(count)

	Label("feature")
	live := GP32()
	MOVL(Mem{Base: masks}, live)
	TESTL(live, live)
	JZ(LabelRef("next"))
	for i, sum := range sums {
		VMOVUPS(b.at(dWeights, i), sum)
	}
	Label("text")
	at, row, feature := GP64(), GP64(), b.vector()
	TZCNTL(live, at.As32())
	MOVQ(at, row)
	IMULQ(sumStride, row)
	ADDQ(dSums, row)
	IMULQ(stride, at)
	VBROADCASTSS(Mem{Base: features, Index: at, Scale: 1}, feature)
	BLSRL(live, live)
	for i, sum := range sums {
		change := b.vector()
		VMULPS(b.at(row, i), feature, change)
		VADDPS(change, sum, sum)
	}
	TESTL(live, live)
	JNZ(LabelRef("text"))
	for i, sum := range sums {
		VMOVUPS(sum, b.at(dWeights, i))
	}
	Label("next")
	ADDQ(U8(4), masks)
	ADDQ(columnBytes, dWeights)
	ADDQ(U8(4), features)
	DECQ(left)
	JNZ(LabelRef("feature"))
	b.end()
}
