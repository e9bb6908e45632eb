package main

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// A helperProcess is the real program, helping another.
type helperProcess struct {
	*exec.Cmd
	requests io.Writer
	answers  *bufio.Reader
	log      *bufio.Scanner
}

// startHelper starts the program as a helper.
func startHelper(t *testing.T, args ...string) *helperProcess {
	t.Helper()
	h := &helperProcess{Cmd: command(t, append([]string{"helper"}, args...)...)}
	requests, err := h.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := h.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := h.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if h.ProcessState == nil {
			h.Process.Kill()
			h.Wait()
		}
	})
	h.requests, h.answers, h.log = requests, bufio.NewReader(answers), bufio.NewScanner(log)
	return h
}

// ask returns the answer to a line.
func (h *helperProcess) ask(t *testing.T, line string) string {
	t.Helper()
	if _, err := io.WriteString(h.requests, line+"\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := h.answers.ReadString('\n')
	if err != nil {
		t.Fatalf("%q is answered with %q: %v", line, answer, err)
	}
	return answer
}

// logged waits for a line of the log that holds all of these.
func (h *helperProcess) logged(t *testing.T, parts ...string) {
	t.Helper()
	for h.log.Scan() {
		holdsAll := true
		for _, part := range parts {
			holdsAll = holdsAll && strings.Contains(h.log.Text(), part)
		}
		if holdsAll {
			return
		}
	}
	t.Fatalf("the log ends without %q: %v", parts, h.log.Err())
}

func TestHelperReadsItsFilesAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no signal to send")
	}
	toy, shipped := read(t, toyPath), read(t, "../../models/snowman.safetensors")
	for _, way := range []string{"SIGHUP", "-watch"} {
		t.Run(way, func(t *testing.T) {
			folder := t.TempDir()
			model, list := filepath.Join(folder, "model"), filepath.Join(folder, "allow.txt")
			write(t, model, toy)
			write(t, list, []byte("other.example\n"))
			args := []string{"squid-acl", "-model", model, "-allow", list}
			if way == "-watch" {
				args = append(args, "-watch")
			}
			h := startHelper(t, args...)
			change := func() {
				if way == "SIGHUP" {
					h.Process.Signal(syscall.SIGHUP)
				}
			}
			expect := func(when, start string) {
				t.Helper()
				if got := h.ask(t, "7 http://z.com/"); !strings.HasPrefix(got, start) {
					t.Errorf("%s the answer is %q, want %q", when, got, start)
				}
			}
			const blocked, passed = "7 OK tag=malware ", "7 ERR\n"
			expect("at first", blocked)

			write(t, list, []byte("z.com\n"))
			change()
			h.logged(t, `"reloaded"`, `"allow"`)
			expect("allowed,", passed)
			write(t, list, []byte{0xff, 0, 1})
			change()
			h.logged(t, "not reloaded", `"allow"`, "allow.txt")
			expect("after a list that is none,", passed)
			write(t, list, []byte("other.example\n"))
			change()
			h.logged(t, `"reloaded"`, `"allow"`)
			expect("allowed no more,", blocked)

			write(t, model, toy[:len(toy)/2])
			change()
			h.logged(t, "not reloaded", `"model"`, model)
			expect("after half a model,", blocked)
			write(t, model, shipped)
			change()
			h.logged(t, `"reloaded"`, `"model"`)
			expect("from another model,", passed)
		})
	}
}

// The program that asks keeps its pipe open, and a request is half written.
func TestHelperEndsWithASignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal ends a process cleanly here")
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		h := startHelper(t, "squid-acl", "-model", toyPath)
		if got := h.ask(t, "1 http://q.com/"); got != "1 ERR\n" {
			t.Errorf("the answer is %q, want ERR", got)
		}
		io.WriteString(h.requests, "2 http://z.c")
		h.Process.Signal(signal)
		if rest, err := io.ReadAll(h.answers); len(rest) > 0 || err != nil {
			t.Errorf("after %v it answers %q (%v) to half a request", signal, rest, err)
		}
		for h.log.Scan() {
			t.Errorf("the log says %q, want nothing", h.log.Text())
		}
		if err := h.Wait(); err != nil {
			t.Errorf("%v ends it with %v, want exit code 0", signal, err)
		}
	}
}
