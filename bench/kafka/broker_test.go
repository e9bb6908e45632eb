//go:build linux

package kafka_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
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

// A broker is Apache Kafka, alone.
type broker struct {
	Folder           string
	Port, Controller int
	classes          string
	running          *process
	t                *testing.T // with which it ends
}

// newBroker starts a broker, or skips the test aloud where it cannot be had.
func newBroker(t *testing.T) *broker {
	t.Helper()
	classes, err := filepath.Abs("../../build/kafka")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT TESTED: Kafka (no %s)", program)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(classes, "kafka_*.jar")); len(found) == 0 {
		t.Log("fetching Kafka from Maven")
		pom, err := filepath.Abs("testdata/pom.xml")
		if err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory="+classes, "-DincludeScope=runtime").CombinedOutput(); err != nil {
			t.Skipf("NOT TESTED: Kafka (%v: %.300s)", err, said)
		}
	}
	b := &broker{Folder: t.TempDir(), Port: freePort(t), Controller: freePort(t), classes: classes + "/*", t: t}
	properties, err := template.ParseFiles("testdata/server.properties")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(b.Folder, "server.properties"))
	if err != nil {
		t.Fatal(err)
	}
	if err := properties.Execute(file, b); err != nil {
		t.Fatal(err)
	}
	file.Close()
	logging, err := os.ReadFile("testdata/log4j2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.Folder, "log4j2.yaml"), logging, 0o644); err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSpace(b.tool(t, "kafka.tools.StorageTool", "random-uuid"))
	b.tool(t, "kafka.tools.StorageTool", "format", "--standalone", "-t", id, "-c", "server.properties")
	b.start(t)
	t.Cleanup(func() { b.running.stop(syscall.SIGTERM) })
	return b
}

// tool runs a tool of Kafka and returns what it says.
func (b *broker) tool(t *testing.T, class string, arguments ...string) string {
	t.Helper()
	command := exec.Command("java", append([]string{"-cp", b.classes, class}, arguments...)...)
	command.Dir = b.Folder
	said, err := command.Output()
	if err != nil {
		t.Fatalf("%s %q: %v, %s", class, arguments, err, said)
	}
	return string(said)
}

// start starts the broker and waits until it answers.
func (b *broker) start(t *testing.T) {
	t.Helper()
	b.running = launch(b.t, b.Folder, "broker.log", "java", "-Xmx512m", "-Dlog4j2.configurationFile=log4j2.yaml", "-cp", b.classes, "kafka.Kafka", "server.properties")
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for started := time.Now(); ; time.Sleep(time.Second / 2) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := client.Ping(ctx)
		cancel()
		if err == nil {
			t.Logf("the broker answers after %v", time.Since(started).Round(time.Second))
			return
		}
		if b.running.hasExited() || time.Since(started) > 2*patience {
			said, _ := os.ReadFile(filepath.Join(b.Folder, "broker.log"))
			t.Fatalf("the broker does not answer: %v; %s", err, said[max(0, len(said)-2000):])
		}
	}
}

func (b *broker) address() string { return fmt.Sprintf("127.0.0.1:%d", b.Port) }

// freePort returns a port that nobody listens on, below those that systems give to connections: one
// of a client that tries to connect to a broker that is down could take the broker's own.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		port := 20_000 + rand.IntN(12_000)
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			listener.Close()
			return port
		}
	}
}
