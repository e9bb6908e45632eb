//go:build linux

package servers_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var nameServers = []server{
	{program: "unbound", configuration: "unbound.conf", arguments: []string{"-d", "-p", "-c", "{{.Dir}}/unbound.conf"}, logs: []log{
		{file: "unbound.log", format: "unbound", names: wanted(byUnbound)},
		{file: "dnstap.sock", format: "dnstap", names: wanted(whole), isSocket: true},
	}},
	{program: "named", configuration: "named.conf", arguments: []string{"-f", "-c", "{{.Dir}}/named.conf"}, logs: []log{
		{file: "query.log", format: "bind", names: wanted(whole)},
		{file: "named.dnstap", format: "dnstap", names: wanted(whole)},
	}},
	{program: "dnsmasq", configuration: "dnsmasq.conf", arguments: []string{"-k", "-C", "{{.Dir}}/dnsmasq.conf"}, logs: []log{
		{file: "dnsmasq.log", format: "dnsmasq", names: wanted(byDnsmasq)},
	}},
	{program: "kresd", configuration: "kresd.lua", arguments: []string{"-n", "-c", "{{.Dir}}/kresd.lua", "{{.Dir}}"}, logs: []log{
		{file: "output.log", format: "knot-resolver", names: wanted(lower)},
		{file: "dnstap.sock", format: "dnstap", names: wanted(whole), isSocket: true},
	}},
	{program: "pdns_recursor", configuration: "recursor.conf", arguments: []string{"--config-dir={{.Dir}}", "--socket-dir={{.Dir}}"}, logs: []log{
		{file: "output.log", format: "powerdns", names: wanted(whole)},
	}},
	{program: "dnsdist", configuration: "dnsdist.lua", arguments: []string{"--supervised", "--disable-syslog", "-C", "{{.Dir}}/dnsdist.lua"}, logs: []log{
		{file: "dnsdist.log", format: "dnsdist", names: wanted(whole)},
		{file: "dnstap.sock", format: "dnstap", names: wanted(whole), isSocket: true},
	}},
}

// TestNameServers asks each server for each name once.
func TestNameServers(t *testing.T) {
	for _, s := range nameServers {
		t.Run(s.program, func(t *testing.T) {
			r, path := s.prepare(t, startUpstream(t))
			var readings []*reading
			for _, l := range s.logs {
				readings = append(readings, l.follow(t, r))
			}
			t.Cleanup(func() {
				if t.Failed() {
					showFolder(t, r)
				}
			})
			p := startServer(t, s, r, path)
			askAll(t, fmt.Sprintf("127.0.0.1:%d", r.Port), p)
			for i, l := range s.logs {
				if readings[i] != nil && !readings[i].await(func(name string) bool { return name == lastName }) {
					t.Errorf("%s: its last name was not read", l.file)
				}
			}
			p.stop(syscall.SIGTERM)
			for i, l := range s.logs {
				t.Run(l.file, func(t *testing.T) { l.check(t, r, readings[i]) })
			}
		})
	}
}

// askAll waits until a name server is there and asks it for all names.
func askAll(t *testing.T, address string, p *process) {
	t.Helper()
	for limit := time.Now().Add(patience); !ask(t, address, ready+".example.com", 300*time.Millisecond); {
		if p.hasExited() || time.Now().After(limit) {
			t.Fatal("the server does not answer")
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, q := range questions {
		// What a server refuses to answer is in its log nevertheless.
		if !ask(t, address, q.name, 3*time.Second) {
			t.Logf("no answer: %s", q.name)
		}
	}
}

// wanted returns what a rule leaves of all names.
func wanted(r rule) []string {
	var all []string
	for _, q := range questions {
		if name := r(q); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// compareNames fails where names are missing, or are there that nobody asked for, or twice.
func compareNames(t *testing.T, found, want []string) {
	t.Helper()
	count := make(map[string]int)
	for _, name := range want {
		count[name]++
	}
	for _, name := range found {
		if !strings.HasPrefix(strings.TrimPrefix(name, "http://"), ready) {
			count[name]--
		}
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		const shown = 100
		switch n := count[name]; {
		case n > 0:
			t.Errorf("missing: %.*q", shown, name)
		case n < 0:
			t.Errorf("%d times too often: %.*q", -n, shown, name)
		}
	}
	t.Logf("%d of %d names", len(found), len(want))
}

// showFolder logs the ends of the files of a run.
func showFolder(t *testing.T, r run) {
	files, _ := filepath.Glob(filepath.Join(r.Dir, "*.log"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		const most = 4000
		t.Logf("%s:\n%s", filepath.Base(file), text[max(0, len(text)-most):])
	}
}
