package main

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A servedListener accepts so many connections at a time; others wait until one is closed.
type servedListener struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	close  func() error
}

func newServedListener(listener net.Listener, most int) *servedListener {
	l := &servedListener{Listener: listener, room: make(chan struct{}, most), closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error {
		close(l.closed)
		return listener.Close()
	})
	return l
}

func (l *servedListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	connection, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	c := &servedConnection{Conn: connection, leave: sync.OnceFunc(func() { <-l.room })}
	c.read.set, c.write.set = connection.SetReadDeadline, connection.SetWriteDeadline
	return c, nil
}

func (l *servedListener) Close() error { return l.close() }

// A servedConnection makes room when it is closed. Its deadlines cost next to nothing to put off, which
// net/http does several times for each request.
type servedConnection struct {
	net.Conn
	leave       func()
	read, write lazyDeadline
}

func (c *servedConnection) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets net/http close a connection in two steps, so that a client that is still sending sees
// the answer and not a reset.
func (c *servedConnection) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func (c *servedConnection) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n > 0 || !c.read.isEarly(err) {
			return n, err
		}
	}
}

func (c *servedConnection) Write(p []byte) (written int, err error) {
	for {
		n, err := c.Conn.Write(p[written:])
		written += n
		if !c.write.isEarly(err) {
			return written, err
		}
	}
}

func (c *servedConnection) SetReadDeadline(t time.Time) error  { return c.read.change(t) }
func (c *servedConnection) SetWriteDeadline(t time.Time) error { return c.write.change(t) }

func (c *servedConnection) SetDeadline(t time.Time) error {
	return errors.Join(c.read.change(t), c.write.change(t))
}

// A lazyDeadline is told to the connection only if it comes before the one that was told last. When that
// one has passed, the wanted one is told, and what waits goes on. Why: docs/decisions/service.md.
type lazyDeadline struct {
	set func(time.Time) error

	mu           sync.Mutex
	wanted, told time.Time // zero for never
}

func (d *lazyDeadline) change(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = t
	if !d.told.IsZero() && (t.IsZero() || !t.Before(d.told)) {
		return nil
	}
	d.told = t
	return d.set(t)
}

// isEarly reports whether an error says that a deadline has passed which is no longer wanted; then the
// wanted one has been told.
func (d *lazyDeadline) isEarly(err error) bool {
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.wanted.IsZero() && !d.wanted.After(time.Now()) {
		return false
	}
	d.told = d.wanted
	return d.set(d.wanted) == nil
}
