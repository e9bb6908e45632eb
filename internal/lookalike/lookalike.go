// Package lookalike says which popular name a host imitates, and whether it mixes scripts.
//
//	list := lookalike.New([]string{"paypal.com", "microsoft.com"})
//	if lookalike.IsOdd(host) {
//		imitates, mixed := list.Look(host, domain)
//	}
//
// A name imitates another if both have the same skeleton. UTS #39, section 4, defines it; these
// rules differ, since names are in lower case:
//
//   - The skeleton of 0 is o, where the standard has O. That of I is i, where the standard has l,
//     since a name in capitals is the name itself. That of 1 is l, as in the standard.
//   - Marks on letters do not count: readers take metamask with an accent for metamask. The bar of
//     Polish l and the like are marks.
//   - vv looks like w, and cl like d.
//
// Only odd names imitate: those with a character outside ASCII, a 0 or 1, rn, vv or cl. So modem
// does not imitate modern, nor does any ordinary word imitate another. A name that is on the list
// imitates nobody, whatever stands behind it: paypal.net does not imitate paypal.com.
// What else was tried: docs/experiments/lookalikes.md.
//
// Hosts are in canonical form: lower case, A-labels. The package knows names, not addresses or
// URLs, and reads no files. To look at a host takes time in proportion to its length, no memory.
package lookalike

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:generate go run -C _confusables . -out ../confusables.go

// MaxNames is how many names a list may have.
const MaxNames = 20_000

const (
	// minLabel is the length of the shortest label that is imitated. Too many words and
	// abbreviations are one character away from a shorter label.
	minLabel = 5
	// minPart is the length of the shortest label that a label of a sub-domain or a part between
	// hyphens imitates. It is longer, since machines are called core1 or car01.
	minPart = 6

	maxLabel = 63  // bytes (RFC 1035, section 2.3.4)
	maxHost  = 253 // bytes without the dots at the ends
)

// CanBeImitated reports whether a registered domain can stand on a list. Its first label must be
// long enough, of ASCII letters, digits and hyphens, and have a letter.
func CanBeImitated(domain string) bool {
	label, suffix, found := strings.Cut(domain, ".")
	isPlain := func(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' }
	return found && len(domain) <= maxHost && len(label) >= minLabel && len(label) <= maxLabel &&
		!strings.HasPrefix(label, "xn--") &&
		strings.Trim(label, "0123456789-") != "" &&
		strings.TrimFunc(label, isPlain) == "" &&
		suffix != "" && strings.TrimFunc(suffix, func(c rune) bool { return isPlain(c) || c == '.' }) == ""
}

// Check returns an error unless domains are a list: at most MaxNames, all of which can be imitated.
func Check(domains []string) error {
	if len(domains) > MaxNames {
		return fmt.Errorf("%d names to imitate, want at most %d", len(domains), MaxNames)
	}
	for _, domain := range domains {
		if !CanBeImitated(domain) {
			return fmt.Errorf("name to imitate %q, want a domain in lower case with a label of %d to %d letters, digits and hyphens", domain, minLabel, maxLabel)
		}
	}
	return nil
}

// A List is names that others imitate. It is immutable and safe for any number of goroutines. The
// zero value has no names.
type List struct {
	domains   map[string]string // by the skeleton of their label
	oddLabels map[string]bool   // labels on the list that are odd, and imitate nobody
}

// New returns a list of registered domains that Check accepts, the most popular first. Of domains
// that look alike, the first is the one that others imitate.
func New(domains []string) *List {
	l := &List{domains: make(map[string]string, len(domains)), oddLabels: make(map[string]bool)}
	var skeleton []byte
	for _, domain := range domains {
		label, _, _ := strings.Cut(domain, ".")
		if skeleton, _ = appendSkeleton(skeleton[:0], []byte(label), false); l.domains[string(skeleton)] == "" {
			l.domains[string(skeleton)] = domain
		}
		if IsOdd([]byte(label)) {
			l.oddLabels[label] = true
		}
	}
	return l
}

// What makes a name odd: two bytes in a row, or a digit behind any byte.
const (
	rn = 1 << iota
	vv
	cl
	hyphens // of xn--
	digit
)

var begins, ends = func() (begins, ends [256]byte) {
	for c := range begins {
		begins[c] = digit
	}
	for pair, bit := range map[string]byte{"rn": rn, "vv": vv, "cl": cl, "--": hyphens} {
		begins[pair[0]] |= bit
		ends[pair[1]] |= bit
	}
	ends['0'], ends['1'] = digit, digit
	return begins, ends
}()

// IsOdd reports whether a host has something that Look could find. Few hosts have, and IsOdd is
// faster than Look.
func IsOdd(host []byte) bool {
	var odd, before byte
	for _, c := range host {
		odd |= begins[before] & ends[c]
		before = c
	}
	return odd != 0
}

// Look returns the domain on the list that a host imitates, or an empty string, and whether a label
// mixes scripts beyond the level "highly restrictive" of UTS #39, section 5.2. The host's
// registered domain starts at index domain.
func (l *List) Look(host []byte, domain int) (imitates string, mixesScripts bool) {
	if len(host) > maxHost || domain < 0 || domain > len(host) {
		return "", false
	}
	var buffer [maxLabel * utf8.UTFMax]byte
	label, _, _ := bytes.Cut(host[domain:], []byte("."))
	text := decode(buffer[:0], label)
	imitates, mixesScripts = l.imitated(text, minLabel), mixes(text)
	for sub := host[:max(domain-1, 0)]; len(sub) > 0; {
		dot := bytes.LastIndexByte(sub, '.')
		text = decode(buffer[:0], sub[dot+1:])
		sub = sub[:max(dot, 0)]
		mixesScripts = mixesScripts || mixes(text)
		if imitates == "" {
			imitates = l.imitated(text, minPart)
		}
	}
	return imitates, mixesScripts
}

// imitated returns the domain that a label in Unicode, or a part of it, imitates, or an empty
// string. The label as a whole imitates labels of at least least bytes.
func (l *List) imitated(label []byte, least int) string {
	if domain := l.find(label, least, true); domain != "" || bytes.IndexByte(label, '-') < 0 {
		return domain
	}
	// Between hyphens stand ordinary words, which have marks in many languages.
	for {
		part, rest, more := bytes.Cut(label, []byte("-"))
		if domain := l.find(part, minPart, false); domain != "" || !more {
			return domain
		}
		label = rest
	}
}

// find returns the domain, with a label of at least least bytes, that a text looks like, or an
// empty string.
func (l *List) find(text []byte, least int, dropMarks bool) string {
	if isASCII(text) && !IsOdd(text) {
		return ""
	}
	var buffer [4 * maxLabel]byte
	skeleton, isASCIIAlike := appendSkeleton(buffer[:0], text, dropMarks)
	if !isASCIIAlike {
		return ""
	}
	domain := l.domains[string(skeleton)]
	if strings.IndexByte(domain, '.') < least || l.oddLabels[string(text)] {
		return ""
	}
	return domain
}

// A prototype says what a character outside ASCII looks like.
type prototype struct {
	character rune
	looksLike string // in ASCII
	hasMarks  bool   // the character has marks, which looksLike has not
}

// appendSkeleton appends the skeleton of a text, and reports whether the whole text looks like
// ASCII.
func appendSkeleton(skeleton, text []byte, dropMarks bool) ([]byte, bool) {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			skeleton = appendPrototype(skeleton, text[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		place, found := slices.BinarySearchFunc(prototypes[:], r, func(p prototype, r rune) int { return cmp.Compare(p.character, r) })
		switch {
		case found && (dropMarks || !prototypes[place].hasMarks):
			for j := range len(prototypes[place].looksLike) {
				skeleton = appendPrototype(skeleton, prototypes[place].looksLike[j])
			}
		case !dropMarks || !unicode.Is(unicode.Mn, r):
			return skeleton, false
		}
	}
	return skeleton, true
}

// appendPrototype appends what an ASCII character looks like. That of 0, 1 and m is from
// confusables.txt, in lower case; that of w and d is not.
func appendPrototype(skeleton []byte, c byte) []byte {
	switch c {
	case '0':
		return append(skeleton, 'o')
	case '1':
		return append(skeleton, 'l')
	case 'm':
		return append(skeleton, 'r', 'n')
	case 'w':
		return append(skeleton, 'v', 'v')
	case 'd':
		return append(skeleton, 'c', 'l')
	}
	return append(skeleton, c)
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

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
