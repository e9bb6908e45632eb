// Command asm generates the assembly of package kernel for amd64: for processors with AVX-512 and for
// those with AVX2. Each routine is one of the loops in kernel.go on several filters at once. Nothing
// is reordered and no multiplication is fused with an addition, so the results are the same.
//
// go generate ./internal/kernel calls it.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A backend is a kind of vector register.
type backend struct {
	name   string
	bytes  int // of a register
	vector func() reg.VecVirtual
}

// wide is how many registers the wide form of a routine fills with sums; the narrow form fills one.
const wide = 4

func main() {
	ConstraintExpr("amd64,!purego")
	for _, b := range []backend{
		{"AVX512", 64, func() reg.VecVirtual { return ZMM() }},
		{"AVX2", 32, func() reg.VecVirtual { return YMM() }},
	} {
		for _, count := range []int{wide, 1} {
			b.convolveMax(count)
			b.convolveArgMax(count)
		}
		for _, count := range []int{2 * wide, 1} {
			b.addScaledRows(count)
		}
		b.dot()
	}
	Generate()
}

func (b backend) vectors(n int) []reg.VecVirtual {
	vectors := make([]reg.VecVirtual, n)
	for i := range vectors {
		vectors[i] = b.vector()
	}
	return vectors
}

// begin starts a routine that works on count registers of float32.
func (b backend) begin(name, comment string, count int, signature string) {
	lanes := count * b.bytes / 4
	name = fmt.Sprintf("%s%dx%s", name, lanes, b.name)
	TEXT(name, NOSPLIT, signature)
	Doc(fmt.Sprintf("%s %s, for %d entries of a row.", name, comment, lanes))
	Pragma("noescape")
}

func (b backend) end() {
	VZEROUPPER()
	RET()
}

func parameter(name string) reg.Register { return Load(Param(name), GP64()) }

// A text is what both convolutions run over: its windows, one after the other.
type text struct {
	b                         backend
	table, rowBytes, tapBytes reg.Register
	width, symbols, windows   reg.Register
	sums                      []reg.VecVirtual
}

const convolution = "table *float32, rowBytes, tapBytes, width int, symbols *uint8, windows int)"

func (b backend) newText(count int) text {
	return text{
		b:     b,
		table: parameter("table"), rowBytes: parameter("rowBytes"), tapBytes: parameter("tapBytes"),
		width: parameter("width"), symbols: parameter("symbols"), windows: parameter("windows"),
		sums: b.vectors(count),
	}
}

// sumWindow generates the sum of one table row for each tap, in their order, and moves on to the
// next window.
func (t text) sumWindow(label string) {
	tap, at, row := GP64(), GP64(), GP64()
	MOVQ(t.table, tap)
	XORQ(at, at)
	locate := func() {
		MOVBQZX(Mem{Base: t.symbols, Index: at, Scale: 1}, row)
		IMULQ(t.rowBytes, row)
		ADDQ(tap, row)
	}
	locate()
	for i, sum := range t.sums {
		VMOVUPS(Mem{Base: row, Disp: i * t.b.bytes}, sum)
	}
	INCQ(at)
	Label(label + "Tap")
	CMPQ(at, t.width)
	JGE(LabelRef(label + "Summed"))
	ADDQ(t.tapBytes, tap)
	locate()
	for i, sum := range t.sums {
		VADDPS(Mem{Base: row, Disp: i * t.b.bytes}, sum, sum)
	}
	INCQ(at)
	JMP(LabelRef(label + "Tap"))
	Label(label + "Summed")
	INCQ(t.symbols)
}

func (b backend) convolveMax(count int) {
	b.begin("convolveMax", "is ConvolveMax", count, "func(maxima, "+convolution)
	maxima := parameter("maxima")
	t := b.newText(count)
	largest := b.vectors(count)

	t.sumWindow("first")
	for i, sum := range t.sums {
		VMOVAPS(sum, largest[i])
	}
	Label("next")
	DECQ(t.windows)
	JLE(LabelRef("done"))
	t.sumWindow("later")
	for i, sum := range t.sums {
		// if sum > largest { largest = sum }: of two equal values the instruction takes its last
		// source, which in this notation stands first.
		VMAXPS(largest[i], sum, largest[i])
	}
	JMP(LabelRef("next"))
	Label("done")
	for i := range largest {
		VMOVUPS(largest[i], Mem{Base: maxima, Disp: i * b.bytes})
	}
	b.end()
}

func (b backend) convolveArgMax(count int) {
	b.begin("convolveArgMax", "is ConvolveArgMax", count, "func(maxima *float32, positions *int32, "+convolution)
	maxima, positions := parameter("maxima"), parameter("positions")
	t := b.newText(count)
	largest, where := b.vectors(count), b.vectors(count)
	position, here := GP32(), b.vector()

	t.sumWindow("first")
	for i, sum := range t.sums {
		VMOVAPS(sum, largest[i])
		VPXOR := func(v reg.VecVirtual) {
			if b.bytes == 64 {
				VPXORD(v, v, v)
			} else {
				VXORPS(v, v, v)
			}
		}
		VPXOR(where[i])
	}
	XORL(position, position)
	Label("next")
	DECQ(t.windows)
	JLE(LabelRef("done"))
	INCL(position)
	if b.bytes == 64 {
		VPBROADCASTD(position, here)
	} else {
		low := XMM()
		VMOVD(position, low)
		VPBROADCASTD(low, here)
	}
	t.sumWindow("later")
	const greater = 0x1e // GT_OQ
	for i, sum := range t.sums {
		if b.bytes == 64 {
			isLarger := K()
			VCMPPS(U8(greater), largest[i], sum, isLarger)
			VMOVAPS(sum, isLarger, largest[i])
			VMOVDQA32(here, isLarger, where[i])
		} else {
			isLarger := b.vector()
			VCMPPS(U8(greater), largest[i], sum, isLarger)
			VBLENDVPS(isLarger, sum, largest[i], largest[i])
			VBLENDVPS(isLarger, here, where[i], where[i])
		}
	}
	JMP(LabelRef("next"))
	Label("done")
	for i := range largest {
		VMOVUPS(largest[i], Mem{Base: maxima, Disp: i * b.bytes})
		VMOVUPS(where[i], Mem{Base: positions, Disp: i * b.bytes})
	}
	b.end()
}

func (b backend) addScaledRows(count int) {
	b.begin("addScaledRows", "is AddScaledRows", count, "func(sum, rows *float32, rowBytes int, indices *int32, scales *float32, count int)")
	sum, rows, rowBytes := parameter("sum"), parameter("rows"), parameter("rowBytes")
	indices, scales, left := parameter("indices"), parameter("scales"), parameter("count")
	sums, scale, product := b.vectors(count), b.vector(), b.vector()
	row := GP64()
	for i := range sums {
		VMOVUPS(Mem{Base: sum, Disp: i * b.bytes}, sums[i])
	}
	Label("next")
	DECQ(left)
	JL(LabelRef("done"))
	MOVLQSX(Mem{Base: indices}, row)
	IMULQ(rowBytes, row)
	ADDQ(rows, row)
	VBROADCASTSS(Mem{Base: scales}, scale)
	for i := range sums {
		VMULPS(Mem{Base: row, Disp: i * b.bytes}, scale, product)
		VADDPS(product, sums[i], sums[i])
	}
	ADDQ(U8(4), indices)
	ADDQ(U8(4), scales)
	JMP(LabelRef("next"))
	Label("done")
	for i := range sums {
		VMOVUPS(sums[i], Mem{Base: sum, Disp: i * b.bytes})
	}
	b.end()
}

// dotLanes is in how many interleaved parts Dot is summed.
const dotLanes = 16

func (b backend) dot() {
	TEXT("dot"+b.name, NOSPLIT, "func(sums, a, b *float32, count int)")
	Doc("dot" + b.name + " adds the products of a and b to the interleaved sums of Dot, for a count of whole turns.")
	Pragma("noescape")
	sumsPointer, left, right, turns := parameter("sums"), parameter("a"), parameter("b"), parameter("count")
	registers := dotLanes * 4 / b.bytes
	sums, product := b.vectors(registers), b.vector()
	for i := range sums {
		VMOVUPS(Mem{Base: sumsPointer, Disp: i * b.bytes}, sums[i])
	}
	Label("next")
	DECQ(turns)
	JL(LabelRef("done"))
	for i := range sums {
		VMOVUPS(Mem{Base: left, Disp: i * b.bytes}, product)
		VMULPS(Mem{Base: right, Disp: i * b.bytes}, product, product)
		VADDPS(product, sums[i], sums[i])
	}
	ADDQ(U8(dotLanes*4), left)
	ADDQ(U8(dotLanes*4), right)
	JMP(LabelRef("next"))
	Label("done")
	for i := range sums {
		VMOVUPS(sums[i], Mem{Base: sumsPointer, Disp: i * b.bytes})
	}
	b.end()
}
