package swar

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

func TestWordsSayWhatTheirBytesDo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		var text [8]byte
		for i := range text {
			text[i] = byte(random.IntN(128))
		}
		c, last := byte(random.IntN(128)), byte(random.IntN(128))
		first := min(c, last)
		last = max(c, last)
		text[random.IntN(8)] = c
		var equal, within uint64
		for i, b := range text {
			if b == c {
				equal |= 1 << i
			}
			if b >= first && b <= last {
				within |= 1 << i
			}
		}
		word := binary.LittleEndian.Uint64(text[:])
		if got := Bits(Equal(word, c)); got != equal {
			t.Fatalf("%q equals %q at %b, want %b", text, c, got, equal)
		}
		if got := Bits(Within(word, first, last)); got != within {
			t.Fatalf("%q is within %q and %q at %b, want %b", text, first, last, got, within)
		}
	}
}

func TestLoadReadsTheBytesOfAText(t *testing.T) {
	memory := []byte("abcdefghij")
	for length := range 9 {
		for _, text := range [][]byte{memory[:length], memory[:length:length]} {
			for at := range length {
				word, mask := Load(text, at), ^uint64(0)>>(8*max(0, 8-(length-at)))
				var want [8]byte
				copy(want[:], text[at:])
				if got := word & mask; got != binary.LittleEndian.Uint64(want[:]) {
					t.Errorf("%q from %d on is %x, want %x", text, at, got, want)
				}
			}
		}
	}
}
