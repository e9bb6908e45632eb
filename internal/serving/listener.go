package serving

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Listener keeps a limited number of connections open. When another one comes, the one that has
// been idle longest is closed for it: it waits for a request, or for the rest of its header. If
// none is idle, the others wait until one is closed or idle.
type Listener struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	close  func() error

	mu   sync.Mutex
	open map[*countedConnection]struct{}
}

// NewListener returns a Listener for at most this many connections at a time.
func NewListener(listener net.Listener, most int) *Listener {
	l := &Listener{Listener: listener, room: make(chan struct{}, most), closed: make(chan struct{}), open: make(map[*countedConnection]struct{})}
	l.close = sync.OnceValue(func() error {
		close(l.closed)
		return listener.Close()
	})
	return l
}

// Accept waits for a connection, and then for room.
func (l *Listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if err := l.makeRoom(); err != nil {
		accepted.Close()
		return nil, err
	}
	c := &countedConnection{Conn: accepted}
	c.idleSince.Store(time.Now().UnixNano())
	c.leave = sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
		<-l.room
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = struct{}{}
	c.read.set, c.write.set = accepted.SetReadDeadline, accepted.SetWriteDeadline
	return c, nil
}

// makeRoom waits for room, for which it closes idle connections.
func (l *Listener) makeRoom() error {
	const again = 20 * time.Millisecond // until then one may have become idle
	for {
		select {
		case l.room <- struct{}{}:
			return nil
		default:
		}
		l.closeIdle()
		select {
		case l.room <- struct{}{}:
			return nil
		case <-l.closed:
			return net.ErrClosed
		case <-time.After(again):
		}
	}
}

// closeIdle closes the connections that have been idle longest, at most as many as let some more
// come before all are looked at again.
func (l *Listener) closeIdle() {
	type idle struct {
		connection *countedConnection
		since      int64
	}
	var all []idle
	l.mu.Lock()
	for c := range l.open {
		if since := c.idleSince.Load(); since > 0 {
			all = append(all, idle{c, since})
		}
	}
	l.mu.Unlock()
	slices.SortFunc(all, func(a, b idle) int { return cmp.Compare(a.since, b.since) })
	for _, i := range all[:min(len(all), 1+cap(l.room)/64)] {
		if i.connection.idleSince.CompareAndSwap(i.since, 0) { // no request has come meanwhile
			i.connection.Close()
		}
	}
}

// maxUnasked is how many bytes a connection may send before its first request: a handshake of TLS,
// of which crypto/tls would keep 64 KiB for each connection, a header, and what came with it.
const maxUnasked = 48 << 10

var errUnasked = errors.New("much has come that is no request")

// noteState is the ConnState of a server: it notes which connections are idle. To net/http one is
// new or idle until the header of a request has come.
func noteState(connection net.Conn, state http.ConnState) {
	if secured, ok := connection.(*tls.Conn); ok {
		connection = secured.NetConn()
	}
	c, ok := connection.(*countedConnection)
	if !ok {
		return
	}
	since := int64(0)
	if state == http.StateNew || state == http.StateIdle {
		since = time.Now().UnixNano()
	} else {
		c.asked.Store(true)
	}
	c.idleSince.Store(since)
}

// Close ends Accept. It may be called again.
func (l *Listener) Close() error { return l.close() }

// A countedConnection makes room when it is closed. net/http puts its deadlines off several times
// for each request, which costs next to nothing here.
type countedConnection struct {
	net.Conn
	leave       func()
	idleSince   atomic.Int64 // in Unix nanoseconds; 0 if it is not idle
	asked       atomic.Bool  // there was a request
	unasked     atomic.Int64 // bytes that came before
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
		if n > 0 && !c.asked.Load() && c.unasked.Add(int64(n)) > maxUnasked {
			return 0, errUnasked
		}
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
