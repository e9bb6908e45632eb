package logs

import (
	"slices"
	"testing"
)

const commonStart = `192.0.2.1 - - [28/Nov/2026:00:56:44 +0000] `

// webTraps are lines in which clients chose what could be taken for something else.
var webTraps = []struct {
	name, format, line string
	want               []string
}{
	{"Squid: quotation marks and bytes outside ASCII are raw", "squid", "1795827404.073 0 192.0.2.1 TCP_MISS/200 232 GET http://a.example/\"q\" HTTP/1.1\"\xff - HIER_DIRECT/192.0.2.2 text/html", []string{`http://a.example/"q"`}},
	{"Squid: CONNECT has no scheme", "squid", "1795827404.073 0 192.0.2.1 TCP_TUNNEL/200 9 CONNECT [2001:db8::1]:443 - HIER_DIRECT/192.0.2.2 -", []string{"[2001:db8::1]:443"}},
	{"Squid: no URL", "squid", "1795827404.073 0 192.0.2.1 NONE/400 9 NONE error:invalid-request - HIER_NONE/- -\n1795827404.073 0 192.0.2.1 NONE_NONE/501 9 OPTIONS http://:80* - HIER_NONE/- -\n1795827404.073 0 192.0.2.1 NONE_NONE/000 0 - - - HIER_NONE/- -", nil},
	{"Squid: the user's name is a result", "squid", "1795827404.073 0 192.0.2.1 TCP_MISS/200 9 GET http://a.example/ TCP_MISS/200 HIER_NONE/- -", []string{"http://a.example/"}},
	{"Squid: behind syslog", "squid", "Nov 28 00:56:44 proxy squid[7]: 1795827404.073 0 192.0.2.1 TCP_MISS/200 9 GET http://a.example/ - HIER_NONE/- -", []string{"http://a.example/"}},
	{"Squid: no result", "squid", "two words", []string{"broken: it has no RESULT/STATUS, as in TCP_MISS/200"}},
	{"Apache: an escaped quotation mark does not end the request", "access", commonStart + `"GET http://a.example/\" HTTP/1.1\" x HTTP/1.1" 200 3`, []string{`http://a.example/" HTTP/1.1" x`}},
	{"nginx: bytes in hexadecimal", "access", "b\\xC3\\xBCcher.example " + commonStart + `"GET /\x22\x5Cx22 HTTP/1.1" 200 3`, []string{`bücher.example/"\x22`}},
	{"the client's name says a request", "access", `192.0.2.1 - x [y] \"GET http://no.example/ HTTP/1.1\" [28/Nov/2026:00:56:44 +0000] "GET http://a.example/ HTTP/1.1" 200 3`, []string{"http://a.example/"}},
	{"a port that says nothing, and one that does", "access", "a.example:443 " + commonStart + "\"GET /x HTTP/2.0\" 200 3\na.example:8443 " + commonStart + `"GET /x HTTP/2.0" 200 3`, []string{"a.example/x", "a.example:8443/x"}},
	{"no HTTP", "access", "a.example " + commonStart + "\"\\x16\\x03\\x01\" 400 0\na.example " + commonStart + "\"\\x03 Cookie: mstshash=a.example\" 400 0\na.example " + commonStart + `"GARBAGE" 400 0`, nil},
	{"behind syslog", "access", "Nov 28 00:56:44 web nginx: a.example " + commonStart + `"GET /x HTTP/1.1" 200 3`, []string{"a.example/x"}},
	{"a request that does not end", "access", commonStart + `"GET /\"`, []string{"broken: its request does not end"}},
	{"HAProxy: quotation marks, braces and bars are numbers", "haproxy", `Nov 28 00:56:44 lb haproxy[7]: 192.0.2.1:5 [28/Nov/2026:00:56:51.847] http b/s1 0/0/0/0/0 200 125 - - ---- 1/1/0/0/0 0/0 {ua #7Ba.example#7C|b.example:8080} {c.example} "GET /#22#23 HTTP/1.1"`, []string{`b.example:8080/"#`}},
	{"HAProxy: a cookie that looks like what follows", "haproxy", `192.0.2.1:5 [28/Nov/2026:00:56:51.847] http b/s1 0/0/0/0/0 200 125 {no.example} "GET - ---- 1/1/0/0/0 0/0 {a.example} "GET / HTTP/1.1"`, []string{"broken: it is no line of HAProxy"}},
	{"HAProxy: the name of TLS", "haproxy", `192.0.2.1:5 [28/Nov/2026:00:56:51.847] https~ b/s1 0/0/0/0/0 200 125 - - ---- 1/1/0/0/0 0/0 "GET /tls HTTP/1.1" 0/0000000000000000/0/0/0 a.example/TLSv1.3/TLS_AES_256_GCM_SHA384`, []string{"a.example/tls"}},
	{"HAProxy: HTTP/2 has the whole URL", "haproxy", `192.0.2.1:5 [28/Nov/2026:00:56:51.847] https~ b/s1 0/0/0/0/0 200 125 - - ---- 1/1/0/0/0 0/0 {a.example} "GET https://a.example/x HTTP/2.0"`, []string{"https://a.example/x"}},
	{"HAProxy: TCP with the name captured", "haproxy", `192.0.2.1:5 [28/Nov/2026:00:56:51.847] tcp t/s1 1/0/3 1505 -- 1/1/0/0/0 0/0 {a.example}`, []string{"a.example"}},
	{"Envoy: a user agent that looks like what follows", "envoy", `[2026-11-28T01:12:46.457Z] "GET /"q" HTTP/1.1" 200 - 0 3 2 0 "-" "x" "id" "no.example" "192.0.2.2:80" y" "id" "a.example" "192.0.2.2:80"`, []string{`a.example/"q"`}},
	{"Envoy: CONNECT", "envoy", `[2026-11-28T01:12:46.582Z] "CONNECT - HTTP/1.1" 404 NR 0 0 0 - "-" "-" "id" "a.example:443" "-"`, []string{"a.example:443"}},
	{"Envoy: cut", "envoy", `[2026-11-28T01:12:46.582Z] "GET / HTTP/1.1" 404`, []string{"broken: it has no authority"}},
}

func TestWebTraps(t *testing.T) {
	for _, test := range webTraps {
		t.Run(test.name, func(t *testing.T) {
			if got := namesOf(t, test.format, test.line); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func TestIsIPv6(t *testing.T) {
	for text, want := range map[string]bool{
		"2001:db8::1": true, "::1": true, "::": true, "fe80::": true, "1:2:3:4:5:6:7:8": true, "::ffff:192.0.2.1": true, "1:2:3:4:5:6:192.0.2.1": true,
		"": false, ":": false, ":::": false, "1::2::3": false, "10:00:00": false, "1:2:3:4:5:6:7:8:9": false, "12345::": false, "1:": false, "g::1": false,
		"00:11:22:33:44:55": false, "1:192.0.2.1": false, "::192.0.2": false, ":1::2": false, "1:2:3:4:5:6:7::8": false, "1:2:3:4:5:6:7::": true,
	} {
		if got := isIPv6([]byte(text)); got != want {
			t.Errorf("isIPv6(%q) = %v, want %v", text, got, want)
		}
	}
}
