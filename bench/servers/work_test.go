//go:build linux

package servers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// work is what a server is asked to do.
type work struct {
	knock     func(address string) bool // reports whether the server is there
	exchanges []exchange                // in their order, that of middleName among them, and that of lastName last
}

// An exchange is a question or a request.
type exchange struct {
	host string
	do   func(address string)
}

// atWork has a server do some work while its logs are read and, in the middle, rotated.
func (s server) atWork(t *testing.T, upstream int, w work) {
	r, path := s.prepare(t, upstream)
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
	address := fmt.Sprintf("127.0.0.1:%d", r.Port)
	for limit := time.Now().Add(patience); !w.knock(address); time.Sleep(50 * time.Millisecond) {
		if p.hasExited() || time.Now().After(limit) {
			t.Fatal("the server does not answer")
		}
	}
	for _, e := range w.exchanges {
		e.do(address)
		if e.host != middleName && e.host != lastName {
			continue
		}
		for i, l := range s.logs {
			if readings[i] != nil && !readings[i].await(func(name string) bool { return strings.Contains(name, e.host) }) {
				t.Errorf("%s: %s was not read", l.file, e.host)
			}
		}
		if e.host == middleName {
			s.rotate(t, r, p)
		}
	}
	p.stop(syscall.SIGTERM)
	for i, l := range s.logs {
		t.Run(l.file, func(t *testing.T) { l.check(t, r, readings[i]) })
	}
}

// older is what stands behind the name of a log that was rotated.
const older = ".1"

// rotate rotates the logs of a server, as logrotate does: they get another name and the server
// opens new ones, or they are copied and cut.
func (s server) rotate(t *testing.T, r run, p *process) {
	t.Helper()
	for _, l := range s.logs {
		path := filepath.Join(r.Dir, l.file)
		if !l.isFollowed() {
			continue
		}
		if s.reopen != 0 {
			if err := os.Rename(path, path+older); err != nil {
				t.Fatal(err)
			}
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+older, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	if s.reopen == 0 {
		return
	}
	if err := p.command.Process.Signal(s.reopen); err != nil {
		t.Fatal(err)
	}
	for _, l := range s.logs {
		if !l.isFollowed() {
			continue
		}
		path := filepath.Join(r.Dir, l.file)
		for limit := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			if _, err := os.Stat(path); err == nil {
				break
			} else if time.Now().After(limit) {
				t.Fatalf("no new %s", l.file)
			}
		}
	}
}
