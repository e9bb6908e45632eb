package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convolveBackward takes one live feature at a time: its window is one of many, and no other
// feature's additions are beside its own.
func (b backend) convolveBackward() {
	b.begin("convolveBackward", "convolveBackward", "func(dTable, dBias *float32, width int, dFeatures *float32, positions *int32, stride int, live *uint32, symbols *uint8, firsts *int32, texts int)")
	eachWidth(func(width int) {
		label := func(name string) string { return fmt.Sprintf("%s%d", name, width) }
		Label(label("width"))
		dTable, dBias, dFeatures, positions := parameter("dTable"), parameter("dBias"), parameter("dFeatures"), parameter("positions")
		masks, symbols, firsts := parameter("live"), parameter("symbols"), parameter("firsts")
		texts, stride := inMemory("texts"), inMemory("stride") // for want of registers

		Label(label("text"))
		live, text := GP32(), GP64()
		MOVL(Mem{Base: masks}, live)
		MOVLQSX(Mem{Base: firsts}, text)
		ADDQ(symbols, text)
		TESTL(live, live)
		JZ(LabelRef(label("last")))
		Label(label("feature"))
		at, window, lane := GP64(), GP64(), GP64()
		TZCNTL(live, at.As32())
		BLSRL(live, live)
		MOVLQSX(Mem{Base: positions, Index: at, Scale: 4}, window)
		ADDQ(text, window)
		dFeature := XMM()
		VMOVSS(Mem{Base: dFeatures, Index: at, Scale: 4}, dFeature)
		LEAQ(Mem{Base: dTable, Index: at, Scale: 4}, lane)
		add := func(to Mem) {
			sum := XMM()
			VADDSS(to, dFeature, sum)
			VMOVSS(sum, to)
		}
		add(Mem{Base: dBias, Index: at, Scale: 4})
		for tap := range width {
			row := GP64()
			MOVBQZX(Mem{Base: window, Disp: tap}, row)
			IMUL3Q(U32(uint32(width*rowBytes)), row, row)
			add(Mem{Base: lane, Index: row, Scale: 1, Disp: tap * rowBytes})
		}
		TESTL(live, live)
		JNZ(LabelRef(label("feature")))
		Label(label("last"))
		ADDQ(U8(4), masks)
		ADDQ(U8(4), firsts)
		next := reg.GPVirtual(GP64())
		MOVQ(stride, next)
		ADDQ(next, dFeatures)
		ADDQ(next, positions)
		DECQ(texts)
		JNZ(LabelRef(label("text")))
		b.end()
	})
}
