package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A text alone waits for bytes: rows of the tables and weights come from the second-level cache.
// block8 reads the weights of features other than 0 alone, two rows at a time. Instructions do not
// bind it, so it serves processors with AVX-512, too.
//
// As in dense8, totals are int16, each of one half of the features, one half after the other.

const (
	blockColumns = 128
	blockRow     = blockColumns // bytes of a feature's weights
	firstHalf    = 0x3333333333333333
)

// block8 is generated for registers of 32 bytes.
func (b backend) block8() {
	b.begin("block8", "convolveMax8 of one text, and dense8 of its features with 128 columns; features has room for 64 and what follows can be read",
		"func(features *uint8, table *int8, width, start, end int, symbols *uint8, count int, sums *float32, rows *int8, scales *float32)")
	totals := AllocLocal(blockColumns / 16 * b.bytes)
	eachWidth(b.block8Width)
	Label("dense")
	features := parameter("features")
	live := b.live8(features)
	second := GP64()
	MOVQ(U64(firstHalf), second)
	first := GP64()
	MOVQ(live, first)
	ANDQ(second, first)
	ANDNQ(live, second, second)

	rows := parameter("rows")
	sums := b.vectors(blockColumns / 16)
	for half, mask := range []reg.GPVirtual{first, second} {
		for _, sum := range sums {
			b.zero(sum)
		}
		b.addPairs(fmt.Sprint("half", half), mask, features, rows, sums)
		if half == 0 {
			for i, sum := range sums {
				VMOVDQU(sum, totals.Offset(i*b.bytes))
			}
		}
	}
	b.addHalves(sums, totals, parameter("scales"), parameter("sums"))
	b.end()
}

// block8Width emits the convolution for one width.
func (b backend) block8Width(width int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, width) }
	c := convolution{backend: b, isInt8: true}
	count := c.count(width)
	w := c.newWindow(width, count)
	Label(label("width"))
	part := GP64()
	XORQ(part, part)
	Label(label("part"))
	features := parameter("features")
	ADDQ(part, features)
	w.table = parameter("table")
	ADDQ(part, w.table)
	w.startPadding, w.endPadding = w.padding("start"), w.padding("end")
	symbol, behind := parameter("symbols"), parameter("count")
	ADDQ(symbol, behind)
	w.text(symbol, behind)
	for i, v := range w.largest {
		VMOVDQU(v, c.at(features, i))
	}
	if count*b.bytes < rowBytes8 {
		ADDQ(U8(uint8(count*b.bytes)), part)
		CMPQ(part, U32(rowBytes8))
		JLT(LabelRef(label("part")))
	}
	JMP(LabelRef("dense"))
}

// live8 returns a bit for each of 64 features other than 0.
func (b backend) live8(features reg.Register) reg.GPVirtual {
	zero, live := b.vector(), GP64()
	b.zero(zero)
	for i := range rowBytes8 / b.bytes {
		isZero, part := b.vector(), live
		if i > 0 {
			part = GP64()
		}
		VPCMPEQB(b.at(features, i), zero, isZero)
		VPMOVMSKB(isZero, part.As32())
		if i > 0 {
			SHLQ(U8(uint8(i*b.bytes)), part)
			ORQ(part, live)
		}
	}
	NOTQ(live)
	return live
}

// addPairs adds the products of the features in the mask, two at a time. Behind the last of an odd
// number stands feature 64, whose row is of zeros.
func (b backend) addPairs(label string, mask, features, rows reg.Register, sums []reg.VecVirtual) {
	TESTQ(mask, mask)
	JZ(LabelRef(label + "done"))
	Label(label)
	one, other := GP64(), GP64()
	TZCNTQ(mask, one)
	BLSRQ(mask, mask)
	TZCNTQ(mask, other)
	BLSRQ(mask, mask)
	values, upper := GP64(), GP64()
	MOVBLZX(Mem{Base: features, Index: one, Scale: 1}, values.As32())
	MOVBLZX(Mem{Base: features, Index: other, Scale: 1}, upper.As32())
	SHLL(U8(8), upper.As32())
	ORL(upper.As32(), values.As32())
	pair := b.vector()
	VMOVD(values.As32(), pair.AsX())
	VPBROADCASTW(pair.AsX(), pair)
	SHLQ(U8(7), one) // blockRow bytes
	ADDQ(rows, one)
	SHLQ(U8(7), other)
	ADDQ(rows, other)
	for i := range blockRow / b.bytes {
		row, low, high := b.vector(), b.vector(), b.vector()
		VMOVDQU(b.at(one, i), row)
		VPUNPCKLBW(b.at(other, i), row, low)
		VPUNPCKHBW(b.at(other, i), row, high)
		VPMADDUBSW(low, pair, low)
		VPADDW(low, sums[2*i], sums[2*i])
		VPMADDUBSW(high, pair, high)
		VPADDW(high, sums[2*i+1], sums[2*i+1])
	}
	TESTQ(mask, mask)
	JNZ(LabelRef(label))
	Label(label + "done")
}

// addHalves adds the totals of both halves, times the scales, to the sums in memory.
func (b backend) addHalves(sums []reg.VecVirtual, totals Mem, scales, to reg.Register) {
	ones := b.vector()
	b.ones(ones)
	for i := 0; i < len(sums); i += 2 { // 32 columns
		// Unpacking has left the columns 0 to 7 and 16 to 23 in the first of two registers, and the
		// others in the second.
		for j, sum := range sums[i : i+2] {
			low, high := b.vector(), b.vector()
			VPUNPCKLWD(totals.Offset((i+j)*b.bytes), sum, low)
			VPUNPCKHWD(totals.Offset((i+j)*b.bytes), sum, high)
			VPMADDWD(ones, low, low)
			VPMADDWD(ones, high, high)
			for k, from := range []uint8{0x20, 0x31} {
				columns := b.vector()
				VPERM2I128(U8(from), high, low, columns)
				at := 2*i + 2*k + j
				b.addScaledTotal(columns, b.at(scales, at), b.at(to, at))
			}
		}
	}
}
