package logs

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// quotedEnd returns the place behind the quotation mark that closes a text, or -1. The text
// begins at i, and in it \ stands before what is no such mark.
func quotedEnd(line []byte, i int) int {
	const quotes, backslashes = '"' * everyByte, '\\' * everyByte
	for range shortWords { // most texts are short, where bytes.IndexByte costs more than it saves
		if len(line)-i < 8 {
			break
		}
		word := binary.LittleEndian.Uint64(line[i:])
		quote, backslash := zeroBytes(word^quotes), zeroBytes(word^backslashes)
		switch {
		case quote|backslash == 0:
			i += 8
		case backslash == 0 || quote != 0 && bits.TrailingZeros64(quote) < bits.TrailingZeros64(backslash):
			return i + bits.TrailingZeros64(quote)/8 + 1
		default:
			i += bits.TrailingZeros64(backslash)/8 + 2
		}
	}
	for i < len(line) {
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 {
			return -1
		}
		start := i
		i += n
		before := i
		for before > start && line[before-1] == '\\' {
			before--
		}
		if (i-before)%2 == 0 {
			return i + 1
		}
		i++
	}
	return -1
}

const (
	shortWords = 4 // of 8 bytes
	everyByte  = 0x0101010101010101
)

// zeroBytes returns a word whose lowest bit that is set is the highest of the first byte that is
// zero (Hacker's Delight, section 6-1), or 0. Bits above that one mean nothing.
func zeroBytes(word uint64) uint64 { return (word - everyByte) &^ word & (0x80 * everyByte) }

// allZeroBytes returns a word whose bits that are set are the highest of all bytes that are zero.
func allZeroBytes(word uint64) uint64 {
	const low = 0x7f * everyByte
	return ^((word&low + low) | word | low)
}

// A keySet tells most keys that nobody looks for: by the first byte of those that are looked for, a
// bit for each of their lengths. An empty key has the first byte 0.
type keySet [256]uint64

func (s *keySet) add(key string) {
	s[firstByte([]byte(key))] |= 1 << min(len(key), 63)
}

// mayHave reports whether a key may be in the set.
func (s *keySet) mayHave(key []byte) bool {
	return s[firstByte(key)]>>min(len(key), 63)&1 == 1
}

func firstByte(key []byte) byte {
	if len(key) == 0 {
		return 0
	}
	return key[0]
}
