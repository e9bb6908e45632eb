package lookalike

import (
	"bytes"
	"errors"
	"slices"
	"unicode"
	"unicode/utf8"
)

// decode returns a label in Unicode: an A-label decoded into buffer, another label as it is. It
// returns nothing if the label is too long for DNS, or if no text is encoded as this label.
func decode(buffer, label []byte) []byte {
	encoded, isEncoded := bytes.CutPrefix(label, []byte("xn--"))
	switch {
	case len(label) > maxLabel:
		return nil
	case !isEncoded:
		return label
	}
	var runes [maxLabel]rune
	decoded, err := decodePunycode(runes[:0], encoded)
	if err != nil {
		return nil
	}
	for _, r := range decoded {
		buffer = utf8.AppendRune(buffer, r)
	}
	return buffer
}

var errPunycode = errors.New("no punycode")

// decodePunycode appends the characters that an A-label encodes (RFC 3492, section 6.2). The
// decoder of golang.org/x/net allocates.
func decodePunycode(runes []rune, encoded []byte) ([]rune, error) {
	const base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	if delimiter := bytes.LastIndexByte(encoded, '-'); delimiter >= 0 {
		for _, c := range encoded[:delimiter] {
			if c >= utf8.RuneSelf {
				return nil, errPunycode
			}
			runes = append(runes, rune(c))
		}
		encoded = encoded[delimiter+1:]
		if delimiter == 0 {
			return nil, errPunycode // nothing stands before it
		}
	}
	if len(encoded) == 0 {
		return nil, errPunycode // all of it is ASCII
	}
	n, i, bias := int64(utf8.RuneSelf), int64(0), int64(72)
	for first := true; len(encoded) > 0; first = false {
		start, weight := i, int64(1)
		for k := int64(base); ; k += base {
			if len(encoded) == 0 {
				return nil, errPunycode
			}
			value, c := int64(0), encoded[0]
			encoded = encoded[1:]
			switch {
			case c >= 'a' && c <= 'z':
				value = int64(c - 'a')
			case c >= '0' && c <= '9':
				value = int64(c-'0') + 26
			default:
				return nil, errPunycode
			}
			if i += value * weight; i > 1<<32 {
				return nil, errPunycode
			}
			threshold := min(max(k-bias, tMin), tMax)
			if value < threshold {
				break
			}
			if weight *= base - threshold; weight > 1<<32 {
				return nil, errPunycode
			}
		}
		count := int64(len(runes) + 1)
		bias = (i - start) / 2
		if first {
			bias = (i - start) / damp
		}
		bias += bias / count
		for k := int64(0); ; k += base {
			if bias <= (base-tMin)*tMax/2 {
				bias = k + (base-tMin+1)*bias/(bias+skew)
				break
			}
			bias /= base - tMin
		}
		n += i / count
		i %= count
		if n > unicode.MaxRune || !utf8.ValidRune(rune(n)) {
			return nil, errPunycode
		}
		runes = slices.Insert(runes, int(i), rune(n))
		i++
	}
	return runes, nil
}
