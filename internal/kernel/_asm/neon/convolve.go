package main

import "fmt"

const (
	maxWidth  = 8
	rowBytes  = 128 // of a block's lanes, 32 float32
	rowBytes8 = 64  // of 64 int8
)

// A convolution generates one of the convolutions, with its own loop for each width. For each
// tap the loop holds the sum of the window that has the last symbol at that tap, so that a step
// adds one row to each window and completes the oldest.
type convolution struct {
	*routine
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
	sums                     [][]vector // [width-1][count]
	largest, where           []vector   // [count]
	loaded                   []vector   // used in turn
	isLarger, here           vector
	position                 general // of the window that the next symbol completes
	startPadding, endPadding general // their rows
}

// count is the number of vectors, always even, that hold a part of a row in the loop for one width.
func (c convolution) count(width int) int {
	for count := c.rowBytes() / vectorBytes; ; count /= 2 {
		needed := (width-1)*count + count + 2 // sums, features, a pair that is loaded
		if !c.isInt8 {
			needed++ // isLarger
		}
		if c.positions {
			needed += count + 1 // where, here
		}
		if needed <= vectorCount {
			return count
		}
	}
}

func (p *program) convolveMax() {
	r := p.begin("convolveMax", "convolveMax", "features *float32, stride int, table *float32, bias *float32, "+textsParameters)
	convolution{routine: r}.generate()
}

func (p *program) convolveArgMax() {
	r := p.begin("convolveArgMax", "convolveArgMax", "features *float32, positions *int32, stride int, table *float32, bias *float32, "+textsParameters)
	convolution{routine: r, positions: true}.generate()
}

func (p *program) convolveMax8() {
	r := p.begin("convolveMax8", "convolveMax8", "features *uint8, stride int, table *int8, "+textsParameters)
	convolution{routine: r, isInt8: true}.generate()
}

const textsParameters = "width int, start int, end int, symbols *uint8, ends *int32, texts int"

func (c convolution) generate() {
	width := c.parameter("width")
	for w := 1; w <= maxWidth; w++ {
		c.emit("CMP", immediate(w), width)
		c.emit("BEQ", fmt.Sprintf("width%d", w))
	}
	c.emit("RET")
	for w := 1; w <= maxWidth; w++ {
		c.freeAll()
		c.generateWidth(w)
	}
}

func (c convolution) generateWidth(width int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, width) }
	count := c.count(width)
	w := window{convolution: c, width: width, largest: c.take(count)}
	for range width - 1 {
		w.sums = append(w.sums, c.take(count))
	}
	if !c.isInt8 {
		w.isLarger = c.vector()
	}
	if c.positions {
		w.where, w.here = c.take(count), c.vector()
	}
	w.loaded = c.take(len(c.vectors) / 2 * 2)

	// One part of the rows for all texts, then the next part.
	c.label(label("width"))
	part, rowsOfSymbol := c.general(), c.general()
	c.emit("MOVD", "ZR", part)
	c.emit("MOVD", immediate(width*c.rowBytes()), rowsOfSymbol)
	c.label(label("part"))
	partOf := func(parameter string) general {
		pointer := c.parameter(parameter)
		c.emit("ADD", part, pointer)
		return pointer
	}
	features, stride, table := partOf("features"), c.parameter("stride"), partOf("table")
	var bias, positions general
	if !c.isInt8 {
		bias = partOf("bias")
	}
	if c.positions {
		positions, w.position = partOf("positions"), c.general()
	}
	w.startPadding, w.endPadding = c.parameter("start"), c.parameter("end")
	for _, padding := range []general{w.startPadding, w.endPadding} {
		c.emit("MADD", rowsOfSymbol, table, padding, padding)
	}
	symbols, ends, texts := c.parameter("symbols"), c.parameter("ends"), c.parameter("texts")
	symbol, behind, last := c.general(), c.general(), c.general()
	rows, next := c.general(), c.general()
	c.emit("MOVD", symbols, symbol)

	c.label(label("text"))
	c.emit("MOVW.P", memory(ends, 4), behind)
	c.emit("ADD", symbols, behind)
	w.begin()
	c.emit("CMP", behind, symbol)
	c.emit("BHS", label("last"))
	c.emit("SUB", immediate(1), behind, last)
	c.emit("MOVBU", memory(symbol, 0), rows)
	c.emit("MADD", rowsOfSymbol, table, rows, rows)
	// The address of the next rows, or of the last ones again, comes before the loads of these.
	// After them it would wait for a turn to load, and the next loads for it.
	c.label(label("symbol"))
	c.emit("CMP", last, symbol)
	c.emit("CSINC", "EQ", symbol, symbol, symbol)
	c.emit("MOVBU", memory(symbol, 0), next)
	c.emit("MADD", rowsOfSymbol, table, next, next)
	w.complete(rows)
	w.shift(rows)
	c.emit("MOVD", next, rows)
	c.emit("BNE", label("symbol")) // nothing since the comparison sets flags
	c.label(label("last"))
	c.emit("MOVD", behind, symbol)
	w.finish()
	if !c.isInt8 {
		w.rectify(bias)
	}
	c.store(w.largest, features)
	c.emit("ADD", stride, features)
	if c.positions {
		c.store(w.where, positions)
		c.emit("ADD", stride, positions)
	}
	c.emit("SUB", immediate(1), texts)
	c.emit("CBNZ", texts, label("text"))

	c.emit("ADD", immediate(count*vectorBytes), part)
	c.emit("CMP", immediate(c.rowBytes()), part)
	c.emit("BLO", label("part"))
	c.emit("RET")
}

// loadTap loads the i-th vector of a tap's row and the next one.
func (w *window) loadTap(rows general, tap, i int, first, second vector) {
	w.loadPair(rows, tap*w.rowBytes()/vectorBytes+i, first, second)
}

// loadNext is loadTap into the next two vectors of loaded.
func (w *window) loadNext(rows general, tap, i int) (first, second vector) {
	first, second = w.loaded[0], w.loaded[1]
	w.loaded = append(w.loaded[2:], first, second)
	w.loadTap(rows, tap, i, first, second)
	return first, second
}

func (w *window) add(to, sum, row vector) {
	if w.isInt8 {
		w.sqadd(to, sum, row)
	} else {
		w.fadd(to, sum, row)
	}
}

// begin puts the padding before the text into the windows.
func (w *window) begin() {
	value := w.general()
	if !w.isInt8 {
		const minusInfinity = "$0xff800000"
		w.emit("MOVD", minusInfinity, value)
	}
	for _, v := range w.largest {
		if w.isInt8 {
			w.zero(v) // no maximum below 0: the ReLU
		} else {
			w.broadcast(value, v)
		}
	}
	if w.positions {
		w.emit("MOVD", immediate(1-w.width), w.position)
		for _, v := range w.where {
			w.broadcast(w.position, v)
		}
	}
	for tap := range w.width - 1 {
		w.shiftTo(w.startPadding, tap)
	}
}

// complete adds the last tap's row to the oldest window and pools its sum.
func (w *window) complete(rows general) {
	w.nextPosition()
	for i := 0; i < len(w.largest); i += 2 {
		first, second := w.loadNext(rows, w.width-1, i)
		if w.width > 1 {
			oldest := w.sums[w.width-2]
			w.add(first, oldest[i], first)
			w.add(second, oldest[i+1], second)
		}
		w.pool(i, first)
		w.pool(i+1, second)
	}
}

// nextPosition sets here to the position of the window that is pooled next.
func (w *window) nextPosition() {
	if w.positions {
		w.broadcast(w.position, w.here)
		w.emit("ADD", immediate(1), w.position)
	}
}

// pool is: if sum > largest { largest, where = sum, here }. FMAX is not: docs/decisions/kernels.md.
func (w *window) pool(i int, sum vector) {
	largest := w.largest[i]
	if w.isInt8 {
		w.smax(largest, largest, sum)
		return
	}
	w.fcmgt(w.isLarger, sum, largest)
	w.emit("VBIT", w.isLarger.b16(), sum.b16(), largest.b16())
	if w.positions {
		w.emit("VBIT", w.isLarger.b16(), w.here.b16(), w.where[i].b16())
	}
}

// shift moves all windows on by one tap, the last one first.
func (w *window) shift(rows general) {
	for tap := w.width - 2; tap >= 0; tap-- {
		w.shiftTo(rows, tap)
	}
}

// finish completes the windows that reach beyond the text, the oldest first. Its padding is one
// symbol, so each row, loaded once, serves all windows that have a tap for it.
func (w *window) finish() {
	for tap := 1; tap < w.width; tap++ {
		for i := 0; i < len(w.largest); i += 2 {
			row, next := w.loadNext(w.endPadding, tap, i)
			for _, sums := range w.sums[:tap] {
				w.add(sums[i], sums[i], row)
				w.add(sums[i+1], sums[i+1], next)
			}
		}
	}
	for tap := w.width - 2; tap >= 0; tap-- {
		w.nextPosition()
		for i, sum := range w.sums[tap] {
			w.pool(i, sum)
		}
	}
}

// shiftTo computes the sums of the windows that reach a tap from the sums one tap before.
func (w *window) shiftTo(rows general, tap int) {
	sums := w.sums[tap]
	for i := 0; i < len(sums); i += 2 {
		if tap == 0 {
			w.loadTap(rows, 0, i, sums[i], sums[i+1])
			continue
		}
		before := w.sums[tap-1]
		row, next := w.loadNext(rows, tap, i)
		w.add(sums[i], before[i], row)
		w.add(sums[i+1], before[i+1], next)
	}
}

// rectify adds the bias to the features and sets to 0 what is then not above 0.
func (w *window) rectify(bias general) {
	for i := 0; i < len(w.largest); i += 2 {
		first, second := w.loadNext(bias, 0, i)
		w.fadd(w.largest[i], w.largest[i], first)
		w.fadd(w.largest[i+1], w.largest[i+1], second)
	}
	for _, v := range w.largest {
		w.fcmgtZero(w.isLarger, v)
		w.emit("VAND", w.isLarger.b16(), v.b16(), v.b16())
	}
}
