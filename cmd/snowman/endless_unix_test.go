//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFollow holds that a log is read as it grows and is rotated, and that a signal ends that with
// exit code 0.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	event := func(name string) string {
		return `{"timestamp":"2026-11-28T00:55:51+0000","event_type":"tls","tls":{"sni":"` + name + `"}}` + "\n"
	}
	appendTo := func(text string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	program := command(t, "score", "-model", toyPath, "-follow", "-names", "-f", path)
	lines, stderr, end := startEndless(t, program)
	want := func(names ...string) {
		t.Helper()
		for _, name := range names {
			select {
			case line := <-lines:
				if !strings.HasSuffix(line, "\t"+name) {
					t.Fatalf("%q comes, want a verdict of %s", line, name)
				}
			case <-time.After(time.Minute):
				t.Fatalf("nothing comes, want a verdict of %s; standard error says %q", name, stderr)
			}
		}
	}
	appendTo(event("a.com"))
	appendTo(event("b.com"))
	want("a.com", "b.com")
	half := event("c.com")
	appendTo(half[:30])
	time.Sleep(500 * time.Millisecond)
	appendTo(half[30:])
	want("c.com")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	appendTo(event("d.com"))
	want("d.com")
	if err := os.WriteFile(path, []byte("\x00\x00\x00\x00"+event("e.com")), 0o600); err != nil { // as if it was cut
		t.Fatal(err)
	}
	want("e.com")
	end()
	if message := stderr.String(); strings.Contains(message, "broken") {
		t.Errorf("standard error says %q", message)
	}
}

// TestSocket holds that dnstap of two servers is read from a socket at the same time.
func TestSocket(t *testing.T) {
	packed, err := os.Open("../../logs/testdata/dnstap-unbound.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "snowman") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "socket")
	lines, stderr, end := startEndless(t, command(t, "score", "-model", toyPath, "-f", "unix:"+path))
	connect := func() net.Conn {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; {
			connection, err := net.Dial("unix", path)
			if err == nil {
				return connection
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v; standard error says %q", err, stderr)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	first, second := connect(), connect()
	for _, connection := range []net.Conn{first, second} { // both stay open
		if _, err := connection.Write(stream); err != nil {
			t.Fatal(err)
		}
		select {
		case line := <-lines:
			if !strings.HasPrefix(line, `{"time":"2026-11-28T`) || !strings.Contains(line, `"snowman":{"score":`) {
				t.Errorf("%s", line)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nothing comes; standard error says %q", stderr)
		}
		for waiting := true; waiting; { // the rest
			select {
			case <-lines:
			case <-time.After(300 * time.Millisecond):
				waiting = false
			}
		}
	}
	second.Close()
	end()
	first.Close()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there")
	}
}

// startEndless starts a program, and returns its lines, its standard error, and what ends it with a
// signal.
func startEndless(t *testing.T, program *exec.Cmd) (lines chan string, stderr *bytes.Buffer, end func()) {
	t.Helper()
	stderr = new(bytes.Buffer)
	program.Stderr = stderr
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	lines = make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines, stderr, func() {
		t.Helper()
		if err := program.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for line := range lines {
			t.Errorf("%q comes, too", line)
		}
		if err := program.Wait(); err != nil {
			t.Errorf("it ends with %v, and says %q", err, stderr)
		}
	}
}
