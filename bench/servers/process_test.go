//go:build linux

package servers_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a program that runs until it is stopped.
type process struct {
	command *exec.Cmd
	exited  chan struct{}
	once    sync.Once
}

// launch starts a program, which ends with the test at the latest: it and all that it starts.
func launch(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{command: command, exited: make(chan struct{})}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		command.Wait()
	}()
	t.Cleanup(func() { p.stop(syscall.SIGTERM) })
	return p
}

// stop asks a process to end, and makes it end if it does not within ten seconds.
func (p *process) stop(signal syscall.Signal) {
	p.once.Do(func() {
		group := -p.command.Process.Pid
		syscall.Kill(group, signal)
		select {
		case <-p.exited:
		case <-time.After(10 * time.Second):
		}
		syscall.Kill(group, syscall.SIGKILL) // and what it left behind
		<-p.exited
	})
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// startServer starts a server. What it prints is in output.log.
func startServer(t *testing.T, s server, r run, path string) *process {
	t.Helper()
	var arguments []string
	for _, argument := range s.arguments {
		arguments = append(arguments, r.fill(t, argument))
	}
	// Not truncated, but appended to: what follows the file would see another one else.
	output, err := os.OpenFile(filepath.Join(r.Dir, "output.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { output.Close() })
	command := exec.Command(path, arguments...)
	command.Dir, command.Stdout, command.Stderr = r.Dir, output, output
	return launch(t, command)
}

// A reading is the program while it reads a log.
type reading struct {
	*process
	errors bytes.Buffer // of the program, when it has exited

	mu      sync.Mutex
	names   []string // in their order
	line    []byte   // begun
	changed chan struct{}
}

// read starts the program. It prints names alone.
func read(t *testing.T, arguments ...string) *reading {
	t.Helper()
	r := &reading{changed: make(chan struct{}, 1)}
	command := exec.Command(*program, append([]string{"score", "-names"}, arguments...)...)
	command.Stdout, command.Stderr = r, &r.errors
	r.process = launch(t, command)
	return r
}

// Write takes what the program prints: score, level, kind and name in a line.
func (r *reading) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line = append(r.line, data...)
	for {
		end := bytes.IndexByte(r.line, '\n')
		if end < 0 {
			break
		}
		if fields := strings.SplitN(string(r.line[:end]), "\t", 4); len(fields) == 4 {
			r.names = append(r.names, fields[3])
		}
		r.line = r.line[end+1:]
	}
	select {
	case r.changed <- struct{}{}:
	default:
	}
	return len(data), nil
}

// found returns the names that were read so far.
func (r *reading) found() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

// await waits until a name was read, or the program has exited.
func (r *reading) await(isLast func(name string) bool) bool {
	limit := time.After(patience)
	for {
		if slices.ContainsFunc(r.found(), isLast) {
			return true
		}
		select {
		case <-r.changed:
		case <-r.exited:
			return slices.ContainsFunc(r.found(), isLast)
		case <-limit:
			return false
		}
	}
}
