package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/snowman-ml/snowman/internal/plain"
)

// unsupportedError says that a body is in a form that is not read.
type unsupportedError struct {
	message string
	coding  bool // by its Content-Encoding
}

func (e unsupportedError) Error() string { return e.message }

// acceptEncoding is what a body may be encoded with (RFC 9110, section 15.5.16).
const acceptEncoding = "gzip, zstd, identity"

// openBody makes the body of a request one of UTF-8 that is not compressed. Done gives back the
// memory that decompressing takes.
func (s *Service) openBody(w *response, r *http.Request) (done func(), err error) {
	if err := checkCharset(r.Header["Content-Type"]); err != nil {
		return nil, err
	}
	coding, err := codingOf(r.Header["Content-Encoding"])
	if coding == "" || err != nil {
		return func() {}, err
	}
	share := &share{of: &s.decoding, client: w.key}
	if share.client == "" {
		share.client = clientNetwork(r)
	}
	body := &decodedBody{Closer: r.Body, source: &source{body: r.Body}, coding: coding}
	buffered := bufio.NewReaderSize(body.source, 4<<10)
	if coding == "gzip" {
		body.decoder, err = plain.NewGzip(buffered), share.take(gzipMemory)
	} else {
		frames := &unzstd{source: buffered, share: share}
		body.decoder, err = frames, frames.next()
		if err == io.EOF { // an empty body
			err = nil
		}
	}
	if err != nil {
		share.give()
		return nil, body.explain(err)
	}
	r.Body, r.ContentLength = body, -1
	return share.give, nil
}

// checkCharset returns an error for a body in another charset than UTF-8.
func checkCharset(contentTypes []string) error {
	if len(contentTypes) > 1 {
		return unsupportedError{message: "Content-Type is given several times, want it once"}
	}
	if len(contentTypes) == 0 || !strings.Contains(contentTypes[0], ";") {
		return nil
	}
	_, parameters, err := mime.ParseMediaType(contentTypes[0])
	charset := parameters["charset"]
	if err != nil && strings.Contains(strings.ToLower(contentTypes[0]), "charset") {
		return unsupportedError{message: fmt.Sprintf("Content-Type is %q, which cannot be read: %v", abbreviate(contentTypes[0]), err)}
	}
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil
	}
	return unsupportedError{message: fmt.Sprintf("the charset of the body is %q, want utf-8; convert it first, with iconv for example", abbreviate(charset))}
}

// codingOf returns the one coding of a body, empty for none.
func codingOf(contentEncodings []string) (coding string, err error) {
	for _, value := range contentEncodings {
		for name := range strings.SplitSeq(value, ",") {
			name = strings.ToLower(strings.Trim(name, " \t"))
			switch {
			case name == "" || name == "identity":
				continue
			case name == "x-gzip": // RFC 9110, section 8.4.1.3
				name = "gzip"
			}
			if coding != "" || name != "gzip" && name != "zstd" {
				return "", unsupportedError{message: fmt.Sprintf("Content-Encoding is %q, want gzip or zstd, one of them, or none",
					abbreviate(strings.Join(contentEncodings, ", "))), coding: true}
			}
			coding = name
		}
	}
	return coding, nil
}

// A source is a body as it came. It remembers what ended it.
type source struct {
	body io.Reader
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// A decodedBody is a body without its Content-Encoding. All that its sender has flushed can be read
// before more comes.
type decodedBody struct {
	decoder io.Reader
	source  *source
	coding  string
	io.Closer
}

func (b *decodedBody) Read(p []byte) (int, error) {
	n, err := b.decoder.Read(p)
	return n, b.explain(err)
}

// explain says why decoding ended. Where reading the body has failed, the decoder's own error does
// not matter.
func (b *decodedBody) explain(err error) error {
	_, isUnsupported := errors.AsType[unsupportedError](err)
	switch {
	case err == nil:
		return nil
	case b.source.err != nil && b.source.err != io.EOF:
		return fmt.Errorf("reading the body: %w", b.source.err)
	case err == io.EOF, isUnsupported, err == errBusy:
		return err
	}
	return fmt.Errorf("the body is no %s: %w", b.coding, err)
}

// An unzstd reads the frames of zstd (RFC 8878), one after the other. Each may need another window,
// for which it takes memory before it is read.
type unzstd struct {
	source  *bufio.Reader
	share   *share
	window  int64 // the largest so far
	frame   frame
	inFrame bool
	decoder *zstd.Decoder
}

// mostWindow is the largest window of a frame: RFC 9659 has senders keep to it.
const mostWindow = 8 << 20

func (z *unzstd) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 {
		if !z.inFrame {
			if err := z.next(); err != nil {
				return 0, err
			}
		}
		n, err = z.decoder.Read(p)
		if err == io.EOF {
			z.inFrame, err = false, nil
		}
	}
	return n, err
}

// next begins the next frame that holds data. It returns io.EOF if there is none.
func (z *unzstd) next() error {
	header, err := z.header()
	for err == nil && header.Skippable {
		if _, err = io.CopyN(io.Discard, z.source, int64(header.HeaderSize)+int64(header.SkippableSize)); err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			header, err = z.header()
		}
	}
	if err != nil {
		return err
	}
	window := header.WindowSize
	if header.SingleSegment {
		window = max(header.FrameContentSize, zstd.MinWindowSize)
	}
	if window > mostWindow {
		return unsupportedError{message: fmt.Sprintf("the zstd of the body needs a window of %d bytes, want at most %d; compress at a lower level, or without --long", window, mostWindow), coding: true}
	}
	more := int64(window) - z.window
	if z.decoder == nil {
		more += zstdMemory
	}
	if more > 0 {
		if err := z.share.take(more); err != nil {
			return err
		}
		z.window = int64(window)
	}
	z.frame = frame{source: z.source, left: header.HeaderSize, hasChecksum: header.HasCheckSum}
	z.inFrame = true
	if z.decoder == nil {
		z.decoder, err = zstd.NewReader(&z.frame, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow))
		return err
	}
	return z.decoder.Reset(&z.frame)
}

// header looks at the header of a frame, at no byte more: the next may not have been sent yet.
func (z *unzstd) header() (header zstd.Header, err error) {
	for n := 5; ; n++ { // with no header fewer
		start, err := z.source.Peek(n)
		failure := header.Decode(start)
		switch {
		case failure != io.ErrUnexpectedEOF:
			return header, failure
		case err == io.EOF && len(start) > 0:
			return header, io.ErrUnexpectedEOF
		case err != nil:
			return header, err
		}
	}
}

// A frame is one frame of zstd, for a decoder that would read on behind it.
type frame struct {
	source      *bufio.Reader
	left        int  // of its header or of the current block
	isLast      bool // the current block
	hasChecksum bool
}

func (f *frame) Read(p []byte) (int, error) {
	if f.left == 0 {
		if f.isLast {
			return 0, io.EOF
		}
		start, err := f.source.Peek(3) // RFC 8878, section 3.1.1.2
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		header := int(start[0]) | int(start[1])<<8 | int(start[2])<<16
		const repeated = 1 // a block of one byte, whatever its size
		f.isLast, f.left = header&1 != 0, header>>3
		if header>>1&3 == repeated {
			f.left = 1
		}
		f.left += len(start)
		if f.isLast && f.hasChecksum {
			f.left += 4
		}
	}
	n, err := f.source.Read(p[:min(len(p), f.left)])
	if f.left -= n; err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// The memory that decompressing takes: tables and buffers, and for zstd a window beside them.
const (
	gzipMemory = 128 << 10
	zstdMemory = 1 << 20
)

// mostDecoding is the memory for all clients. One alone may take half, and so keeps nobody out.
const mostDecoding = 64 << 20

// decoding counts the memory that decompressing takes.
type decoding struct {
	mu     sync.Mutex
	taken  int64
	taking map[string]int64 // by client
}

// A share is the memory that one body takes.
type share struct {
	of     *decoding
	client string
	taken  int64
	ended  bool
}

// take takes more memory, until give gives all back. It returns errBusy if there is none.
func (s *share) take(bytes int64) error {
	d := s.of
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.ended || d.taken+bytes > mostDecoding || d.taking[s.client]+bytes > mostDecoding/2 {
		return errBusy
	}
	if d.taking == nil {
		d.taking = make(map[string]int64)
	}
	s.taken += bytes
	d.taken += bytes
	d.taking[s.client] += bytes
	return nil
}

func (s *share) give() {
	d := s.of
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken -= s.taken; d.taking[s.client] > s.taken {
		d.taking[s.client] -= s.taken
	} else {
		delete(d.taking, s.client)
	}
	s.taken, s.ended = 0, true
}
