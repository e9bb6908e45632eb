package canon

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/snowman-ml/snowman/internal/uts46"
)

// appendHost appends the canonical form of a host. It returns no error: a host that is neither a
// valid name nor an address is a string of bytes, which DNS can carry.
func (u *URL) appendHost(host string) {
	if strings.HasPrefix(host, "[") {
		address, _ := parseIPv6(host[1 : len(host)-1])
		u.isAddress = true
		if address = embeddedIPv4(address); address.Is4() {
			u.text = address.AppendTo(u.text)
			return
		}
		u.text = append(u.text, '[')
		u.text = address.AppendTo(u.text)
		u.text = append(u.text, ']')
		return
	}
	u.appendName(u.decode(host))
	u.convertIPv4()
}

// decode returns a host in lower case with its escapes decoded once. It lies in u.scratch.
func (u *URL) decode(host string) []byte {
	raw := u.scratch[:0]
	for i := 0; i < len(host); i++ {
		c := host[i]
		if c == '%' && i+2 < len(host) {
			if decoded, ok := unhex(host[i+1], host[i+2]); ok {
				c = decoded
				i += 2
			}
		}
		raw = append(raw, lower(c))
	}
	u.scratch = raw
	return raw
}

// appendName appends the canonical form of a name whose bytes are decoded.
func (u *URL) appendName(raw []byte) {
	if !isASCII(raw) {
		u.scratch = uts46.Append(raw, raw)
		raw = u.scratch[len(raw):]
	}
	start := len(u.text)
	for i, c := range raw {
		isWildcard := c == '*' && (i == 0 || raw[i-1] == '.') && (i+1 == len(raw) || raw[i+1] == '.')
		if isPlain[c] || isWildcard {
			u.text = append(u.text, c)
		} else {
			u.text = appendEscape(u.text, c)
		}
	}
	u.text = append(u.text[:start], trimWWW(u.text[start:])...)
}

// convertIPv4 replaces a host that browsers take for an IPv4 address by it.
func (u *URL) convertIPv4() {
	if address, ok := parseIPv4(u.text); ok {
		u.isAddress = true
		u.text = address.AppendTo(u.text[:0])
	}
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nat64 is the prefix that translators put before an IPv4 address (RFC 6052, section 2.1).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// embeddedIPv4 returns the IPv4 address that an IPv6 address maps (RFC 4291, section 2.5.5.2) or
// that NAT64 translates, or the address itself.
func embeddedIPv4(address netip.Addr) netip.Addr {
	if nat64.Contains(address) {
		bytes := address.As16()
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return address.Unmap()
}

// trimWWW removes leading and trailing dots, and www. if a registered domain stands behind it.
func trimWWW(host []byte) []byte {
	host = bytes.Trim(host, ".")
	registered := -1 // the length of the registered domain, once it is known
	for {
		shorter, found := bytes.CutPrefix(host, []byte("www."))
		if !found {
			return host
		}
		if registered < 0 {
			domain, _, _ := splitSuffix(host, 0)
			registered = len(host) - domain
		}
		if len(shorter) < registered {
			return host
		}
		host = bytes.TrimLeft(shorter, ".")
	}
}

// parseIPv4 reads an address as browsers do (WHATWG URL, IPv4 parser): one to four parts, each
// decimal, octal or hexadecimal. The last part fills all bytes that are left.
func parseIPv4(host []byte) (netip.Addr, bool) {
	if len(host) == 0 || !isDigit(host[0]) {
		return netip.Addr{}, false
	}
	var address uint64
	for part := 0; ; part++ {
		label, rest, more := bytes.Cut(host, []byte("."))
		number, ok := parseIPv4Part(label)
		switch {
		case !ok || part == 4:
			return netip.Addr{}, false
		case !more:
			if number >= 1<<(8*(4-part)) {
				return netip.Addr{}, false
			}
			address |= number
			return netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}), true
		case number > 255 || part == 3:
			return netip.Addr{}, false
		}
		address |= number << (24 - 8*part)
		host = rest
	}
}

func parseIPv4Part(label []byte) (number uint64, ok bool) {
	if len(label) == 0 {
		return 0, false
	}
	base := 10
	if label[0] == '0' && len(label) > 1 {
		label, base = label[1:], 8
		if label[0] == 'x' {
			label, base = label[1:], 16
		}
		label = bytes.TrimLeft(label, "0")
		if len(label) == 0 {
			return 0, true
		}
	}
	for _, c := range label {
		if !isDigit(c) && (c < 'a' || c > 'f') { // ParseUint also takes a sign and underscores
			return 0, false
		}
	}
	number, err := strconv.ParseUint(unsafe.String(&label[0], len(label)), base, 32)
	return number, err == nil
}

// parseIPv6 reads an IPv6 address. It drops the zone, which has a meaning on one machine only.
func parseIPv6(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	return address.WithZone(""), err == nil && address.Is6()
}

func isIPv6(text string) bool {
	if strings.Count(text, ":") < 2 {
		return false
	}
	_, ok := parseIPv6(text)
	return ok
}

func unhex(high, low byte) (byte, bool) {
	h, okHigh := unhexDigit(high)
	l, okLow := unhexDigit(low)
	return h<<4 | l, okHigh && okLow
}

func unhexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
