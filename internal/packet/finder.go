package packet

import (
	"encoding/binary"
	"net/netip"
)

// A Kind is what asks for a name.
type Kind uint8

// The kinds of messages.
const (
	NameSystem Kind = iota // DNS, also by multicast: Data is the message
	TLS                    // a ClientHello: Data is the server's name
	QUIC                   // a ClientHello over QUIC, alike
	HTTP                   // a request: Data is its Host, Target what it asks for
)

// A Message is one that names something. What it holds is good until the next Find.
type Message struct {
	Kind         Kind
	Data, Target []byte
	IsCut        bool // the capture kept less than there was
}

// A Finder finds the messages in the segments of a capture. Those that TCP carries in several
// segments it puts together, also where they come in another order. What it holds is bounded. DNS
// is known by its ports, the others by how they begin. The zero value is ready.
type Finder struct {
	found   []Message
	flows   map[ends]*flow
	ring    []ends // of all flows, the oldest at next
	next    int
	hand    int // in ring
	bytes   int // that all flows hold
	scratch []byte
	name    []byte
	names   [][]byte
	memory  []byte // of what was found
	quic    hellos
}

// Ends are those of one direction of a connection.
type ends struct{ from, to netip.AddrPort }

// A flow is one direction of a connection in which a message was found, or half of one.
type flow struct {
	kind   Kind
	next   uint32  // sequence number of what comes
	skip   int     // bytes of a message that was read
	held   []byte  // half a message
	used   int     // bytes of it that are done with
	waiter []later // segments behind a gap
	other  *flow   // the same with other sequence numbers; nil unless there were some
}

type later struct {
	sequence uint32
	data     []byte
	missing  int
}

const (
	mostFlows    = 16 << 10
	mostHeld     = 32 << 20 // bytes of all flows
	mostFlowHeld = 128 << 10
	mostLater    = 1024
	laterBytes   = 64 // that a segment takes beside its data
	keptBuffer   = 2 << 10

	portDNS       = 53
	portMulticast = 5353 // RFC 6762
	portLLMNR     = 5355 // RFC 4795
)

func isDNSPort(port uint16) bool {
	return port == portDNS || port == portMulticast || port == portLLMNR
}

// Find returns the messages that end in a segment.
func (f *Finder) Find(s Segment) []Message {
	f.found = f.found[:0]
	if f.memory = f.memory[:0]; cap(f.memory) > mostFlowHeld {
		f.memory = nil
	}
	isDNS := isDNSPort(s.Source.Port()) || isDNSPort(s.Destination.Port())
	switch {
	case s.IsTCP:
		f.findTCP(&s, isDNS)
	case len(s.Payload) == 0:
	case isDNS:
		f.found = append(f.found, Message{Kind: NameSystem, Data: s.Payload, IsCut: s.Missing > 0})
	default:
		for _, name := range f.quic.find(&s) {
			f.found = append(f.found, Message{Kind: QUIC, Data: name})
		}
	}
	return f.found
}

// begin returns which message a segment begins, if it is one.
func begin(data []byte, isDNS bool) (Kind, bool) {
	switch {
	case isDNS:
		return NameSystem, true
	case beginsHello(data):
		return TLS, true
	}
	return HTTP, beginsRequest(data)
}

// findTCP reads a segment of TCP. Anybody can forge one that ends a connection, begins it again or
// has other sequence numbers: nothing is forgotten for its sake alone.
func (f *Finder) findTCP(s *Segment, isDNS bool) {
	if s.Resets {
		return
	}
	key := ends{s.Source, s.Destination}
	at, isKnown := f.flows[key]
	if s.Begins {
		s.Sequence++
	}
	if !isKnown {
		if _, begins := begin(s.Payload, isDNS); !s.Begins && (!begins || len(s.Payload) == 0) {
			return
		}
		at = f.add(key)
		at.next = s.Sequence
	}
	if at = f.choose(at, s); len(s.Payload) > 0 {
		f.follow(at, s, isDNS)
		f.bound()
	}
}

// choose returns whichever of a flow and its other a segment belongs to, maybe a new other. The
// other becomes the flow when a segment goes on where it is.
func (f *Finder) choose(at *flow, s *Segment) *flow {
	const longAgo = -64 << 20 // longer than a window may be
	gap := int32(s.Sequence - at.next)
	other := at.other
	switch {
	case gap > -mostFlowHeld && gap < mostFlowHeld:
		return at
	case other != nil && s.Sequence == other.next && len(s.Payload) > 0:
		at.other = nil
		*at, *other = *other, *at
		at.other = other
		return at
	case other != nil && int32(s.Sequence-other.next) > -mostFlowHeld && int32(s.Sequence-other.next) < mostFlowHeld:
		return other
	case gap > longAgo && gap <= 0 && !s.Begins: // it came before
		return at
	}
	if other == nil {
		other = new(flow)
		at.other = other
	}
	f.forget(other)
	other.next = s.Sequence
	return other
}

// follow reads a segment that belongs to a flow.
func (f *Finder) follow(at *flow, s *Segment, isDNS bool) {
	gap := int32(s.Sequence - at.next)
	switch {
	case gap <= 0 && int(-gap) >= len(s.Payload):
		return // it came before
	case gap > 0 && len(at.waiter) < mostLater && f.held(at) < mostFlowHeld:
		f.bytes += len(s.Payload) + laterBytes
		at.waiter = append(at.waiter, later{s.Sequence, append([]byte(nil), s.Payload...), s.Missing})
		return
	case gap > 0: // what lacks never came
		f.skipGap(at, s.Sequence, isDNS)
		f.follow(at, s, isDNS)
		return
	}
	f.consume(at, s.Payload[-gap:], isDNS, s.Missing)
	f.consumeLater(at, isDNS)
}

// skipGap goes on with what follows the gap that a flow is before: what waits there, or a segment.
func (f *Finder) skipGap(at *flow, sequence uint32, isDNS bool) {
	for _, waits := range at.waiter {
		if int32(waits.sequence-sequence) < 0 {
			sequence = waits.sequence
		}
	}
	f.bytes -= len(at.held)
	at.held, at.used, at.skip = kept(at.held), 0, 0
	at.next = sequence
	f.consumeLater(at, isDNS)
}

// consumeLater consumes the segments whose gap was filled.
func (f *Finder) consumeLater(at *flow, isDNS bool) {
	for i := 0; i < len(at.waiter); {
		waits := at.waiter[i]
		gap := int32(waits.sequence - at.next)
		if gap > 0 {
			i++
			continue
		}
		f.bytes -= len(waits.data) + laterBytes
		at.waiter[i] = at.waiter[len(at.waiter)-1]
		at.waiter[len(at.waiter)-1] = later{}
		at.waiter = at.waiter[:len(at.waiter)-1]
		if n := -int(gap); n < len(waits.data) {
			f.consume(at, waits.data[n:], isDNS, waits.missing)
		}
		i = 0
	}
}

// consume reads what follows in a flow.
func (f *Finder) consume(at *flow, data []byte, isDNS bool, missing int) {
	at.next += uint32(len(data) + missing)
	n := min(at.skip, len(data))
	at.skip -= min(at.skip, len(data)+missing)
	if data = data[n:]; len(data) == 0 {
		return
	}
	isHeld := len(at.held) > at.used
	if !isHeld {
		var ok bool
		if at.kind, ok = begin(data, isDNS); !ok {
			return
		}
	} else {
		f.bytes += len(data) - at.used
		at.held = append(at.held[at.used:], data...)
		at.used, data = 0, at.held
	}
	used := f.parse(at, data, missing)
	switch {
	case used == len(data) || len(data)-used > mostFlowHeld:
		if isHeld {
			f.bytes -= len(at.held)
			at.held = kept(at.held)
		}
	case isHeld:
		at.used = used
	default:
		at.held = append(at.held[:0], data[used:]...)
		f.bytes += len(at.held)
	}
}

// kept returns a buffer to be filled anew.
func kept(buffer []byte) []byte {
	if cap(buffer) > keptBuffer {
		return nil
	}
	return buffer[:0]
}

// parse reads the messages that data begin with, and returns how many bytes are done with: all, if
// the rest is no message.
func (f *Finder) parse(at *flow, data []byte, missing int) (used int) {
	isCut := missing > 0
	switch at.kind {
	case NameSystem:
		return f.parseDNS(at, data, missing)
	case TLS:
		var found state
		f.names, f.scratch, found = parseTLS(data, f.scratch, f.names[:0])
		if found == isHalf && !isCut {
			return 0
		}
		for _, name := range f.names {
			f.found = append(f.found, Message{Kind: TLS, Data: f.keep(name)})
		}
	case HTTP:
		for {
			hosts, target, end, found := parseRequest(data[used:], f.names[:0])
			f.names = hosts
			if found == isHalf && !isCut && len(data)-used < longestRequest {
				return used
			}
			if len(target) > 0 {
				if len(hosts) == 0 {
					hosts = append(hosts, nil)
				}
				target = f.keep(target)
				for _, host := range hosts {
					f.found = append(f.found, Message{Kind: HTTP, Data: f.keep(host), Target: target, IsCut: found == isHalf})
				}
			}
			if used += end; found != isComplete || !beginsRequest(data[used:]) {
				break
			}
		}
	}
	return len(data)
}

// keep copies a part of a message to where it stays until the next Find.
func (f *Finder) keep(part []byte) []byte {
	start := len(f.memory)
	f.memory = append(f.memory, part...)
	return f.memory[start:]
}

// parseDNS reads messages with their lengths before them (RFC 1035, section 4.2.2). A question is
// read where it is there, though what is behind it may be not.
func (f *Finder) parseDNS(at *flow, data []byte, missing int) (used int) {
	for len(data)-used >= 2 {
		length := int(binary.BigEndian.Uint16(data[used:]))
		if length < dnsHeader {
			return len(data)
		}
		part := data[used+2 : min(used+2+length, len(data))]
		isWhole := len(part) == length
		hasQuestions := f.hasQuestions(part)
		switch {
		case hasQuestions:
			f.found = append(f.found, Message{Kind: NameSystem, Data: f.keep(part)})
		case !isWhole && missing == 0:
			return used
		}
		if !isWhole {
			at.skip = max(0, length-len(part)-missing)
			return len(data)
		}
		used += 2 + length
	}
	if missing > 0 {
		return len(data)
	}
	return used
}

// hasQuestions reports whether a part of a message has all its questions.
func (f *Finder) hasQuestions(part []byte) bool {
	d, ok := ParseDNS(part)
	for n := d.Questions(); ok && n > 0; n-- {
		f.name, _, ok = d.Next(f.name[:0])
	}
	return ok
}

// add returns a new flow, maybe in the place of the oldest.
func (f *Finder) add(key ends) *flow {
	if f.flows == nil {
		f.flows = make(map[ends]*flow)
	}
	at := new(flow)
	if len(f.ring) < mostFlows {
		f.ring = append(f.ring, key)
	} else {
		at = f.flows[f.ring[f.next]]
		delete(f.flows, f.ring[f.next])
		f.forget(at)
		f.ring[f.next] = key
		f.next = (f.next + 1) % mostFlows
	}
	f.flows[key] = at
	return at
}

// held returns how many bytes a flow holds.
func (f *Finder) held(at *flow) int {
	n := len(at.held)
	for _, waits := range at.waiter {
		n += len(waits.data) + laterBytes
	}
	if at.other != nil {
		n += f.held(at.other)
	}
	return n
}

// forget makes a flow hold nothing.
func (f *Finder) forget(at *flow) {
	f.bytes -= f.held(at)
	clear(at.waiter)
	at.waiter = at.waiter[:0]
	if cap(at.waiter) > 64 {
		at.waiter = nil
	}
	*at = flow{held: kept(at.held), waiter: at.waiter}
}

// bound lets go of what flows hold, one after the other, while it is too much.
func (f *Finder) bound() {
	for f.bytes > mostHeld {
		at := f.flows[f.ring[f.hand%len(f.ring)]]
		f.hand++
		if f.held(at) > 0 {
			next := at.next
			f.forget(at)
			at.next = next
		}
	}
}
