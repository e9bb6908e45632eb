package coredns

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// A response is how a query is answered that is blocked. The zero value does not block it.
type response int

const (
	pass     response = iota
	nxdomain          // there is no such name
	refused           // the query is refused
	null              // the name has the unspecified address, and no other record
)

var responseNames = [...]string{pass: "pass", nxdomain: "nxdomain", refused: "refused", null: "null"}

// String returns the response's name in a Corefile.
func (r response) String() string { return responseNames[r] }

// parseResponse returns the response with this name in a Corefile.
func parseResponse(name string) (response, error) {
	for r := nxdomain; r <= null; r++ {
		if responseNames[r] == name {
			return r, nil
		}
	}
	return pass, fmt.Errorf("response %q, want nxdomain, refused or null", name)
}

// blocked returns the answer to a query that is blocked. It says so in an extended error (RFC 8914)
// to a client that speaks EDNS. An answer without records carries an SOA record, since without one
// nobody may cache it (RFC 2308, section 5); the record's owner is the name itself, so that it
// replaces no zone's own.
func (q *query) blocked(how response, v verdict) *dns.Msg {
	m := new(dns.Msg).SetReply(q.request)
	m.RecursionAvailable = true
	header := dns.RR_Header{Name: q.request.Question[0].Name, Rrtype: q.request.Question[0].Qtype, Class: dns.ClassINET, Ttl: q.snowman.ttl}
	switch {
	case how == refused:
		m.Rcode = dns.RcodeRefused
	case how == null && header.Rrtype == dns.TypeA:
		m.Answer = []dns.RR{&dns.A{Hdr: header, A: netip.IPv4Unspecified().AsSlice()}}
	case how == null && header.Rrtype == dns.TypeAAAA:
		m.Answer = []dns.RR{&dns.AAAA{Hdr: header, AAAA: netip.IPv6Unspecified().AsSlice()}}
	default:
		if how == nxdomain {
			m.Rcode = dns.RcodeNameError
		}
		header.Rrtype = dns.TypeSOA
		m.Ns = []dns.RR{&dns.SOA{
			Hdr: header, Ns: "snowman.invalid.", Mbox: "hostmaster.snowman.invalid.",
			Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: header.Ttl,
		}}
	}
	if edns := q.request.IsEdns0(); edns != nil {
		m.SetEdns0(edns.UDPSize(), edns.Do())
		why := &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeBlocked, ExtraText: pluginName + ": " + v.level.String() + ", " + v.kind}
		m.IsEdns0().Option = append(m.IsEdns0().Option, why)
	}
	return m
}

// WriteMsg implements dns.ResponseWriter. It leaves the message as it is.
func (q *query) WriteMsg(m *dns.Msg) error {
	if blocked := q.judgeAnswer(m); blocked != nil {
		m = blocked
	}
	return q.ResponseWriter.WriteMsg(m)
}

// Write implements dns.ResponseWriter.
func (q *query) Write(packed []byte) (int, error) {
	m := new(dns.Msg)
	if m.Unpack(packed) == nil {
		if blocked := q.judgeAnswer(m); blocked != nil {
			return len(packed), q.ResponseWriter.WriteMsg(blocked)
		}
	}
	return q.ResponseWriter.Write(packed)
}

// judgeAnswer returns what to answer instead of m, or nil. It looks at all aliases, since a client
// may go on with any; the size of a message bounds them.
func (q *query) judgeAnswer(m *dns.Msg) *dns.Msg {
	for _, record := range m.Answer {
		target := aliasTarget(record)
		if target == "" || target == "." {
			continue
		}
		target = strings.ToLower(target)
		if target == q.name {
			continue
		}
		if blocked := q.judge(inAnswer, target); blocked != nil {
			return blocked
		}
	}
	return nil
}

// aliasTarget returns the name that a client goes on with, or "".
func aliasTarget(record dns.RR) string {
	switch r := record.(type) {
	case *dns.CNAME:
		return r.Target
	case *dns.HTTPS:
		return r.Target
	case *dns.SVCB:
		return r.Target
	}
	return ""
}
