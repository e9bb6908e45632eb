package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestHostsThatARequestMayName(t *testing.T) {
	loopback, given := []string{"localhost"}, []string{"Snowman.Example.", "192.0.2.1"}
	for _, test := range []struct {
		name, host, path string
		hosts            []string
		want             int
	}{
		{"without a limit, any", "a.example", "/", nil, 200},
		{"localhost", "localhost", "/", loopback, 200},
		{"with a port, in capitals, with a last dot", "LocalHost.:5000", "/", loopback, 200},
		{"an address of loopback", "127.8.0.1:5000", "/", loopback, 200},
		{"that of IPv6", "[::1]:5000", "/", loopback, 200},
		{"without a port", "[::1]", "/", loopback, 200},
		{"one mapped into IPv6", "[::ffff:127.0.0.1]:5000", "/", loopback, 200},
		{"none, as in HTTP/1.0", "", "/", loopback, 200},
		{"another name", "a.example", "/", loopback, 421},
		{"one that begins like localhost", "localhost.a.example", "/", loopback, 421},
		{"one that ends like localhost", "a.localhost", "/", loopback, 421},
		{"one that begins like an address", "127.0.0.1.a.example:5000", "/", loopback, 421},
		{"another address", "192.0.2.7", "/", loopback, 421},
		{"the address that it came to", "192.0.2.9:5000", "/", given, 200},
		{"any address", "0.0.0.0:5000", "/", loopback, 421},
		{"a number, which browsers write as an address", "2130706433", "/", loopback, 421},
		{"two ports", "localhost:1:2", "/", loopback, 421},
		{"one that is allowed", "snowman.example:443", "/", given, 200},
		{"another address that is allowed", "[::ffff:192.0.2.1]", "/", given, 200},
		{"localhost, beside those that are allowed", "localhost", "/", given, 200},
		{"one that is not allowed", "a.snowman.example", "/", given, 421},
		{"what answers in JSON", "a.example", "/v1/model", loopback, 421},
		{"the description", "a.example", "/openapi.json", loopback, 421},
		{"metrics", "a.example", "/metrics", loopback, 421},
		{"nothing that is there", "a.example", "/nothing", loopback, 421},
		{"a probe", "a.example", "/readyz", loopback, 200},
		{"a probe of the protocol", "a.example", "/v2/health/live", loopback, 200},
	} {
		request := httptest.NewRequest("GET", test.path, nil)
		request.Host = test.host
		request = request.WithContext(context.WithValue(request.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP("192.0.2.9"), Port: 5000}))
		recorder := httptest.NewRecorder()
		New(Options{Model: openToy(t), Hosts: test.hosts}).ServeHTTP(recorder, request)
		if recorder.Code != test.want {
			t.Errorf("%s: %d, want %d", test.name, recorder.Code, test.want)
		}
		if recorder.Code == http.StatusMisdirectedRequest && !strings.Contains(recorder.Body.String(), "-host NAME") {
			t.Errorf("%s: %s, want what to do", test.name, recorder.Body)
		}
	}
}

func TestCheckHost(t *testing.T) {
	for host, isOne := range map[string]bool{
		"snowman.example.com": true, "SNOWMAN": true, "a_b-c.example.": true, "192.0.2.1": true, "2001:db8::1": true, "[2001:db8::1]": true, "xn--mnchen-3ya.de": true,
		"": false, ".": false, "*": false, "*.example.com": false, "a.example:443": false, "https://a.example": false, "a.example/": false, "münchen.de": false, "a b": false, "[::1]:5000": false,
	} {
		if err := CheckHost(host); (err == nil) != isOne {
			t.Errorf("%q: %v, want that it may be given: %v", host, err, isOne)
		}
	}
}

// FuzzHosts checks that a host that is answered for is, as net/url reads it, one of those that may
// be named.
func FuzzHosts(f *testing.F) {
	for _, host := range []string{"localhost", "LOCALHOST.:5000", "[::1]:80", "127.0.0.1", "a.example", "snowman.example:443", "localhost:1:2", "[localhost]", "a@localhost", "[::ffff:127.0.0.1%25lo]", "localhost#.a.example", "127.1"} {
		f.Add(host)
	}
	service := New(Options{Model: openToy(f), Hosts: []string{"snowman.example"}})
	f.Fuzz(func(t *testing.T, host string) {
		request := httptest.NewRequest("GET", "/", nil)
		request.Host = host
		u, err := url.Parse("http://" + host + "/")
		if !service.answersFor(request) || err != nil || u.Host != host || host == "" {
			return
		}
		name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
		if address, err := netip.ParseAddr(name); name != "localhost" && name != "snowman.example" && (err != nil || !address.Unmap().IsLoopback()) {
			t.Errorf("%q is answered for", host)
		}
	})
}

func TestPagesOfOtherOrigins(t *testing.T) {
	const own, other = "https://a.example", "https://b.example"
	for _, test := range []struct {
		name, method, path, header string
		want                       int
	}{
		{"no browser", "POST", "/v1/explain", "", 200},
		{"the service's own page", "POST", "/v1/explain", "same-origin cors empty " + own, 200},
		{"an address that was typed", "GET", "/", "none navigate document", 200},
		{"a link on another page", "GET", "/", "cross-site navigate document", 200},
		{"a link on a sibling's page", "GET", "/card", "same-site navigate document", 200},
		{"a link to JSON", "GET", "/v1/model", "cross-site navigate document", 200},
		{"a link that a browser looks at first", "HEAD", "/", "cross-site navigate document", 200},
		{"a form on another page", "POST", "/model", "cross-site navigate document " + other, 403},
		{"a form on a page that may ask", "POST", "/model", "cross-site navigate document " + own, 200},
		{"a frame", "GET", "/", "cross-site navigate iframe", 403},
		{"a picture", "GET", "/v1/model", "cross-site no-cors image", 403},
		{"a script of another page", "POST", "/v1/explain", "cross-site cors empty " + other, 403},
		{"a script that cannot read the answer", "POST", "/model", "cross-site no-cors empty " + other, 403},
		{"a script of a page that has no origin", "POST", "/v1/explain", "cross-site cors empty null", 403},
		{"a script of a sibling", "POST", "/v1/explain", "same-site cors empty " + other, 403},
		{"a script of a page that may ask", "POST", "/v1/explain", "cross-site cors empty " + own, 200},
		{"the question before it", "OPTIONS", "/v1/explain", "cross-site cors empty " + own, 204},
		{"the question of one that may not", "OPTIONS", "/v1/explain", "cross-site cors empty " + other, 403},
		{"a value that no browser sends", "POST", "/v1/explain", "a", 403},
		{"a probe", "GET", "/healthz", "cross-site no-cors empty", 200},
	} {
		for _, origins := range [][]string{{own}, {"*"}} {
			body, contentType := `{"text":"q.com"}`, "application/json"
			if test.path == "/model" {
				body, contentType = "url=q.com", formType
			}
			if test.method != "POST" {
				body = ""
			}
			request := httptest.NewRequest(test.method, test.path, strings.NewReader(body))
			request.Header.Set("Content-Type", contentType)
			fields := append(strings.Fields(test.header), "", "", "", "")
			for i, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Origin"} {
				if fields[i] != "" {
					request.Header.Set(name, fields[i])
				}
			}
			if test.method == "OPTIONS" {
				request.Header.Set("Access-Control-Request-Method", "POST")
			}
			recorder := httptest.NewRecorder()
			New(Options{Model: openToy(t), Origins: origins}).ServeHTTP(recorder, request)
			want := test.want
			if want == 403 && origins[0] == "*" {
				want = map[string]int{"OPTIONS": 204}[test.method]
				if want == 0 {
					want = 200
				}
			}
			if recorder.Code != want {
				t.Errorf("%s, where %v may ask: %d, want %d", test.name, origins, recorder.Code, want)
			}
			if recorder.Code == http.StatusForbidden && !strings.Contains(recorder.Body.String(), "-cors ORIGIN") {
				t.Errorf("%s: %s, want what to do", test.name, recorder.Body)
			}
		}
	}
}
