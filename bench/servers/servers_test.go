//go:build linux

// Package servers_test holds package logs and the program against what writes logs in earnest: name
// servers, proxies and web servers of Debian are asked for names and URLs, odd ones among them, and
// write logs, dnstap and captures, which snowman score reads meanwhile. The names that it finds
// must be those that were asked for, as far as each format keeps them. Name servers, Suricata and
// packages of Python load the lists that snowman list writes, and must refuse what is on them;
// Squid asks the program's helper.
//
// Everything happens on loopback and in temporary folders: what the servers ask themselves is
// answered by the test. Nothing is started without the flag -start, and a program that is not
// installed is named as NOT TESTED.
package servers_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

var (
	start    = flag.Bool("start", false, "start servers; without it the tests are skipped")
	suricata = flag.Bool("suricata", true, "start Suricata too, which takes some seconds more")
	program  = flag.String("snowman", "../../build/snowman", "the `program` that reads")
)

// patience is how long anything may take that should take no time at all. However busy the machine
// is, only something that hangs takes longer.
const patience = time.Minute

// A server is a program that writes logs.
type server struct {
	program       string
	configuration string         // file of testdata, a template over the run
	arguments     []string       // templates over the run
	reopen        syscall.Signal // which makes it open its logs anew; 0: they are copied and cut
	logs          []log
}

// A log is one of the files that a server writes.
type log struct {
	file   string // in the folder of the run; output.log has what the server prints
	format string
	names  []string // that are to be found in it, but for those that begin with ready
	tells  tells
	// isSocket is set where the server connects to a socket that the program listens on.
	isSocket bool
}

// tells are what a log says beside names.
type tells int

const (
	tellsClient tells = 1 << iota
	tellsCode         // the response code
)

// A run is a server at work.
type run struct {
	Dir      string // a folder that any user may write to
	Port     int    // where the server listens, on 127.0.0.1
	Upstream int    // where the test answers what the server asks
	List     string // the block list that the server loads, and the name of its zone
	Zone     string
}

// prepare returns a run, whose folder has the server's configuration, and the path of the program.
func (s server) prepare(t *testing.T, upstream int) (r run, path string) {
	t.Helper()
	path = find(t, s.program)
	r = run{Dir: publicFolder(t), Port: freePort(t), Upstream: upstream}
	r.configure(t, s.configuration)
	return r, path
}

// configure fills a file of testdata into the folder of the run.
func (r run) configure(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, file), []byte(r.fill(t, string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// publicFolder returns a temporary folder that any user may write to, since some servers give up
// the rights of root.
func publicFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "servers")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fill fills a template.
func (r run) fill(t *testing.T, text string) string {
	t.Helper()
	filled, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := filled.Execute(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// find returns the path of a program, or skips the test.
func find(t *testing.T, program string) string {
	t.Helper()
	if !*start {
		t.Skip("nothing is started without -start")
	}
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	path := filepath.Join("/usr/sbin", program)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("NOT TESTED: %s, which is not installed", program)
	}
	return path
}
