// Package unixsocket accepts what other programs write to a unix socket.
//
//	listener, err := unixsocket.Listen(ctx, path)
//	defer listener.Close()
//	for {
//		connection, err := listener.Accept()
//		...
//	}
//
// The context's end ends waiting, for connections and in each of them.
package unixsocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// A Listener is a unix socket that others connect to.
type Listener struct {
	ctx      context.Context
	listener net.Listener
	stop     func() bool
}

// Listen makes a socket. One with this name that nobody listens on any more, as a program that was
// killed leaves it, is replaced; another file is not.
func Listen(ctx context.Context, path string) (*Listener, error) {
	listener, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && isAbandoned(path) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		listener, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, err
	}
	return &Listener{ctx, listener, context.AfterFunc(ctx, func() { listener.Close() })}, nil
}

// isAbandoned reports whether a socket has this name that nobody listens on.
func isAbandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return false
	}
	connection, err := net.Dial("unix", path)
	if err == nil {
		connection.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// Accept waits for a connection. Its error is io.EOF at the end of the context.
func (l *Listener) Accept() (net.Conn, error) {
	accepted, err := l.listener.Accept()
	if err != nil {
		return nil, l.ended(err)
	}
	c := &connection{Conn: accepted, listener: l}
	c.stop = context.AfterFunc(l.ctx, func() { accepted.Close() })
	return c, nil
}

// ended returns io.EOF for an error that the context's end caused.
func (l *Listener) ended(err error) error {
	if l.ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
		return io.EOF
	}
	return fmt.Errorf("accepting connections: %w", err)
}

// Close removes the socket.
func (l *Listener) Close() error {
	l.stop()
	if err := l.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// A connection is one that the context's end closes.
type connection struct {
	net.Conn
	listener *Listener
	stop     func() bool
}

func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case err == nil || err == io.EOF:
	case c.listener.ctx.Err() != nil, errors.Is(err, syscall.ECONNRESET):
		err = io.EOF
	}
	return n, err
}

func (c *connection) Close() error {
	c.stop()
	return c.Conn.Close()
}
