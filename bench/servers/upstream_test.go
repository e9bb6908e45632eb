//go:build linux

package servers_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Offsets in the header of a message (RFC 1035, section 4.1.1), and its length.
const (
	flagsAt     = 2
	questionsAt = 4
	answersAt   = 6
	headerBytes = 12
)

const (
	isResponse         = 1 << 15
	isAuthoritative    = 1 << 10
	recursionDesired   = 1 << 8
	recursionAvailable = 1 << 7
	nameError          = 3
	typeA              = 1
	classIN            = 1
)

// startUpstream answers whatever name servers ask, over UDP on a port of 127.0.0.1: names whose
// first label is absent do not exist, all others have an address.
func startUpstream(t *testing.T) (port int) {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go answerAll(socket)
	return socket.LocalAddr().(*net.UDPAddr).Port
}

// answerAll answers questions until the socket is closed.
func answerAll(socket net.PacketConn) {
	message := make([]byte, 64<<10)
	for {
		n, from, err := socket.ReadFrom(message)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if answer := answerTo(message[:n]); answer != nil {
			socket.WriteTo(answer, from)
		}
	}
}

// answerTo returns the answer to a question, or nil if it is none.
func answerTo(question []byte) []byte {
	if len(question) < headerBytes+5 || binary.BigEndian.Uint16(question[questionsAt:]) != 1 {
		return nil
	}
	end := headerBytes
	for end < len(question) && question[end] != 0 {
		end += 1 + int(question[end])
	}
	end += 5 // the root, type and class
	if end > len(question) {
		return nil
	}
	answer := append([]byte(nil), question[:end]...)
	flags := uint16(isResponse | isAuthoritative | recursionDesired | recursionAvailable)
	answers := uint16(0)
	if strings.HasPrefix(string(answer[headerBytes:]), string(rune(len(absent)))+absent) {
		flags |= nameError
	} else if binary.BigEndian.Uint16(answer[end-4:]) == typeA {
		answers = 1
		answer = append(answer, 0xc0, headerBytes, 0, typeA, 0, classIN, 0, 0, 0, 60, 0, 4, 203, 0, 113, 5)
	}
	binary.BigEndian.PutUint16(answer[flagsAt:], flags)
	binary.BigEndian.PutUint16(answer[answersAt:], answers)
	clear(answer[answersAt+2 : headerBytes])
	return answer
}

// ask reports whether a server answers a question within some time.
func ask(t *testing.T, address, name string, patience time.Duration) bool {
	t.Helper()
	return answerOf(t, address, name, patience) != nil
}

// answerOf asks a server for the address of a name, and returns its message or, if none comes
// within some time, nil.
func answerOf(t *testing.T, address, name string, patience time.Duration) []byte {
	t.Helper()
	connection, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	message := []byte{0x12, 0x34, recursionDesired >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	message = append(append(message, wire(name)...), 0, typeA, 0, classIN)
	if _, err := connection.Write(message); err != nil {
		return nil // nobody listens yet
	}
	connection.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 64<<10)
	n, err := connection.Read(answer)
	if err != nil || n < headerBytes {
		return nil
	}
	return answer[:n]
}

// startOrigin answers all requests over HTTP on a port of 127.0.0.1, those to a proxy too.
func startOrigin(t *testing.T) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go serveAll(listener)
	return listener.Addr().(*net.TCPAddr).Port
}

// serveAll answers each connection with the same until the listener is closed.
func serveAll(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			connection.SetDeadline(time.Now().Add(patience))
			reader := bufio.NewReader(connection)
			for {
				line, err := reader.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimSpace(line) == "" {
					break
				}
			}
			io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes")
		}()
	}
}

// freePort returns a port of 127.0.0.1 on which nobody listens, over UDP and TCP.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		socket, err := net.ListenPacket("udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		listener.Close()
		if err == nil {
			socket.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}
