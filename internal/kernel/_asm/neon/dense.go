package main

import "fmt"

// How many vectors hold sums in the wide and in the narrow form of a routine.
const (
	wide   = 16
	narrow = 2
)

// beginLanes starts a routine that works on count vectors of 32-bit sums.
func (p *program) beginLanes(name, is string, count int, parameters string) *routine {
	lanes := count * vectorBytes / 4
	return p.begin(fmt.Sprintf("%s%dx", name, lanes), fmt.Sprintf("%s, for %d entries of a row", is, lanes), parameters)
}

func (p *program) dense() {
	for _, count := range []int{wide, narrow} {
		r := p.beginLanes("dense", "dense", count, "sums *float32, sumStride int, weights *float32, rowBytes int, features *float32, stride int, texts int")
		d := r.newDenseProduct()
		sums := r.take(count)
		d.isLive = r.fcmgtZero
		d.begin = func() { r.load(d.sums, sums) }
		d.multiply = func(row general, feature vector) { r.addScaledRow(sums, row, feature, d.loaded) }
		d.end = func() { r.store(sums, d.sums) }
		d.generate()
	}
}

// addScaledRow adds to the sums a row times the scale.
func (r *routine) addScaledRow(sums []vector, row general, scale vector, loaded []vector) {
	for i := 0; i < len(sums); i += 2 {
		entries := loaded[i%len(loaded):][:2]
		r.loadPair(row, i, entries[0], entries[1])
		for k, v := range entries {
			r.fmul(v, v, scale)
			r.fadd(sums[i+k], sums[i+k], v)
		}
	}
}

// A denseProduct runs over the features of a block, text by text, and skips those that are not
// live.
type denseProduct struct {
	*routine
	sums, sumStride, weights, rowBytes general
	features, stride, texts            general
	loaded                             []vector // [8]

	isLive   func(to, features vector)
	begin    func() // of a text
	multiply func(row general, feature vector)
	end      func() // of a text
}

func (r *routine) newDenseProduct() *denseProduct {
	return &denseProduct{
		routine: r,
		sums:    r.parameter("sums"), sumStride: r.parameter("sumStride"),
		weights: r.parameter("weights"), rowBytes: r.parameter("rowBytes"),
		features: r.parameter("features"), stride: r.parameter("stride"), texts: r.parameter("texts"),
		loaded: r.take(8),
	}
}

func (d *denseProduct) generate() {
	feature := d.vector()
	row, address := d.general(), d.general()
	live := d.newLive()
	d.label("text")
	live.find(d.features, d.isLive, d.loaded)
	d.begin()
	d.emit("CBZ", live.left, "last")
	d.label("feature")
	live.next()
	d.emit("MADD", d.rowBytes, d.weights, live.at, row)
	d.emit("ADD", fmt.Sprintf("%v<<2", live.at), d.features, address)
	d.broadcastFrom(address, feature)
	d.multiply(row, feature)
	d.emit("CBNZ", live.left, "feature")
	d.label("last")
	d.end()
	d.emit("ADD", d.sumStride, d.sums)
	d.emit("ADD", d.stride, d.features)
	d.emit("SUB", immediate(1), d.texts)
	d.emit("CBNZ", d.texts, "text")
	d.emit("RET")
}

// live runs over the live ones of a text's 32 features.
type live struct {
	*routine
	left, at  general // a bit for each that is to come; the index of the current one
	remainder general // scratch
	bits      vector  // of eight features, a bit in each byte
}

func (r *routine) newLive() live {
	l := live{routine: r, left: r.general(), at: r.general(), remainder: r.general(), bits: r.vector()}
	l.emit("MOVD", "$0x8040201008040201", l.left)
	l.emit("VDUP", l.left, l.bits.d2())
	return l
}

// find sets left for the features of a text, in eight vectors. It overwrites v.
func (l live) find(features general, isLive func(to, features vector), v []vector) {
	l.load(features, v)
	for _, v := range v {
		isLive(v, v)
	}
	// All bits of a lane are the same, so its lower half says as much.
	for i := range 4 {
		l.emit("VUZP1", v[2*i+1].h8(), v[2*i].h8(), v[i].h8())
	}
	for i := range 2 {
		l.emit("VUZP1", v[2*i+1].b16(), v[2*i].b16(), v[i].b16())
		l.emit("VAND", l.bits.b16(), v[i].b16(), v[i].b16())
	}
	l.emit("VADDP", v[1].b16(), v[0].b16(), v[0].b16())
	l.emit("VADDP", v[0].b16(), v[0].b16(), v[0].b16())
	l.emit("VADDP", v[0].b16(), v[0].b16(), v[0].b16())
	l.emit("VMOV", fmt.Sprintf("V%d.S[0]", v[0]), l.left)
}

// next moves the first live feature from left to at.
func (l live) next() {
	l.emit("RBIT", l.left, l.at)
	l.emit("CLZ", l.at, l.at)
	l.emit("SUB", immediate(1), l.left, l.remainder)
	l.emit("AND", l.remainder, l.left)
}

func (p *program) denseBackward() {
	r := p.begin("denseBackward", "denseBackward", "dFeatures *float32, dWeights *float32, live *uint32, dSums *float32, columnBytes int, sumStride int, weights *float32, features *float32, stride int, texts int")
	dFeatures, dWeights, masks, dSums := r.parameter("dFeatures"), r.parameter("dWeights"), r.parameter("live"), r.parameter("dSums")
	columnBytes, sumStride, weights, features := r.parameter("columnBytes"), r.parameter("sumStride"), r.parameter("weights"), r.parameter("features")
	stride, texts := r.parameter("stride"), r.parameter("texts")
	weightsRow, dWeightsRow, dSum, behind := r.general(), r.general(), r.general(), r.general()
	address := r.general()
	feature, zero := r.vector(), r.vector()
	parts := r.take(4) // of the product, 16 in all
	loaded := r.take(8)
	dWeightsLoaded := r.take(4)
	live := r.newLive()
	r.zero(zero)

	r.label("text")
	live.find(features, r.fcmeqZero, loaded)
	r.emit("MVNW", live.left, live.left)
	r.emit("MOVW", live.left, memory(masks, 0))
	r.emit("ADD", immediate(4), masks)
	for i := 0; i < 8; i += 2 {
		r.storePair(zero, zero, dFeatures, i)
	}
	r.emit("ADD", columnBytes, dSums, behind)
	r.emit("CBZ", live.left, "last")
	r.label("feature")
	live.next()
	r.emit("MADD", columnBytes, weights, live.at, weightsRow)
	r.emit("MADD", columnBytes, dWeights, live.at, dWeightsRow)
	r.emit("ADD", fmt.Sprintf("%v<<2", live.at), features, address)
	r.broadcastFrom(address, feature)
	r.emit("MOVD", dSums, dSum)
	for _, v := range parts {
		r.zero(v)
	}
	r.label("column")
	r.load(dSum, loaded[:4])
	r.load(weightsRow, loaded[4:])
	r.load(dWeightsRow, dWeightsLoaded)
	for i, part := range parts {
		dSum, weight, dWeight := loaded[i], loaded[4+i], dWeightsLoaded[i]
		r.fmul(weight, weight, dSum)
		r.fadd(part, part, weight)
		r.fmul(dSum, dSum, feature)
		r.fadd(dWeight, dWeight, dSum)
	}
	r.store(dWeightsLoaded, dWeightsRow)
	for _, pointer := range []general{dSum, weightsRow, dWeightsRow} {
		r.emit("ADD", immediate(len(parts)*vectorBytes), pointer)
	}
	r.emit("CMP", behind, dSum)
	r.emit("BLO", "column")
	r.addHalves(parts)
	r.emit("ADD", fmt.Sprintf("%v<<2", live.at), dFeatures, address)
	r.emit("FMOVS", parts[0].float(), memory(address, 0))
	r.emit("CBNZ", live.left, "feature")
	r.label("last")
	r.emit("ADD", sumStride, dSums)
	r.emit("ADD", stride, features)
	r.emit("ADD", stride, dFeatures)
	r.emit("SUB", immediate(1), texts)
	r.emit("CBNZ", texts, "text")
	r.emit("RET")
}

// addHalves adds the second half of 16 parts to the first until one is left, in the first lane.
func (r *routine) addHalves(parts []vector) {
	sum, other := parts[0], parts[1]
	r.fadd(parts[0], parts[0], parts[2])
	r.fadd(parts[1], parts[1], parts[3])
	r.fadd(sum, sum, other)
	for _, bytes := range []int{8, 4} {
		r.emit("VEXT", immediate(bytes), sum.b16(), sum.b16(), other.b16())
		r.fadd(sum, sum, other)
	}
}

// fold keeps the sums of a part of a symbol's row in registers.
func (p *program) fold() {
	for _, count := range []int{wide, narrow} {
		r := p.beginLanes("fold", "fold", count, "table *float32, columnBytes int, symbols *int32, count int, embedding *float32, stride int, weights *float32, size int")
		table, columnBytes, symbols, left := r.parameter("table"), r.parameter("columnBytes"), r.parameter("symbols"), r.parameter("count")
		embedding, stride, weights, size := r.parameter("embedding"), r.parameter("stride"), r.parameter("weights"), r.parameter("size")
		row, entry, weightsRow, entries := r.general(), r.general(), r.general(), r.general()
		sums, loaded, scale := r.take(count), r.take(8), r.vector()
		r.label("symbol")
		r.emit("MOVW.P", memory(symbols, 4), row)
		r.emit("MADD", stride, embedding, row, entry)
		r.emit("MADD", columnBytes, table, row, row)
		r.emit("MOVD", weights, weightsRow)
		r.emit("MOVD", size, entries)
		for _, sum := range sums {
			r.zero(sum)
		}
		r.label("entry")
		r.broadcastFrom(entry, scale)
		r.addScaledRow(sums, weightsRow, scale, loaded)
		r.emit("ADD", columnBytes, weightsRow)
		r.emit("SUB", immediate(1), entries)
		r.emit("CBNZ", entries, "entry")
		r.store(sums, row)
		r.emit("SUB", immediate(1), left)
		r.emit("CBNZ", left, "symbol")
		r.emit("RET")
	}
}
