package main

import "fmt"

const dense8Parameters = "sums *float32, sumStride int, weights *int8, rowBytes int, scales *float32, features *uint8, stride int"

// dense8 keeps a column's products with the features 0, 4, 8, ..., with 1, 5, 9, ... and so on in
// four neighbouring lanes of int16, and adds the four at the end. It skips nothing.
func (p *program) dense8() {
	const count = wide / 2 // vectors of sums
	r := p.beginLanes("dense8_", "dense8", count, dense8Parameters+", texts int")
	sums, sumStride, weights, rowBytes := r.parameter("sums"), r.parameter("sumStride"), r.parameter("weights"), r.parameter("rowBytes")
	scales, features, stride, texts := r.parameter("scales"), r.parameter("features"), r.parameter("stride"), r.parameter("texts")
	row, quads, left := r.general(), r.general(), r.general()
	products, loaded, quad := r.take(2*count), r.take(count), r.vector()

	r.label("text")
	for _, v := range products {
		r.zero(v)
	}
	r.emit("MOVD", weights, row)
	r.emit("MOVD", features, quads)
	r.emit("MOVD", immediate(rowBytes8/4), left)
	r.label("quad")
	r.broadcastFrom(quads, quad)
	r.load(row, loaded)
	for i, weights := range loaded {
		r.smlal(products[2*i], weights, quad)
		r.smlal2(products[2*i+1], weights, quad)
	}
	r.emit("ADD", rowBytes, row)
	r.emit("SUB", immediate(1), left)
	r.emit("CBNZ", left, "quad")
	for _, v := range products {
		r.saddlp(v, v)
	}
	totals := products[:count] // none overwrites products that are still to be read
	for i, total := range totals {
		r.emit("VADDP", products[2*i+1].s4(), products[2*i].s4(), total.s4())
		r.scvtf(total, total)
	}
	for i := 0; i < count; i += 2 {
		r.loadPair(scales, i, loaded[0], loaded[1])
		r.addScaledTotals(totals[i:i+2], loaded[:2], loaded[2:4], sums, i)
	}
	r.emit("ADD", sumStride, sums)
	r.emit("ADD", stride, features)
	r.emit("SUB", immediate(1), texts)
	r.emit("CBNZ", texts, "text")
	r.emit("RET")
}

// addScaledTotals adds two vectors of totals as float32, which it overwrites, times the scales to
// the i-th vector of sums in memory and to the next one.
func (r *routine) addScaledTotals(totals, scales, loaded []vector, sums general, i int) {
	r.loadPair(sums, i, loaded[0], loaded[1])
	for k, total := range totals {
		r.fmul(total, total, scales[k])
	}
	for k, total := range totals {
		r.fadd(loaded[k], loaded[k], total)
	}
	r.storePair(loaded[0], loaded[1], sums, i)
}

// dense8Dot is dense8 for processors with dot products, where one instruction adds the products of
// a quad of features with its weights of four columns. 16 registers hold totals. With four texts
// each weight loaded serves all of them, so the multipliers are the limit, not the loads.
func (p *program) dense8Dot() {
	for _, texts := range []int{4, 2, 1} {
		p.dense8DotTexts(texts, wide/texts)
	}
}

// dense8DotTexts takes count vectors of columns at a time.
func (p *program) dense8DotTexts(texts, count int) {
	name, is := "dense8Dot", "dense8 for one text"
	if texts > 1 {
		name, is = fmt.Sprintf("dense8Dot_%dx", texts), fmt.Sprintf("dense8 for %d texts", texts)
	}
	r := p.begin(name, is+", by dot products", dense8Parameters)
	weights, rowBytes, scales := r.parameter("weights"), r.parameter("rowBytes"), r.parameter("scales")
	sums, features := r.rows("sums", "sumStride", texts), r.rows("features", "stride", texts)
	row, left, featuresLeft := r.general(), r.general(), r.general()
	totals := make([][]vector, texts)
	for text := range totals {
		totals[text] = r.take(count)
	}
	quads := r.take(texts)
	loaded := r.take(len(r.vectors) / 2 * 2) // used in turn
	next := func() []vector {
		pair := loaded[:2]
		loaded = append(loaded[2:], pair...)
		return pair
	}

	r.emit("MOVD", rowBytes, left)
	r.label("columns")
	for _, total := range totals {
		for _, v := range total {
			r.zero(v)
		}
	}
	r.emit("MOVD", weights, row)
	r.emit("MOVD", immediate(rowBytes8/vectorBytes), featuresLeft)
	r.label("features")
	for text, v := range quads {
		r.emit("VLD1.P", memory(features[text], vectorBytes), fmt.Sprintf("[%s]", v.b16()))
	}
	for quad := range vectorBytes / 4 {
		for i := 0; i < count; i += 2 {
			pair := next()
			r.loadPair(row, i, pair[0], pair[1])
			for k, v := range pair {
				for text, total := range totals {
					r.sdot(total[i+k], v, quads[text], quad)
				}
			}
		}
		r.emit("ADD", rowBytes, row)
	}
	r.emit("SUB", immediate(1), featuresLeft)
	r.emit("CBNZ", featuresLeft, "features")
	for _, total := range totals {
		for _, v := range total {
			r.scvtf(v, v)
		}
	}
	for i := 0; i < count; i += 2 {
		pair := next()
		r.loadPair(scales, i, pair[0], pair[1])
		for text, total := range totals {
			r.addScaledTotals(total[i:i+2], pair, next(), sums[text], i)
		}
	}
	for _, v := range features {
		r.emit("SUB", immediate(rowBytes8), v)
	}
	for _, pointer := range append(sums, weights, scales) {
		r.emit("ADD", immediate(count*vectorBytes), pointer)
	}
	r.emit("SUB", immediate(count*vectorBytes), left)
	r.emit("CBNZ", left, "columns")
	r.emit("RET")
}

// rows loads pointers to the rows of several texts.
func (r *routine) rows(first, stride string, texts int) []general {
	rows := []general{r.parameter(first)}
	if texts == 1 {
		return rows
	}
	bytes := r.parameter(stride)
	for text := 1; text < texts; text++ {
		rows = append(rows, r.general())
		r.emit("ADD", bytes, rows[text-1], rows[text])
	}
	return rows
}
