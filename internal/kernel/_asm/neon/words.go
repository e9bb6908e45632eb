package main

import "fmt"

// The instructions that the Go assembler does not know, as words. The comment after each word is
// the instruction in the notation of the architecture, the target first.

func (r *routine) word(bits uint32, format string, operands ...any) {
	fmt.Fprintf(&r.assembly, "\tWORD $%#08x // "+format+"\n", append([]any{bits}, operands...)...)
}

// three and two place registers into a word.
func three(to, a, b vector) uint32 { return two(to, a) | uint32(b)<<16 }
func two(to, a vector) uint32      { return uint32(to) | uint32(a)<<5 }

// zero: to = 0. Unlike VEOR, it does not wait for what the register held.
func (r *routine) zero(to vector) {
	r.word(0x6f00e400|uint32(to), "movi v%d.2d, #0", to)
}

// fadd: to = a + b, in float32.
func (r *routine) fadd(to, a, b vector) {
	r.word(0x4e20d400|three(to, a, b), "fadd v%d.4s, v%d.4s, v%d.4s", to, a, b)
}

// fmul: to = a * b, in float32.
func (r *routine) fmul(to, a, b vector) {
	r.word(0x6e20dc00|three(to, a, b), "fmul v%d.4s, v%d.4s, v%d.4s", to, a, b)
}

// fsub: to = a - b, in float32.
func (r *routine) fsub(to, a, b vector) {
	r.word(0x4ea0d400|three(to, a, b), "fsub v%d.4s, v%d.4s, v%d.4s", to, a, b)
}

// fdiv: to = a / b, in float32.
func (r *routine) fdiv(to, a, b vector) {
	r.word(0x6e20fc00|three(to, a, b), "fdiv v%d.4s, v%d.4s, v%d.4s", to, a, b)
}

// fsqrt: to = sqrt(a), in float32.
func (r *routine) fsqrt(to, a vector) {
	r.word(0x6ea1f800|two(to, a), "fsqrt v%d.4s, v%d.4s", to, a)
}

// fcmgt sets all bits of a float32 lane where a > b, and none elsewhere.
func (r *routine) fcmgt(to, a, b vector) {
	r.word(0x6ea0e400|three(to, a, b), "fcmgt v%d.4s, v%d.4s, v%d.4s", to, a, b)
}

// fcmgtZero sets all bits of a float32 lane where a > 0, and none elsewhere.
func (r *routine) fcmgtZero(to, a vector) {
	r.word(0x4ea0c800|two(to, a), "fcmgt v%d.4s, v%d.4s, #0.0", to, a)
}

// fcmeqZero sets all bits of a float32 lane where a is 0, and none elsewhere.
func (r *routine) fcmeqZero(to, a vector) {
	r.word(0x4ea0d800|two(to, a), "fcmeq v%d.4s, v%d.4s, #0.0", to, a)
}

// sqadd: to = a + b, in int8, saturated.
func (r *routine) sqadd(to, a, b vector) {
	r.word(0x4e200c00|three(to, a, b), "sqadd v%d.16b, v%d.16b, v%d.16b", to, a, b)
}

// smax: to = max(a, b), in int8.
func (r *routine) smax(to, a, b vector) {
	r.word(0x4e206400|three(to, a, b), "smax v%d.16b, v%d.16b, v%d.16b", to, a, b)
}

// smlal: to += a * b for the lower eight int8 of a and b, in int16.
func (r *routine) smlal(to, a, b vector) {
	r.word(0x0e208000|three(to, a, b), "smlal v%d.8h, v%d.8b, v%d.8b", to, a, b)
}

// smlal2: to += a * b for the upper eight int8 of a and b, in int16.
func (r *routine) smlal2(to, a, b vector) {
	r.word(0x4e208000|three(to, a, b), "smlal2 v%d.8h, v%d.16b, v%d.16b", to, a, b)
}

// sdot: to += the products of four neighbouring int8 of a with the four of b that quad names, in
// int32. Not every processor has it.
func (r *routine) sdot(to, a, b vector, quad int) {
	bits := three(to, a, b) | uint32(quad%2)<<21 | uint32(quad/2)<<11
	r.word(0x4f80e000|bits, "sdot v%d.4s, v%d.16b, v%d.4b[%d]", to, a, b, quad)
}

// saddlp: to = the sums of neighbouring int16 of a, in int32.
func (r *routine) saddlp(to, a vector) {
	r.word(0x4e602800|two(to, a), "saddlp v%d.4s, v%d.8h", to, a)
}

// scvtf: to = float32(a), from int32.
func (r *routine) scvtf(to, a vector) {
	r.word(0x4e21d800|two(to, a), "scvtf v%d.4s, v%d.4s", to, a)
}
