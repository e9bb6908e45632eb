package serving

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

func TestListener(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := NewListener(tcp, 2)
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
	connect := func() net.Conn {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		return client
	}
	connect()
	first := <-accepted
	noteState(first, http.StateActive)
	connect()
	second := <-accepted
	noteState(second, http.StateActive)
	defer second.Close()
	connect()
	select {
	case <-accepted:
		t.Fatal("three connections are accepted at a time, want two")
	case <-time.After(20 * time.Millisecond):
	}
	first.Close()
	first.Close() // makes room for one, not for two
	third := <-accepted
	defer third.Close()
	noteState(second, http.StateIdle) // later than the third
	connect()
	fourth := <-accepted // the third, which has not asked for anything, is closed for it
	defer fourth.Close()
	if _, err := third.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("of two idle connections the one that has been so longest is not closed: %v", err)
	}
	if err := second.SetDeadline(time.Time{}); err != nil {
		t.Errorf("the other one is closed, too: %v", err)
	}
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

// A deadline that was put off does not end what waits, one that was brought forward does, and one
// that was taken away never does.
func TestDeadlinesOfAServedConnection(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := NewListener(tcp, 1)
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	connection, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	const short = 20 * time.Millisecond
	buffer := make([]byte, 1)

	start := time.Now()
	connection.SetReadDeadline(start.Add(short))
	connection.SetReadDeadline(start.Add(3 * short)) // put off
	if _, err := connection.Read(buffer); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) < 3*short {
		t.Errorf("put off, it passes after %v with %v, want %v", time.Since(start), err, 3*short)
	}
	connection.SetReadDeadline(time.Now().Add(short))
	connection.SetReadDeadline(time.Time{}) // taken away
	go func() {
		time.Sleep(3 * short)
		client.Write([]byte("a"))
	}()
	if n, err := connection.Read(buffer); n != 1 || err != nil {
		t.Errorf("taken away, reading gives %d bytes and %v, want the byte that comes", n, err)
	}
	connection.SetReadDeadline(time.Now().Add(time.Hour))
	go func() {
		time.Sleep(short)
		connection.SetReadDeadline(time.Unix(1, 0)) // brought forward while it waits
	}()
	if _, err := connection.Read(buffer); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("brought forward, reading ends with %v", err)
	}

	// Nobody reads: the write ends with the deadline that was wanted last, and says how much it
	// wrote.
	much := make([]byte, 64<<20)
	connection.SetWriteDeadline(time.Now().Add(short))
	connection.SetWriteDeadline(time.Now().Add(3 * short))
	start = time.Now()
	n, err := connection.Write(much)
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == len(much) || time.Since(start) < 2*short {
		t.Errorf("after %v, %d bytes are written with %v", time.Since(start), n, err)
	}
	connection.SetWriteDeadline(time.Time{})
	read := make(chan int64)
	go func() {
		bytes, _ := io.Copy(io.Discard, client)
		read <- bytes
	}()
	more, err := connection.Write(much)
	if err != nil || more != len(much) {
		t.Errorf("then %d bytes are written with %v, want all", more, err)
	}
	if err := connection.(*countedConnection).CloseWrite(); err != nil {
		t.Error(err)
	}
	if bytes := <-read; bytes != int64(n+more) {
		t.Errorf("%d bytes came, want the %d that were written", bytes, n+more)
	}
}

// Much that is no request ends a connection, before crypto/tls or net/http keep it.
func TestWhatComesBeforeTheFirstRequest(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := NewListener(tcp, 2)
	defer listener.Close()
	for name, asked := range map[string]bool{"nothing was asked": false, "a request came": true} {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		connection, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		go client.Write(make([]byte, 3*maxUnasked)) // it ends with the connection
		all := make([]byte, maxUnasked)
		noteState(connection, http.StateNew)
		if _, err := io.ReadFull(connection, all); err != nil {
			t.Errorf("%s: %d bytes: %v", name, len(all), err)
		}
		if asked {
			noteState(connection, http.StateActive)
			noteState(connection, http.StateIdle)
		}
		if _, err := io.ReadFull(connection, all); errors.Is(err, errUnasked) == asked {
			t.Errorf("%s: %d bytes more: %v", name, len(all), err)
		}
	}
}
