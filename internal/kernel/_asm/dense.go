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

// denseBackward is generated for any number of columns that fills registers and, where the sums of
// 128 columns fill no more than a quarter of the registers, also for 128.
func (b backend) denseBackward() {
	const signature = "func(dFeatures, dWeights *float32, live *uint32, dSums *float32, columnBytes, sumStride int, weights, features *float32, stride, texts int)"
	b.begin("denseBackward", "denseBackward", signature)
	b.denseBackwardTexts(func(dSums reg.Register) func(weights, dWeights reg.Register, feature reg.VecVirtual, parts []reg.VecVirtual) {
		columnBytes := parameter("columnBytes")
		return func(weights, dWeights reg.Register, feature reg.VecVirtual, parts []reg.VecVirtual) {
			column := GP64()
			XORQ(column, column)
			Label("column")
			for i, part := range parts {
				here := func(row reg.Register) Mem { return Mem{Base: row, Index: column, Scale: 1, Disp: i * b.bytes} }
				dSum := b.vector()
				VMOVUPS(here(dSums), dSum)
				b.backwardColumns(here(weights), here(dWeights), dSum, feature, part)
			}
			ADDQ(U8(uint8(len(parts)*b.bytes)), column)
			CMPQ(column, columnBytes)
			JLT(LabelRef("column"))
		}
	})
	if b.registers < 4*wide {
		return
	}
	b.beginLanes("denseBackward", "denseBackward", wide, signature)
	b.denseBackwardTexts(func(dSums reg.Register) func(weights, dWeights reg.Register, feature reg.VecVirtual, parts []reg.VecVirtual) {
		sums := b.vectors(wide)
		for i, sum := range sums {
			VMOVUPS(b.at(dSums, i), sum)
		}
		return func(weights, dWeights reg.Register, feature reg.VecVirtual, parts []reg.VecVirtual) {
			for i, sum := range sums {
				b.backwardColumns(b.at(weights, i), b.at(dWeights, i), sum, feature, parts[i%len(parts)])
			}
		}
	})
}

// backwardColumns emits the way back for a register's worth of columns.
func (b backend) backwardColumns(weights, dWeights Mem, dSum, feature, part reg.VecVirtual) {
	product := b.vector()
	VMULPS(weights, dSum, product)
	VADDPS(product, part, part)
	change := b.vector()
	VMULPS(dSum, feature, change)
	VADDPS(dWeights, change, change)
	VMOVUPS(change, dWeights)
}

// denseBackwardTexts emits the loops over texts and live features. beginText emits what is done
// once with a text's dSums, and returns the function that emits the way back for one feature.
func (b backend) denseBackwardTexts(beginText func(dSums reg.Register) func(weights, dWeights reg.Register, feature reg.VecVirtual, parts []reg.VecVirtual)) {
	const parts = 16 // of a product
	dFeatures, dWeights, masks, dSums := parameter("dFeatures"), parameter("dWeights"), parameter("live"), parameter("dSums")
	weights, features, texts := parameter("weights"), parameter("features"), parameter("texts")
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
	addColumns := beginText(dSums)
	Label("feature")
	at, row := GP64(), GP64()
	TZCNTL(live, at.As32())
	Load(Param("columnBytes"), row)
	IMULQ(at, row)
	feature := b.vector()
	VBROADCASTSS(Mem{Base: features, Index: at, Scale: 4}, feature)
	weightsRow, dWeightsRow := GP64(), GP64()
	LEAQ(Mem{Base: weights, Index: row, Scale: 1}, weightsRow)
	LEAQ(Mem{Base: dWeights, Index: row, Scale: 1}, dWeightsRow)
	sums := b.vectors(4 * parts / b.bytes)
	for _, sum := range sums {
		b.zero(sum)
	}
	addColumns(weightsRow, dWeightsRow, feature, sums)
	VMOVSS(b.halves(sums), Mem{Base: dFeatures, Index: at, Scale: 4})
	BLSRL(live, live)
	TESTL(live, live)
	JNZ(LabelRef("feature"))
	Label("last")
	next := GP64()
	Load(Param("sumStride"), next)
	ADDQ(next, dSums)
	Load(Param("stride"), next)
	ADDQ(next, features)
	ADDQ(next, dFeatures)
	DECQ(texts)
	JNZ(LabelRef("text"))
	b.end()
}

// halves emits the sum of 16 parts, adding the second half to the first until one is left.
func (b backend) halves(parts []reg.VecVirtual) reg.Register {
	low := parts[0].AsY()
	if b.bytes == 64 {
		high := YMM()
		VEXTRACTF64X4(U8(1), parts[0], high)
		VADDPS(high, low, low)
	} else {
		VADDPS(parts[1], low, low)
	}
	four, other := parts[0].AsX(), XMM()
	VEXTRACTF128(U8(1), low, other)
	VADDPS(other, four, four)
	VMOVHLPS(four, four, other)
	VADDPS(other, four, four)
	VMOVSHDUP(four, other)
	VADDPS(other, four, four)
	return four
}

func (b backend) addScaledRows() {
	for _, count := range []int{wide, 2, 1} {
		b.beginLanes("addScaledRows", "addScaledRows", count, "func(sum, rows *float32, rowBytes int, indices *int32, scales *float32, count int)")
		sum, rows, rowBytes := parameter("sum"), parameter("rows"), parameter("rowBytes")
		indices, scales, left := parameter("indices"), parameter("scales"), parameter("count")
		sums, scale, product := b.vectors(count), b.vector(), b.vector()
		row := GP64()
		for i := range sums {
			VMOVUPS(b.at(sum, i), sums[i])
		}
		Label("next")
		DECQ(left)
		JL(LabelRef("done"))
		MOVLQSX(Mem{Base: indices}, row)
		IMULQ(rowBytes, row)
		ADDQ(rows, row)
		VBROADCASTSS(Mem{Base: scales}, scale)
		for i := range sums {
			VMULPS(b.at(row, i), scale, product)
			VADDPS(product, sums[i], sums[i])
		}
		ADDQ(U8(4), indices)
		ADDQ(U8(4), scales)
		JMP(LabelRef("next"))
		Label("done")
		for i := range sums {
			VMOVUPS(sums[i], b.at(sum, i))
		}
		b.end()
	}
}
