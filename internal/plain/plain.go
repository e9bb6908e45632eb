// Package plain reads a stream as UTF-8 text, whatever it is packed in.
//
//	r := lines.NewReader(plain.NewReader(os.Stdin), 64<<10)
//
// The first bytes tell what a stream is: gzip (RFC 1952, with any number of members), zstd (RFC
// 8878, with any number of frames), UTF-16 with a byte order mark in either order, or UTF-8 with
// one, which goes. Text in UTF-16 may be compressed. All else comes out byte for byte.
//
// A Reader takes constant memory whatever comes, and starts no goroutine. It hands on what has come
// before it waits for more, and waits for a second byte only where the first could begin one of
// these.
package plain

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// What streams begin with.
const (
	gzipMagic         = "\x1f\x8b"
	zstdMagic         = "\x28\xb5\x2f\xfd"
	littleEndianMark  = "\xff\xfe"
	bigEndianMark     = "\xfe\xff"
	utf8Mark          = "\xef\xbb\xbf"
	skippableMagic    = "\x2a\x4d\x18" // of zstd, behind a byte from 0x50 to 0x5f
	longestMagic      = len(zstdMagic)
	maxWindow         = 8 << 20 // bytes; what RFC 8878 asks of every decoder, and zstd -19 writes
	bytesOfInput      = 64 << 10
	endless           = 1 << 62  // bytes of all frames
	replacementOfHalf = "\ufffd" // for a surrogate without the other
)

// A Reader is the text of a stream. It belongs to one goroutine.
type Reader struct {
	source io.Reader // nil before the first Read
	packed io.Reader // as it was given
}

// NewReader returns a Reader of source. It reads nothing yet.
func NewReader(source io.Reader) *Reader { return &Reader{packed: source} }

// Read reads text. An error of a damaged stream comes behind all that could be read of it.
func (r *Reader) Read(p []byte) (int, error) {
	if r.source == nil {
		if len(p) == 0 {
			return 0, nil
		}
		if err := r.open(); err != nil {
			r.source = failed{err}
		}
	}
	return r.source.Read(p)
}

// open recognises the stream.
func (r *Reader) open() error {
	magics := []string{gzipMagic, zstdMagic, littleEndianMark, bigEndianMark, utf8Mark}
	for first := byte(0x50); first <= 0x5f; first++ {
		magics = append(magics, string([]byte{first})+skippableMagic)
	}
	stream, magic, err := recognise(r.packed, magics...)
	if strings.HasSuffix(magic, skippableMagic) { // a frame that pzstd begins with
		magic = zstdMagic
	}
	switch {
	case err != nil:
		return err
	case magic == gzipMagic:
		stream = &named{source: NewGzip(bufio.NewReaderSize(stream, bytesOfInput)), format: "gzip"}
	case magic == zstdMagic:
		unpacked, err := zstd.NewReader(stream, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(endless))
		if err != nil {
			return readingError("zstd", err)
		}
		stream = &named{source: unpacked, format: "zstd"}
	}
	if magic == gzipMagic || magic == zstdMagic {
		if stream, magic, err = recognise(stream, littleEndianMark, bigEndianMark, utf8Mark); err != nil {
			return err
		}
	}
	r.source = stream
	switch magic {
	case littleEndianMark, bigEndianMark:
		r.source = &utf16Reader{source: stream, bigEndian: magic == bigEndianMark, skip: len(magic)}
	case utf8Mark:
		_, err = io.ReadFull(stream, make([]byte, len(utf8Mark)))
	}
	return err
}

// recognise returns the stream from its first byte, and the magic that it begins with, or "". It
// reads only while what has come begins one of them.
func recognise(source io.Reader, magics ...string) (stream io.Reader, magic string, err error) {
	h := &headed{source: source}
	var head [longestMagic]byte
	n := 0
	for idle := 0; idle < mostIdleReads; idle++ {
		isStart := false
		for _, m := range magics {
			if strings.HasPrefix(string(head[:n]), m) {
				magic = m
			}
			isStart = isStart || strings.HasPrefix(m, string(head[:n]))
		}
		if magic != "" || !isStart || h.err != nil {
			h.head = head[:n]
			return h, magic, nil
		}
		var read int
		if read, h.err = source.Read(head[n:]); read > 0 {
			n, idle = n+read, -1
		} else if n == 0 && h.err != nil && h.err != io.EOF {
			return nil, "", h.err
		}
	}
	return nil, "", io.ErrNoProgress
}

// NewGzip returns a reader of the members of gzip, one after the other, that asks source for no
// byte behind one before all of it was read. gzip.Reader would hold the end of one back until the
// next begins.
func NewGzip(source *bufio.Reader) io.Reader { return &members{source: source} }

type members struct {
	source  *bufio.Reader
	reader  gzip.Reader
	isInOne bool
}

func (m *members) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 {
		if !m.isInOne {
			if err := m.reader.Reset(m.source); err != nil {
				return 0, err // io.EOF if there is no other member
			}
			m.reader.Multistream(false)
			m.isInOne = true
		}
		n, err = m.reader.Read(p)
		if err == io.EOF {
			m.isInOne, err = false, nil
		}
	}
	return n, err
}

// mostIdleReads is how often a source may read nothing without an error, as in package bufio.
const mostIdleReads = 100

// A headed reader is a source whose first bytes were read already, and the error behind them.
type headed struct {
	head   []byte
	source io.Reader
	err    error
}

func (h *headed) Read(p []byte) (int, error) {
	if len(h.head) > 0 {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	if h.err != nil {
		return 0, h.err
	}
	return h.source.Read(p)
}

// A failed reader has only an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// A named reader says in errors what it reads. Who asks again gets the same error: gzip that ends
// in a header would be at its end.
type named struct {
	source io.Reader
	format string
	err    error
}

func (n *named) Read(p []byte) (read int, err error) {
	if n.err != nil {
		return 0, n.err
	}
	read, err = n.source.Read(p)
	if err != nil && err != io.EOF {
		err = readingError(n.format, err)
	}
	n.err = err
	return read, err
}

func readingError(format string, err error) error {
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("reading %s: its window is larger than %d MiB: compress it without --long and --ultra", format, maxWindow>>20)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("reading %s: it ends in the middle: %w", format, err)
	}
	return fmt.Errorf("reading %s: %w", format, err)
}

// A utf16Reader turns UTF-16 into UTF-8. What is no character becomes U+FFFD.
type utf16Reader struct {
	source    io.Reader
	bigEndian bool
	skip      int // bytes of the byte order mark that are still to come
	in        [4 << 10]byte
	held      int    // bytes in in
	high      rune   // a first surrogate that waits for its second; 0 if none does
	out       []byte // text not read yet
	text      []byte // the memory of out
	err       error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 && u.err == nil {
		var n int
		n, u.err = u.source.Read(u.in[u.held:])
		u.held += n
		u.decode()
	}
	if len(u.out) == 0 {
		return 0, u.err
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// decode decodes what is held but an odd last byte, and that too at the end.
func (u *utf16Reader) decode() {
	text, at := u.text[:0], 0
	for ; at+1 < u.held; at += 2 {
		if u.skip > 0 {
			u.skip -= 2
			continue
		}
		unit := rune(u.in[at]) | rune(u.in[at+1])<<8
		if u.bigEndian {
			unit = rune(u.in[at])<<8 | rune(u.in[at+1])
		}
		switch isFirst, isSecond := unit>>10 == 0xd800>>10, unit>>10 == 0xdc00>>10; {
		case u.high != 0 && isSecond:
			text = utf8.AppendRune(text, utf16.DecodeRune(u.high, unit))
			u.high = 0
			continue
		case u.high != 0:
			text = append(text, replacementOfHalf...)
			u.high = 0
			fallthrough
		default:
			if isFirst {
				u.high = unit
			} else {
				text = utf8.AppendRune(text, unit) // a second surrogate alone becomes U+FFFD
			}
		}
	}
	u.held = copy(u.in[:], u.in[at:u.held])
	if u.err != nil && (u.held > 0 || u.high != 0) {
		text = append(text, replacementOfHalf...)
		u.held, u.high = 0, 0
	}
	u.text, u.out = text, text
}
