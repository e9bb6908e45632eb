//go:build linux

package servers_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A visit is a request over HTTP.
type visit struct {
	host   string
	target string // path and query, as they are sent; none where a proxy is asked for a tunnel
}

// toServer returns a request to the server of the host itself.
func (v visit) toServer() string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", v.target, v.host)
}

// toProxy returns a request to a proxy.
func (v visit) toProxy() string {
	if v.target == "" {
		return fmt.Sprintf("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", v.host, v.host)
	}
	return fmt.Sprintf("GET http://%s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", v.host, v.target, v.host)
}

var visits = []visit{
	{"www.example.com", "/"},
	{"kq3v9z7x1bq0fh2.net", "/gate.php?id=1&x=%20y"},
	{"UPPER.Example.ORG", "/Path"},
	{"port.example.com:8080", "/p"},
	{"xn--mnchen-3ya.example.com", "/"},
	{"odd.example.com", `/semi;colon,comma'(round)*!$&=@~`},
	{"quote.example.com", `/quo"te`},
	{"backslash.example.com", `/back\slash`},
	{"tunnel.example.com:443", ""},
	{middleName, "/"},
	{"pipe.example.com", `/pipe|caret^{curly}`},
	{"utf8.example.com", "/m\u00fcnchen"},
	{"bytes.example.com", "/bytes\xfe\xff"},
	{"long.example.com", "/" + strings.Repeat("0123456789", 150)},
	{"203.0.113.7", "/address"},
	{"[2001:db8::7]", "/address"},
	{"query.example.com", "/?url=http://other.example.org/%2e%2e/"},
	{lastName, "/"},
}

// visited returns what a rule leaves of all visits.
func visited(rule func(v visit) string) []string {
	var all []string
	for _, v := range visits {
		if url := rule(v); url != "" {
			all = append(all, url)
		}
	}
	return all
}

// absolute is the rule of proxies, which are sent URLs and, for tunnels, host:port.
func absolute(v visit) string {
	if v.target == "" {
		return v.host
	}
	return "http://" + bare(v)
}

// bare is the rule of servers: host and target as they were sent, but for bytes that are no UTF-8.
func bare(v visit) string {
	if v.target == "" {
		return ""
	}
	return strings.ReplaceAll(v.host+v.target, "\xfe\xff", `\254\255`)
}

// byNginx is the rule of nginx, whose $host is in lower case and has no port.
func byNginx(v visit) string {
	return bare(visit{strings.TrimSuffix(strings.ToLower(v.host), ":8080"), v.target})
}

// bySquid is the rule of Squid, which writes hosts in lower case.
func bySquid(v visit) string {
	return absolute(visit{strings.ToLower(v.host), v.target})
}

// webServers are asked by their host. Requests that are no HTTP are refused.
var webServers = []webServer{
	{server{program: "squid", configuration: "squid.conf", arguments: []string{"-N", "-f", "{{.Dir}}/squid.conf"}, logs: []log{
		{file: "access.log", format: "squid", names: visited(bySquid), tells: tellsClient},
		{file: "combined.log", format: "squid", names: visited(bySquid), tells: tellsClient},
	}}, true},
	{server{program: "apache2", configuration: "apache2.conf", arguments: []string{"-X", "-f", "{{.Dir}}/apache2.conf"}, logs: []log{
		{file: "access.log", format: "access", names: visited(absolute), tells: tellsClient},
	}}, true},
	{server{program: "nginx", configuration: "nginx.conf", arguments: []string{"-p", "{{.Dir}}", "-e", "{{.Dir}}/error.log", "-c", "{{.Dir}}/nginx.conf"}, reopen: syscall.SIGUSR1, logs: []log{
		{file: "host.log", format: "access", names: visited(byNginx), tells: tellsClient},
		{file: "json.log", format: "access", names: visited(bare), tells: tellsClient},
	}}, false},
	{server{program: "haproxy", configuration: "haproxy.cfg", arguments: []string{"-f", "{{.Dir}}/haproxy.cfg"}, logs: []log{
		{file: "output.log", format: "haproxy", names: visited(bare), tells: tellsClient},
	}}, false},
}

// A webServer is a server of HTTP.
type webServer struct {
	server
	isProxy bool
}

// TestWebServers makes each visit once.
func TestWebServers(t *testing.T) {
	for _, s := range webServers {
		t.Run(s.program, func(t *testing.T) {
			w := work{knock: func(address string) bool {
				return request(address, s.message(visit{ready + ".example.com", "/"})) == nil
			}}
			for _, v := range visits {
				if v.target == "" && !s.isProxy {
					continue
				}
				w.exchanges = append(w.exchanges, exchange{v.host, func(address string) {
					if err := request(address, s.message(v)); err != nil {
						t.Errorf("%s%s: %v", v.host, v.target, err)
					}
				}})
			}
			s.atWork(t, startOrigin(t), w)
		})
	}
}

func (s webServer) message(v visit) string {
	if s.isProxy {
		return v.toProxy()
	}
	return v.toServer()
}

// request sends a request and reads what comes back.
func request(address, message string) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(connection, message); err != nil {
		return err
	}
	if strings.HasPrefix(message, "CONNECT ") {
		_, err = connection.Read(make([]byte, 1024)) // the tunnel would go on
		return err
	}
	_, err = io.ReadAll(connection)
	return err
}
