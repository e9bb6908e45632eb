//go:build unix

package unixsocket

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestConnectionsEndWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := Listen(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	writer, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	connection, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(writer, "abc"); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 3)
	if _, err := io.ReadFull(connection, buffer); err != nil || string(buffer) != "abc" {
		t.Fatalf("%q, %v", buffer, err)
	}
	go cancel()
	if _, err := connection.Read(buffer); err != io.EOF {
		t.Errorf("reading ends with %v", err)
	}
	if _, err := listener.Accept(); err != io.EOF {
		t.Errorf("accepting ends with %v", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there")
	}
}

func TestAnAbandonedSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	old, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path); err == nil {
		t.Fatal("a socket that is in use was replaced")
	}
	old.(*net.UnixListener).SetUnlinkOnClose(false)
	old.Close()
	listener, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path); err == nil {
		t.Error("a file was replaced")
	}
}
