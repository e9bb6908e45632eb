package packet

import (
	"bytes"
	"encoding/binary"
)

// A state says how far the beginning of a message was understood.
type state int

const (
	isNone     state = iota // it is no such message, or says nothing
	isHalf                  // more of it is needed
	isComplete              // what it says was found
)

const (
	tlsRecordHeader = 5
	typeChange      = 20 // of cipher
	typeAlert       = 21
	typeHandshake   = 22
	typeClientHello = 1
	longestHello    = 32 << 10
	longestAlert    = 2
)

// beginsHello reports whether the first bytes of a stream, of which there may be few, are those of
// a TLS ClientHello (RFC 8446, sections 4 and 5.1), or of a record that servers read before one.
func beginsHello(data []byte) bool {
	switch {
	case len(data) == 0 || data[0] < typeChange || data[0] > typeHandshake, len(data) > 1 && data[1] != 3, len(data) > 2 && data[2] > 4:
		return false
	case len(data) < tlsRecordHeader:
		return true
	}
	length := int(binary.BigEndian.Uint16(data[3:]))
	if data[0] != typeHandshake {
		return length > 0 && length <= longestAlert
	}
	return length == 0 || len(data) == tlsRecordHeader || data[tlsRecordHeader] == typeClientHello
}

// parseTLS appends the server's names that a stream begins by asking for. A ClientHello may lie in
// several records, and between others: the memory of scratch puts it together.
func parseTLS(data, scratch []byte, names [][]byte) (found [][]byte, memory []byte, is state) {
	if !beginsHello(data) {
		return names, scratch, isNone
	}
	scratch = scratch[:0]
	for i := 0; ; {
		if len(data)-i < tlsRecordHeader {
			return names, scratch, isHalf
		}
		kind, length := data[i], int(binary.BigEndian.Uint16(data[i+3:]))
		isOther := kind == typeChange || kind == typeAlert
		if isOther && length > longestAlert || !isOther && kind != typeHandshake {
			return names, scratch, isNone
		}
		i += tlsRecordHeader
		part := data[i:min(i+length, len(data))]
		if isOther {
			part = nil
		}
		message := part
		if len(scratch) > 0 || len(part) < 4 || helloLength(part) > len(part) { // mostly there is one record
			scratch = append(scratch, part...)
			message = scratch
		}
		if len(message) > 0 && message[0] != typeClientHello {
			return names, scratch, isNone
		}
		if len(message) >= 4 {
			need := helloLength(message)
			if need > longestHello {
				return names, scratch, isNone
			}
			if need <= len(message) {
				names, is = parseHello(message[4:need], names)
				return names, scratch, is
			}
		}
		if i+length > len(data) {
			return names, scratch, isHalf
		}
		i += length
	}
}

// helloLength returns the length of a handshake message with its header.
func helloLength(message []byte) int {
	return 4 + int(message[1])<<16 + int(message[2])<<8 + int(message[3])
}

// parseHello appends the server's names (RFC 6066, section 3) in the body of a ClientHello. There
// should be one; programs differ in which of several they take. Where names are encrypted, it is
// that of the outer one.
func parseHello(body []byte, names [][]byte) (found [][]byte, is state) {
	const versionAndRandom = 2 + 32
	rest, ok := skip(body, versionAndRandom)
	if _, rest, ok = cutVector(rest, 1, ok); ok { // session
		_, rest, ok = cutVector(rest, 2, ok) // cipher suites
	}
	_, rest, ok = cutVector(rest, 1, ok) // compression
	extensions, _, ok := cutVector(rest, 2, ok)
	for ok && len(extensions) >= 4 {
		kind := binary.BigEndian.Uint16(extensions)
		var extension []byte
		if extension, extensions, ok = cutVector(extensions[2:], 2, true); !ok || kind != 0 {
			continue
		}
		list, _, isList := cutVector(extension, 2, true)
		for isList && len(list) > 0 && len(names) < mostNames {
			var name []byte
			kind := list[0]
			if name, list, isList = cutVector(list[1:], 2, true); isList && kind == 0 && len(name) > 0 {
				names, is = addName(names, name), isComplete
			}
		}
	}
	return names, is
}

// mostNames is how many names one message may have. Each becomes a record.
const mostNames = 64

// addName appends a name unless it is there.
func addName(names [][]byte, name []byte) [][]byte {
	for _, other := range names {
		if bytes.Equal(other, name) {
			return names
		}
	}
	if len(names) == mostNames {
		return names
	}
	return append(names, name)
}

func skip(data []byte, n int) (rest []byte, ok bool) {
	if len(data) < n {
		return nil, false
	}
	return data[n:], true
}

// cutVector cuts off what has its length before it, in so many bytes.
func cutVector(data []byte, lengthBytes int, isOK bool) (vector, rest []byte, ok bool) {
	if !isOK || len(data) < lengthBytes {
		return nil, nil, false
	}
	n := 0
	for _, c := range data[:lengthBytes] {
		n = n<<8 | int(c)
	}
	data = data[lengthBytes:]
	if len(data) < n {
		return nil, nil, false
	}
	return data[:n], data[n:], true
}
