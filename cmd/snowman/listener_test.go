package main

import (
	"net"
	"testing"
	"time"
)

func TestLimitedListener(t *testing.T) {
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	listener := limitConnections(tcp, 2)
	accepted := make(chan net.Conn, 3)
	go func() {
		defer close(accepted)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- connection
		}
	}()
	for range 3 {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
	}
	first, second := <-accepted, <-accepted
	defer second.Close()
	select {
	case <-accepted:
		t.Fatal("three connections are accepted at a time, want two")
	case <-time.After(20 * time.Millisecond):
	}
	first.Close()
	first.Close() // makes room for one, not for two
	third := <-accepted
	defer third.Close()
	if len(listener.room) != 2 {
		t.Errorf("%d connections count, want two", len(listener.room))
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if err := listener.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if connection, open := <-accepted; open {
		t.Errorf("after the end %v is accepted", connection.RemoteAddr())
	}
}
