package canon

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
)

// longestIdentifier is the length in bytes of the longest text that isIdentifier knows, without
// escapes.
const longestIdentifier = 64

// How identifiers are written, in lower case, and beside what stands for itself
//
//	0  a digit               Y  a year, four digits    H  an hour, two digits
//	X  a hexadecimal digit   M  a month, up to two     S  a minute or a second, two digits
//	Z  a letter or a digit   D  a day, up to two       N  a month's name
//	+  behind 0: any number of digits more
const (
	macAddress      = "XX:XX:XX:XX:XX:XX"
	macAddressDash  = "XX-XX-XX-XX-XX-XX"
	macAddressDot   = "XXXX.XXXX.XXXX"
	uuid            = "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX" // RFC 9562
	ethereumAddress = "0xXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
)

// namedIdentifiers have a name for what they number: the catalogues of vulnerabilities (CVE, CWE,
// CAPEC, GitHub, the EU), MITRE ATT&CK, and autonomous systems.
var namedIdentifiers = []string{
	"as0+",
	"c0000", "capec-0+", "cve-Y-0000+", "cwe-0+",
	"ds0000",
	"euvd-Y-0+",
	"g0000", "ghsa-ZZZZ-ZZZZ-ZZZZ",
	"m0000",
	"s0000",
	"t0000", "t0000.000", "ta0000",
	"urn:uuid:" + uuid,
}

// Dates and times as ISO 8601 has them, and logs: 2026-11-28T05:09:37.123Z, 20261128T050937+0100,
// 28.11.2026, 28/Nov/2026:05:09:37 +0000, Nov 28 05:09:37.
var (
	dates = []string{"Y-M-D", "Y/M/D", "Y.M.D", "YMD", "D.M.Y", "D/M/Y", "M/D/Y", "D/M/00", "M/D/00", "D-M-Y", "D/N/Y", "D-N-Y", "N D", "N  D"}
	times = []string{"H:S:S.0+", "H:S:S,0+", "H:S:S", "H:S", "HSS.0+", "HSS", "HS"}
	zones = []string{"", "z", "+H:S", "-H:S", "+HS", "-HS", "+H", "-H", " +HS", " -HS", " utc", " gmt"}
)

// isIdentifier reports whether the whole text, as it is or in its canonical form, is one of the
// identifiers that analysts look up beside names.
func isIdentifier(text string) bool {
	if !mayBeIdentifier(text) {
		return false
	}
	if isBase58Address(text) {
		return true
	}
	var unescaped [longestIdentifier]byte
	id := unescaped[:0]
	escaped, raw := false, false // there are odd bytes written as %XX, and as they are
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if decoded, ok := unhex(text[i+1], text[i+2]); ok {
				c, escaped = decoded, true
				i += 2
			}
		} else if !isPlain[lower(c)] {
			raw = true
		}
		if c > 0x7f || len(id) == cap(id) {
			return false
		}
		id = append(id, lower(c))
	}
	if escaped && raw { // the canonical form of an identifier has only escapes
		return false
	}
	switch len(id) {
	case len(macAddress):
		if fits(id, macAddress) || fits(id, macAddressDash) {
			return true
		}
	case len(macAddressDot):
		// .cafe is a top-level domain, the only one of four hexadecimal digits.
		if fits(id, macAddressDot) && string(id[10:]) != "cafe" {
			return true
		}
	case len(uuid):
		if fits(id, uuid) {
			return true
		}
	case len(ethereumAddress):
		if fits(id, ethereumAddress) {
			return true
		}
	}
	if isDigit(id[0]) {
		return isTime(id) || isObjectIdentifier(id)
	}
	for _, pattern := range namedIdentifiers {
		if pattern[0] == id[0] && fits(id, pattern) {
			return true
		}
	}
	return isBech32Address(id) || isTime(id)
}

// mayBeIdentifier is a cheap look at a text: it reports true for every identifier, and false for
// most names that have a digit or a hyphen early.
func mayBeIdentifier(text string) bool {
	if len(text) > len("%XX")*longestIdentifier {
		return false
	}
	dot := strings.LastIndexByte(text, '.')
	switch {
	case dot < 0 && isDigit(text[0]) && len(text) < shortestBase58:
		last := text[len(text)-1] | 0x20 // of a hexadecimal number, or the z, utc, gmt of a time
		return isDigit(text[len(text)-1]) || last >= 'a' && last <= 'f' || last == 'z' || last == 't'
	case dot < 0:
		return true
	case len(text) == len(macAddressDot) && dot == 9:
		return text[4] == '.'
	case dot+1 == len(text) || !isDigit(text[dot+1]), isDigit(text[0]) && isIPv4Like(text):
		return false
	}
	// T1059.001 and Nov 28 05:09:37.123
	return isDigit(text[0]) || len(text) == len("t0000.000") || len(text) > 3 && (text[3] == ' ' || text[3] == '%')
}

// isIPv4Like reports whether a text is four numbers.
func isIPv4Like(text string) bool {
	dots := 0
	for i := range len(text) {
		if text[i] == '.' {
			dots++
		} else if !isDigit(text[i]) {
			return false
		}
	}
	return dots == 3
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// fits reports whether the whole text is written as the pattern says.
func fits(text []byte, pattern string) bool {
	rest, ok := cutPattern(text, pattern)
	return ok && len(rest) == 0
}

// cutPattern returns what follows a pattern at the start of text.
func cutPattern(text []byte, pattern string) (rest []byte, ok bool) {
	for i := range len(pattern) {
		if pattern[i] == '+' && i > 0 && pattern[i-1] == '0' {
			for len(text) > 0 && isDigit(text[0]) {
				text = text[1:]
			}
			continue
		}
		length := lengthOf(text, pattern[i])
		if length == 0 {
			return nil, false
		}
		text = text[length:]
	}
	return text, true
}

// lengthOf returns how many bytes at the start of text a character of a pattern stands for, 0 if
// the text begins with something else.
func lengthOf(text []byte, class byte) int {
	if len(text) == 0 {
		return 0
	}
	fitting := false
	switch class {
	case '0':
		fitting = isDigit(text[0])
	case 'X':
		_, fitting = unhexDigit(text[0])
	case 'Z':
		fitting = isDigit(text[0]) || text[0] >= 'a' && text[0] <= 'z'
	case 'Y':
		if year, digits := number(text, 4); digits == 4 && year >= 1900 && year < 2200 {
			return 4
		}
	case 'M', 'D':
		if value, digits := number(text, 2); value >= 1 && (value <= 12 || class == 'D' && value <= 31) {
			return digits
		}
	case 'H', 'S':
		if value, digits := number(text, 2); digits == 2 && (value <= 24 || class == 'S' && value <= 60) {
			return 2
		}
	case 'N':
		if len(text) >= 3 && slices.Contains(months, string(text[:3])) {
			return 3
		}
	default:
		fitting = text[0] == class
	}
	if fitting {
		return 1
	}
	return 0
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// number returns the number at the start of text, of at most this many digits.
func number(text []byte, most int) (value, digits int) {
	for digits < min(most, len(text)) && isDigit(text[digits]) {
		value = 10*value + int(text[digits]-'0')
		digits++
	}
	return value, digits
}

// isTime reports whether text is a date, a date and a time of day, or a time with seconds.
func isTime(text []byte) bool {
	_, digits := number(text, len(text))
	if digits == len(text) {
		return false
	}
	for _, date := range dates {
		if between := date[1]; between != text[digits] && between != 'M' && digits > 0 {
			continue
		}
		rest, ok := cutPattern(text, date)
		if !ok {
			continue
		}
		// Without a year only a time makes it a date.
		if len(rest) == 0 && date[0] != 'N' || len(rest) > 0 && strings.IndexByte("t :_", rest[0]) >= 0 && isTimeOfDay(rest[1:]) {
			return true
		}
	}
	return bytes.Count(text, []byte(":")) >= 2 && isTimeOfDay(text)
}

func isTimeOfDay(text []byte) bool {
	for _, time := range times {
		rest, ok := cutPattern(text, time)
		if !ok {
			continue
		}
		for _, zone := range zones {
			if fits(rest, zone) {
				return true
			}
		}
	}
	return false
}

// isObjectIdentifier reports whether text is one in dotted notation (ITU-T X.660), with more arcs
// than an IPv4 address has parts.
func isObjectIdentifier(text []byte) bool {
	if text[0] > '2' || len(text) < 2 || text[1] != '.' || text[len(text)-1] == '.' {
		return false
	}
	arcs := 1
	for i, c := range text {
		switch {
		case c == '.' && text[i-1] != '.':
			arcs++
		case !isDigit(c):
			return false
		}
	}
	return arcs > 4
}

const shortestBase58 = 26

// isBase58Address reports whether text is a Bitcoin address of the older kinds: a version, 20 bytes
// and their checksum, in base 58.
func isBase58Address(text string) bool {
	const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if len(text) < shortestBase58 || len(text) > 35 || text[0] != '1' && text[0] != '3' {
		return false
	}
	var address [25]byte
	for i := range len(text) {
		carry := strings.IndexByte(digits, text[i])
		if carry < 0 {
			return false
		}
		for j := len(address) - 1; j >= 0; j-- {
			carry += 58 * int(address[j])
			address[j] = byte(carry)
			carry >>= 8
		}
		if carry > 0 {
			return false
		}
	}
	once := sha256.Sum256(address[:21])
	twice := sha256.Sum256(once[:])
	return bytes.Equal(twice[:4], address[21:])
}

// isBech32Address reports whether text, in lower case, is a Bitcoin address of the newer kinds
// (BIP 173 and BIP 350).
func isBech32Address(text []byte) bool {
	const digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	if len(text) < 14 || string(text[:3]) != "bc1" {
		return false
	}
	check := uint32(1)
	add := func(value uint32) {
		top := check >> 25
		check = check&0x1ffffff<<5 ^ value
		for i, generator := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				check ^= generator
			}
		}
	}
	for _, value := range [...]uint32{'b' >> 5, 'c' >> 5, 0, 'b' & 31, 'c' & 31} {
		add(value)
	}
	for _, c := range text[3:] {
		value := strings.IndexByte(digits, c)
		if value < 0 {
			return false
		}
		add(uint32(value))
	}
	return check == 1 || check == 0x2bc830a3
}
