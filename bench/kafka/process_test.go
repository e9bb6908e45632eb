//go:build linux

package kafka_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a program that runs until it is stopped.
type process struct {
	command *exec.Cmd
	exited  chan struct{}
	err     error // when it has exited
	once    sync.Once
}

// launch starts a program that writes what it says to a file. It ends with the test at the latest.
func launch(t *testing.T, folder, output string, arguments ...string) *process {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(folder, output), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Dir, command.Stdout, command.Stderr = folder, file, file
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &process{command: command, exited: make(chan struct{})}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		p.err = command.Wait()
	}()
	t.Cleanup(func() { p.stop(syscall.SIGKILL) })
	return p
}

// stop ends a process, and returns what it ended with.
func (p *process) stop(signal syscall.Signal) error {
	p.once.Do(func() {
		p.command.Process.Signal(signal)
		select {
		case <-p.exited:
		case <-time.After(patience):
			p.command.Process.Kill()
		}
	})
	<-p.exited
	return p.err
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}
