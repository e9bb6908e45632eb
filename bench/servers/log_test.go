//go:build linux

package servers_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/snowman-ml/snowman/logs"
)

// follow starts what reads a log while it is written, or returns nil where it is read at the end.
func (l log) follow(t *testing.T, r run) *reading {
	t.Helper()
	path := filepath.Join(r.Dir, l.file)
	switch {
	case l.isSocket:
		started := read(t, "-format", l.format, "-f", "unix:"+path)
		for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
			if _, err := os.Stat(path); err == nil {
				break
			}
		}
		// Servers of another user write to it, too.
		if err := os.Chmod(path, 0o666); err != nil {
			t.Error(err)
		}
		return started
	case !l.isFollowed():
		return nil
	}
	return read(t, "-format", l.format, "-follow", "-f", path)
}

// isFollowed reports whether a log is a file of text.
func (l log) isFollowed() bool { return l.format != "dnstap" && l.format != "pcap" }

// check compares the names that were found in a log with those that were asked for.
func (l log) check(t *testing.T, r run, followed *reading) {
	if followed != nil {
		followed.stop(syscall.SIGINT)
		t.Run("followed", func(t *testing.T) { compareNames(t, followed.found(), l.names) })
	}
	if l.isSocket {
		return
	}
	path := filepath.Join(r.Dir, l.file)
	files := []string{"-f", path}
	if _, err := os.Stat(path + older); err == nil {
		files = []string{"-f", path + older, "-f", path}
	}
	guessed := read(t, files...)
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
