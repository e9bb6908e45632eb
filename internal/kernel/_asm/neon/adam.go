package main

func (p *program) adam() {
	const count = 2 // vectors at once
	r := p.begin("adam", "adam, for a count that fills pairs of vectors", "weights *float32, gradient *float32, first *float32, second *float32, step *float32, count int")
	weights, gradient, first, second := r.parameter("weights"), r.parameter("gradient"), r.parameter("first"), r.parameter("second")
	step, left := r.parameter("step"), r.parameter("count")
	constants := r.take(6) // the fields of AdamStep
	for _, constant := range constants {
		r.broadcastFrom(step, constant)
	}
	firstRest, secondRest, stride, scale, epsilon, keep := constants[0], constants[1], constants[2], constants[3], constants[4], constants[5]
	gs, ms, vs, ws, changes := r.take(count), r.take(count), r.take(count), r.take(count), r.take(count)

	r.label("next")
	r.load(gradient, gs)
	r.load(first, ms)
	r.load(second, vs)
	r.load(weights, ws)
	for i := range count {
		g, m, v, w, change := gs[i], ms[i], vs[i], ws[i], changes[i]
		r.fsub(change, g, m)
		r.fmul(change, change, firstRest)
		r.fadd(m, m, change)
		r.fmul(g, g, g)
		r.fsub(change, g, v)
		r.fmul(change, change, secondRest)
		r.fadd(v, v, change)
		r.fsqrt(g, v)
		r.fmul(g, g, scale)
		r.fadd(g, g, epsilon)
		r.fmul(change, m, stride)
		r.fdiv(change, change, g)
		r.fmul(w, w, keep)
		r.fsub(w, w, change)
	}
	r.store(ms, first)
	r.store(vs, second)
	r.store(ws, weights)
	for _, pointer := range []general{gradient, first, second, weights} {
		r.emit("ADD", immediate(count*vectorBytes), pointer)
	}
	r.emit("SUB", immediate(count*vectorBytes/4), left)
	r.emit("CBNZ", left, "next")
	r.emit("RET")
}

func (p *program) add() {
	const count = 2 // vectors at once
	r := p.begin("add", "add, for a count that fills pairs of vectors", "sum *float32, row *float32, count int")
	sum, row, left := r.parameter("sum"), r.parameter("row"), r.parameter("count")
	sums, rows := r.take(count), r.take(count)

	r.label("next")
	r.load(sum, sums)
	r.load(row, rows)
	for i := range count {
		r.fadd(sums[i], sums[i], rows[i])
	}
	r.store(sums, sum)
	for _, pointer := range []general{row, sum} {
		r.emit("ADD", immediate(count*vectorBytes), pointer)
	}
	r.emit("SUB", immediate(count*vectorBytes/4), left)
	r.emit("CBNZ", left, "next")
	r.emit("RET")
}
