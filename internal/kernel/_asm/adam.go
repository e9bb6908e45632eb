package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func (b backend) adam() {
	b.begin("adam", "adam, for a count that fills registers", "func(weights, gradient, first, second, step *float32, count int)")
	weights, gradient, first, second := parameter("weights"), parameter("gradient"), parameter("first"), parameter("second")
	step, count := parameter("step"), parameter("count")
	constants := b.vectors(6) // the fields of AdamStep
	for i, constant := range constants {
		VBROADCASTSS(Mem{Base: step, Disp: 4 * i}, constant)
	}
	firstRest, secondRest, stride, scale, epsilon, keep := constants[0], constants[1], constants[2], constants[3], constants[4], constants[5]
	g, m, v, w, change := b.vector(), b.vector(), b.vector(), b.vector(), b.vector()
	at := GP64()
	XORQ(at, at)
	here := func(base reg.Register) Mem { return Mem{Base: base, Index: at, Scale: 4} }

	Label("next")
	VMOVUPS(here(gradient), g)
	VMOVUPS(here(first), m)
	VSUBPS(m, g, change) // g - m
	VMULPS(firstRest, change, change)
	VADDPS(change, m, m)
	VMOVUPS(m, here(first))
	VMOVUPS(here(second), v)
	VMULPS(g, g, g)
	VSUBPS(v, g, change) // g*g - v
	VMULPS(secondRest, change, change)
	VADDPS(change, v, v)
	VMOVUPS(v, here(second))
	VSQRTPS(v, v)
	VMULPS(scale, v, v)
	VADDPS(epsilon, v, v)
	VMULPS(stride, m, m)
	VDIVPS(v, m, m) // m / v
	VMULPS(here(weights), keep, w)
	VSUBPS(m, w, w) // w - m
	VMOVUPS(w, here(weights))
	ADDQ(U8(uint8(b.bytes/4)), at)
	CMPQ(at, count)
	JLT(LabelRef("next"))
	b.end()
}

func (b backend) add() {
	b.begin("add", "add, for a count that fills registers", "func(sum, row *float32, count int)")
	sum, row, count := parameter("sum"), parameter("row"), parameter("count")
	at, v := GP64(), b.vector()
	XORQ(at, at)
	here := func(base reg.Register) Mem { return Mem{Base: base, Index: at, Scale: 4} }

	Label("next")
	VMOVUPS(here(sum), v)
	VADDPS(here(row), v, v)
	VMOVUPS(v, here(sum))
	ADDQ(U8(uint8(b.bytes/4)), at)
	CMPQ(at, count)
	JLT(LabelRef("next"))
	b.end()
}
