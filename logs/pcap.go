package logs

import (
	"errors"
	"io"
	"net/netip"

	"github.com/snowman-ml/snowman/internal/packet"
)

// pcap reads the messages in packets. A packet without one is no record.
type pcap struct {
	capture   *packet.Capture
	finder    packet.Finder
	questions questions
	packet    packet.Packet
	segment   packet.Segment
	found     []packet.Message
	isOver    bool
}

func newPcap(source io.Reader) messageSource { return &pcap{capture: packet.NewCapture(source)} }

func (p *pcap) next(out []byte) (record []byte, number int, err error) {
	for {
		if record, ok := p.questions.next(out); ok {
			return record, p.packet.Number, nil
		}
		if len(p.found) > 0 {
			m := p.found[0]
			p.found = p.found[1:]
			if record, ok := p.read(out, m); ok {
				return record, p.packet.Number, nil
			}
			continue
		}
		if p.isOver {
			return out, p.packet.Number, io.EOF
		}
		p.packet, err = p.capture.Next()
		switch {
		case errors.Is(err, packet.ErrHalf):
			p.isOver = true
			return appendBroken(out, cutMessage), p.packet.Number, nil
		case err != nil:
			return out, p.packet.Number, err
		}
		var ok bool
		if p.segment, ok = p.packet.Segment(); ok {
			p.found = p.finder.Find(p.segment)
		}
	}
}

// read appends the record of a message, or begins its questions.
func (p *pcap) read(out []byte, found packet.Message) (record []byte, ok bool) {
	m := message{
		code: noCode, digits: p.packet.Digits, seconds: p.packet.Seconds, nanos: p.packet.Nanoseconds,
		client: p.segment.Source.Addr().Unmap(),
	}
	switch found.Kind {
	case packet.NameSystem:
		header, ok := packet.ParseDNS(found.Data)
		m.part, m.broken = Question, badDNS
		if found.IsCut {
			m.broken = cutDNS
		}
		if !ok {
			return appendBroken(out, m.broken), true
		}
		client := p.segment.Source
		if header.IsResponse {
			m.part, m.code, client = Answer, header.ResponseCode, p.segment.Destination
		}
		m.client = client.Addr().Unmap()
		p.questions.begin(m, netip.AddrPortFrom(m.client, client.Port()), header)
		return out, false
	case packet.HTTP:
		m.kind, m.host = messageHTTP, len(found.Data)
		return append(append(m.appendRecord(out), found.Data...), found.Target...), true
	case packet.TLS:
		m.kind = messageTLS
	case packet.QUIC:
		m.kind = messageQUIC
	}
	return append(m.appendRecord(out), found.Data...), true
}
