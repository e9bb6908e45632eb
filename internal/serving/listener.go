package serving

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A Listener keeps a limited number of connections open. Others wait until one is closed.
type Listener struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	close  func() error
}

// NewListener returns a Listener for at most this many connections at a time.
func NewListener(listener net.Listener, most int) *Listener {
	l := &Listener{Listener: listener, room: make(chan struct{}, most), closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error {
		close(l.closed)
		return listener.Close()
	})
	return l
}

// Hosts returns the hosts that requests at an address may name, none for all. At an address of
// loopback these are loopback's own: a request for another is mostly one of a page that has its
// name resolve to this machine (DNS rebinding). Those that are allowed are named beside them, and
// at any address leave no others.
func Hosts(address net.Addr, allowed []string) []string {
	if tcp, ok := address.(*net.TCPAddr); len(allowed) == 0 && ok && tcp.IP.IsLoopback() {
		return []string{"localhost"}
	}
	return allowed
}

// Accept waits for room, and then for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	accepted, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	c := &countedConnection{Conn: accepted, leave: sync.OnceFunc(func() { <-l.room })}
	c.read.set, c.write.set = accepted.SetReadDeadline, accepted.SetWriteDeadline
	return c, nil
}

// Close ends Accept. It may be called again.
func (l *Listener) Close() error { return l.close() }

// A countedConnection makes room when it is closed. net/http puts its deadlines off several times
// for each request, which costs next to nothing here.
type countedConnection struct {
	net.Conn
	leave       func()
	read, write lazyDeadline
}

func (c *countedConnection) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets net/http close a connection in two steps: a client that is still sending then
// sees the answer, and not a reset.
func (c *countedConnection) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func (c *countedConnection) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n > 0 || !c.read.isEarly(err) {
			return n, err
		}
	}
}

func (c *countedConnection) Write(p []byte) (written int, err error) {
	for {
		n, err := c.Conn.Write(p[written:])
		written += n
		if !c.write.isEarly(err) {
			return written, err
		}
	}
}

func (c *countedConnection) SetReadDeadline(t time.Time) error  { return c.read.change(t) }
func (c *countedConnection) SetWriteDeadline(t time.Time) error { return c.write.change(t) }

func (c *countedConnection) SetDeadline(t time.Time) error {
	return errors.Join(c.read.change(t), c.write.change(t))
}

// A lazyDeadline is told to the connection only where it is earlier than the one that was told
// last. When that one has passed, the wanted one is told, and the call that waits goes on. Why:
// docs/decisions/service.md.
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

// isEarly reports whether an error says that a deadline has passed which is no longer wanted; then
// the wanted one has been told.
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
