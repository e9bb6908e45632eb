//go:build linux

package servers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/snowman-ml/snowman/logs"
)

// follow starts what reads a log while it is written, or returns nil where it is read at the end.
func (l log) follow(t *testing.T, r run) *reading {
	t.Helper()
	if l.isMessages() {
		return nil
	}
	path := filepath.Join(r.Dir, l.file)
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	return read(t, "-format", l.format, "-follow", "-f", path)
}

// isMessages reports whether a log is no text: it is read when it is complete.
func (l log) isMessages() bool { return l.format == "dnstap" || l.format == "pcap" }

// captureTap starts what writes the dnstap that a server sends to a socket into a file, and returns
// nil where the server does so itself.
func (l log) captureTap(t *testing.T, r run) *process {
	t.Helper()
	if !l.tap {
		return nil
	}
	path := find(t, "fstrm_capture")
	return launch(t, exec.Command(path, "-t", "protobuf:dnstap.Dnstap", "-u", filepath.Join(r.Dir, "dnstap.sock"), "-w", filepath.Join(r.Dir, l.file)))
}

// check compares the names that were found in a log with those that were asked for.
func (l log) check(t *testing.T, r run, followed *reading) {
	if followed != nil {
		followed.stop(syscall.SIGINT)
		t.Run("followed", func(t *testing.T) { compareNames(t, followed.found(), l.names) })
	}
	guessed := read(t, "-f", filepath.Join(r.Dir, l.file))
	<-guessed.exited
	compareNames(t, guessed.found(), l.names)
	format, err := logs.Find(l.format)
	if err != nil {
		t.Fatal(err)
	}
	if said := guessed.errors.String(); !strings.Contains(said, "is read as "+format.Title) {
		t.Errorf("the format is not guessed: %s", said)
	} else if t.Failed() {
		t.Log(said)
	}
}
