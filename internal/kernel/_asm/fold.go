package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// fold keeps the sums of a symbol's row, or of a part of it, in registers.
func (b backend) fold() {
	for _, count := range []int{128 / b.bytes, 256 / b.bytes, b.foldWidest()} {
		b.beginLanes("fold", "fold", count, "func(table *float32, columnBytes int, symbols *int32, count int, embedding *float32, stride int, weights *float32, size int)")
		table, columnBytes, symbols, left := parameter("table"), parameter("columnBytes"), parameter("symbols"), parameter("count")
		embedding, stride := parameter("embedding"), parameter("stride")
		sums, scale := b.vectors(count), b.vector()

		Label("symbol")
		row, entry, behind, weights := GP64(), GP64(), GP64(), GP64()
		MOVLQSX(Mem{Base: symbols}, row)
		MOVQ(row, entry)
		IMULQ(stride, entry)
		ADDQ(embedding, entry)
		Load(Param("size"), behind)
		LEAQ(Mem{Base: entry, Index: behind, Scale: 4}, behind)
		IMULQ(columnBytes, row)
		ADDQ(table, row)
		Load(Param("weights"), weights)
		for _, sum := range sums {
			b.zero(sum)
		}
		Label("entry")
		VBROADCASTSS(Mem{Base: entry}, scale)
		for i, sum := range sums {
			product := b.vector()
			VMULPS(b.at(weights, i), scale, product)
			VADDPS(product, sum, sum)
		}
		ADDQ(columnBytes, weights)
		ADDQ(U8(4), entry)
		CMPQ(entry, behind)
		JLT(LabelRef("entry"))
		for i, sum := range sums {
			VMOVUPS(sum, b.at(row, i))
		}
		ADDQ(U8(4), symbols)
		DECQ(left)
		JNZ(LabelRef("symbol"))
		b.end()
	}
}

// foldWidest is the largest number of sums: a row of four taps, or three where registers are few.
func (b backend) foldWidest() int {
	if b.registers == 32 {
		return 4 * rowBytes / b.bytes
	}
	return 3 * rowBytes / b.bytes
}
