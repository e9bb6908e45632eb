package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func (b backend) drop() {
	b.begin("drop", "drop", "func(features *float32, stride int, dropped *uint32, texts int)")
	features, stride, masks, texts := parameter("features"), parameter("stride"), parameter("dropped"), parameter("texts")
	bits := GLOBL("dropBits", RODATA|NOPTR)
	lanes := b.bytes / 4
	for i := range lanes {
		DATA(4*i, U32(1<<i))
	}
	bit, zero, dropped, kept := b.vector(), b.vector(), b.vector(), b.vector()
	VMOVUPS(bits, bit)
	b.zero(zero)
	Label("text")
	VPBROADCASTD(Mem{Base: masks}, dropped)
	for i := range 32 / lanes {
		VPAND(bit, dropped, kept)
		VPCMPEQD(zero, kept, kept)
		VANDPS(b.at(features, i), kept, kept)
		VMOVUPS(kept, b.at(features, i))
		VPSRLD(U8(uint8(lanes)), dropped, dropped)
	}
	ADDQ(stride, features)
	ADDQ(U8(4), masks)
	DECQ(texts)
	JNZ(LabelRef("text"))
	b.end()
}
