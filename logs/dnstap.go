package logs

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"

	"github.com/snowman-ml/snowman/internal/packet"
)

// A DNS server writes dnstap (https://dnstap.info, dnstap.proto) as frames, each of which is a
// protobuf of one question or answer. Servers tell of one exchange two to four times: what a
// resolver asks others, on behalf of its clients, repeats what these asked it.

// Fields of the messages Dnstap and Message.
const (
	dnstapMessage = 14

	tapType          = 1
	tapQueryAddress  = 4
	tapQueryPort     = 6
	tapQuerySeconds  = 8
	tapQueryNanos    = 9
	tapQuery         = 10
	tapAnswerSeconds = 12
	tapAnswerNanos   = 13
	tapAnswer        = 14
)

// Message.Type: odd ones are questions, each before its answer.
const (
	tapAuthority = 1
	tapResolver  = 3
	tapClient    = 5
	tapForwarder = 7
	tapLast      = 14
)

// dnstap reads the messages of a stream.
type dnstap struct {
	frames     frames
	questions  questions
	hasClients bool // what clients ask is told of
	isOver     bool
}

func newDnstap(source io.Reader) messageSource {
	return &dnstap{frames: frames{source: bufio.NewReaderSize(source, 64<<10)}}
}

func (d *dnstap) next(out []byte) (record []byte, number int, err error) {
	for {
		if record, ok := d.questions.next(out); ok {
			return record, d.frames.number, nil
		}
		if d.isOver {
			return out, d.frames.number, io.EOF
		}
		frame, err := d.frames.next()
		switch {
		case err == io.ErrUnexpectedEOF: // not of what the stream is packed in
			d.isOver = true
			return appendBroken(out, cutMessage), d.frames.number + 1, nil
		case err != nil:
			return out, d.frames.number, err
		case !d.read(frame):
			return appendBroken(out, badFrame), d.frames.number, nil
		}
	}
}

// read begins the questions of a frame. It returns false if the frame is damaged.
func (d *dnstap) read(frame []byte) bool {
	var inner []byte
	for len(frame) > 0 {
		field, rest, ok := cutField(frame)
		if !ok {
			return false
		}
		if frame = rest; field.number == dnstapMessage {
			if inner != nil {
				return false
			}
			inner = field.bytes
		}
	}
	var kind, port, querySeconds, queryNanos, answerSeconds, answerNanos uint64
	var address netip.Addr
	var query, answer []byte
	for len(inner) > 0 {
		field, rest, ok := cutField(inner)
		if !ok {
			return false
		}
		inner = rest
		switch field.number {
		case tapType:
			kind = field.value
		case tapQueryAddress:
			address, _ = netip.AddrFromSlice(field.bytes)
		case tapQueryPort:
			port = field.value
		case tapQuerySeconds:
			querySeconds = field.value
		case tapQueryNanos:
			queryNanos = field.value
		case tapQuery:
			query = field.bytes
		case tapAnswerSeconds:
			answerSeconds = field.value
		case tapAnswerNanos:
			answerNanos = field.value
		case tapAnswer:
			answer = field.bytes
		}
	}
	if kind == 0 || kind > tapLast {
		return len(query) == 0 && len(answer) == 0 // else it carries DNS, and nothing says whose
	}
	m := message{part: Question, code: noCode, digits: 9, broken: badDNS, client: address.Unmap(), seconds: int64(querySeconds), nanos: uint32(queryNanos)}
	switch kind {
	case tapAuthority, tapAuthority + 1, tapClient, tapClient + 1:
		d.hasClients = true
	case tapResolver, tapResolver + 1, tapForwarder, tapForwarder + 1:
		m.client, m.repeats = netip.Addr{}, d.hasClients // it is the server itself
	}
	said := query
	if isAnswer := kind%2 == 0; isAnswer {
		m.part = Answer
		if answerSeconds != 0 {
			m.seconds, m.nanos = int64(answerSeconds), uint32(answerNanos)
		}
		if header, ok := packet.ParseDNS(answer); ok {
			m.code = header.ResponseCode
			if header.Questions() > 0 || len(query) == 0 {
				said = answer
			}
		} else if len(query) == 0 {
			said = answer
		}
	}
	if len(said) == 0 {
		return true
	}
	header, ok := packet.ParseDNS(said)
	if !ok {
		return false
	}
	d.questions.begin(m, netip.AddrPortFrom(m.client, uint16(port)), header)
	return true
}

// A field of a protobuf (https://protobuf.dev/programming-guides/encoding). Either value or bytes
// is set.
type protoField struct {
	number uint64
	value  uint64
	bytes  []byte
}

// cutField cuts off the field that data begin with.
func cutField(data []byte) (field protoField, rest []byte, ok bool) {
	const (
		varint = 0
		eight  = 1
		some   = 2
		four   = 5
	)
	tag, n := binary.Uvarint(data)
	if n <= 0 {
		return field, nil, false
	}
	data = data[n:]
	field.number = tag >> 3
	switch tag & 7 {
	case varint:
		if field.value, n = binary.Uvarint(data); n <= 0 {
			return field, nil, false
		}
		return field, data[n:], true
	case some:
		length, n := binary.Uvarint(data)
		if n <= 0 || length > uint64(len(data)-n) {
			return field, nil, false
		}
		field.bytes = data[n : n+int(length)]
		return field, data[n+int(length):], true
	case eight:
		if len(data) < 8 {
			return field, nil, false
		}
		field.value = binary.LittleEndian.Uint64(data)
		return field, data[8:], true
	case four:
		if len(data) < 4 {
			return field, nil, false
		}
		field.value = uint64(binary.LittleEndian.Uint32(data))
		return field, data[4:], true
	}
	return field, nil, false
}
