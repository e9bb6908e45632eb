package main

import "testing"

// The words are those of another assembler, binutils 2.40.
func TestWordsAreWhatTheirCommentsSay(t *testing.T) {
	const to, a, b vector = 1, 18, 31
	r := &routine{program: &program{}}
	for _, test := range []struct {
		write func()
		want  string
	}{
		{func() { r.zero(to) }, "\tWORD $0x6f00e401 // movi v1.2d, #0\n"},
		{func() { r.fadd(to, a, b) }, "\tWORD $0x4e3fd641 // fadd v1.4s, v18.4s, v31.4s\n"},
		{func() { r.fmul(to, a, b) }, "\tWORD $0x6e3fde41 // fmul v1.4s, v18.4s, v31.4s\n"},
		{func() { r.fsub(to, a, b) }, "\tWORD $0x4ebfd641 // fsub v1.4s, v18.4s, v31.4s\n"},
		{func() { r.fdiv(to, a, b) }, "\tWORD $0x6e3ffe41 // fdiv v1.4s, v18.4s, v31.4s\n"},
		{func() { r.fsqrt(to, a) }, "\tWORD $0x6ea1fa41 // fsqrt v1.4s, v18.4s\n"},
		{func() { r.fcmgt(to, a, b) }, "\tWORD $0x6ebfe641 // fcmgt v1.4s, v18.4s, v31.4s\n"},
		{func() { r.fcmgtZero(to, a) }, "\tWORD $0x4ea0ca41 // fcmgt v1.4s, v18.4s, #0.0\n"},
		{func() { r.fcmeqZero(to, a) }, "\tWORD $0x4ea0da41 // fcmeq v1.4s, v18.4s, #0.0\n"},
		{func() { r.sqadd(to, a, b) }, "\tWORD $0x4e3f0e41 // sqadd v1.16b, v18.16b, v31.16b\n"},
		{func() { r.smax(to, a, b) }, "\tWORD $0x4e3f6641 // smax v1.16b, v18.16b, v31.16b\n"},
		{func() { r.smlal(to, a, b) }, "\tWORD $0x0e3f8241 // smlal v1.8h, v18.8b, v31.8b\n"},
		{func() { r.smlal2(to, a, b) }, "\tWORD $0x4e3f8241 // smlal2 v1.8h, v18.16b, v31.16b\n"},
		{func() { r.sdot(to, a, b, 0) }, "\tWORD $0x4f9fe241 // sdot v1.4s, v18.16b, v31.4b[0]\n"},
		{func() { r.sdot(to, a, b, 1) }, "\tWORD $0x4fbfe241 // sdot v1.4s, v18.16b, v31.4b[1]\n"},
		{func() { r.sdot(to, a, b, 2) }, "\tWORD $0x4f9fea41 // sdot v1.4s, v18.16b, v31.4b[2]\n"},
		{func() { r.sdot(to, a, b, 3) }, "\tWORD $0x4fbfea41 // sdot v1.4s, v18.16b, v31.4b[3]\n"},
		{func() { r.saddlp(to, a) }, "\tWORD $0x4e602a41 // saddlp v1.4s, v18.8h\n"},
		{func() { r.scvtf(to, a) }, "\tWORD $0x4e21da41 // scvtf v1.4s, v18.4s\n"},
	} {
		r.assembly.Reset()
		if test.write(); r.assembly.String() != test.want {
			t.Errorf("the word is %q, want %q", r.assembly.String(), test.want)
		}
	}
}
