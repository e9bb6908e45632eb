package coredns

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/file"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/metadata"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
	_ "github.com/coredns/coredns/plugin/view"
	_ "github.com/coredns/coredns/plugin/whoami"
	"github.com/miekg/dns"

	"github.com/snowman-ml/snowman"
)

func init() {
	caddy.Quiet, dnsserver.Quiet = true, true
	dnsserver.Directives = slices.Insert(dnsserver.Directives, slices.Index(dnsserver.Directives, "cache"), pluginName)
}

func input(corefile string) caddy.Input {
	return caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(corefile), ServerTypeName: "dns"}
}

// start starts CoreDNS, and returns it with the UDP address of its first server.
func start(t *testing.T, corefile string) (*caddy.Instance, string) {
	t.Helper()
	instance, err := caddy.Start(input(corefile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		instance.ShutdownCallbacks()
		instance.Stop()
	})
	return instance, instance.Servers()[0].LocalAddr().String()
}

// freePort returns a TCP address of loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// exchange asks a server over UDP, from the first packet on.
func exchange(t *testing.T, server, name string) *dns.Msg {
	t.Helper()
	r := question(name, dns.TypeA)
	r.SetEdns0(1232, false)
	m, err := dns.Exchange(r, server)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestCoreDNS runs CoreDNS with the plugin: a resolver that forwards to another, which knows an
// alias of a bad name.
func TestCoreDNS(t *testing.T) {
	high := nameOf(t, snowman.High)
	_, upstream := start(t, fmt.Sprintf(`.:0 {
	bind 127.0.0.1
	template IN A example.net {
		answer "{{ .Name }} 60 IN CNAME %s"
		answer "%s 60 IN A 192.0.2.2"
	}
	template IN A . {
		answer "{{ .Name }} 60 IN A 192.0.2.1"
	}
}`, high, high))
	list := filepath.Join(t.TempDir(), "allow.txt")
	if err := os.WriteFile(list, []byte("example.org\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	metrics, ready := freePort(t), freePort(t)
	corefile := fmt.Sprintf(`.:0 {
	bind 127.0.0.1
	metadata
	prometheus %s
	ready %s
	errors
	snowman {
		block high
		allow %s
	}
	cache
	forward . %s
}`, metrics, ready, list, upstream)
	instance, server := start(t, corefile)

	if got := get(t, "http://"+ready+"/ready"); got != "OK" {
		t.Errorf("/ready says %q", got)
	}
	for _, test := range []struct{ name, want string }{
		{"github.com.", "answered"},
		{high, "nxdomain"},
		{mixCase(high), "nxdomain"},
		{"a.example.net.", "nxdomain"}, // an alias
		{"a.example.net.", "nxdomain"}, // the same out of the cache
		{"A.eXample.Org.", "answered"},
	} {
		m := exchange(t, server, test.name)
		if got := outcome(m); got != test.want || m.Question[0].Name != test.name {
			t.Errorf("%s is %s, want %s: %v", test.name, got, test.want, m)
		}
	}
	got := get(t, "http://"+metrics+"/metrics")
	for _, want := range []string{
		`coredns_snowman_names_total{kind="dga",level="high",section="question",server="dns://127.0.0.1:0",view="",zone="."} 2`,
		`coredns_snowman_names_total{kind="dga",level="high",section="answer",server="dns://127.0.0.1:0",view="",zone="."} 2`,
		`coredns_snowman_names_total{kind="benign",level="none",section="question",server="dns://127.0.0.1:0",view="",zone="."} 4`,
		`coredns_snowman_blocked_requests_total{level="high",response="nxdomain",section="question",server="dns://127.0.0.1:0",view="",zone="."} 2`,
		`coredns_snowman_blocked_requests_total{level="high",response="nxdomain",section="answer",server="dns://127.0.0.1:0",view="",zone="."} 2`,
		`coredns_snowman_model_info{sha256="` + snowman.Default().Info().SHA256 + `"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(regexp.MustCompile(`(?m)^coredns_snowman.*`).FindAllString(got, -1), "\n"))
	}

	dig(t, server, high)

	if err := os.WriteFile(list, []byte(high), 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new allow list", func() bool { return outcome(exchange(t, server, high)) == "answered" })

	restarted, err := instance.Restart(input(strings.Replace(corefile, "block high", "block low refused", 1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { restarted.ShutdownCallbacks(); restarted.Stop() })
	server = restarted.Servers()[0].LocalAddr().String()
	if got := outcome(exchange(t, server, nameOf(t, snowman.Medium))); got != "refused" {
		t.Errorf("after a restart a name is %s, want refused", got)
	}
	if got := outcome(exchange(t, server, high)); got != "answered" {
		t.Errorf("after a restart a name on the allow list is %s", got)
	}
	if _, err := restarted.Restart(input(strings.Replace(corefile, "block high", "block all", 1))); err == nil {
		t.Error("a Corefile with an unknown level was taken")
	}
	if got := outcome(exchange(t, server, nameOf(t, snowman.Medium))); got != "refused" {
		t.Errorf("after a restart that failed a name is %s, want refused", got)
	}
}

// dig asks with the program of that name, where there is one.
func dig(t *testing.T, server, name string) {
	t.Helper()
	program, err := exec.LookPath("dig")
	if err != nil {
		t.Log("NOT TESTED: dig (not installed)")
		return
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "@"+host, "-p", port, "-q", name, "-t", "A").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"status: NXDOMAIN", "EDE: 15 (Blocked): (snowman: high, dga)", "SOA\tsnowman.invalid."} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("dig does not say %q:\n%s", want, out)
		}
	}
	if bytes.Contains(out, []byte("WARNING")) {
		t.Errorf("dig warns:\n%s", out)
	}
}

// TestExamplesOfTheREADME holds that CoreDNS takes them.
func TestExamplesOfTheREADME(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, file := range []string{"allow.txt", "partners.txt"} {
		if err := os.WriteFile(file, []byte("example.org\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	examples := regexp.MustCompile(`(?s)~~~ corefile\n(.*?)~~~`).FindAllSubmatch(page, -1)
	if len(examples) == 0 {
		t.Error("there are no examples")
	}
	for _, example := range examples {
		if err := caddy.ValidateAndExecuteDirectives(input(string(example[1])), nil, true); err != nil {
			t.Errorf("%v:\n%s", err, example[1])
		}
	}
}
