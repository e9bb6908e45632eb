// Command asm generates the assembly of package kernel for amd64: for processors with AVX-512 and
// for those with AVX2. Each routine is one of the loops in kernel.go on several lanes at once.
// Nothing is reordered where the order could show and no multiplication is fused with an addition,
// so the results are the same.
//
// go generate ./internal/kernel runs it.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A backend is a kind of vector register.
type backend struct {
	name      string
	bytes     int // of a register
	registers int
	vector    func() reg.VecVirtual
}

func main() {
	ConstraintExpr("amd64,!purego")
	for _, b := range []backend{
		{"AVX512", 64, 32, func() reg.VecVirtual { return ZMM() }},
		{"AVX2", 32, 16, func() reg.VecVirtual { return YMM() }},
	} {
		b.convolveMax()
		b.convolveArgMax()
		b.convolveMax8()
		b.dense()
		b.denseBackward()
		b.dense8()
		if b.registers == 32 {
			b.dense8Texts()
			b.convolveDense8()
		} else {
			b.block8()
			// Not worth wider registers.
			b.convolveBackward()
			b.drop()
		}
		b.fold()
		b.add()
		b.adam()
	}
	Generate()
}

// begin starts a routine; is completes the sentence of its comment.
func (b backend) begin(name, is, signature string) {
	TEXT(name+b.name, NOSPLIT, signature)
	Doc(name + b.name + " is " + is + ".")
	Pragma("noescape")
}

func (b backend) end() {
	VZEROUPPER()
	RET()
}

func (b backend) vectors(n int) []reg.VecVirtual {
	vectors := make([]reg.VecVirtual, n)
	for i := range vectors {
		vectors[i] = b.vector()
	}
	return vectors
}

// zero clears a register.
func (b backend) zero(v reg.VecVirtual) {
	if b.bytes == 64 {
		VPXORD(v, v, v)
	} else {
		VPXOR(v, v, v)
	}
}

func (b backend) and(one, other Op, to reg.VecVirtual) {
	if b.bytes == 64 {
		VPANDD(one, other, to)
	} else {
		VPAND(one, other, to)
	}
}

// broadcast fills every 32-bit lane with a number.
func (b backend) broadcast(from reg.GPVirtual, to reg.VecVirtual) {
	if b.bytes == 64 {
		VPBROADCASTD(from, to)
		return
	}
	low := XMM()
	VMOVD(from, low)
	VPBROADCASTD(low, to)
}

func parameter(name string) reg.Register { return Load(Param(name), GP64()) }

// inMemory is a parameter where it was passed.
func inMemory(name string) Mem {
	parameter, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return parameter.Addr
}

// at is the i-th register's worth of memory after base.
func (b backend) at(base reg.Register, i int) Mem { return Mem{Base: base, Disp: i * b.bytes} }
