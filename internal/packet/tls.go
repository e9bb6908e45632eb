package packet

import "encoding/binary"

// A state says how far the beginning of a message was understood.
type state int

const (
	isNone     state = iota // it is no such message, or says nothing
	isHalf                  // more of it is needed
	isComplete              // what it says was found
)

const (
	tlsRecordHeader = 5
	typeHandshake   = 22
	typeClientHello = 1
	longestHello    = 32 << 10
)

// beginsHello reports whether the first bytes of a stream, of which there may be few, are those of
// a TLS ClientHello (RFC 8446, sections 4 and 5.1).
func beginsHello(data []byte) bool {
	switch {
	case len(data) == 0 || data[0] != typeHandshake, len(data) > 1 && data[1] != 3, len(data) > 2 && data[2] > 4:
		return false
	}
	return len(data) <= tlsRecordHeader || data[tlsRecordHeader] == typeClientHello
}

// parseTLS returns the server's name that a stream begins by asking for. A ClientHello may lie in
// several records: the memory of scratch puts it together.
func parseTLS(data, scratch []byte) (name, memory []byte, found state) {
	if !beginsHello(data) {
		return nil, scratch, isNone
	}
	scratch = scratch[:0]
	for i, need := 0, 4; ; {
		if len(data)-i < tlsRecordHeader {
			return nil, scratch, isHalf
		}
		length := int(binary.BigEndian.Uint16(data[i+3:]))
		if data[i] != typeHandshake || length == 0 {
			return nil, scratch, isNone
		}
		i += tlsRecordHeader
		part := data[i:min(i+length, len(data))]
		if len(scratch) == 0 && len(part) >= need { // mostly there is one record
			if need = helloLength(part); need <= len(part) {
				name, found = parseHello(part[4:need])
				return name, scratch, found
			}
		}
		scratch = append(scratch, part...)
		if len(scratch) >= 4 {
			if need = helloLength(scratch); need > longestHello {
				return nil, scratch, isNone
			}
			if need <= len(scratch) {
				name, found = parseHello(scratch[4:need])
				return name, scratch, found
			}
		}
		if i+length > len(data) {
			return nil, scratch, isHalf
		}
		i += length
	}
}

// helloLength returns the length of a handshake message with its header.
func helloLength(message []byte) int {
	return 4 + int(message[1])<<16 + int(message[2])<<8 + int(message[3])
}

// parseHello returns the server's name (RFC 6066, section 3) in the body of a ClientHello. Where
// names are encrypted, it is that of the outer one.
func parseHello(body []byte) (name []byte, found state) {
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
		names, _, ok := cutVector(extension, 2, true)
		if !ok || len(names) == 0 || names[0] != 0 {
			return nil, isNone
		}
		if name, _, ok = cutVector(names[1:], 2, true); ok && len(name) > 0 {
			return name, isComplete
		}
		return nil, isNone
	}
	return nil, isNone
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
