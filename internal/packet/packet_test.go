package packet

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// message returns a message of DNS with this many questions, the bytes of which follow.
func message(questions int, body string) []byte {
	return append([]byte{0xca, 0xfe, 1, 0, 0, byte(questions), 0, 0, 0, 0, 0, 0}, body...)
}

func TestQuestions(t *testing.T) {
	const a = "\x00\x01\x00\x01"
	label := func(n int) string { return string(rune(n)) + strings.Repeat("x", n) }
	for _, test := range []struct {
		shows   string
		message []byte
		want    string // names and types, then ! if it is damaged
	}{
		{"a name", message(1, "\x03www\x07example\x03com\x00"+a), "www.example.com 1"},
		{"the root", message(1, "\x00"+a), ". 1"},
		{"a dot within a label", message(1, "\x07foo.bar\x03com\x00"+a), `foo\.bar.com 1`},
		{"a backslash", message(1, "\x03a\\b\x00"+a), `a\\b 1`},
		{"what BIND puts a backslash before", message(1, "\x07\"();@$.\x00"+a), `\"\(\)\;\@\$\. 1`},
		{"bytes that are not printed", message(1, "\x06\x00\t\n \x7f\xff\x00"+a), `\000\009\010\032\127\255 1`},
		{"two questions", message(2, "\x01a\x00"+a+"\x01b\x00\x00\x1c\x00\x01"), "a 1 b 28"},
		{"a second that points into the first", message(2, "\x01a\x01b\x00"+a+"\x01c\xc0\x0e"+a), "a.b 1 c.b 1"},
		{"no question", message(0, ""), ""},
		{"a pointer to itself", message(1, "\xc0\x0c"+a), "!"},
		{"a pointer ahead", message(1, "\xc0\x0f"+a+"\x00"), "!"},
		{"a pointer into the header", message(1, "\xc0\x02"+a), "!"},
		{"a pointer that is cut", message(1, "\xc0"), "!"},
		{"a label that is cut", message(1, "\x05abc"), "!"},
		{"a type that is cut", message(1, "\x01a\x00\x00\x01\x00"), "!"},
		{"a label of an unknown kind", message(1, "\x41a\x00"+a), "!"},
		{"255 bytes", message(1, label(63)+label(63)+label(63)+label(61)+"\x00"+a), strings.Join([]string{label(63)[1:], label(63)[1:], label(63)[1:], label(61)[1:]}, ".") + " 1"},
		{"256 bytes", message(1, label(63)+label(63)+label(63)+label(62)+"\x00"+a), "!"},
		{"a second question that is cut", message(2, "\x01a\x00"+a+"\x01"), "a 1 !"},
	} {
		t.Run(test.shows, func(t *testing.T) {
			d, ok := ParseDNS(test.message)
			if !ok {
				t.Fatal("it has no header")
			}
			var got []string
			for d.Questions() > 0 {
				name, recordType, ok := d.Next(nil)
				if !ok {
					got = append(got, "!")
					continue
				}
				got = append(got, fmt.Sprintf("%s %d", name, recordType))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("it asks for %q, want %q", got, test.want)
			}
		})
	}
	if _, ok := ParseDNS(make([]byte, 11)); ok {
		t.Error("11 bytes are a header")
	}
}

// udp returns a packet of IPv4 or IPv6 with DNS in it.
func udp(version int, headers string) []byte {
	payload := message(1, "\x01a\x00\x00\x01\x00\x01")
	datagram := append([]byte{0x30, 0x39, 0, 53, 0, byte(8 + len(payload)), 0, 0}, payload...)
	if version == 4 {
		header := []byte{0x45, 0, 0, byte(20 + len(datagram)), 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}
		return append(header, datagram...)
	}
	next := byte(17)
	if headers != "" {
		next, headers = headers[0], headers[1:]
	}
	header := append([]byte{0x60, 0, 0, 0, 0, byte(len(headers) + len(datagram)), next, 64}, bytes.Repeat([]byte{0x20, 1, 0x0d, 0xb8}, 8)...)
	return slices.Concat(header, []byte(headers), datagram)
}

func TestLinkLayers(t *testing.T) {
	ether, cooked := strings.Repeat("e", 12), strings.Repeat("c", 14)
	ipv4, ipv6 := string(udp(4, "")), string(udp(6, ""))
	for _, test := range []struct {
		shows  string
		link   uint16
		packet string
		ok     bool
	}{
		{"Ethernet", 1, ether + "\x08\x00" + ipv4, true},
		{"Ethernet, filled", 1, ether + "\x08\x00" + ipv4 + strings.Repeat("\x00", 10), true},
		{"Ethernet, IPv6", 1, ether + "\x86\xdd" + ipv6, true},
		{"VLAN", 1, ether + "\x81\x00\x00\x07\x08\x00" + ipv4, true},
		{"VLAN in VLAN", 1, ether + "\x88\xa8\x00\x07\x81\x00\x00\x08\x86\xdd" + ipv6, true},
		{"MPLS", 1, ether + "\x88\x47\x00\x00\x00\x40\x00\x00\x01\x40" + ipv6, true},
		{"PPPoE", 1, ether + "\x88\x64\x11\x00\x00\x01\x00\x00\x00\x21" + ipv4, true},
		{"ARP", 1, ether + "\x08\x06" + ipv4, false},
		{"Linux cooked", 113, cooked + "\x08\x00" + ipv4, true},
		{"Linux cooked 2", 276, "\x86\xdd" + strings.Repeat("c", 18) + ipv6, true},
		{"raw", 101, ipv4, true},
		{"raw, by the number of a system", 12, ipv6, true},
		{"loopback, little endian", 0, "\x02\x00\x00\x00" + ipv4, true},
		{"loopback, big endian", 108, "\x00\x00\x00\x18" + ipv6, true},
		{"IPv6 with headers before UDP", 101, string(udp(6, "\x00\x3c\x00aaaaaa\x11\x01"+strings.Repeat("b", 14))), true},
		{"IPv6, first fragment", 101, string(udp(6, "\x2c\x11\x00\x00\x01iiii")), true},
		{"IPv6, later fragment", 101, string(udp(6, "\x2c\x11\x00\x00\x09iiii")), false},
		{"IPv6 in IPv4", 101, "\x45\x00\x00\x00\x00\x00\x00\x00\x40\x29\x00\x00aaaabbbb" + ipv6, true},
		{"GRE", 101, "\x45\x00\x00\x00\x00\x00\x00\x00\x40\x2f\x00\x00aaaabbbb" + "\x00\x00\x08\x00" + ipv4, true},
		{"GRE with checksum, key and sequence number", 101, "\x45\x00\x00\x00\x00\x00\x00\x00\x40\x2f\x00\x00aaaabbbb" + "\xb0\x00\x86\xddcccckkkkssss" + ipv6, true},
		{"GRE of Ethernet", 101, "\x45\x00\x00\x00\x00\x00\x00\x00\x40\x2f\x00\x00aaaabbbb" + "\x00\x00\x65\x58" + ether + "\x08\x00" + ipv4, true},
		{"GRE of another version", 101, "\x45\x00\x00\x00\x00\x00\x00\x00\x40\x2f\x00\x00aaaabbbb" + "\x00\x01\x08\x00" + ipv4, false},
		{"IPv4, later fragment", 101, ipv4[:7] + "\x09" + ipv4[8:], false},
		{"ICMP", 101, ipv4[:9] + "\x01" + ipv4[10:], false},
		{"a version of IP that is none", 101, "\x55" + ipv4[1:], false},
		{"nothing", 1, "", false},
	} {
		t.Run(test.shows, func(t *testing.T) {
			s, ok := Packet{Link: test.link, Data: []byte(test.packet)}.Segment()
			if ok != test.ok {
				t.Fatalf("it carries something: %v", ok)
			}
			if !ok {
				return
			}
			if s.Source.Port() != 12345 || s.Destination.Port() != 53 || s.Missing != 0 || !bytes.Equal(s.Payload, message(1, "\x01a\x00\x00\x01\x00\x01")) {
				t.Errorf("it is %+v", s)
			}
			for end := range len(test.packet) { // no part of it is read outside of it
				Packet{Link: test.link, Data: []byte(test.packet)[:end:end]}.Segment()
			}
		})
	}
}

var client, server = netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("[2001:db8::1]:443")

// divided returns the segments of a stream, divided at these places.
func divided(stream []byte, port uint16, places ...int) []Segment {
	to := netip.AddrPortFrom(server.Addr(), port)
	sequence := uint32(0xffffff00) // which runs over
	segments := []Segment{{Source: client, Destination: to, IsTCP: true, Sequence: sequence, Begins: true}}
	sequence++
	start := 0
	for _, end := range append(places, len(stream)) {
		segments = append(segments, Segment{Source: client, Destination: to, IsTCP: true, Sequence: sequence + uint32(start), Payload: stream[start:end]})
		start = end
	}
	return segments
}

// findAll returns what is found in segments.
func findAll(f *Finder, segments []Segment) []string {
	var found []string
	for _, s := range segments {
		for _, m := range f.Find(s) {
			text := string(m.Data)
			if m.Kind == NameSystem {
				d, _ := ParseDNS(m.Data)
				name, _, _ := d.Next(nil)
				text = string(name)
			}
			found = append(found, fmt.Sprintf("%d %s%s", m.Kind, text, m.Target))
		}
	}
	return found
}

// clientHello returns what a client of crypto/tls begins with.
func clientHello(t testing.TB, name string) []byte {
	t.Helper()
	here, there := net.Pipe()
	go tls.Client(here, &tls.Config{ServerName: name}).Handshake()
	there.SetReadDeadline(time.Now().Add(time.Minute))
	buffer := make([]byte, 4<<10)
	n, err := io.ReadAtLeast(there, buffer, 100)
	there.Close()
	here.Close()
	if err != nil {
		t.Fatal(err)
	}
	return buffer[:n]
}

// inRecords divides the records of a stream of TLS into shorter ones.
func inRecords(stream []byte, length int) (out []byte) {
	for body := stream[5:]; len(body) > 0; {
		part := body[:min(length, len(body))]
		out = binary.BigEndian.AppendUint16(append(out, 22, 3, 1), uint16(len(part)))
		out = append(out, part...)
		body = body[len(part):]
	}
	return out
}

func TestStreams(t *testing.T) {
	hello := clientHello(t, "kq3v9z7x1b.example")
	over := func(messages ...[]byte) (stream []byte) {
		for _, m := range messages {
			stream = append(binary.BigEndian.AppendUint16(stream, uint16(len(m))), m...)
		}
		return stream
	}
	first, second := message(1, "\x01a\x00\x00\x01\x00\x01"), message(1, "\x01b\x00\x00\x01\x00\x01"+strings.Repeat("r", 300))
	for _, test := range []struct {
		shows  string
		stream []byte
		port   uint16
		want   []string
	}{
		{"a ClientHello", hello, 443, []string{"1 kq3v9z7x1b.example"}},
		{"one on another port, with data behind it", append(slices.Clone(hello), "\x17\x03\x03\x00\x05abcde"...), 8443, []string{"1 kq3v9z7x1b.example"}},
		{"one in several records", inRecords(hello, 100), 443, []string{"1 kq3v9z7x1b.example"}},
		{"requests", []byte("GET /a HTTP/1.1\r\nhost: x.example\r\nA: b\r\n\r\nHEAD http://y.example/ HTTP/1.0\n\n"), 80, []string{"3 x.example/a", "3 http://y.example/"}},
		{"a request with blanks in what it asks for", []byte("GET /a b HTTP/1.1\r\nHost:\tx.example \r\n\r\n"), 80, []string{"3 x.example/a b"}},
		{"two Hosts", []byte("GET /a HTTP/1.1\r\nHost: x.example\r\nA: b\r\nhost: y.example\r\nHost: x.example\r\n\r\n"), 80, []string{"3 x.example/a", "3 y.example/a"}},
		{"a Host whose colon stands behind a blank", []byte("GET /a HTTP/1.1\r\nHost : x.example\r\n\r\n"), 80, []string{"3 x.example/a"}},
		{"a Host on the next line", []byte("GET /a HTTP/1.1\r\nHost:\r\n x.example\r\nA: b\r\n c\r\n\r\n"), 80, []string{"3 x.example/a"}},
		{"a Host on two lines", []byte("GET /a HTTP/1.1\r\nHost: x.example\r\n\ty.example\r\n\r\n"), 80, []string{"3 x.example/a", "3 y.example/a"}},
		{"empty lines before requests", []byte("\r\nGET /a HTTP/1.1\r\nHost: x.example\r\n\r\n\r\n\nGET /b HTTP/1.1\r\nHost: x.example\r\n\r\n"), 80, []string{"3 x.example/a", "3 x.example/b"}},
		{"a method of one's own", []byte("x-Fetch /a HTTP/1.1\r\nHost: x.example\r\n\r\n"), 80, []string{"3 x.example/a"}},
		{"a request without a Host", []byte("GET /a HTTP/1.0\r\nHosts: x.example\r\n\r\n"), 80, []string{"3 /a"}},
		{"what is longer than a method", []byte(strings.Repeat("A", 33) + " /a HTTP/1.1\r\nHost: x.example\r\n\r\n"), 80, nil},
		{"another record before a ClientHello", append([]byte("\x14\x03\x03\x00\x01\x01\x15\x03\x01\x00\x02\x01\x00\x16\x03\x01\x00\x00"), hello...), 443, []string{"1 kq3v9z7x1b.example"}},
		{"another record within a ClientHello", slices.Concat(inRecords(hello, 100)[:105], []byte("\x15\x03\x01\x00\x02\x01\x00"), inRecords(hello, 100)[105:]), 443, []string{"1 kq3v9z7x1b.example"}},
		{"a name of another type before that of the server", withNames(hello, "\x01\x00\x03abc\x00\x00\x09x.example"), 443, []string{"1 x.example"}},
		{"two names", withNames(hello, "\x00\x00\x09x.example\x00\x00\x09y.example"), 443, []string{"1 x.example", "1 y.example"}},
		{"a ServerHello", append([]byte("\x16\x03\x03\x00\x05\x02"), hello[6:]...), 443, nil},
		{"DNS", over(first, second, first), 53, []string{"0 a", "0 b", "0 a"}},
		{"no message", []byte("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"), 443, nil},
		{"no request", []byte("GET a file from there\r\nHost: x.example\r\n\r\n"), 80, nil},
	} {
		t.Run(test.shows, func(t *testing.T) {
			for end := 0; end < len(test.stream); end += 1 + len(test.stream)/150 {
				segments := divided(test.stream, test.port, end)
				if got := findAll(new(Finder), segments); !slices.Equal(got, test.want) {
					t.Fatalf("divided at %d it has %q, want %q", end, got, test.want)
				}
				swapped := []Segment{segments[0], segments[2], segments[1]}
				if got := findAll(new(Finder), swapped); !slices.Equal(got, test.want) {
					t.Fatalf("divided at %d and in the other order it has %q, want %q", end, got, test.want)
				}
				again := append(slices.Clone(segments), segments[1:]...)
				if got := findAll(new(Finder), again); !slices.Equal(got, test.want) {
					t.Fatalf("divided at %d and sent twice it has %q, want %q", end, got, test.want)
				}
			}
			var places []int
			for i := range test.stream {
				places = append(places, i)
			}
			if got := findAll(new(Finder), divided(test.stream, test.port, places...)); !slices.Equal(got, test.want) {
				t.Errorf("byte by byte it has %q, want %q", got, test.want)
			}
		})
	}
}

// withNames returns a ClientHello with another list of names.
func withNames(hello []byte, list string) []byte {
	const at = 9 + 2 + 32 // its session
	rest := hello[at+1+int(hello[at]):]
	rest = rest[2+int(binary.BigEndian.Uint16(rest)):]
	begin := hello[9 : len(hello)-len(rest)+1+int(rest[0])]
	extension := append([]byte{0, 0, 0, byte(2 + len(list)), 0, byte(len(list))}, list...)
	body := append(binary.BigEndian.AppendUint16(slices.Clone(begin), uint16(len(extension))), extension...)
	message := append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	return append(binary.BigEndian.AppendUint16([]byte{22, 3, 1}, uint16(len(message))), message...)
}

// TestForgedSegments holds that no single segment hides what a connection carries.
func TestForgedSegments(t *testing.T) {
	stream := []byte("GET /a HTTP/1.1\r\nHost: x.example\r\n\r\n")
	const half = 20
	whole := divided(stream, 80, half)
	forged := func(change func(s *Segment)) Segment {
		s := whole[1]
		s.Payload = nil
		change(&s)
		return s
	}
	var tiny, bare []Segment
	for i := range stream[half:] {
		tiny = append(tiny, forged(func(s *Segment) { s.Sequence, s.Payload = whole[2].Sequence+uint32(i), stream[half+i:half+i+1] }))
	}
	for i := range uint32(500) {
		bare = append(bare, forged(func(s *Segment) { s.Sequence, s.Payload = whole[2].Sequence+1000+2*i, []byte("x") }))
	}
	again := divided(stream, 80, half) // a connection between the same ends
	for i := range again {
		again[i].Sequence += 1 << 30
	}
	for _, test := range []struct {
		shows    string
		segments []Segment
		times    int
	}{
		{"RST", []Segment{whole[0], whole[1], forged(func(s *Segment) { s.Resets, s.Sequence = true, whole[2].Sequence }), whole[2]}, 1},
		{"SYN", []Segment{whole[0], whole[1], forged(func(s *Segment) { s.Begins, s.Sequence = true, 1<<31 }), whole[2]}, 1},
		{"SYN with a sequence number of before", []Segment{whole[0], whole[1], forged(func(s *Segment) { s.Begins, s.Sequence = true, s.Sequence-200_000 }), whole[2]}, 1},
		{"bytes far ahead", []Segment{whole[0], whole[1], forged(func(s *Segment) { s.Sequence, s.Payload = s.Sequence+140_000, []byte("x") }), whole[2]}, 1},
		{"bytes far behind", []Segment{whole[0], whole[1], forged(func(s *Segment) { s.Sequence, s.Payload = s.Sequence-140_000, []byte("x") }), whole[2]}, 1},
		{"a tiny segment for each byte, before what they follow", slices.Concat(whole[:1], tiny, whole[1:2]), 1},
		{"many tiny segments that follow nothing", slices.Concat(whole[:1], bare, whole[1:]), 1},
		{"another connection", slices.Concat(whole, again), 2},
		{"another connection, whose end is late", slices.Concat(whole, again[:1], again[2:], again[1:2]), 2},
		{"another connection, whose beginning was not captured", slices.Concat(whole, again[1:]), 2},
	} {
		t.Run(test.shows, func(t *testing.T) {
			want := slices.Repeat([]string{"3 x.example/a"}, test.times)
			var f Finder
			if got := findAll(&f, test.segments); !slices.Equal(got, want) {
				t.Errorf("it has %q, want %q", got, want)
			}
			held := 0
			for _, at := range f.flows {
				held += f.held(at)
			}
			if held != f.bytes {
				t.Errorf("it holds %d bytes, and knows of %d", held, f.bytes)
			}
		})
	}
}

func TestRequestThatWasNotCapturedWhole(t *testing.T) {
	segments := divided([]byte("GET /a HTTP/1.1\r\nHost: x.example\r\nCookie: cut"), 80)
	segments[1].Missing = 1000
	next := segments[1]
	next.Sequence, next.Missing = next.Sequence+uint32(len(next.Payload))+1000, 0
	next.Payload = []byte("GET /b HTTP/1.1\r\nHost: x.example\r\n\r\n")
	if got := findAll(new(Finder), append(segments, next)); !slices.Equal(got, []string{"3 x.example/a", "3 x.example/b"}) {
		t.Errorf("it has %q", got)
	}
}

func TestStreamThatLacksASegment(t *testing.T) {
	var f Finder
	segments := divided([]byte("GET /a HTTP/1.1\r\nHost: "), 80)
	findAll(&f, segments)
	late := segments[1]
	for i := range uint32(2 * mostLater) {
		late.Sequence, late.Payload = segments[1].Sequence+1000+i*40, []byte("GET /b HTTP/1.1\r\nHost: x.example\r\n\r\nxxxx")
		if len(f.Find(late)) > 0 {
			return
		}
	}
	t.Error("what is behind a gap is never read")
}

func TestWhatAFinderHoldsIsBounded(t *testing.T) {
	var f Finder
	half := append([]byte("GET / HTTP/1.1\r\nX: "), bytes.Repeat([]byte("x"), 1400)...)
	for i := range uint32(2 * mostFlows) {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1000)
		s := Segment{Source: from, Destination: server, IsTCP: true, Sequence: 1, Payload: half}
		f.Find(s)
		s.Sequence += uint32(len(half)) + 1
		f.Find(s)
		held := 0
		if i%1000 == 0 {
			for _, at := range f.flows {
				held += f.held(at)
			}
			if held != f.bytes || held > mostHeld {
				t.Fatalf("it holds %d bytes, and knows of %d", held, f.bytes)
			}
		}
		if len(f.flows) > mostFlows {
			t.Fatalf("it holds %d flows", len(f.flows))
		}
	}
}

// TestWhatAFinderHoldsIsKnown holds the count of held bytes to what is held, whatever comes.
func TestWhatAFinderHoldsIsKnown(t *testing.T) {
	var f Finder
	random := rand.New(rand.NewPCG(1, 2))
	payloads := []string{"", "G", "GET / HTTP/1.1\r\n", "Host: x.example\r\n", "\r\n", "\x16\x03\x01\x01\x00\x01", "\x14\x03\x03\x00\x01\x01", strings.Repeat("x", 1400)}
	places := []uint32{0, 0, 1, 100, 5000, 130_000, 200_000, 1 << 27, 1 << 31}
	next := make([]uint32, 3)
	for i := range 30_000 {
		n := random.IntN(len(next))
		payload := payloads[random.IntN(len(payloads))]
		s := Segment{
			Source: netip.AddrPortFrom(client.Addr(), uint16(n)), Destination: server, IsTCP: true, Payload: []byte(payload),
			Sequence: next[n], Begins: random.IntN(50) == 0, Resets: random.IntN(50) == 0, Missing: max(0, random.IntN(40)-38),
		}
		switch place := places[random.IntN(len(places))]; random.IntN(4) {
		case 0:
			s.Sequence += place
		case 1:
			s.Sequence -= place
		default:
			next[n] += uint32(len(payload))
		}
		f.Find(s)
		held := 0
		for _, at := range f.flows {
			held += f.held(at)
			if f.held(at) > 4*mostFlowHeld {
				t.Fatalf("segment %d: a flow holds %d bytes", i, f.held(at))
			}
		}
		if held != f.bytes {
			t.Fatalf("segment %d: it holds %d bytes, and knows of %d", i, held, f.bytes)
		}
	}
}

// quicHello returns the ClientHello of a client of QUIC.
func quicHello(t *testing.T, name string) []byte {
	t.Helper()
	client := tls.QUICClient(&tls.QUICConfig{TLSConfig: &tls.Config{ServerName: name, MinVersion: tls.VersionTLS13, NextProtos: []string{"h3"}}})
	client.SetTransportParameters(nil)
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for {
		switch event := client.NextEvent(); event.Kind {
		case tls.QUICWriteData:
			return bytes.Clone(event.Data)
		case tls.QUICNoEvent:
			t.Fatal("the client says nothing")
		}
	}
}

// protect returns an Initial packet with the number 2, filled as in appendix A.2 of RFC 9001.
func protect(t *testing.T, version string, id, frames []byte) []byte {
	t.Helper()
	at := slices.IndexFunc(quicVersions[:], func(v quicVersion) bool { return v.number == binary.BigEndian.Uint32([]byte(version)) })
	v := quicVersions[at]
	packet := append([]byte{0xc3 | v.kind<<4}, version...)
	packet = append(append(packet, byte(len(id))), id...)
	packet = append(packet, 0, 0, 0x44, 0x9e, 0, 0, 0, 2)
	header := len(packet)
	initial, err := hkdf.Extract(sha256.New, id, []byte(v.salt))
	if err != nil {
		t.Fatal(err)
	}
	secret := expandLabel(initial, "client in", 32)
	block, err := aes.NewCipher(expandLabel(secret, v.label+"key", 16))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := expandLabel(secret, v.label+"iv", 12)
	nonce[11] ^= 2
	packet = aead.Seal(packet, nonce, append(slices.Clone(frames), make([]byte, 1162-len(frames))...), packet)
	protection, err := aes.NewCipher(expandLabel(secret, v.label+"hp", 16))
	if err != nil {
		t.Fatal(err)
	}
	var mask [16]byte
	protection.Encrypt(mask[:], packet[header:])
	packet[0] ^= mask[0] & 0xf
	for i := range 4 {
		packet[header-4+i] ^= mask[1+i]
	}
	return packet
}

// cryptoFrame returns a frame with a part of a hello.
func cryptoFrame(hello []byte, from, to int) []byte {
	frame := binary.BigEndian.AppendUint16([]byte{6}, 0x4000|uint16(from))
	frame = binary.BigEndian.AppendUint16(frame, 0x4000|uint16(to-from))
	return append(frame, hello[from:to]...)
}

func TestQUIC(t *testing.T) {
	hello := quicHello(t, "kq3v9z7x1b.example")
	if len(hello) < 1200 {
		t.Fatalf("the ClientHello has %d bytes, too few to show anything", len(hello))
	}
	half := len(hello) / 2
	var segments []Segment
	for _, frames := range [][]byte{
		slices.Concat([]byte{1, 0, 0, 2, 5, 0, 0, 0}, cryptoFrame(hello, 100, half), cryptoFrame(hello, 0, 100)), // ping, padding, an acknowledgement
		slices.Concat(cryptoFrame(hello, half-50, half+50), cryptoFrame(hello, half+10, len(hello))),
	} {
		packet := protect(t, "\x00\x00\x00\x01", []byte("chosenid"), frames)
		segments = append(segments, Segment{Source: client, Destination: server, Payload: packet})
	}
	want := []string{"2 kq3v9z7x1b.example"}
	if got := findAll(new(Finder), segments); !slices.Equal(got, want) {
		t.Errorf("it has %q, want %q", got, want)
	}
	if got := findAll(new(Finder), append(slices.Clone(segments), segments...)); !slices.Equal(got, want) {
		t.Errorf("sent twice it has %q, want %q", got, want)
	}
	slices.Reverse(segments)
	if got := findAll(new(Finder), segments); !slices.Equal(got, want) {
		t.Errorf("in the other order it has %q, want %q", got, want)
	}
	together := segments[0]
	together.Payload = slices.Concat(segments[1].Payload, segments[0].Payload)
	if got := findAll(new(Finder), []Segment{together}); !slices.Equal(got, want) {
		t.Errorf("in one datagram it has %q, want %q", got, want)
	}
	for i := range segments {
		segments[i].Payload[200] ^= 1
	}
	if got := findAll(new(Finder), segments); len(got) > 0 {
		t.Errorf("changed it has %q", got)
	}
}

// TestQUICKeys holds the keys to the packets that the standards show.
func TestQUICKeys(t *testing.T) {
	id, _ := hex.DecodeString("8394c8f03e515708")
	for _, test := range []struct{ version, begin string }{
		{"\x00\x00\x00\x01", "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11"}, // RFC 9001, appendix A.2
		{"\x6b\x33\x43\xcf", "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485"}, // RFC 9369, appendix A.2
	} {
		t.Run(hex.EncodeToString([]byte(test.version)), func(t *testing.T) {
			hello, _ := hex.DecodeString("060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c" +
				"00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e" +
				"000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304" +
				"000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff" +
				"0801100104800075300901100f088394c8f03e51570806048000ffff")
			packet := protect(t, test.version, id, hello)
			if begin := hex.EncodeToString(packet[:32]); begin != test.begin {
				t.Errorf("the packet begins %s, want %s", begin, test.begin)
			}
			if got := findAll(new(Finder), []Segment{{Source: client, Destination: server, Payload: packet}}); !slices.Equal(got, []string{"2 example.com"}) {
				t.Errorf("it has %q", got)
			}
		})
	}
}

// FuzzFinder holds that nothing in packets makes a finder fail, nor hold more than it may.
func FuzzFinder(f *testing.F) {
	f.Add(uint16(linkEthernet), []byte("eeeeeeeeeeee\x08\x00"+string(udp(4, ""))))
	f.Add(uint16(linkRaw), udp(6, "\x00\x3c\x00aaaaaa\x11\x01bbbbbbbbbbbbbb"))
	f.Add(uint16(linkRaw), append(udp(4, "")[:28], bytes.Repeat([]byte{0xc3, 0, 0, 0, 1, 1, 'i', 0, 0}, 150)...))
	tcp := append(udp(4, "")[:20], "\x30\x39\x00\x35\x00\x00\x00\x00\x00\x00\x00\x00\x50\x00\x00\x00\x00\x00\x00\x00"...)
	tcp[3], tcp[9] = 0, ipTCP
	f.Add(uint16(linkRaw), append(tcp, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"...))
	f.Add(uint16(linkRaw), append(tcp, "\x00\x13\xca\xfe\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"...))
	f.Add(uint16(linkRaw), append(tcp, inRecords(clientHello(f, "a.example"), 300)...))
	var finder Finder
	f.Fuzz(func(t *testing.T, link uint16, data []byte) {
		s, ok := Packet{Link: link, Data: data}.Segment()
		if !ok {
			return
		}
		for _, m := range finder.Find(s) {
			d, _ := ParseDNS(m.Data)
			for m.Kind == NameSystem && d.Questions() > 0 {
				if name, _, ok := d.Next(nil); ok && (len(name) == 0 || len(name) > 4*longestLabels) {
					t.Errorf("a name has %d bytes", len(name))
				}
			}
		}
		if finder.bytes < 0 || finder.bytes > mostHeld || len(finder.flows) > mostFlows {
			t.Errorf("it holds %d bytes of %d flows", finder.bytes, len(finder.flows))
		}
	})
}
