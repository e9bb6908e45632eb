package logs

import (
	"bytes"
	"strings"
	"testing"
)

// findLines returns what is found in each line, of which all are the sample.
func findLines(t *testing.T, format string, lines ...string) []string {
	t.Helper()
	var found []string
	findEach(t, format, strings.Join(lines, "\n")+"\n", func(r *Record) { found = append(found, described(r)) })
	return found
}

// described returns the names of a record, in double quotation marks if they are out of DNS, its
// client, and what else is known.
func described(r *Record) string {
	var parts []string
	for _, name := range r.Names {
		quote := "'"
		if name.DNS {
			quote = `"`
		}
		parts = append(parts, quote+string(name.Text)+quote)
	}
	if r.Lost {
		parts = append(parts, "lost")
	}
	if len(r.Client) > 0 {
		parts = append(parts, string(r.Client))
	}
	if len(r.ResponseCode) > 0 {
		parts = append(parts, string(r.ResponseCode))
	}
	parts = append(parts, []string{"whole", "question", "answer"}[r.Part])
	if r.Repeats {
		parts = append(parts, "repeats")
	}
	if r.Header {
		parts = append(parts, "header")
	}
	if r.Broken != "" {
		parts = append(parts, "broken")
	}
	return strings.Join(parts, " ")
}

// TestServerLines has a line each that shows something.
func TestServerLines(t *testing.T) {
	const dnsmasq, unbound, bind = "Nov 28 00:55:53 dnsmasq[8716]: ", "[1795827352] unbound[8693:0] ", "28-Nov-2026 00:55:51.763 queries: info: client @0x7f89 127.0.0.1#47227 "
	const packet = "11/28/2026 12:55:51 AM 0E70 PACKET  00000000033397A0 UDP "
	for _, test := range []struct{ name, format, line, want string }{
		{"a name that has from in it", "dnsmasq", dnsmasq + "query[A]  x from y.example.com from 192.0.2.1", `" x from y.example.com" 192.0.2.1 question`},
		{"a name that lies about its client", "dnsmasq", dnsmasq + "query[A] evil.com from 192.0.2.9 from 192.0.2.1", `"evil.com from 192.0.2.9" 192.0.2.1 question`},
		{"a name that looks like a line", "dnsmasq", dnsmasq + "query[A] dnsmasq[1]: query[A] x.com from 192.0.2.9 from 192.0.2.1", `"dnsmasq[1]: query[A] x.com from 192.0.2.9" 192.0.2.1 question`},
		{"a name that looks like an answer", "dnsmasq", dnsmasq + "query[A] a is b.com from 192.0.2.1", `"a is b.com" 192.0.2.1 question`},
		{"backslashes are bytes of the name", "dnsmasq", dnsmasq + `query[A] a\.b.com from 192.0.2.1`, `"a\\.b.com" 192.0.2.1 question`},
		{"a name that cannot be printed", "dnsmasq", dnsmasq + "query[A] <name unprintable> from 192.0.2.1", `lost 192.0.2.1 question`},
		{"a number and a client", "dnsmasq", dnsmasq + "428 2001:db8::1/59437 reply x.com is NXDOMAIN", `"x.com" 2001:db8::1 NXDOMAIN answer`},
		{"a number and no client", "dnsmasq", dnsmasq + "428 reply x.com is NODATA-IPv6", `"x.com" NOERROR answer`},
		{"a failure has no name", "dnsmasq", dnsmasq + "428 192.0.2.1/5 reply error is SERVFAIL", `192.0.2.1 SERVFAIL answer`},
		{"an address whose name was asked for", "dnsmasq", dnsmasq + "reply 192.0.2.1 is host.example.com", `answer`},
		{"a name of hexadecimal digits", "dnsmasq", dnsmasq + "reply ad.abc.de is NXDOMAIN", `"ad.abc.de" NXDOMAIN answer`},
		{"text that has is in it", "dnsmasq", dnsmasq + "reply x.com is this is it", `"x.com" answer`},
		{"a file of hosts", "dnsmasq", dnsmasq + "/etc/my hosts x.com is 192.0.2.1", `"x.com" answer`},
		{"a blocked name is not one that there is not", "pihole", dnsmasq + "gravity blocked x.com is NXDOMAIN", `"x.com" answer`},
		{"a host called like the program", "dnsmasq", "Nov 28 00:55:53 dnsmasq dnsmasq[8716]: query[A] x.com from 192.0.2.1", `"x.com" 192.0.2.1 question`},
		{"dnsmasq in RFC 5424", "dnsmasq", `<30>1 2026-11-28T00:55:53+01:00 gw dnsmasq 8716 - [meta sequenceId="1"] query[A] x.com from 192.0.2.1`, `"x.com" 192.0.2.1 question`},
		{"dnsmasq without a process", "dnsmasq", "dnsmasq: query[AAAA] x.com from ::1", `"x.com" ::1 question`},
		{"a verb that tells no name", "dnsmasq", dnsmasq + "nameserver 192.0.2.1 is unreachable", `whole`},

		{"an answer without tags", "unbound", unbound + "info: 127.0.0.1 x.com. A IN NXDOMAIN 0.000000 1 89", `"x.com." 127.0.0.1 NXDOMAIN answer`},
		{"a question with its destination has eight words", "unbound", unbound + "query: 127.0.0.1 x.com. A IN on udp 127.0.0.1 53", `"x.com." 127.0.0.1 question`},
		{"an answer with its destination", "unbound", unbound + "reply: 127.0.0.1 x.com. A IN NOERROR 0.000000 1 89 on udp 127.0.0.1 53", `"x.com." 127.0.0.1 NOERROR answer`},
		{"an odd byte is lost", "unbound", unbound + "query: 127.0.0.1 foo?bar.x.com. A IN", `lost 127.0.0.1 question`},
		{"a name that is cut", "unbound", unbound + "query: 127.0.0.1 aaa.bbb.& A IN", `lost 127.0.0.1 question`},
		{"syslog before Unbound", "unbound", "Nov 28 00:55:52 gw unbound[8693]: [8693:0] info: 2001:db8::1 x.com. A IN", `"x.com." 2001:db8::1 question`},
		{"what Unbound says of itself", "unbound", unbound + "info: response for x.com. A IN", `whole`},
		{"a message without a question", "unbound", unbound + "reply: 127.0.0.1 - - - FORMERR - - -", `whole`},

		{"a view", "bind", bind + "(x.com): view internal: query: x.com IN A + (127.0.0.1)", `"x.com" 127.0.0.1 question`},
		{"a key", "bind", "client 127.0.0.1#5/key me (x.com): query: x.com IN A + (127.0.0.1)", `"x.com" 127.0.0.1 question`},
		{"an old BIND", "bind", "28-Nov-2026 00:55:51.763 client 127.0.0.1#5: query: x.com IN A +", `"x.com" 127.0.0.1 question`},
		{"a name that looks like a line of BIND", "bind", bind + `(a\):\032query:\032b.com): query: a\):\032query:\032b.com IN A + (127.0.0.1)`, `"a\):\032query:\032b.com" 127.0.0.1 question`},
		{"syslog before BIND", "bind", "Nov 28 00:55:51 client named[7]: client @0x7f89 2001:db8::1#5 (x.com): query: x.com IN A + (::1)", `"x.com" 2001:db8::1 question`},
		{"a policy and a name with a slash", "bind", bind + "(a/b.com): rpz QNAME NXDOMAIN rewrite a/b.com/A/IN via a/b.com.rpz", `"a/b.com" 127.0.0.1 answer`},
		{"a failure", "bind", bind + "(x.com): query failed (SERVFAIL) for x.com/IN/A at query.c:5570", `"x.com" 127.0.0.1 SERVFAIL answer`},
		{"a denial", "bind", bind + "(it's.com): query (cache) 'it's.com/A/IN' denied", `"it's.com" 127.0.0.1 REFUSED answer`},
		{"the root", "bind", bind + "(.): query: . IN NS + (127.0.0.1)", `"." 127.0.0.1 question`},
		{"a client without a question", "bind", bind + "(x.com): zone transfer 'x.com/AXFR/IN' denied", `whole`},

		{"pairs escape twice", "powerdns", `msg="Question" qname="foo\\032bar.\\\\\"x.com" qtype="A" remote="[2001:db8::1]:53"`, `"foo\032bar.\\"x.com" 2001:db8::1 question`},
		{"a name with pairs in it", "powerdns", `msg="Question" qname="a\" qname=\"b.com" remote="192.0.2.1:5"`, `"a" qname="b.com" 192.0.2.1 question`},
		{"a name with the start of pairs in it", "powerdns", `1 [9/1] question for 'msg="x.com|A' from 192.0.2.1:5`, `"msg="x.com" 192.0.2.1 question`},
		{"a name with marks of text in it", "powerdns", `1 [9/1] question for 'it's|x.com|AAAA' from 192.0.2.1:5`, `"it's|x.com" 192.0.2.1 question`},
		{"the cache tells no name", "powerdns", "1 question answered from packet cache tag=0 from 192.0.2.1:5", `whole`},
		{"another message", "powerdns", `msg="Timeout from remote" qname="x.com" remote="192.0.2.1:5"`, `whole`},

		{"a description in parentheses", "dnsdist", "[1] Answer to [::1]:4 for a(b)c. A (Server Failure) with id 28678", `"a(b)c." ::1 SERVFAIL answer`},
		{"a question over TCP", "dnsdist", "Got query for a|b.com|ANY from 127.0.0.1:45383 (TCP, 54 bytes), relayed to auth", `"a|b.com" 127.0.0.1 question`},

		{"a blank and a mark in a name", "coredns", `[INFO] [::1]:5 - 7 "A IN a\ b\"\ c.com. udp 5 false 1232" NXDOMAIN qr 5 0.1s`, `"a\ b\"\ c.com." ::1 NXDOMAIN whole`},
		{"no answer", "coredns", `[INFO] 192.0.2.1:5 - 7 "A IN x.com. udp 5 false 1232" - - 0 0.1s`, `"x.com." 192.0.2.1 whole`},
		{"an error has no question of its own", "coredns", `[ERROR] plugin/errors: 2 x.com. A: read udp 192.0.2.1:5->192.0.2.2:53: i/o timeout`, `whole`},
		{"a container's time", "coredns", `2026-11-28T00:55:51.763Z stdout F [INFO] 192.0.2.1:5 - 7 "A IN x.com. udp 5 false 1232" NOERROR qr 5 0.1s`, `"x.com." 192.0.2.1 NOERROR whole`},

		{"a question of a client", "knot-resolver", `[plan  ][00000.00] plan 'it\'s.com.' type 'A' uid [44100.00]`, `"it\'s.com." question`},
		{"a question of the resolver", "knot-resolver", `[plan  ][65518.02]   plan 'ns.h6.' type 'AAAA' uid [65518.03]`, `whole`},
		{"a target of CNAME", "knot-resolver", `[plan  ][00000.00] plan 'x.com.' type 'A' uid [21184.02]`, `whole`},

		{"a question to the server", "windows-dns", packet + "Rcv 192.0.2.61  5b47   Q [0001   D   NOERROR] A      (3)www(1)x(3)com(0)", `"www.x.com" 192.0.2.61 question`},
		{"an answer of the server", "windows-dns", packet + "Snd 192.0.2.61  5b47 R Q [8385 A DR NXDOMAIN] A      (1)x(3)com(0)", `"x.com" 192.0.2.61 NXDOMAIN answer`},
		{"a question of the server", "windows-dns", packet + "Snd 192.0.2.61  5b47   Q [0001   D   NOERROR] A      (1)x(3)com(0)", `whole`},
		{"a dot and marks within labels", "windows-dns", packet + `Rcv 192.0.2.61  5b47   Q [0001   D   NOERROR] A      (5)a.(3)(3)b\c(3)com(0)`, `"a\.(3).b\\c.com" 192.0.2.61 question`},
		{"the root of Windows", "windows-dns", packet + "Rcv 192.0.2.61  5b47   Q [0001   D   NOERROR] NS     (0)", `"." 192.0.2.61 question`},
		{"lengths that are none", "windows-dns", packet + "Rcv 192.0.2.61  5b47   Q [0001   D   NOERROR] A      (9)x(3)com(0)", `lost 192.0.2.61 question`},
		{"no thread and no context", "windows-dns", "20091028 10:00:01 PACKET UDP Rcv 192.0.2.61  5b47   Q [0001   D   NOERROR] A      (1)x(3)com(0)", `"x.com" 192.0.2.61 question`},
		{"details", "windows-dns", "UDP question info at 00000000033397A0", `whole header`},

		{"what AdGuard Home blocked has no code", "adguard", `{"T":"2026","QH":"a\\.b.com","IP":"::1","Answer":"AAeBgwABAAA=","Result":{"IsFiltered":true}}`, `"a\.b.com" ::1 whole`},
		{"unless the answer was kept", "adguard", `{"T":"2026","QH":"b.com","IP":"::1","Answer":"AAeBgAABAAA=","OrigAnswer":"AAeBgwABAAA=","Result":{"IsFiltered":true}}`, `"b.com" ::1 NXDOMAIN whole`},
		{"an answer that is no base64", "adguard", `{"T":"2026","QH":"b.com","IP":"::1","Answer":"!!!!!!!!"}`, `"b.com" ::1 whole`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := findLines(t, test.format, test.line)[0]; got != test.want {
				t.Errorf("%s\nis   %s\nwant %s", test.line, got, test.want)
			}
		})
	}
}

// TestExchangesCountOnce has a question with its answers in each format that tells of both.
func TestExchangesCountOnce(t *testing.T) {
	for _, test := range []struct{ name, format, question, answer string }{
		{"dnsmasq", "dnsmasq", "dnsmasq[1]: 428 192.0.2.1/5 query[A] x.com from 192.0.2.1", "dnsmasq[1]: 428 192.0.2.1/5 reply x.com is NXDOMAIN"},
		{"dnsmasq without numbers", "dnsmasq", "dnsmasq[1]: query[A] x.com from 192.0.2.1", "dnsmasq[1]: reply x.com is NXDOMAIN"},
		{"a target of CNAME", "dnsmasq", "dnsmasq[1]: 428 192.0.2.1/5 query[A] x.com from 192.0.2.1", "dnsmasq[1]: 428 192.0.2.1/5 reply y.com is NXDOMAIN"},
		{"BIND", "bind", "client 192.0.2.1#5 (x.com): query: x.com IN A +", "client 192.0.2.1#5 (x.com): response: x.com IN A NXDOMAIN 0 1 1 +"},
		{"pairs of PowerDNS", "powerdns", `msg="Question" qname="x.com" remote="192.0.2.1:5"`, `msg="Answer" qname="x.com" rcode="3" remote="192.0.2.1:5"`},
		{"text of PowerDNS", "powerdns", "1 [9/1] question for 'x.com|A' from 192.0.2.1:5", "1 [9/1] answer to question 'x.com|A': 0 answers, rcode=3"},
		{"dnsdist", "dnsdist", "[1] Packet from 192.0.2.1:5 for x.com. A with id 7", "[1] Answer to 192.0.2.1:5 for x.com. A (Non-Existent domain) with id 7"},
		{"Windows", "windows-dns", "1/1/2026 PACKET UDP Rcv 192.0.2.1 5b47   Q [0001] A (1)x(0)", "1/1/2026 PACKET UDP Snd 192.0.2.1 5b47 R Q [8385 NXDOMAIN] A (1)x(0)"},
		{"Unbound", "unbound", "unbound[1:0] info: 192.0.2.1 x.com. A IN", "unbound[1:0] info: 192.0.2.1 x.com. A IN NXDOMAIN 0.1 0 9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, err := Find(test.format)
			if err != nil {
				t.Fatal(err)
			}
			both := []byte(test.question + "\n" + test.answer + "\n")
			records := make([]Record, 2)
			for i, sample := range [][]byte{both, []byte(test.question + "\n"), []byte(test.answer + "\n")} {
				reader, err := format.NewReader(bytes.NewReader(both), sample, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for n := range records {
					reader.Scan()
					reader.Layout().Find(reader.Bytes(), &records[n])
				}
				question, answer := &records[0], &records[1]
				if question.Part != Question || answer.Part != Answer || len(answer.ResponseCode) == 0 || len(question.ResponseCode) > 0 {
					t.Fatalf("the lines are %s and %s", described(question), described(answer))
				}
				if question.Key != answer.Key {
					t.Error("the key of the answer is not that of the question")
				}
				if question.Repeats || !answer.Repeats {
					t.Errorf("sample %d: they repeat: %v and %v, want false and true", i, question.Repeats, answer.Repeats)
				}
			}
		})
	}
}

func TestStartTime(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Nov 28 00:55:53 gw dnsmasq[1]: x", "Nov 28 00:55:53"},
		{"Nov  8 00:55:53 dnsmasq[1]: x", "Nov  8 00:55:53"},
		{"Sat Nov 28 00:55:53 2026 daemon.info dnsmasq[1]: x", "Sat Nov 28 00:55:53 2026"},
		{"<30>Nov 28 00:55:53 gw x", "Nov 28 00:55:53"},
		{"<30>1 2026-11-28T00:55:53.1Z gw x", "2026-11-28T00:55:53.1Z"},
		{"28-Nov-2026 00:55:51.763 client x", "28-Nov-2026 00:55:51.763"},
		{"2026-11-28 00:55:51,763 x", "2026-11-28 00:55:51,763"},
		{"2026-11-28T00:55:51.763+01:00 x", "2026-11-28T00:55:51.763+01:00"},
		{"[1795827355.487783923] Packet", "1795827355.487783923"},
		{"[INFO] 127.0.0.1:5 - 1", ""},
		{"[plan  ][00000.00] plan", ""},
		{"client 127.0.0.1#5", ""},
		{"127.0.0.1 x.com.", ""},
		{"<", ""},
		{"<30", ""},
		{"[", ""},
		{"[1", ""},
		{"", ""},
	} {
		if got := startTime([]byte(test.line)); string(got) != test.want {
			t.Errorf("%q begins with %q, want %q", test.line, got, test.want)
		}
	}
}

// TestTabbed shows which fields are taken for those that the program wrote.
func TestTabbed(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"no fields", "a b", "a b"},
		{"fields", "a b\t0.50000\tlow\tdga\tx.com", "a b"},
		{"fields without values", "a b\t\t\t\t", "a b"},
		{"fields twice", "a b\t\t\t\t\t\t\t\t", "a b\t\t\t\t"},
		{"columns of the line", "a\tb\tc\td\te", "a\tb\tc\td\te"},
		{"columns of the line that begin with a number", "a\t0.005\t200\tx\ty", "a\t0.005\t200\tx\ty"},
		{"too few columns", "a b\t0.50000\tlow", "a b\t0.50000\tlow"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r Record
			if got := (tabbed{verdictFields}).cut([]byte(test.line), &r); string(got) != test.want {
				t.Errorf("the line is %q, want %q", got, test.want)
			}
		})
	}
}

// A file that is cut while it is written has NULs where it was, maybe more than a record may have.
func TestNULsBeforeALine(t *testing.T) {
	const line = "[1795827355.487783923] Packet from 127.0.0.1:47106 for x.com. A with id 28678"
	for _, count := range []int{1, MaxRecord - 10, 3*MaxRecord + 10} {
		found := findLines(t, "dnsdist", line, strings.Repeat("\x00", count)+line)
		const want = `"x.com." 127.0.0.1 question`
		if found[0] != want || found[len(found)-1] != want || strings.Contains(strings.Join(found, "\n"), "broken") {
			t.Errorf("behind %d NULs is found %q", count, found)
		}
	}
}
