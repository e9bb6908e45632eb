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
		u.text = append(u.text, '[')
		u.text = address.AppendTo(u.text)
		u.text = append(u.text, ']')
		return
	}
	raw := u.scratch[:0]
	ascii := true
	for i := 0; i < len(host); i++ {
		c := host[i]
		if c == '%' && i+2 < len(host) {
			if decoded, ok := unhex(host[i+1], host[i+2]); ok {
				c = decoded
				i += 2
			}
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		ascii = ascii && c < utf8.RuneSelf
		raw = append(raw, c)
	}
	decoded := raw
	if !ascii {
		raw = uts46.Append(raw, decoded)
		decoded = raw[len(decoded):]
	}
	u.scratch = raw
	u.text = appendEscaped(u.text, decoded)

	name := trimWWW(u.text[u.host:])
	u.text = append(u.text[:u.host], name...)
	if address, ok := parseIPv4(u.text[u.host:]); ok {
		u.isAddress = true
		u.text = address.AppendTo(u.text[:u.host])
	}
}

// appendEscaped appends a host and writes each byte that is rare in names as %XX. So a decoded
// delimiter stays part of the name, and every host is printable ASCII.
func appendEscaped(text, host []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range host {
		if c >= 'a' && c <= 'z' || isDigit(c) || c == '-' || c == '.' || c == '_' || c == '*' {
			text = append(text, c)
		} else {
			text = append(text, '%', digits[c>>4], digits[c&15])
		}
	}
	return text
}

// trimWWW removes leading and trailing dots, and www. if a registered domain stands behind it.
func trimWWW(host []byte) []byte {
	for {
		host = bytes.Trim(host, ".")
		shorter, found := bytes.CutPrefix(host, []byte("www."))
		if !found {
			return host
		}
		if domain, _, _ := splitSuffix(host); domain < len("www.") {
			return host
		}
		host = shorter
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
