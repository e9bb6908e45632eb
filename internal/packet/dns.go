package packet

import "encoding/binary"

// DNS is what the header of a DNS message says (RFC 1035, section 4.1.1), and a place among the
// questions behind it.
type DNS struct {
	ID           uint16
	IsResponse   bool
	ResponseCode uint8

	message []byte
	at      int
	left    int // questions
}

const (
	dnsHeader     = 12
	longestLabels = 255 // octets of a name with the lengths of its labels
)

// ParseDNS returns the header of a message, and whether it has one.
func ParseDNS(message []byte) (DNS, bool) {
	if len(message) < dnsHeader {
		return DNS{}, false
	}
	return DNS{
		ID:           binary.BigEndian.Uint16(message),
		IsResponse:   message[2]&0x80 != 0,
		ResponseCode: message[3] & 0xf,
		message:      message,
		at:           dnsHeader,
		left:         int(binary.BigEndian.Uint16(message[4:])),
	}, true
}

// Questions returns how many questions were not read yet.
func (d *DNS) Questions() int { return d.left }

// Next appends the name that the next question asks for, in presentation format (RFC 1035, section
// 5.1) as BIND writes it: "." for the root, else without a final dot. It returns ok = false if
// there is no question, or a damaged one, behind which no other is found.
func (d *DNS) Next(out []byte) (name []byte, recordType uint16, ok bool) {
	if d.left == 0 {
		return out, 0, false
	}
	d.left--
	name, at := appendName(out, d.message, d.at)
	if at < 0 || at+4 > len(d.message) {
		d.left = 0
		return out, 0, false
	}
	d.at = at + 4
	return name, binary.BigEndian.Uint16(d.message[at:]), true
}

// appendName appends the name at a place of a message, and returns the place behind it, or -1.
func appendName(out, message []byte, at int) (name []byte, end int) {
	start, length, first := len(out), 0, at
	end = -1
	for {
		if at >= len(message) {
			return out[:start], -1
		}
		n := int(message[at])
		switch {
		case n == 0:
			if len(out) == start {
				return append(out, '.'), max(end, at+1)
			}
			return out, max(end, at+1)
		case n >= 0xc0: // the rest stands before (section 4.1.4)
			if at+1 >= len(message) {
				return out[:start], -1
			}
			to := n&0x3f<<8 | int(message[at+1])
			if to >= first || to < dnsHeader {
				return out[:start], -1
			}
			end = max(end, at+2)
			at, first = to, to
			continue
		case n > 63 || at+1+n > len(message):
			return out[:start], -1
		}
		if length += 1 + n; length >= longestLabels {
			return out[:start], -1
		}
		if len(out) > start {
			out = append(out, '.')
		}
		for _, c := range message[at+1 : at+1+n] {
			switch escapes[c] {
			case isPlain:
				out = append(out, c)
			case isMarked:
				out = append(out, '\\', c)
			default:
				out = append(out, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
			}
		}
		at += 1 + n
	}
}

// How a byte of a label is written.
const (
	isNumber = iota // as \DDD
	isPlain
	isMarked // behind a backslash
)

var escapes = func() (table [256]uint8) {
	for c := '!'; c <= '~'; c++ {
		table[c] = isPlain
	}
	for _, c := range `".;\()@$` {
		table[c] = isMarked
	}
	return table
}()
