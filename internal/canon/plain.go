package canon

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/swar"
)

// The quick way through Parse and ParseName, for texts of the most common sort. It looks at eight
// bytes of the host at once, and what it does next depends on a few bits that nearly all texts have
// alike. The result is that of parse and parseName.

// parsePlain parses a text if that is a short name in lower case, with or without a scheme, www.
// and a path, otherwise in canonical form. It reports whether the text is one.
func (u *URL) parsePlain(text string) bool {
	if len(text) > MaxLength {
		return false
	}
	rest := text
	if strings.HasPrefix(text, "http") {
		rest = strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
	}
	u.reset()
	u.isAmbiguous = len(text)-len(rest) == len("https://http://")
	end, ok := u.setPlain(rest)
	if !ok {
		return false
	}
	var inPath uint8
	if end == len(rest) {
		if len(rest) == len(text) && !u.endsInLetters() && notPublicText(text) != Public {
			return false
		}
	} else if inPath = plainPath(rest[end:]); inPath&notPlain != 0 {
		return false
	}
	if string(u.text[:min(end, len("www."))]) == "www." {
		if end, ok = u.trimPlainWWW(end); !ok {
			return false
		}
	}
	u.port, u.path, u.query, u.fragment = end, end, end, end
	if len(u.text) == end {
		return true
	}
	if rewritesLinks(u.Host()) {
		return false
	}
	if len(u.text) == end+len("/") {
		u.text = u.text[:end]
		return true
	}
	u.setQuery(inPath)
	return true
}

// parsePlainName is parsePlain for a DNS name.
func (u *URL) parsePlainName(name string) bool {
	u.reset()
	end, ok := u.setPlain(name)
	if !ok || end < len(name) || strings.HasPrefix(name, "www.") {
		return false
	}
	u.port, u.path, u.query, u.fragment = end, end, end, end
	return true
}

// setPlain sets u.text to a text, and returns where its host ends, and whether the host is plain:
// shorter than longestPlain, without a dot at its ends, and no number.
func (u *URL) setPlain(text string) (end int, ok bool) {
	u.text = append(slices.Grow(u.text, len(text)+slack), text...)
	words := u.text[:len(text)+slack]
	words[len(text)] = 0 // no host goes on behind the text
	var dots, hyphens, found uint64
	for ; found == 0; end += 8 {
		if end >= longestPlain {
			return 0, false
		}
		word := binary.LittleEndian.Uint64(words[end : end+8])
		atDots, atHyphens := swar.Equal(word, '.'), swar.Equal(word, '-')
		plain := swar.Within(word, 'a', 'z') | swar.Within(word, '0', '9') | atDots | atHyphens | swar.Equal(word, '_')
		found = (word | ^plain) & swar.High
		dots |= swar.Bits(atDots) << end
		hyphens |= swar.Bits(atHyphens) << end
	}
	end += bits.TrailingZeros64(found)/8 - 8
	inHost := uint64(1)<<end - 1
	u.dots = dots & inHost
	u.mayHaveALabels = hyphens&(hyphens>>1)&(inHost>>1) != 0
	return end, end > 0 && (u.dots|u.dots<<1)&(1|1<<end) == 0 && u.isNoNumber()
}

// isNoNumber reports whether a plain host is no IPv4 address for sure: its first or its last label
// begins with no digit.
func (u *URL) isNoNumber() bool { return !isDigit(u.text[0]) || !isDigit(u.text[bits.Len64(u.dots)]) }

// longestPlain is how many bits there are, for each byte of a plain host and the one behind it.
const longestPlain = 64

// slack is how much memory there is behind a plain text, to read and to write words of eight bytes.
const slack = 16

// endsInLetters reports whether a plain text has a last label that begins with a letter. Then
// notPublicText finds nothing in it but a MAC address with dots.
func (u *URL) endsInLetters() bool {
	label := bits.Len64(u.dots)
	return label > 1 && u.text[label] >= 'a' && (label != 10 || u.text[4] != '.')
}

// trimPlainWWW removes www. before a plain host if its registered domain stands behind that. It
// returns where the host ends, and whether it has the form of trimWWW.
func (u *URL) trimPlainWWW(end int) (newEnd int, ok bool) {
	const www = len("www.")
	u.domain, u.suffix, u.rule = splitSuffix(u.text[:end], u.dots)
	u.hasSuffix = true
	if u.domain < www {
		return end, true
	}
	u.text = append(u.text[:0], u.text[www:]...)
	end, u.dots = end-www, u.dots>>www
	u.domain, u.suffix = u.domain-www, u.suffix-www
	return end, u.text[0] != '.' && u.isNoNumber() && string(u.text[:min(end, www)]) != "www."
}
