package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// many lets a number of clients do the same, each on a new connection whenever the one before ends,
// until the siege does. A client gets its own number.
func (s *siege) many(clients int, do func(c *connection, number int)) {
	for i := range clients {
		s.clients.Go(func() {
			for s.ctx.Err() == nil {
				s.once(i, do)
				select {
				case <-s.ctx.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
}

func (s *siege) once(number int, do func(*connection, int)) {
	c, err := dial(s.address)
	if err != nil {
		return
	}
	c.Conn.(*net.TCPConn).SetLinger(0)
	defer c.Close()
	defer context.AfterFunc(s.ctx, func() { c.Close() })()
	do(c, number)
}

// hold reads nothing for longer than the service bears: a client that does not read cannot see that
// the connection has ended.
func (s *siege) hold() {
	select {
	case <-s.ctx.Done():
	case <-time.After(12 * time.Second):
	}
}

// frames speaks HTTP/2: it sends this request on many streams at a time, whose answers get this
// window and are wanted in frames of this size. A body is left open where more fields announce its
// length.
func (s *siege) frames(c *connection, streams int, window, frame uint32, method, path, contentType, body string, more ...[2]string) {
	io.WriteString(c, http2.ClientPreface)
	framer := http2.NewFramer(c, c.reader)
	framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: frame})
	framer.WriteWindowUpdate(0, 1<<30)
	var header bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	encoder.SetMaxDynamicTableSize(0) // so that the header can be sent again as it is
	fields := [][2]string{{":method", method}, {":scheme", "http"}, {":authority", "localhost"}, {":path", path}, {"content-type", contentType}}
	for _, field := range append(fields, more...) {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	isOpen := slices.ContainsFunc(more, func(field [2]string) bool { return field[0] == "content-length" })
	room := make(chan struct{}, streams) // of streams that may be open
	for range streams {
		room <- struct{}{}
	}
	go func() { // it ends when the connection does
		defer c.Close()
		answers := http2.NewFramer(io.Discard, c.reader)
		answers.SetMaxReadFrameSize(1<<24 - 1)
		for {
			f, err := answers.ReadFrame()
			if err != nil {
				return
			}
			_, reset := f.(*http2.RSTStreamFrame)
			if reset || f.Header().Flags.Has(http2.FlagDataEndStream) && f.Header().Type == http2.FrameData {
				select {
				case room <- struct{}{}:
				default:
				}
			}
		}
	}()
	for id := uint32(1); s.ctx.Err() == nil; id += 2 {
		select {
		case <-room:
		case <-s.ctx.Done():
			return
		case <-time.After(time.Second):
			if framer.WritePing(false, [8]byte{}) != nil {
				return
			}
			id -= 2
			continue
		}
		err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: header.Bytes(), EndHeaders: true, EndStream: body == "" && !isOpen})
		for rest := body; rest != "" && err == nil; {
			piece := rest[:min(len(rest), 1<<14)]
			rest = rest[len(piece):]
			err = framer.WriteData(id, rest == "" && !isOpen, []byte(piece))
		}
		if err != nil {
			return
		}
	}
}

const ordinaryFrame = 1 << 14

func (s *siege) askWithoutWindow() {
	body := `{"texts":["` + strings.Repeat(`q.com","`, 1000) + `"]}`
	s.many(40, func(c *connection, _ int) { s.frames(c, 100, 0, ordinaryFrame, "POST", "/v1/score", jsonType, body) })
}

// probeWithManyFields sends headers of just below 16 KiB, which take some five times as much.
func (s *siege) probeWithManyFields() {
	var fields [][2]string
	for i := range 465 {
		fields = append(fields, [2]string{string([]byte{'a' + byte(i/26), 'a' + byte(i%26)}), ""})
	}
	s.many(300, func(c *connection, _ int) { s.frames(c, 32, 0, ordinaryFrame, "GET", "/healthz", "", "", fields...) })
}

// announced is the length of a body of which nothing comes.
func announced(bytes string) [2]string { return [2]string{"content-length", bytes} }

func (s *siege) askForMetrics() {
	s.many(75, func(c *connection, _ int) {
		s.frames(c, 32, 0, ordinaryFrame, "GET", "/metrics", "", "", announced("100000"))
	})
	s.many(14, func(c *connection, _ int) { s.frames(c, 32, 0, ordinaryFrame, "GET", "/metrics", "", "") })
}

func (s *siege) announceBodies() {
	for length, clients := range map[string]int{"100000": 70, "5": 15} {
		s.many(clients, func(c *connection, _ int) {
			s.frames(c, 32, 0, ordinaryFrame, "POST", "/model", formType, "", announced(length))
		})
	}
}

func (s *siege) askForCard() {
	s.many(200, func(c *connection, _ int) { s.frames(c, 100, 0, ordinaryFrame, "GET", "/card", "", "") })
}

func (s *siege) askToExplain() {
	const longest, explained = 64 << 10, 8 << 10
	var asks [2]string
	for i, length := range []int{longest, explained} {
		asks[i] = post("/v1/explain", jsonType, `{"text":"`+strings.Repeat("q.", length/2-2)+`com"}`)
	}
	s.many(6*50, func(c *connection, number int) {
		c.Conn.(*net.TCPConn).SetReadBuffer(4096)
		if _, err := io.WriteString(c, asks[number%2]); err == nil {
			s.hold()
		}
	})
}

func (s *siege) sendBadTexts() {
	bad := `"` + strings.Repeat("\x7f", 4_000) + `",`
	asks := []byte(post("/v1/score", jsonType, `{"texts":[`+strings.TrimSuffix(strings.Repeat(bad, 1000), ",")+`]}`))
	s.many(60, func(c *connection, _ int) {
		c.Conn.(*net.TCPConn).SetReadBuffer(4096)
		if _, err := c.Write(asks); err == nil {
			s.hold()
		}
	})
}

func (s *siege) streamOddBytes() {
	lines := chunk(strings.Repeat("q.com/"+strings.Repeat("\xff", 60_000)+"\n", 4))
	s.many(64, func(c *connection, _ int) {
		c.Conn.(*net.TCPConn).SetReadBuffer(4096)
		io.WriteString(c, streamHead(plainType))
		for s.ctx.Err() == nil {
			if _, err := io.WriteString(c, lines); err != nil {
				return
			}
		}
	})
}

func (s *siege) drip() {
	s.many(64, func(c *connection, _ int) {
		io.WriteString(c, streamHead(plainType))
		go io.Copy(io.Discard, c.reader) // it ends when the connection does
		for s.ctx.Err() == nil {
			if _, err := io.WriteString(c, chunk("q")); err != nil {
				return
			}
			select {
			case <-s.ctx.Done():
			case <-time.After(4 * time.Second):
			}
		}
	})
}

func (s *siege) sendEmptyLines() {
	lines := chunk(strings.Repeat("\n", 1000))
	s.many(64, func(c *connection, _ int) {
		io.WriteString(c, streamHead(plainType))
		go io.Copy(io.Discard, c.reader) // it ends when the connection does
		for s.ctx.Err() == nil {
			if _, err := io.WriteString(c, lines); err != nil {
				return
			}
			select {
			case <-s.ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
}

func (s *siege) stayIdle() {
	s.many(4100, func(c *connection, _ int) { io.Copy(io.Discard, c.reader) })
}

func (s *siege) announceFrames() {
	s.many(2000, func(c *connection, _ int) {
		io.WriteString(c, http2.ClientPreface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00") // and empty settings
		io.WriteString(c, "\x0f\xff\xff\x00\x00\x00\x00\x00\x01")                     // DATA of 1 MiB - 1, of which no byte comes
		io.Copy(io.Discard, c.reader)
	})
}

func (s *siege) sendHalfHeaders() {
	s.many(4000, func(c *connection, _ int) {
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 60_000))
		io.Copy(io.Discard, c.reader)
	})
}

// sendSwellingJSON sends elements of a few bytes each that take many times as much when they are
// read.
func (s *siege) sendSwellingJSON() {
	const bytes = 4<<20 - 1<<10
	array := `{"name":"text","data":[` + strings.Repeat("1,", 9_999) + `1]},`
	arrays := `{"inputs":[` + strings.TrimSuffix(strings.Repeat(array, bytes/len(array)), ",") + `]}`
	var members strings.Builder
	members.WriteString(`{"parameters":{`)
	for i := 0; members.Len() < bytes; i++ {
		fmt.Fprintf(&members, `"%x":0,`, i)
	}
	members.WriteString(`"":0},"inputs":[]}`)
	asks := [2][]byte{[]byte(post("/v2/models/snowman/infer", jsonType, arrays)), []byte(post("/v2/models/snowman/infer", jsonType, members.String()))}
	s.many(40, func(c *connection, number int) {
		if _, err := c.Write(asks[number%2]); err == nil {
			io.Copy(io.Discard, c.reader)
		}
	})
}

func (s *siege) takeHugeFrames() {
	body := `{"texts":["` + strings.Repeat(`q.com","`, 9_000) + `"]}`
	s.many(100, func(c *connection, _ int) { s.frames(c, 2, 1<<30, 1<<24-1, "POST", "/v1/score", jsonType, body) })
}
