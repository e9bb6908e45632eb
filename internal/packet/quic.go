package packet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
)

// A quicVersion says how the Initial packets of a version of QUIC are known and protected.
type quicVersion struct {
	number uint32
	kind   byte // of long headers, that of Initial packets
	salt   string
	label  string
}

// Of RFC 9001, section 5.2, and RFC 9369, section 3.
var quicVersions = [...]quicVersion{
	{1, 0, "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a", "quic "},
	{0x6b3343cf, 1, "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9", "quicv2 "},
}

const (
	longestID       = 20
	shortestInitial = 1200 // RFC 9000, section 14.1: clients fill it
	mostHellos      = 1 << 10
	mostParts       = 128
)

// hellos puts the ClientHellos together that Initial packets of QUIC carry in frames of any order.
type hellos struct {
	of    map[connection]*hello
	ring  []connection // the oldest at next
	next  int
	from  []byte // a datagram that is decrypted in place
	all   []byte
	names [][]byte // in it
}

// A connection is known by where it goes and by the ID that its client chose at first.
type connection struct {
	ends
	id     [longestID]byte
	length uint8
}

// A hello is what came of a ClientHello.
type hello struct {
	parts  []helloPart
	bytes  int
	isDone bool
}

type helloPart struct {
	offset int
	data   []byte
}

// find returns the server's names that a datagram completes the question for, or nil. The keys of
// Initial packets follow from what stands in them, so that anybody can read them.
func (h *hellos) find(s *Segment) [][]byte {
	datagram := s.Payload
	if len(datagram) < shortestInitial {
		return nil
	}
	for len(datagram) > 7 && datagram[0]&0xc0 == 0xc0 {
		initial, rest := cutLongPacket(datagram)
		if initial.version == nil {
			return nil
		}
		if initial.packet != nil {
			if names := h.add(s, initial); len(names) > 0 {
				return names
			}
		}
		datagram = rest
	}
	return nil
}

// An initialPacket is a packet of QUIC, still protected.
type initialPacket struct {
	version *quicVersion
	id      []byte
	packet  []byte // nil if it is of another kind
	number  int    // where the number of the packet stands
}

// cutLongPacket returns the packet with a long header that a datagram begins with (RFC 9000,
// section 17.2), and the rest.
func cutLongPacket(datagram []byte) (p initialPacket, rest []byte) {
	number := binary.BigEndian.Uint32(datagram[1:])
	for i := range quicVersions {
		if quicVersions[i].number == number {
			p.version = &quicVersions[i]
		}
	}
	id, rest, ok := cutVector(datagram[5:], 1, true)
	_, rest, ok = cutVector(rest, 1, ok)
	if p.version == nil || !ok || len(id) > longestID {
		return initialPacket{}, nil
	}
	p.id = id
	kind := datagram[0] >> 4 & 3
	isInitial := kind == p.version.kind
	if isRetry := kind == (p.version.kind+3)%4; isRetry {
		return p, nil
	}
	if isInitial {
		token, after, ok := cutNumber(rest)
		if !ok || token > uint64(len(after)) {
			return initialPacket{}, nil
		}
		rest = after[token:]
	}
	length, rest, ok := cutNumber(rest)
	if !ok || length > uint64(len(rest)) {
		return initialPacket{}, nil
	}
	if isInitial {
		p.number = len(datagram) - len(rest)
		p.packet = datagram[:p.number+int(length)]
	}
	return p, rest[length:]
}

// cutNumber cuts off an integer of variable length (section 16).
func cutNumber(data []byte) (number uint64, rest []byte, ok bool) {
	if len(data) == 0 {
		return 0, nil, false
	}
	n := 1 << (data[0] >> 6)
	if len(data) < n {
		return 0, nil, false
	}
	number = uint64(data[0] & 0x3f)
	for _, c := range data[1:n] {
		number = number<<8 | uint64(c)
	}
	return number, data[n:], true
}

// add adds what a packet carries to its hello.
func (h *hellos) add(s *Segment, p initialPacket) [][]byte {
	key := connection{ends: ends{s.Source, s.Destination}, length: uint8(len(p.id))}
	copy(key.id[:], p.id)
	at := h.of[key]
	if at != nil && at.isDone {
		return nil
	}
	h.from = append(h.from[:0], p.packet...)
	frames, ok := p.version.decrypt(h.from, p.number, p.id)
	if !ok {
		return nil
	}
	if at == nil {
		at = h.begin(key)
	}
	at.add(frames)
	names, found := h.name(at)
	if at.isDone = found != isHalf; at.isDone {
		at.parts = nil
	}
	return names
}

// begin returns a new hello, maybe in the place of the oldest.
func (h *hellos) begin(key connection) *hello {
	if h.of == nil {
		h.of = make(map[connection]*hello)
	}
	if len(h.ring) < mostHellos {
		h.ring = append(h.ring, key)
	} else {
		delete(h.of, h.ring[h.next])
		h.ring[h.next] = key
		h.next = (h.next + 1) % mostHellos
	}
	h.of[key] = new(hello)
	return h.of[key]
}

// decrypt returns the frames of a packet, of which the number stands at a place (RFC 9001, section
// 5), in the packet's memory.
func (v *quicVersion) decrypt(packet []byte, number int, id []byte) (frames []byte, ok bool) {
	const (
		keyLength    = 16
		nonceLength  = 12
		sampleOffset = 4
	)
	if len(packet) < number+sampleOffset+aes.BlockSize {
		return nil, false
	}
	initial, err := hkdf.Extract(sha256.New, id, []byte(v.salt))
	if err != nil {
		return nil, false
	}
	secret := expandLabel(initial, "client in", sha256.Size)
	protection, err := aes.NewCipher(expandLabel(secret, v.label+"hp", keyLength))
	if err != nil {
		return nil, false
	}
	block, err := aes.NewCipher(expandLabel(secret, v.label+"key", keyLength))
	if err != nil {
		return nil, false
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, false
	}
	var mask [aes.BlockSize]byte
	protection.Encrypt(mask[:], packet[number+sampleOffset:][:aes.BlockSize])
	packet[0] ^= mask[0] & 0xf
	end := number + int(packet[0]&3) + 1
	nonce := expandLabel(secret, v.label+"iv", nonceLength)
	for i := range end - number {
		packet[number+i] ^= mask[1+i]
		nonce[nonceLength-(end-number)+i] ^= packet[number+i]
	}
	frames, err = aead.Open(packet[end:end], nonce, packet[end:], packet[:end])
	return frames, err == nil
}

// expandLabel is HKDF-Expand-Label of RFC 8446, section 7.1, without a context.
func expandLabel(secret []byte, label string, length int) []byte {
	const prefix = "tls13 "
	info := string([]byte{byte(length >> 8), byte(length), byte(len(prefix) + len(label))}) + prefix + label + "\x00"
	out, err := hkdf.Expand(sha256.New, secret, info, length)
	if err != nil {
		return make([]byte, length) // what it opens is nothing
	}
	return out
}

// add adds what the frames of a packet carry (RFC 9000, section 19).
func (h *hello) add(frames []byte) {
	const (
		padding = 0
		ping    = 1
		ack     = 2
		ackECN  = 3
		data    = 6
	)
	for len(frames) > 0 {
		kind := frames[0]
		frames = frames[1:]
		switch kind {
		case padding, ping:
		case ack, ackECN:
			var head [4]uint64 // largest, delay, ranges, first
			ok := true
			for i := 0; i < len(head) && ok; i++ {
				head[i], frames, ok = cutNumber(frames)
			}
			more := 2 * min(head[2], 1<<16)
			if kind == ackECN {
				more += 3
			}
			for ; more > 0 && ok; more-- {
				_, frames, ok = cutNumber(frames)
			}
		case data:
			offset, rest, ok := cutNumber(frames)
			length, rest, ok2 := cutNumber(rest)
			if !ok || !ok2 || length > uint64(len(rest)) || offset > longestHello {
				return
			}
			if frames = rest[length:]; len(h.parts) < mostParts && h.bytes+int(length) <= longestHello {
				h.parts = append(h.parts, helloPart{int(offset), append([]byte(nil), rest[:length]...)})
				h.bytes += int(length)
			}
		default:
			return
		}
	}
}

// name returns the names in a hello, if it is whole.
func (h *hellos) name(at *hello) (names [][]byte, found state) {
	h.all = h.all[:0]
	for grows := true; grows; {
		grows = false
		for _, part := range at.parts {
			if from := len(h.all) - part.offset; from >= 0 && from < len(part.data) {
				h.all = append(h.all, part.data[from:]...)
				grows = true
			}
		}
	}
	if len(h.all) < 4 {
		return nil, isHalf
	}
	need := helloLength(h.all)
	switch {
	case h.all[0] != typeClientHello || need > longestHello:
		return nil, isNone
	case len(h.all) < need:
		return nil, isHalf
	}
	h.names, found = parseHello(h.all[4:need], h.names[:0])
	return h.names, found
}
