package main

import (
	"net"
	"sync"
)

// A limitedListener accepts so many connections at a time; others wait until one is closed. Unlike those
// of golang.org/x/net/netutil its connections are TCP connections to net/http, which closes these in two
// steps, so that a client that is still sending sees the answer and not a reset.
type limitedListener struct {
	*net.TCPListener
	room   chan struct{}
	closed chan struct{}
	close  func() error
}

func limitConnections(listener *net.TCPListener, most int) *limitedListener {
	l := &limitedListener{TCPListener: listener, room: make(chan struct{}, most), closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error {
		close(l.closed)
		return listener.Close()
	})
	return l
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	connection, err := l.AcceptTCP()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &limitedConnection{TCPConn: connection, leave: sync.OnceFunc(func() { <-l.room })}, nil
}

func (l *limitedListener) Close() error { return l.close() }

// A limitedConnection makes room when it is closed.
type limitedConnection struct {
	*net.TCPConn
	leave func()
}

func (c *limitedConnection) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
