package serving

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A connection makes the server hold little before a handler knows of it.
func TestWhatAServerRefuses(t *testing.T) {
	const hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // and empty settings
	for _, test := range []struct{ name, sent, want string }{
		{"a frame of more than 16 KiB", hello + "\x00\x40\x01\x00\x00\x00\x00\x00\x01", "\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06"}, // GOAWAY, FRAME_SIZE_ERROR,
		{"a header of more than 16 KiB", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 32<<10), "431 Request Header Fields Too Large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
			go server.Serve(NewListener(tcp, 1))
			defer server.Close()
			client, err := net.Dial("tcp", tcp.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			go io.WriteString(client, test.sent) // the server may close the connection meanwhile
			answer, _ := io.ReadAll(client)
			if !bytes.Contains(answer, []byte(test.want)) {
				t.Errorf("the server says %q and ends, want %q", answer, test.want)
			}
		})
	}
}
