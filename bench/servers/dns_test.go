//go:build linux

package servers_test

import (
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
	{program: "unbound", configuration: "unbound.conf", arguments: []string{"-d", "-p", "-c", "{{.Dir}}/unbound.conf"}, reopen: syscall.SIGHUP, logs: []log{
		{file: "unbound.log", format: "unbound", names: wanted(byUnbound), tells: tellsClient | tellsCode},
		{file: "dnstap.sock", format: "dnstap", names: wanted(whole), isSocket: true},
	}},
	{program: "named", configuration: "named.conf", arguments: []string{"-f", "-c", "{{.Dir}}/named.conf"}, logs: []log{
		{file: "query.log", format: "bind", names: wanted(whole), tells: tellsClient},
		{file: "named.dnstap", format: "dnstap", names: wanted(whole), tells: tellsClient | tellsCode},
	}},
	{program: "dnsmasq", configuration: "dnsmasq.conf", arguments: []string{"-k", "-C", "{{.Dir}}/dnsmasq.conf"}, reopen: syscall.SIGUSR2, logs: []log{
		{file: "dnsmasq.log", format: "dnsmasq", names: wanted(byDnsmasq), tells: tellsClient | tellsCode},
	}},
	{program: "kresd", configuration: "kresd.lua", arguments: []string{"-n", "-c", "{{.Dir}}/kresd.lua", "{{.Dir}}"}, logs: []log{
		{file: "output.log", format: "knot-resolver", names: wanted(lower)},
		{file: "dnstap.sock", format: "dnstap", names: wanted(whole), isSocket: true},
	}},
	{program: "pdns_recursor", configuration: "recursor.conf", arguments: []string{"--config-dir={{.Dir}}", "--socket-dir={{.Dir}}"}, logs: []log{
		{file: "output.log", format: "powerdns", names: wanted(whole), tells: tellsClient | tellsCode},
	}},
	{program: "dnsdist", configuration: "dnsdist.lua", arguments: []string{"--supervised", "--disable-syslog", "-C", "{{.Dir}}/dnsdist.lua"}, logs: []log{
		{file: "dnsdist.log", format: "dnsdist", names: wanted(whole), tells: tellsClient | tellsCode},
		{file: "dnstap.sock", format: "dnstap", names: wanted(whole), isSocket: true},
	}},
}

// TestNameServers asks each server for each name once.
func TestNameServers(t *testing.T) {
	for _, s := range nameServers {
		t.Run(s.program, func(t *testing.T) { s.atWork(t, startUpstream(t), questioning(t)) })
	}
}

// questioning is the work of asking a name server for all names.
func questioning(t *testing.T) work {
	w := work{knock: func(address string) bool {
		return ask(t, address, ready+".example.com", 300*time.Millisecond)
	}}
	for _, q := range questions {
		w.exchanges = append(w.exchanges, exchange{q.name, func(address string) {
			// What a server refuses to answer is in its log nevertheless.
			if !ask(t, address, q.name, 3*time.Second) {
				t.Logf("no answer: %s", q.name)
			}
		}})
	}
	return w
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
