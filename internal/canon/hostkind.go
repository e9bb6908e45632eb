package canon

import (
	"bytes"
	"regexp"
	"sync"
)

// HostKind returns the kind of host, the first of these that fits:
//
//   - "IP address"
//   - "operator": a suffix of operators.txt, or a name below one
//   - "reverse DNS": a name that spells an IPv4 address, as the names of access lines do
//   - "free hosting": a suffix of the private part of the public suffix list, or a name below one;
//     companies list there the suffixes below which their customers have names
//   - "internationalised": a name with an A-label
//   - "registered domain itself": without a sub-domain
//   - "other sub-domain"
func (u *URL) HostKind() string {
	u.findSuffix()
	host := u.Host()
	switch {
	case u.isAddress:
		return "IP address"
	case u.IsOperators():
		return "operator"
	case spellsAddress(host, u.domain):
		return "reverse DNS"
	case u.rule.isPrivate():
		return "free hosting"
	case bytes.Contains(host, aLabelPrefix):
		return "internationalised"
	case u.domain == 0:
		return "registered domain itself"
	}
	return "other sub-domain"
}

// ownLookUp finds the suffixes of operators.txt. A model may carry another list.
var ownLookUp = sync.OnceValue(func() *operators {
	found, _ := newOperators(ownOperators())
	return found
})

// How names spell an IPv4 address. The order of its bytes varies, and does not matter.
var (
	// 203-0-113-7.dsl, 7.113.0.203.in-addr.arpa, 203x000x113x007.ap
	fourNumbers = pattern(`(^|[^0-9])` + octet + `([-._x]` + octet + `){3}([^0-9]|$)`)
	// host203000113007
	twelveDigits = pattern(`(^|[^0-9])(25[0-5]|2[0-4][0-9]|[01][0-9][0-9]){4}([^0-9]|$)`)
	// ip-cb007107.static, pcb007107.city: at the end of a label, since identifiers may begin so
	eightHexDigits = pattern(`(^|[^0-9a-f])[0-9a-f]{8}\.`)
)

// pattern returns an expression that is compiled when it is first used.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

const octet = `(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])`

// spellsAddress reports whether a host, whose registered domain starts at domain, spells an IPv4
// address: four numbers up to 255 in a row; twelve digits that are four such numbers; or, only in
// the sub-domain, eight hexadecimal digits at the end of a label, both letters and decimal digits.
// An identifier may also have the last form.
func spellsAddress(host []byte, domain int) bool {
	hexadecimal := eightHexDigits().Find(host[:domain])
	return fourNumbers().Match(host) || twelveDigits().Match(host) ||
		bytes.ContainsAny(hexadecimal, "0123456789") && bytes.ContainsAny(hexadecimal, "abcdef")
}
