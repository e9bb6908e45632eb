//go:build linux

package servers_test

import (
	"bytes"
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
	absentNames := 0
	for _, file := range files {
		if file != "-f" {
			absentNames += l.checkRecords(t, file, format)
		}
	}
	if l.tells&tellsCode != 0 && absentNames == 0 {
		t.Error("no response code says that a name does not exist")
	}
}

// checkRecords compares what a log says beside names with what happened: all clients are on
// loopback, and names whose first label is absent do not exist. It returns how often it says so.
func (l log) checkRecords(t *testing.T, file string, format *logs.Format) (absentNames int) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := format.NewReader(bytes.NewReader(content), content, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var record logs.Record
	for reader.Scan() {
		reader.Layout().Find(reader.Bytes(), &record)
		for _, name := range record.Names {
			if client := string(record.Client); l.tells&tellsClient != 0 && record.Part != logs.Answer && !strings.HasPrefix(client, "127.") {
				t.Errorf("line %d: the client of %.100q is %q", reader.Number(), name.Text, client)
			}
			if l.tells&tellsCode == 0 || record.Part == logs.Question {
				continue
			}
			code := strings.ToUpper(string(record.ResponseCode))
			isAbsent := code == "NXDOMAIN" || code == "3"
			if isAbsent {
				absentNames++
			}
			if name.DNS && isAbsent != strings.HasPrefix(string(name.Text), absent+".") {
				t.Errorf("line %d: the response code of %.100q is %q", reader.Number(), name.Text, code)
			}
		}
	}
	if err := reader.Err(); err != nil {
		t.Error(err)
	}
	return absentNames
}
