package logs

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Frame Streams carry dnstap (https://github.com/farsightsec/fstrm): frames with their lengths
// before them. A length of 0 escapes a control frame, which has a length again, a type, and fields.
const (
	frameAccept = 1
	frameStart  = 2
	frameStop   = 3
	frameReady  = 4
	frameFinish = 5

	fieldContentType    = 1
	dnstapContent       = "protobuf:dnstap.Dnstap"
	longestControlFrame = 512
)

// frames reads the frames of a stream.
type frames struct {
	source  *bufio.Reader
	held    []byte
	number  int // of data frames
	started bool
}

// next returns the next data frame, which holds until the next call. It returns io.EOF at the end,
// and io.ErrUnexpectedEOF if that is within a frame. Several streams may follow each other, and a
// writer that was killed leaves none of them finished.
func (f *frames) next() ([]byte, error) {
	for {
		length, err := f.length()
		if err != nil {
			return nil, err
		}
		isControl := length == 0
		switch {
		case isControl:
			if length, err = f.length(); err != nil {
				return nil, midFrame(err)
			}
			if length < 4 || length > longestControlFrame {
				return nil, fmt.Errorf("behind frame %d: a control frame is said to have %d bytes: the stream is damaged there", f.number, length)
			}
		case !f.started:
			return nil, errors.New("the stream does not begin with a START frame: it is no Frame Stream")
		case length > MaxRecord:
			return nil, fmt.Errorf("frame %d is said to have %d bytes: the stream is damaged there", f.number+1, length)
		}
		if cap(f.held) < int(length) {
			f.held = make([]byte, max(length, 4<<10))
		}
		f.held = f.held[:length]
		if _, err := io.ReadFull(f.source, f.held); err != nil {
			return nil, midFrame(err)
		}
		if !isControl {
			f.number++
			return f.held, nil
		}
		if binary.BigEndian.Uint32(f.held) == frameStart {
			if f.started = hasContent(f.held); !f.started {
				return nil, fmt.Errorf("the stream does not carry %s", dnstapContent)
			}
		}
	}
}

// length reads a length.
func (f *frames) length() (uint32, error) {
	begin, err := f.source.Peek(4)
	if len(begin) < 4 {
		if len(begin) > 0 {
			err = midFrame(err)
			f.source.Discard(len(begin))
		}
		return 0, err
	}
	f.source.Discard(4)
	return binary.BigEndian.Uint32(begin), nil
}

func midFrame(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// hasContent reports whether a control frame speaks of dnstap, or of no content at all.
func hasContent(control []byte) bool {
	none := true
	for fields := control[4:]; len(fields) >= 8; {
		kind, length := binary.BigEndian.Uint32(fields), binary.BigEndian.Uint32(fields[4:])
		fields = fields[8:]
		if uint64(length) > uint64(len(fields)) {
			return false
		}
		if kind == fieldContentType {
			if string(fields[:length]) == dnstapContent {
				return true
			}
			none = false
		}
		fields = fields[length:]
	}
	return none
}

// appendControl appends a control frame, with the type of content if it is to be said.
func appendControl(out []byte, kind uint32, content string) []byte {
	length := 4
	if content != "" {
		length += 8 + len(content)
	}
	out = binary.BigEndian.AppendUint32(out, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(length))
	out = binary.BigEndian.AppendUint32(out, kind)
	if content == "" {
		return out
	}
	out = binary.BigEndian.AppendUint32(out, fieldContentType)
	out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
	return append(out, content...)
}

// isDnstap reports whether a source begins with the START frame of dnstap.
func isDnstap(begin []byte) bool {
	start := appendControl(nil, frameStart, dnstapContent)
	return bytes.HasPrefix(begin, start)
}

// AcceptFrames returns the stream of frames that comes over a connection, such as the unix socket
// that a DNS server writes its dnstap to: a source for a Reader. A writer that asks whether it may
// begin, and at the end whether all was read, is answered. Reading returns whole frames as long as
// some are there, and never waits where it has one.
func AcceptFrames(connection io.ReadWriter) io.Reader {
	return &acceptedFrames{source: bufio.NewReaderSize(connection, 64<<10), answers: connection}
}

// acceptedFrames is what AcceptFrames returns.
type acceptedFrames struct {
	source  *bufio.Reader
	answers io.Writer
	isAsked bool   // the writer waits for an answer at the end
	pending []byte // what was read of the frame, and not returned
	left    int    // bytes of the frame that were not read
	err     error
}

func (a *acceptedFrames) Read(p []byte) (n int, err error) {
	for n < len(p) && (n == 0 || len(a.pending) > 0 || a.source.Buffered() > 0) {
		switch {
		case len(a.pending) > 0:
			taken := copy(p[n:], a.pending)
			a.pending = a.pending[taken:]
			n += taken
		case a.err != nil:
			return n, a.err
		case a.left > 0:
			taken, err := a.source.Read(p[n:min(len(p), n+a.left)])
			n, a.left, a.err = n+taken, a.left-taken, err
		case n > 0 && !a.hasFrame():
			return n, nil
		default:
			a.begin()
		}
	}
	return n, nil
}

// hasFrame reports whether a data frame's length is there to be read.
func (a *acceptedFrames) hasFrame() bool {
	if a.source.Buffered() < 4 {
		return false
	}
	length, err := a.source.Peek(4)
	return err == nil && binary.BigEndian.Uint32(length) != 0
}

// begin reads what a frame begins with, and all of a control frame.
func (a *acceptedFrames) begin() {
	head := make([]byte, 4, longestControlFrame+8)
	if _, a.err = io.ReadFull(a.source, head); a.err != nil {
		return
	}
	if length := binary.BigEndian.Uint32(head); length != 0 {
		a.pending, a.left = head, int(length)
		return
	}
	head = head[:8]
	if _, a.err = io.ReadFull(a.source, head[4:]); a.err != nil {
		a.err = midFrame(a.err)
		return
	}
	length := binary.BigEndian.Uint32(head[4:])
	if length < 4 || length > longestControlFrame {
		a.err = fmt.Errorf("a control frame is said to have %d bytes: it is no Frame Stream", length)
		return
	}
	head = head[:8+length]
	if _, a.err = io.ReadFull(a.source, head[8:]); a.err != nil {
		a.err = midFrame(a.err)
		return
	}
	switch binary.BigEndian.Uint32(head[8:]) {
	case frameReady:
		if !hasContent(head[8:]) {
			a.err = fmt.Errorf("the writer offers no %s", dnstapContent)
			return
		}
		a.isAsked = true
		_, a.err = a.answers.Write(appendControl(nil, frameAccept, dnstapContent))
	case frameStop:
		a.pending = head
		if a.isAsked {
			// All was read. A writer that is gone by now needs no answer.
			a.answers.Write(appendControl(nil, frameFinish, ""))
		}
	default:
		a.pending = head
	}
}
