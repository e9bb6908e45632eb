package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// loopback is any free port of the only address that anything here talks to.
const loopback = "127.0.0.1:0"

// patience is how long anything may take that should take no time at all. However busy the machine
// is, only something that hangs takes longer.
const patience = time.Minute

// A service is a process that listens: the program under test, or the empty server.
type service struct {
	command *exec.Cmd
	address string
	errors  bytes.Buffer  // what it wrote to standard error; read it after exited
	exited  chan struct{} // closed when the process is gone and its log is read
	status  error         // how it ended; read it after exited
}

// startService starts a program and waits until its log names the address that it listens on. Later
// lines of the log go to the function line, which may be nil.
func startService(line func([]byte), program string, args ...string) (*service, error) {
	s := &service{command: exec.Command(program, args...), exited: make(chan struct{})}
	s.command.Stderr = &s.errors
	log, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	listening := make(chan string, 1)
	go func() {
		defer close(s.exited)
		readLog(log, listening, line)
		s.status = s.command.Wait()
	}()
	select {
	case s.address = <-listening:
		return s, nil
	case <-s.exited:
		return nil, fmt.Errorf("%s ended before it listened: %w: %s", program, s.status, bytes.TrimSpace(s.errors.Bytes()))
	case <-time.After(patience):
		s.kill()
		return nil, fmt.Errorf("%s does not listen after %v: %s", program, patience, bytes.TrimSpace(s.errors.Bytes()))
	}
}

// readLog reads the log to its end, since a pipe that nobody reads stops the process.
func readLog(log io.Reader, listening chan<- string, line func([]byte)) {
	reader := bufio.NewReaderSize(log, 1<<20)
	lines := bufio.NewScanner(reader)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	said := false
	for lines.Scan() {
		if !said {
			var entry struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "listening" {
				listening <- entry.Address
				said = true
			}
			continue
		}
		if line != nil {
			line(lines.Bytes())
		}
	}
	if lines.Err() != nil && line != nil {
		line([]byte(lines.Err().Error()))
	}
	io.Copy(io.Discard, reader)
}

// startSnowman starts the program under test on a loopback address.
func startSnowman(o options, line func([]byte), args ...string) (*service, error) {
	return startService(line, o.program, append([]string{"serve", "-listen", loopback}, args...)...)
}

// wait waits until the process is gone, and returns how it ended.
func (s *service) wait(ctx context.Context) error {
	select {
	case <-s.exited:
		return s.status
	case <-ctx.Done():
		s.kill()
		return ctx.Err()
	case <-time.After(patience):
		s.kill()
		return fmt.Errorf("it does not end within %v", patience)
	}
}

// kill ends the process at once.
func (s *service) kill() {
	s.command.Process.Kill() // an error says that it is gone already
	<-s.exited
}

// resident returns the memory that the process has resident now, in MiB.
func (s *service) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if field, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(field), " kB"), 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("the system does not say what is resident")
}

// files returns how many files and connections the process has open.
func (s *service) files() (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.command.Process.Pid))
	return len(entries), err
}

// metrics returns the number of goroutines that the process reports, and of the series that it
// exports.
func (s *service) metrics() (goroutines, series int, err error) {
	c, err := dial(s.address)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	answer, err := c.exchange([]byte("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
	if err != nil {
		return 0, 0, err
	}
	if answer.status != 200 {
		return 0, 0, fmt.Errorf("GET /metrics: status %d", answer.status)
	}
	for line := range strings.Lines(string(answer.body)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		series++
		if field, found := strings.CutPrefix(line, "go_goroutines "); found {
			if goroutines, err = strconv.Atoi(strings.TrimSpace(field)); err != nil {
				return 0, 0, err
			}
		}
	}
	if goroutines == 0 {
		return 0, 0, errors.New("GET /metrics has no go_goroutines")
	}
	return goroutines, series, nil
}
