package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wide is how many registers the wide form of a routine fills with sums; the narrow form fills one.
const wide = 8

// beginLanes starts a routine that works on count registers of 32-bit sums.
func (b backend) beginLanes(name, is string, count int, signature string) {
	lanes := count * b.bytes / 4
	b.begin(fmt.Sprintf("%s%dx", name, lanes), fmt.Sprintf("%s, for %d entries of a row", is, lanes), signature)
}

func (b backend) dense() {
	for _, count := range []int{wide, 1} {
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

func (b backend) dense16() {
	for _, count := range []int{wide, 1} {
		b.beginLanes("dense16_", "dense16", count, "func(sums *float32, sumStride int, weights *int16, rowBytes int, scales *float32, features *int16, stride int, texts int)")
		scales := parameter("scales")
		d := b.newDense(count)
		d.integer = true
		d.generate(func(i int, sum reg.VecVirtual) { b.zero(sum) },
			func(at reg.Register) reg.VecVirtual {
				pair := b.vector()
				VPBROADCASTD(Mem{Base: d.features, Index: at, Scale: 4}, pair)
				return pair
			},
			func(row reg.Register, i int, pair, sum reg.VecVirtual) {
				if b.bytes == 64 {
					addProducts(b.at(row, i), pair, sum)
					return
				}
				products := b.vector()
				VPMADDWD(b.at(row, i), pair, products)
				VPADDD(products, sum, sum)
			},
			func(i int, sum reg.VecVirtual) {
				VCVTDQ2PS(sum, sum)
				VMULPS(b.at(scales, i), sum, sum)
				VADDPS(b.at(d.sums, i), sum, sum)
				VMOVUPS(sum, b.at(d.sums, i))
			})
	}
}

// addProducts emits VPDPWSSD, which avo does not know: to each 32-bit lane it adds the products of
// two pairs of int16.
func addProducts(weights Mem, pair, sum reg.VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VPDPWSSD",
		Operands: []Op{weights, pair, sum},
		Inputs:   []Op{weights, pair, sum},
		Outputs:  []Op{sum},
	})
}

// A dense product runs over the features of a block, text by text, and skips those that are 0.
type denseProduct struct {
	backend
	count                              int
	integer                            bool // pairs of int16 instead of float32
	sums, sumStride, weights, rowBytes reg.Register
	features, stride, texts            reg.Register
}

func (b backend) newDense(count int) *denseProduct {
	return &denseProduct{backend: b, count: count,
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

const notEqual = 4 // NEQ_UQ

// live returns a bit for each of the text's 32 features, or pairs of features, that are not 0.
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
			if d.integer {
				pair := d.vector()
				VMOVDQU32(features, pair)
				VPTESTMD(pair, pair, mask)
			} else {
				VCMPPS(U8(notEqual), features, zero, mask)
			}
			KMOVW(mask, part)
		} else {
			isLive := d.vector()
			if d.integer {
				VPCMPGTD(zero, d.load(features), isLive) // no feature is below 0
			} else {
				VCMPPS(U8(notEqual), zero, d.load(features), isLive)
			}
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

func (b backend) addScaledRows() {
	for _, count := range []int{wide, 1} {
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
