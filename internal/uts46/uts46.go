// Package uts46 writes the labels of a host outside ASCII as A-labels, as today's browsers do: UTS
// #46, non-transitional, of Unicode 18.
//
//	host = uts46.Append(nil, []byte("münchen.de")) // xn--mnchen-3ya.de
//
// Where a browser refuses a host, Append does not, since DNS carries any byte: each label is for
// itself, and one that cannot be an A-label stays as it was, less the characters that UTS #46
// ignores. Hyphens may stand anywhere, as in browsers. The rules for bidirectional text, joiners
// and leading marks are not checked: browsers refuse hosts that break them, so nobody meets the
// A-label that such a host gets here. A-labels are not looked at, as browsers do not look at them
// in a host of ASCII.
//
// AppendDecoded is the way back, for one label.
//
// Work grows with the length of the host, times the logarithm of a label's. A label of up to 64
// characters takes no memory but the result's.
package uts46

import (
	"bytes"
	"unicode/utf8"
)

//go:generate _table/generate

// maxLabel is how many characters a label may have to become an A-label, those ignored apart.
// Chromium has this limit. DNS has 63 bytes (RFC 1035, section 2.3.4).
const maxLabel = 1000

// usual is how many characters a label may have for memory of the stack to be enough.
const usual = 64

// What the table says of a code point. From mark on it is valid and can combine with what stands
// before it: the value less mark is its canonical combining class. From mapped on the value less
// mapped is where in mappings that is what replaces it.
const (
	valid      = 0
	disallowed = 1
	ignored    = 2
	mark       = 3
	mapped     = mark + 256
)

func lookUp(r rune) uint16 {
	return blocks[groups[groupOf[r>>9]][r>>4&31]][r&15]
}

// Append appends a host to dst. The host's bytes are what its escapes stand for, and its ASCII
// letters are in lower case. Host may be a part of dst, whose bytes stay as they are.
//
// The characters that UTS #46 maps to a dot divide labels as dots do. A label that is not ASCII is
// mapped and composed (NFC), and appended:
//
//   - as an A-label (RFC 3492) if it still is not ASCII;
//   - if it has become ASCII (a label in fullwidth letters), as that. Escapes in it are decoded, as
//     Chromium does: U+FF05, 4, 1 is a;
//   - as it was, less ignored characters, if a character in it is disallowed or stands in no host
//     (WHATWG URL, forbidden domain code points), if it would be an A-label of an A-label, or if it
//     has more than 1000 characters;
//   - byte by byte as it was if it is not UTF-8.
//
// So a label that stays as it was does so again, and Append of its own result changes nothing.
//
// Of a label that is not ASCII, Chromium escapes spaces and asterisks before it encodes, and
// decodes escapes behind U+FF05 after that. The A-label is then one of other characters; Append
// does neither.
func Append(dst, host []byte) []byte {
	start := 0
	for i := 0; i < len(host); {
		width := dotAt(host[i:])
		if width == 0 {
			i++
			continue
		}
		dst = appendLabel(dst, host[start:i])
		dst = append(dst, '.')
		i += width
		start = i
	}
	return appendLabel(dst, host[start:])
}

// dotAt returns how many bytes of text are a dot, or a character that is mapped to one.
func dotAt(text []byte) int {
	switch text[0] {
	case '.':
		return 1
	case 0xE3:
		if bytes.HasPrefix(text, []byte("\u3002")) {
			return 3
		}
	case 0xEF:
		if bytes.HasPrefix(text, []byte("\uFF0E")) || bytes.HasPrefix(text, []byte("\uFF61")) {
			return 3
		}
	}
	return 0
}

func appendLabel(dst, label []byte) []byte {
	if isASCII(label) || !utf8.Valid(label) {
		return append(dst, label...)
	}
	var memory [usual]rune
	characters, composed, ok := mapLabel(memory[:0], label)
	if !ok {
		return appendKept(dst, label)
	}
	if !composed {
		characters = compose(characters)
	}
	if result, ok := appendMapped(dst, characters); ok {
		return result
	}
	return appendKept(dst, label)
}

// mapLabel appends the characters of a label, mapped. It reports whether they are certainly in NFC,
// and whether all are allowed, and no more than maxLabel.
func mapLabel(characters []rune, label []byte) (_ []rune, composed, ok bool) {
	composed = true
	for i := 0; i < len(label); {
		r, width := utf8.DecodeRune(label[i:])
		i += width
		switch value := lookUp(r); {
		case value == disallowed:
			return nil, false, false
		case value == ignored:
			continue
		case value >= mapped:
			start := int(value-mapped) + 1
			for _, replacement := range mappings[start : start+int(mappings[start-1])] {
				characters = append(characters, replacement)
				composed = composed && !combines(replacement)
			}
		default:
			characters = append(characters, r)
			composed = composed && value < mark
		}
		if len(characters) > maxLabel {
			return nil, false, false
		}
	}
	return characters, composed, true
}

// appendMapped appends a mapped label, or reports that it stands in no host.
func appendMapped(dst []byte, label []rune) ([]byte, bool) {
	ascii := true
	for _, r := range label {
		ascii = ascii && r < utf8.RuneSelf
	}
	if ascii {
		return appendDecoded(dst, label)
	}
	for _, r := range label {
		if isForbidden(r) {
			return dst, false
		}
	}
	if len(label) >= 4 && label[0] == 'x' && label[1] == 'n' && label[2] == '-' && label[3] == '-' {
		return dst, false
	}
	return appendPunycode(append(dst, "xn--"...), label), true
}

// appendDecoded appends a label that the mapping made ASCII, and decodes its escapes.
func appendDecoded(dst []byte, label []rune) ([]byte, bool) {
	for i := 0; i < len(label); i++ {
		r := label[i]
		if r == '%' && i+2 < len(label) {
			high, low := hexDigit(label[i+1]), hexDigit(label[i+2])
			if high >= 0 && low >= 0 {
				r = high<<4 | low
				i += 2
			}
			if r >= 'A' && r <= 'Z' {
				r |= 0x20
			}
		}
		if isForbidden(r) || r >= utf8.RuneSelf {
			return dst, false
		}
		dst = append(dst, byte(r))
	}
	return dst, true
}

// appendKept appends a label in UTF-8 less the characters that UTS #46 ignores.
func appendKept(dst, label []byte) []byte {
	for i := 0; i < len(label); {
		r, width := utf8.DecodeRune(label[i:])
		if lookUp(r) != ignored {
			dst = append(dst, label[i:i+width]...)
		}
		i += width
	}
	return dst
}

// isForbidden reports whether a character stands in no host (WHATWG URL, forbidden domain code
// points). The space is none to Chromium.
func isForbidden(r rune) bool {
	switch r {
	case '#', '%', '/', ':', '<', '>', '?', '@', '[', '\\', ']', '^', '|', 0x7F:
		return true
	}
	return r < ' '
}

// hexDigit returns what a hexadecimal digit in lower case stands for, or -1.
func hexDigit(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return r - '0'
	case r >= 'a' && r <= 'f':
		return r - 'a' + 10
	}
	return -1
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
