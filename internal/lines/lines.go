// Package lines reads a stream line by line, in constant memory however long the lines are.
//
//	r := lines.NewReader(os.Stdin, 64<<10)
//	for r.Scan() {
//		use(r.Number(), r.Bytes())
//	}
//	return r.Err()
//
// A line ends with a line feed; the last line needs none. One carriage return before the line feed
// and a byte order mark before the first line are no part of a line. A line longer than the maximum
// is cut, and Cut reports it; the lines after it are read as usual. A last line without its end is
// one only at the end of the stream, not where reading it failed.
package lines

import (
	"bufio"
	"bytes"
	"io"
)

// A Reader reads lines. It belongs to one goroutine.
type Reader struct {
	source  *bufio.Reader
	maximum int
	line    []byte
	number  int
	cut     bool
	err     error
}

// NewReader returns a Reader that keeps at most maximum bytes of a line.
func NewReader(source io.Reader, maximum int) *Reader {
	return &Reader{source: bufio.NewReaderSize(source, 1<<16), maximum: maximum}
}

// Scan moves to the next line. It returns false at the end of the stream and after an error.
func (r *Reader) Scan() bool {
	if r.err != nil {
		return false
	}
	r.line, r.cut = r.line[:0], false
	read := false
	for {
		part, err := r.source.ReadSlice('\n')
		read = read || len(part) > 0
		// The line end may stand beyond the maximum: it is removed below.
		if spare := r.maximum + len("\r\n") - len(r.line); len(part) > spare {
			part = part[:spare]
			r.cut = true
		}
		r.line = append(r.line, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			r.err = err
		}
		break
	}
	if !read || r.err != nil && r.err != io.EOF {
		return false // half a line, as a damaged stream ends in, would be another text
	}
	r.number++
	if !r.cut {
		r.line = bytes.TrimSuffix(r.line, []byte("\n"))
		r.line = bytes.TrimSuffix(r.line, []byte("\r"))
	}
	if r.number == 1 {
		r.line = bytes.TrimPrefix(r.line, []byte("\xef\xbb\xbf"))
	}
	if len(r.line) > r.maximum {
		r.line, r.cut = r.line[:r.maximum], true
	}
	return true
}

// Bytes returns the line, which is valid until the next Scan.
func (r *Reader) Bytes() []byte { return r.line }

// Number returns the line's number, from 1.
func (r *Reader) Number() int { return r.number }

// Cut reports whether the line was longer than the maximum.
func (r *Reader) Cut() bool { return r.cut }

// Err returns the error that ended the reading, or nil at the end of the stream.
func (r *Reader) Err() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}
