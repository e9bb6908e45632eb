package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	maxWidth  = 8
	rowBytes  = 128 // of a block's lanes, 32 float32
	rowBytes8 = 64  // of 64 int8
)

// A convolution generates one of the convolutions, with its own loop for each width. For each
// tap the loop holds the sum of the window that has the last symbol at that tap, so that a step
// adds one row to each window and completes the oldest.
type convolution struct {
	backend
	isInt8    bool // instead of float32
	positions bool // also the positions of the maxima
}

// rowBytes is the length of a row of the table.
func (c convolution) rowBytes() int {
	if c.isInt8 {
		return rowBytes8
	}
	return rowBytes
}

// A window is the state of the loop.
type window struct {
	convolution
	width                    int
	sums                     [][]reg.VecVirtual // [width-1][registers]
	largest                  []reg.VecVirtual
	where                    []reg.VecVirtual
	temporary                []reg.VecVirtual
	position                 reg.GPVirtual // of the window that the next symbol completes
	table                    reg.Register
	startPadding, endPadding reg.Register // their rows
}

// count is the number of registers that hold a part of a row in the loop for one width.
func (c convolution) count(width int) int {
	for count := min(2, c.rowBytes()/c.bytes); count > 1; count-- {
		needed := (width-1)*count + 2*count // sums, maxima, temporary
		if c.positions {
			needed += count + 1
		}
		if needed <= c.registers {
			return count
		}
	}
	return 1
}

func (b backend) convolveMax() {
	b.begin("convolveMax", "convolveMax", "func(features *float32, stride int, table, bias *float32, "+textsParameters)
	convolution{backend: b}.generate()
}

func (b backend) convolveArgMax() {
	b.begin("convolveArgMax", "convolveArgMax", "func(features *float32, positions *int32, stride int, table, bias *float32, "+textsParameters)
	convolution{backend: b, positions: true}.generate()
}

func (b backend) convolveMax8() {
	b.begin("convolveMax8", "convolveMax8", "func(features *uint8, stride int, table *int8, "+textsParameters)
	convolution{backend: b, isInt8: true}.generate()
}

const textsParameters = "width, start, end int, symbols *uint8, ends *int32, texts int)"

func (c convolution) generate() { eachWidth(c.generateWidth) }

// eachWidth emits the code for each width, and before it the jumps there. The code for width 3
// starts with the label width3.
func eachWidth(generate func(width int)) {
	for width := 1; width <= maxWidth; width++ {
		CMPQ(parameter("width"), Imm(uint64(width)))
		JEQ(LabelRef(fmt.Sprintf("width%d", width)))
	}
	RET()
	for width := 1; width <= maxWidth; width++ {
		generate(width)
	}
}

func (c convolution) generateWidth(width int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, width) }
	count := c.count(width)
	w := c.newWindow(width, count)

	// One part of the rows for all texts, then the next part.
	Label(label("width"))
	part := GP64()
	XORQ(part, part)
	Label(label("part"))
	features, stride := parameter("features"), parameter("stride")
	ADDQ(part, features)
	var positions reg.Register
	if c.positions {
		w.where, w.position = c.vectors(count), GP32()
		positions = parameter("positions")
		ADDQ(part, positions)
	}
	w.table = parameter("table")
	ADDQ(part, w.table)
	var bias reg.Register
	if !c.isInt8 {
		bias = parameter("bias")
		ADDQ(part, bias)
	}
	w.startPadding, w.endPadding = w.padding("start"), w.padding("end")
	symbols, ends := parameter("symbols"), parameter("ends")
	texts := parameter("texts")
	symbol := GP64()
	MOVQ(symbols, symbol)

	Label(label("text"))
	behind := GP64()
	MOVLQSX(Mem{Base: ends}, behind)
	ADDQ(symbols, behind)
	w.text(symbol, behind)
	if !c.isInt8 {
		w.rectify(bias)
	}
	for i, v := range w.largest {
		VMOVUPS(v, c.at(features, i))
	}
	ADDQ(stride, features)
	if c.positions {
		for i, v := range w.where {
			VMOVUPS(v, c.at(positions, i))
		}
		ADDQ(stride, positions)
	}
	ADDQ(U8(4), ends)
	DECQ(texts)
	JNZ(LabelRef(label("text")))

	ADDQ(U8(uint8(count*c.bytes)), part)
	CMPQ(part, U32(uint32(c.rowBytes())))
	JLT(LabelRef(label("part")))
	c.end()
}

// newWindow returns the state of the loop that takes count registers of a row at once.
func (c convolution) newWindow(width, count int) window {
	w := window{convolution: c, width: width, largest: c.vectors(count), temporary: c.vectors(count)}
	for range width - 1 {
		w.sums = append(w.sums, c.vectors(count))
	}
	return w
}

// padding returns where the rows of a parameter's symbol are.
func (w window) padding(name string) reg.Register {
	rows := parameter(name)
	IMUL3Q(U32(uint32(w.width*w.rowBytes())), rows, rows)
	ADDQ(w.table, rows)
	return rows
}

// text convolves one text between its padding.
func (w window) text(symbol, behind reg.Register) {
	loop, last := fmt.Sprint("symbol", w.width), fmt.Sprint("last", w.width)
	w.begin()
	CMPQ(symbol, behind)
	JGE(LabelRef(last))
	Label(loop)
	w.step(symbol)
	CMPQ(symbol, behind)
	JLT(LabelRef(loop))
	Label(last)
	w.finish()
}

// step adds the next symbol's rows to the windows.
func (w window) step(symbol reg.Register) {
	row := GP64()
	MOVBQZX(Mem{Base: symbol}, row)
	IMUL3Q(U32(uint32(w.width*w.rowBytes())), row, row)
	ADDQ(w.table, row)
	INCQ(symbol)
	w.complete(row)
	w.shift(row, 0)
}

// tap is the i-th register's worth of a tap's row.
func (w window) tap(rows reg.Register, tap, i int) Mem {
	return Mem{Base: rows, Disp: tap*w.rowBytes() + i*w.bytes}
}

func (w window) add(row Op, sum, to reg.VecVirtual) {
	if w.isInt8 {
		VPADDSB(row, sum, to)
	} else {
		VADDPS(row, sum, to)
	}
}

// begin puts the padding before the text into the windows.
func (w window) begin() {
	for i, v := range w.largest {
		if w.isInt8 {
			w.zero(v) // no maximum below 0: the ReLU
		} else if i == 0 {
			const minusInfinity = 0xff800000
			bits := GP32()
			MOVL(U32(minusInfinity), bits)
			w.broadcast(bits, v)
		} else {
			VMOVAPS(w.largest[0], v)
		}
	}
	if w.positions {
		MOVL(I32(int32(1-w.width)), w.position)
		for i, v := range w.where {
			if i == 0 {
				w.broadcast(w.position, v)
			} else {
				VMOVAPS(w.where[0], v)
			}
		}
	}
	if w.width > 1 {
		for i, v := range w.sums[0] {
			VMOVUPS(w.tap(w.startPadding, 0, i), v)
		}
	}
	for tap := 1; tap < w.width-1; tap++ {
		for i, v := range w.sums[tap] {
			w.add(w.tap(w.startPadding, tap, i), w.sums[tap-1][i], v)
		}
	}
}

// complete adds the last tap's row to the oldest window and pools its sum.
func (w window) complete(rows reg.Register) {
	sums := w.temporary
	for i, sum := range sums {
		if w.width > 1 {
			w.add(w.tap(rows, w.width-1, i), w.sums[w.width-2][i], sum)
		} else {
			VMOVUPS(w.tap(rows, 0, i), sum)
		}
	}
	w.pool(sums)
}

func (w window) pool(sums []reg.VecVirtual) {
	here := reg.VecVirtual(nil)
	if w.positions {
		here = w.vector()
		w.broadcast(w.position, here)
		INCL(w.position)
	}
	for i, sum := range sums {
		largest := w.largest[i]
		switch {
		case w.isInt8:
			VPMAXSB(sum, largest, largest)
		case !w.positions:
			// if sum > largest { largest = sum }: of two equal values the instruction takes its
			// last source, which this notation puts first.
			VMAXPS(largest, sum, largest)
		case w.bytes == 64:
			isLarger := K()
			VCMPPS(U8(greater), largest, sum, isLarger)
			VMAXPS(largest, sum, largest)
			VMOVDQA32(here, isLarger, w.where[i])
		default:
			isLarger := w.vector()
			VCMPPS(U8(greater), largest, sum, isLarger)
			VMAXPS(largest, sum, largest)
			VBLENDVPS(isLarger, here, w.where[i], w.where[i])
		}
	}
}

const greater = 0x1e // GT_OQ

// shift moves all windows on by one tap, the last one first.
func (w window) shift(rows reg.Register, first int) {
	for tap := w.width - 2; tap >= first; tap-- {
		for i, sum := range w.sums[tap] {
			if tap == 0 {
				VMOVUPS(w.tap(rows, 0, i), sum)
			} else {
				w.add(w.tap(rows, tap, i), w.sums[tap-1][i], sum)
			}
		}
	}
}

// finish completes the windows with the padding after the text, one symbol after the other: the
// order of additions matters.
func (w window) finish() {
	for symbol := 1; symbol < w.width; symbol++ {
		w.complete(w.endPadding)
		w.shift(w.endPadding, symbol)
	}
}

// rectify adds the bias to the maxima and raises them to 0.
func (w window) rectify(bias reg.Register) {
	zero := w.temporary[0]
	w.zero(zero)
	for i, largest := range w.largest {
		VADDPS(w.at(bias, i), largest, largest)
		VMAXPS(zero, largest, largest) // of two zeros, this one
	}
}
