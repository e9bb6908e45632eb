// Package swar looks at eight bytes of a text at once, in a word whose lowest byte is the first one
// (SIMD within a register). What it finds are the high bits of bytes, which Bits packs:
//
//	dots |= swar.Bits(swar.Equal(word, '.')) << i
package swar

import "encoding/binary"

const (
	each = 0x0101010101010101
	High = 0x8080808080808080 // the high bit of each byte
)

// Load returns the eight bytes of a text from an index on. Of the memory behind the text they may
// have what stands there by chance.
func Load(text []byte, at int) uint64 {
	if at+8 <= cap(text) {
		return binary.LittleEndian.Uint64(text[at : at+8])
	}
	var word [8]byte
	copy(word[:], text[at:])
	return binary.LittleEndian.Uint64(word[:])
}

// Equal has the high bit of each byte that is c. All bytes must be of ASCII.
func Equal(word uint64, c byte) uint64 { return (High - (word ^ each*uint64(c))) & High }

// Within has the high bit of each byte from first to last. All bytes must be of ASCII.
func Within(word uint64, first, last byte) uint64 {
	return (word + each*uint64(0x80-first)) &^ (word + each*uint64(0x7f-last)) & High
}

// Bits has a bit for the high bit of each byte.
func Bits(high uint64) uint64 { return high >> 7 * 0x0102040810204080 >> 56 }
