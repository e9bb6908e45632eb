package logs

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// frame returns a data frame.
func frame(data string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
}

func TestFrames(t *testing.T) {
	start, stop := appendControl(nil, frameStart, dnstapContent), appendControl(nil, frameStop, "")
	other := appendControl(nil, frameStart, "protobuf:other")
	none := appendControl(nil, frameStart, "")
	for _, test := range []struct {
		shows  string
		stream []byte
		want   string // data, then the error if it is not the end
	}{
		{"a stream", slices.Concat(start, frame("a"), frame("b"), stop), "a b"},
		{"one whose writer was killed", slices.Concat(start, frame("a")), "a"},
		{"one that is cut", slices.Concat(start, frame("a"), frame("b")[:4]), "a unexpected EOF"},
		{"one that is cut in a length", slices.Concat(start, frame("a"), frame("b")[:2]), "a unexpected EOF"},
		{"two", slices.Concat(start, frame("a"), stop, start, frame("b"), stop), "a b"},
		{"a type of content that is not said", slices.Concat(none, frame("a")), "a"},
		{"other content", slices.Concat(other, frame("a")), "the stream does not carry protobuf:dnstap.Dnstap"},
		{"no beginning", frame("a"), "the stream does not begin with a START frame: it is no Frame Stream"},
		{"a frame that is too long", slices.Concat(start, []byte("\x7f\xff\xff\xff")), "frame 1 is said to have 2147483647 bytes: the stream is damaged there"},
		{"a control frame that is too long", slices.Concat(start, []byte("\x00\x00\x00\x00\x00\x00\x10\x00")), "behind frame 0: a control frame is said to have 4096 bytes: the stream is damaged there"},
		{"nothing", nil, ""},
	} {
		t.Run(test.shows, func(t *testing.T) {
			source := newDnstap(bytes.NewReader(test.stream)).(*dnstap)
			var got []string
			for {
				data, err := source.frames.next()
				if err != nil {
					if err != io.EOF {
						got = append(got, err.Error())
					}
					break
				}
				got = append(got, string(data))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("it has %q, want %q", got, test.want)
			}
		})
	}
}

// TestAcceptFrames is a server's end of a connection: it asks whether it may begin, writes, and
// waits for the answer that all was read.
func TestAcceptFrames(t *testing.T) {
	stream := unpacked(t, "dnstap-knot-auth")
	format, err := Find("dnstap")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Skipf("no unix sockets here: %v", err)
	}
	defer listener.Close()
	writer, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	reader, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		defer writer.Close()
		failed <- func() error {
			answer := make([]byte, 100)
			if _, err := writer.Write(appendControl(nil, frameReady, dnstapContent)); err != nil {
				return err
			}
			want := appendControl(nil, frameAccept, dnstapContent)
			if _, err := io.ReadFull(writer, answer[:len(want)]); err != nil || !bytes.Equal(answer[:len(want)], want) {
				t.Errorf("the answer is %x, %v, want %x", answer, err, want)
			}
			if _, err := writer.Write(slices.Concat(stream, appendControl(nil, frameStop, ""))); err != nil {
				return err
			}
			want = appendControl(nil, frameFinish, "")
			writer.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := io.ReadFull(writer, answer[:len(want)]); err != nil || !bytes.Equal(answer[:len(want)], want) {
				t.Errorf("the last answer is %x, %v, want %x", answer, err, want)
			}
			return nil
		}()
	}()
	got := enrichFrom(t, format, AcceptFrames(reader))
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if want := enrichFrom(t, format, bytes.NewReader(stream)); !bytes.Equal(got, want) {
		t.Error("over a connection it says something else")
	}
}

// A chunked connection returns what there is in parts.
type chunked struct {
	io.Writer
	parts [][]byte
	asked int
}

func (c *chunked) Read(p []byte) (int, error) {
	c.asked++
	if len(c.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.parts[0])
	c.parts = c.parts[1:]
	return n, nil
}

// TestAcceptFramesDoesNotWaitForMore holds that what came of a connection is returned before more
// is asked for, and as much of it at a time as there is.
func TestAcceptFramesDoesNotWaitForMore(t *testing.T) {
	start := appendControl(nil, frameStart, dnstapContent)
	first, second := slices.Concat(start, frame("a"), frame("b"), frame("cd")[:5]), slices.Concat(frame("cd")[5:], frame("e"))
	c := &chunked{Writer: io.Discard, parts: [][]byte{first, slices.Concat(second, frame("f")[:2]), frame("f")[2:]}}
	r := AcceptFrames(c)
	buffer := make([]byte, 1000)
	for i, want := range [][]byte{first, second, frame("f")} {
		n, err := r.Read(buffer)
		if err != nil || !bytes.Equal(buffer[:n], want) || c.asked != i+1 {
			t.Errorf("part %d is %q, %v, and more was asked for %d times; want %q", i, buffer[:n], err, c.asked, want)
		}
	}
	if n, err := r.Read(buffer); n != 0 || err != io.EOF {
		t.Errorf("the end is %q, %v", buffer[:n], err)
	}
}

func TestAcceptFramesOfAnotherContent(t *testing.T) {
	_, err := io.ReadAll(AcceptFrames(&chunked{Writer: io.Discard, parts: [][]byte{appendControl(nil, frameReady, "protobuf:other")}}))
	if err == nil || !strings.Contains(err.Error(), "offers no protobuf:dnstap.Dnstap") {
		t.Errorf("the error is %v", err)
	}
}
