package enrich

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/logs"
)

// A patientConn is a connection on which whoever waits with a deadline has waited long enough.
type patientConn struct {
	net.Conn
	mu      sync.Mutex
	hasTime bool // there is a deadline
	said    []byte
}

func (c *patientConn) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hasTime = !at.IsZero()
	return nil
}

func (c *patientConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.said) > 0:
		n := copy(p, c.said)
		c.said = c.said[n:]
		return n, nil
	case c.hasTime:
		return 0, errDeadline
	}
	return 0, io.EOF
}

func (c *patientConn) Write(p []byte) (int, error) { return len(p), nil }
func (c *patientConn) Close() error                { return nil }

var errDeadline error = func() error {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	here.SetDeadline(time.Unix(1, 0))
	_, err := here.Read(make([]byte, 1))
	return err
}()

// control returns a control frame of a type, without a type of content.
func control(kind byte) string { return "\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00" + string(kind) }

func TestConnectionsThatAreOdd(t *testing.T) {
	const accept, start, stop, ready, finish = 1, 2, 3, 4, 5
	for _, test := range []struct{ shows, said, want string }{
		{"nothing", "", errSilent.Error()},
		{"a question whether it may begin, and nothing else", control(ready), errSilent.Error()},
		{"half a frame", control(start)[:9], errSilent.Error()},
		{"a beginning, then a pause", control(start), ""},
		{"two beginnings and two ends", control(start) + control(start) + control(stop) + control(stop) + control(finish), ""},
		{"an end first", control(stop) + control(start), ""},
		{"a frame before the beginning", "\x00\x00\x00\x01a", "does not begin with a START frame"},
		{"a frame of 4 GiB", control(start) + "\xff\xff\xff\xffa", "is said to have 4294967295 bytes"},
		{"a control frame of no type", control(start) + "\x00\x00\x00\x00\x00\x00\x00\x03abc", "a control frame is said to have 3 bytes"},
		{"control frames that nobody knows", control(start) + control(99) + control(accept), ""},
	} {
		t.Run(test.shows, func(t *testing.T) {
			format, err := logs.Find("dnstap")
			if err != nil {
				t.Fatal(err)
			}
			waiting := []net.Conn{&patientConn{said: []byte(test.said)}}
			var said []string
			source := NewConnections(func() (net.Conn, error) {
				if len(waiting) == 0 {
					return nil, io.EOF
				}
				next := waiting[0]
				waiting = waiting[1:]
				return next, nil
			}, format, logs.Options{}, func(err error) { said = append(said, err.Error()) })
			if err := source.Feed(func(*pipeline.Chunk[Item]) bool { return true }); err != nil {
				t.Fatal(err)
			}
			if test.want == "" && len(said) > 0 || test.want != "" && (len(said) != 1 || !strings.Contains(said[0], test.want)) {
				t.Errorf("it says %q, want %q", said, test.want)
			}
		})
	}
}

// TestManyConnections holds that no more are read from than there is room for, and that it is said
// when others wait.
func TestManyConnections(t *testing.T) {
	format, err := logs.Find("dnstap")
	if err != nil {
		t.Fatal(err)
	}
	full, ended := make(chan struct{}), errors.New("all are open")
	var mu sync.Mutex
	var said []string
	var open []net.Conn
	source := NewConnections(func() (net.Conn, error) {
		if len(open) == mostConnections+1 {
			return nil, ended
		}
		here, there := net.Pipe()
		if open = append(open, there); len(open) > mostConnections {
			there.Close()
		}
		return here, nil
	}, format, logs.Options{}, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if said = append(said, err.Error()); len(said) == 1 {
			close(full)
		}
	})
	go func() {
		<-full
		for _, connection := range slices.Clone(open) {
			connection.Close()
		}
	}()
	if err := source.Feed(func(*pipeline.Chunk[Item]) bool { return true }); err == nil {
		t.Error("it ends well")
	}
	if want := "64 connections are open: others wait until one ends"; len(said) == 0 || said[0] != want {
		t.Errorf("it says %q, want %q", said, want)
	}
}
