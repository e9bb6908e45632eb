package uts46

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// The parameters of punycode for host names (RFC 3492, section 5).
const (
	base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	firstBias                    = 72
)

// appendPunycode appends the encoding of a label of at most maxLabel characters (RFC 3492, section
// 6.3).
//
// The encoding is a list of insertions into the label's ASCII characters, by code point and then by
// position. The standard finds each by looking at the whole label, which takes time that grows with
// the square of its length. Sorted characters, and counts of those that are there, make it n log n.
func appendPunycode(dst []byte, label []rune) []byte {
	var keyMemory [usual]uint32
	var countMemory [usual + 1]uint16
	keys := keyMemory[:0] // code point << 10 | position of each character that is not ASCII
	present := counts(countMemory[:])
	if len(label) > usual {
		keys, present = make([]uint32, 0, len(label)), make(counts, len(label)+1)
	}
	there := 0
	for position, r := range label {
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			present.add(position)
			there++
		} else {
			keys = append(keys, uint32(r)<<10|uint32(position))
		}
	}
	if there > 0 {
		dst = append(dst, '-')
	}
	slices.Sort(keys)

	code, at, bias := utf8.RuneSelf, 0, firstBias // the state of a decoder
	for first := true; len(keys) > 0; first = false {
		r, position := int(keys[0]>>10), int(keys[0]&(1<<10-1))
		keys = keys[1:]
		before := present.before(position)
		delta := (r-code)*(there+1) + before - at
		dst = appendInteger(dst, delta, bias)
		present.add(position)
		there++
		bias = adapt(delta, there, first)
		code, at = r, before+1
	}
	return dst
}

// appendInteger appends a number as an integer of variable length (RFC 3492, section 3.3).
func appendInteger(dst []byte, number, bias int) []byte {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	for k := base; ; k += base {
		threshold := min(max(k-bias, tMin), tMax)
		if number < threshold {
			return append(dst, digits[number])
		}
		number -= threshold
		dst = append(dst, digits[threshold+number%(base-threshold)])
		number /= base - threshold
	}
}

// adapt returns the next bias (RFC 3492, section 6.1).
func adapt(delta, there int, first bool) int {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / there
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}

// counts is a Fenwick tree of how many characters are there at and before each position of a label.
type counts []uint16

func (c counts) add(position int) {
	for i := position + 1; i < len(c); i += i & -i {
		c[i]++
	}
}

// before returns how many characters are there at positions less than this one.
func (c counts) before(position int) (n int) {
	for i := position; i > 0; i &= i - 1 {
		n += int(c[i])
	}
	return n
}

// longestName is how many bytes a label has at most in DNS (RFC 1035, section 2.3.4).
const longestName = 63

// AppendDecoded appends the characters of an A-label in lower case, and reports whether the label
// is one: it has at most 63 bytes, and is how some text is encoded. It takes memory if characters
// has no room for 63 more.
func AppendDecoded(characters []rune, label []byte) ([]rune, bool) {
	encoded, found := bytes.CutPrefix(label, []byte("xn--"))
	if !found || len(label) > longestName {
		return characters, false
	}
	return appendUnicode(characters, encoded)
}

// appendUnicode appends the label that appendPunycode encodes (RFC 3492, section 6.2), or reports
// that there is none.
func appendUnicode(dst []rune, encoded []byte) ([]rune, bool) {
	start := len(dst)
	digits := encoded
	if delimiter := bytes.LastIndexByte(encoded, '-'); delimiter > 0 {
		for _, c := range encoded[:delimiter] {
			if c >= utf8.RuneSelf {
				return dst[:start], false
			}
			dst = append(dst, rune(c))
		}
		digits = encoded[delimiter+1:]
	}
	if len(digits) == 0 {
		return dst[:start], false // all of it is ASCII
	}
	code, at, bias := rune(utf8.RuneSelf), 0, firstBias
	for first := true; len(digits) > 0; first = false {
		there := len(dst) - start + 1
		delta, width := integer(digits, bias, int(unicode.MaxRune-code+1)*there-at)
		if width == 0 {
			return dst[:start], false
		}
		digits = digits[width:]
		bias = adapt(delta, there, first)
		at += delta
		code += rune(at / there)
		at %= there
		if !utf8.ValidRune(code) {
			return dst[:start], false
		}
		dst = slices.Insert(dst, start+at, code)
		at++
	}
	return dst, true
}

// integer returns the integer of variable length that digits begin with, and how many digits it
// has: 0 if there is none below end.
func integer(digits []byte, bias, end int) (number, width int) {
	number64, weight := int64(0), int64(1) // neither overflows: a digit is at most 35, weight at most 35 * end
	for i, c := range digits {
		digit := 0
		switch {
		case c >= 'a' && c <= 'z':
			digit = int(c - 'a')
		case c >= '0' && c <= '9':
			digit = int(c-'0') + 26
		default:
			return 0, 0
		}
		if number64 += int64(digit) * weight; number64 >= int64(end) {
			return 0, 0
		}
		threshold := min(max((i+1)*base-bias, tMin), tMax)
		if digit < threshold {
			return int(number64), i + 1
		}
		weight *= int64(base - threshold)
	}
	return 0, 0
}
