package coredns

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"
	"github.com/miekg/dns"
)

// packedQuery returns a query for the labels of a packed name, of type A, as a client may send it.
func packedQuery(name []byte) []byte {
	packed := []byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	packed = append(packed, name...)
	packed = binary.BigEndian.AppendUint16(packed, dns.TypeA)
	return binary.BigEndian.AppendUint16(packed, dns.ClassINET)
}

// FuzzQuery holds that any two names, one asked for and one that the answer leads to, get an answer
// that fits the question, and the same one in upper case.
func FuzzQuery(f *testing.F) {
	f.Add([]byte("\x0aqzxkvbtrwj\x04info\x00"), []byte("\x03www\x07example\x03org\x00"))
	f.Add([]byte("\x00"), []byte("\x00"))
	f.Add([]byte("\x04a.b\\\x03\x00\xff \x0dxn--bcher-kva\x03com\x00"), []byte("\x01\"\x01\n\x01;\x01(\x01@\x00"))
	f.Add([]byte(strings.Repeat("\x3f"+strings.Repeat("\x01", 63), 3)+"\x3d"+strings.Repeat("\xff", 61)+"\x00"), []byte("\x0f.com.bad\\032.com\x00"))
	f.Add([]byte(strings.Repeat("\x01a", 127)+"\x00"), []byte("\x07\x31\x2e\x32\x2e\x33.4\x00"))
	f.Add([]byte("\x0dxn--\xff\xc3\xbcx-----\x09localhost\x00"), []byte("\x05xn--a\x03%2e\x00"))
	s := load(f, "snowman {\n block low null\n}", nil)
	f.Fuzz(func(t *testing.T, name, target []byte) {
		r, alias := new(dns.Msg), new(dns.Msg)
		if r.Unpack(packedQuery(name)) != nil || alias.Unpack(packedQuery(target)) != nil || len(r.Question) == 0 || len(alias.Question) == 0 {
			t.Skip()
		}
		s.Next = dnsHandler(func(w dns.ResponseWriter, r *dns.Msg) error {
			m := new(dns.Msg).SetReply(r)
			m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: alias.Question[0].Name}}
			return w.WriteMsg(m)
		})
		first := ask(t, s, r)
		if !slices.Equal(first.Question, r.Question) || first.Id != r.Id {
			t.Errorf("answer %v to %v", first, r)
		}
		upper := r.Copy()
		upper.Question[0].Name = upperCase(r.Question[0].Name)
		if got, want := outcome(ask(t, s, upper)), outcome(first); got != want {
			t.Errorf("%q is %s, in upper case %s", r.Question[0].Name, want, got)
		}
	})
}

// upperCase returns a name with its ASCII letters in upper case.
func upperCase(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// FuzzAnswer holds that bytes that another plugin writes for an answer get through as they are, or
// are blocked.
func FuzzAnswer(f *testing.F) {
	m := new(dns.Msg).SetReply(question("www.example.org.", dns.TypeA))
	m.Answer = []dns.RR{
		&dns.CNAME{Hdr: dns.RR_Header{Name: "www.example.org.", Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: "qzxkvbtrwj.info."},
		&dns.HTTPS{SVCB: dns.SVCB{Hdr: dns.RR_Header{Name: "www.example.org.", Rrtype: dns.TypeHTTPS, Class: dns.ClassINET}, Target: `a\.b\000c.org.`}},
	}
	packed, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:30])
	s := load(f, "snowman {\n block low\n}", nil)
	f.Fuzz(func(t *testing.T, packed []byte) {
		s.Next = dnsHandler(func(w dns.ResponseWriter, _ *dns.Msg) error {
			_, err := w.Write(packed)
			return err
		})
		w := &packedWriter{}
		if _, err := s.ServeDNS(t.Context(), w, question("www.example.org.", dns.TypeA)); err != nil {
			t.Fatal(err)
		}
		if passed := w.message == nil; passed && !slices.Equal(w.packed, packed) || !passed && (w.packed != nil || outcome(w.message) != "nxdomain") {
			t.Errorf("%x became %x and %v", packed, w.packed, w.message)
		}
	})
}

// A dnsHandler is a plugin that answers.
type dnsHandler func(w dns.ResponseWriter, r *dns.Msg) error

func (h dnsHandler) Name() string { return "answer" }

func (h dnsHandler) ServeDNS(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	return dns.RcodeSuccess, h(w, r)
}

// TestHostileNames holds the outcomes of names that people, or other programs, stumble over.
func TestHostileNames(t *testing.T) {
	s := load(t, "snowman {\n block low\n}", answering("# 60 IN A 192.0.2.1"))
	for name, query := range map[string][]byte{
		"255 bytes of labels":    []byte(strings.Repeat("\x3f"+strings.Repeat("x", 63), 3) + "\x3d" + strings.Repeat("y", 61) + "\x00"),
		"255 bytes, all escaped": []byte(strings.Repeat("\x3f"+strings.Repeat("\x00", 63), 3) + "\x3d" + strings.Repeat("\xff", 61) + "\x00"),
		"127 labels":             []byte(strings.Repeat("\x01a", 127) + "\x00"),
		"quotes and a newline":   []byte("\x05\"\n;()\x03com\x00"),
		"dots in a label":        []byte("\x0bexample.org\x03com\x00"),
		"UTF-8":                  []byte("\x07b\xc3\xbccher\x02de\x00"),
		"a broken A-label":       []byte("\x09xn--\xff\xfe\xfd12\x03com\x00"),
		"an address":             []byte("\x03192\x010\x012\x011\x00"),
	} {
		r := new(dns.Msg)
		if err := r.Unpack(packedQuery(query)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		recorder := dnstest.NewRecorder(&test.ResponseWriter{})
		if _, err := s.ServeDNS(t.Context(), recorder, r); err != nil || recorder.Msg == nil {
			t.Errorf("%s: answer %v (%v)", name, recorder.Msg, err)
			continue
		}
		if size := recorder.Msg.Len(); size > 1024 {
			t.Errorf("%s: an answer of %d bytes", name, size)
		}
	}
}
