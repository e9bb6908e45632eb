package logs

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"time"

	"github.com/snowman-ml/snowman/internal/packet"
)

// A message is what a binary source tells of one name that was asked for. It becomes a record that
// only its layout reads, since what it was part of cannot be written back with fields in it.
type message struct {
	kind    messageKind
	part    Part
	repeats bool
	broken  brokenMessage
	code    uint8  // of a response, else noCode
	digits  uint8  // of a second, that the time has
	record  uint16 // type of what DNS is asked for
	seconds int64  // since 1970; 0 if it is not known
	nanos   uint32
	key     uint64
	client  netip.Addr // invalid if it is not known
	host    int        // of the text of a request over HTTP, the bytes of its host
}

// A messageKind is how a name was asked for.
type messageKind uint8

const (
	messageDNS messageKind = iota
	messageTLS
	messageQUIC
	messageHTTP
	messageBroken
)

const noCode = 0xff

// A brokenMessage is why a message is damaged.
type brokenMessage uint8

const (
	cutMessage brokenMessage = iota
	badDNS
	cutDNS
	badFrame
)

var brokenMessages = [...]string{
	cutMessage: "it ends in the middle",
	badDNS:     "it is no message of DNS with a question",
	cutDNS:     "its question was not captured whole",
	badFrame:   "it is no message of dnstap",
}

const (
	messageHeader = 30 // bytes, behind which the client's address stands, then the text
	digitsMark    = 0xf
	repeatsMark   = 0x80
)

// appendRecord appends a message as a record, but for its text.
func (m *message) appendRecord(out []byte) []byte {
	client := m.client.As16()
	address := client[:]
	switch {
	case !m.client.IsValid():
		address = nil
	case m.client.Is4():
		address = client[12:]
	}
	marks := m.digits & digitsMark
	if m.repeats {
		marks |= repeatsMark
	}
	out = append(out, byte(m.kind), byte(m.part), byte(m.broken), m.code, marks)
	out = binary.LittleEndian.AppendUint16(out, m.record)
	out = binary.LittleEndian.AppendUint16(out, uint16(m.host))
	out = binary.LittleEndian.AppendUint64(out, uint64(m.seconds))
	out = binary.LittleEndian.AppendUint32(out, m.nanos)
	out = binary.LittleEndian.AppendUint64(out, m.key)
	return append(append(out, byte(len(address))), address...)
}

// parseMessage is the opposite of appendRecord.
func parseMessage(record []byte) (m message, text []byte, ok bool) {
	if len(record) < messageHeader || len(record) < messageHeader+int(record[messageHeader-1]) {
		return m, nil, false
	}
	m = message{
		kind: messageKind(record[0]), part: Part(record[1]), broken: brokenMessage(record[2]), code: record[3],
		digits: record[4] & digitsMark, repeats: record[4]&repeatsMark != 0,
		record: binary.LittleEndian.Uint16(record[5:]), host: int(binary.LittleEndian.Uint16(record[7:])),
		seconds: int64(binary.LittleEndian.Uint64(record[9:])), nanos: binary.LittleEndian.Uint32(record[17:]),
		key: binary.LittleEndian.Uint64(record[21:]),
	}
	text = record[messageHeader:]
	n := record[messageHeader-1]
	m.client, _ = netip.AddrFromSlice(text[:n])
	return m, text[n:], true
}

// messages is the layout of messages. Append writes a JSON line for each.
type messages struct{ jsonMembers }

func (l messages) find(record []byte, r *Record) {
	m, text, ok := parseMessage(record)
	if !ok || m.kind >= messageBroken {
		r.Broken = brokenMessages[min(int(m.broken), len(brokenMessages)-1)]
		return
	}
	r.Part, r.Repeats, r.Key = m.part, m.repeats, m.key
	switch m.kind {
	case messageDNS:
		r.addDNS(text)
	case messageHTTP:
		host := text[:min(m.host, len(text))]
		r.addRequest(host, text[len(host):], nil)
	default:
		r.addWeb(text)
	}
	start := len(r.unescaped)
	if m.client.IsValid() {
		r.unescaped = m.client.AppendTo(r.unescaped)
		r.Client = r.unescaped[start:]
	}
	if m.seconds != 0 {
		start = len(r.unescaped)
		r.unescaped = m.appendTime(r.unescaped)
		r.Time = r.unescaped[start:]
	}
	if m.code != noCode {
		r.ResponseCode = responseCodes[m.code&0xf]
	}
}

// appendTime appends the time in RFC 3339, in UTC.
func (m *message) appendTime(out []byte) []byte {
	out = time.Unix(m.seconds, 0).UTC().AppendFormat(out, "2006-01-02T15:04:05")
	if m.digits > 0 {
		out = append(out, '.')
		unit := uint32(1e8)
		for range min(m.digits, 9) {
			out = append(out, '0'+byte(m.nanos/unit%10))
			unit /= 10
		}
	}
	return append(out, 'Z')
}

// append appends a message as a JSON line: what is not known is left out.
func (l messages) append(out, record []byte, r *Record, values [][]byte) []byte {
	m, _, ok := parseMessage(record)
	if !ok || r.Broken != "" {
		return out
	}
	out = append(out, '{')
	isFirst := true
	member := func(name string) {
		if !isFirst {
			out = append(out, ',')
		}
		isFirst = false
		out = append(append(append(out, '"'), name...), `":`...)
	}
	if r.Time != nil {
		member("time")
		out = appendJSONString(out, r.Time)
	}
	if r.Client != nil {
		member("client")
		out = appendJSONString(out, r.Client)
	}
	if len(r.Names) > 0 {
		member("name")
		out = appendJSONString(out, r.Names[0].Text)
	}
	member("type")
	out = append(m.appendType(append(out, '"')), '"')
	if r.ResponseCode != nil {
		member("rcode")
		out = appendJSONString(out, r.ResponseCode)
	}
	return append(l.appendMembers(out, false, values), "}\n"...)
}

// appendType appends the type of a record of DNS, or how else a name was asked for.
func (m *message) appendType(out []byte) []byte {
	switch m.kind {
	case messageTLS:
		return append(out, "TLS"...)
	case messageQUIC:
		return append(out, "QUIC"...)
	case messageHTTP:
		return append(out, "HTTP"...)
	}
	if int(m.record) < len(recordTypes) && recordTypes[m.record] != "" {
		return append(out, recordTypes[m.record]...)
	}
	return strconv.AppendUint(append(out, "TYPE"...), uint64(m.record), 10) // RFC 3597
}

// recordTypes are those of https://www.iana.org/assignments/dns-parameters.
var recordTypes = [...]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT",
	17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX", 27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT",
	31: "EID", 32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP",
	45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY",
	58: "TALINK", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 66: "DSYNC", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID",
	103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64", 128: "NXNAME", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR",
	253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 258: "AVC", 259: "DOA", 260: "AMTRELAY", 261: "RESINFO",
}

// exchanges remembers questions, so that their answers are known to repeat them, and answers, since
// a server with several threads may tell of one before its question. Of two that fall on one place
// the later is remembered.
type exchanges struct{ keys []uint64 }

const mostExchanges = 64 << 10

// repeats reports whether a message is one half of an exchange whose other half was there.
func (e *exchanges) repeats(part Part, key uint64) bool {
	if e.keys == nil {
		e.keys = make([]uint64, mostExchanges)
	}
	place, own, other := &e.keys[key%mostExchanges], key, ^key
	if part == Answer {
		own, other = other, own
	}
	if *place == other {
		*place = 0
		return true
	}
	*place = own
	return false
}

// exchangeKey returns what a question and its answer have in common (FNV-1a).
func exchangeKey(client netip.AddrPort, id uint16, record uint16, name []byte) uint64 {
	const prime = 1099511628211
	address := client.Addr().As16()
	hash := uint64(14695981039346656037)
	hash = (hash ^ binary.LittleEndian.Uint64(address[:])) * prime
	hash = (hash ^ binary.LittleEndian.Uint64(address[8:])) * prime
	hash = (hash ^ uint64(client.Port())<<32 ^ uint64(id)<<16 ^ uint64(record)) * prime
	for _, c := range name {
		if 'A' <= c && c <= 'Z' { // an answer may have it otherwise
			c += 'a' - 'A'
		}
		hash = (hash ^ uint64(c)) * prime
	}
	return hash ^ hash>>32
}

// A messageSource appends the next message of a source as a record, and returns the number of the
// packet or frame that it was in. Its error is io.EOF at the end.
type messageSource interface {
	next(out []byte) (record []byte, number int, err error)
}

// scanMessage is Scan for sources of messages.
func (r *Reader) scanMessage() bool {
	if cap(r.held) > longestOpen {
		r.held = nil
	}
	r.held, r.number, r.err = r.messages.next(r.held[:0])
	r.record = r.held
	return r.err == nil
}

// questions are those of one message of DNS. Each becomes a record.
type questions struct {
	message
	from netip.AddrPort // who asked
	dns  packet.DNS
	left bool
	name []byte
	seen exchanges
}

// begin sets the message whose questions are next.
func (q *questions) begin(m message, client netip.AddrPort, d packet.DNS) {
	q.message, q.from, q.dns, q.left = m, client, d, d.Questions() > 0
}

// next appends the record of the next question. Where the first is damaged it says so.
func (q *questions) next(out []byte) (record []byte, ok bool) {
	if !q.left {
		return out, false
	}
	name, recordType, ok := q.dns.Next(q.name[:0])
	q.name = name
	isFirst := q.key == 0
	if !ok {
		q.left = false
		if isFirst {
			return appendBroken(out, q.broken), true
		}
		return out, false
	}
	m := q.message
	m.record, m.key = recordType, exchangeKey(q.from, q.dns.ID, recordType, name)
	q.key = m.key
	m.repeats = q.seen.repeats(m.part, m.key) || m.repeats
	q.left = q.dns.Questions() > 0
	return append(m.appendRecord(out), name...), true
}

// appendBroken appends the record of what is no message.
func appendBroken(out []byte, why brokenMessage) []byte {
	m := message{kind: messageBroken, broken: why}
	return m.appendRecord(out)
}
