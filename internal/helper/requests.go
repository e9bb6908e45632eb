package helper

import (
	"bytes"
	"io"
)

// An end finds where a request ends. Its state is 0 at the start of a request. It returns the
// number of bytes up to and with the end, or -1 and the state behind all of them.
type end func(state int, data []byte) (n, next int)

// endOfLine is the end of requests that are lines.
func endOfLine(_ int, data []byte) (n, next int) {
	if n := bytes.IndexByte(data, '\n'); n >= 0 {
		return n + 1, 0
	}
	return -1, 0
}

// endOfRecord is the end of a record of CSV (RFC 4180): a line end outside of quotes.
func endOfRecord(at int, data []byte) (n, next int) {
	for i, c := range data {
		if c == '\n' && at != inQuotes {
			return i + 1, fieldBegins
		}
		at = nextInRecord(at, c)
	}
	return -1, at
}

// Where a byte of a record of CSV stands.
const (
	fieldBegins = iota
	inQuotes
	behindQuote // which ends the field, or with another stands for one
	inField     // without quotes, in which a quote is a byte as others
)

// nextInRecord returns where the byte behind c stands.
func nextInRecord(at int, c byte) int {
	switch {
	case c == '"' && (at == fieldBegins || at == behindQuote), c != '"' && at == inQuotes:
		return inQuotes
	case at == inQuotes:
		return behindQuote
	case c == ',':
		return fieldBegins
	}
	return inField
}

// endOfBlock is the end of lines with an empty line behind them.
func endOfBlock(inLine int, data []byte) (n, next int) {
	for i, c := range data {
		switch {
		case c == '\n' && inLine == 0:
			return i + 1, 0
		case c == '\n':
			inLine = 0
		case c != '\r':
			inLine = 1
		}
	}
	return -1, inLine
}

// requests are those of a stream, in constant memory however long they are.
type requests struct {
	end      end
	needsEnd bool // what the stream ends in without its end is no request

	buffer   []byte
	start    int  // where the first request begins that is not asked yet
	used     int  // where what was read ends
	scanned  int  // where what end has seen ends
	state    int  // of end behind them
	skipping bool // the rest of a request that was cut
}

// read waits for input once, and calls ask with each request that it completes, without its end. A
// request that is longer than maxRequest is cut. What ask was called with holds until the next
// call.
func (r *requests) read(in io.Reader, ask func(raw []byte, isCut bool)) error {
	copy(r.buffer, r.buffer[r.start:r.used])
	r.start, r.used, r.scanned = 0, r.used-r.start, r.scanned-r.start
	if r.used == len(r.buffer) {
		r.buffer = append(make([]byte, 0, maxRequest), r.buffer...)[:maxRequest]
	}
	n, err := in.Read(r.buffer[r.used:])
	r.used += n
	for {
		n, state := r.end(r.state, r.buffer[r.scanned:r.used])
		r.state = state
		if n < 0 {
			r.scanned = r.used
			break
		}
		r.scanned += n
		if !r.skipping {
			ask(trimEnd(r.buffer[r.start:r.scanned]), false)
		}
		r.skipping = false
		r.start = r.scanned
	}
	switch rest := r.buffer[r.start:r.used]; {
	case r.skipping:
		r.start = r.used
	case len(rest) == maxRequest:
		ask(rest, true)
		r.skipping, r.start = true, r.used
	case err == io.EOF && len(rest) > 0 && !r.needsEnd:
		ask(trimEnd(rest), false)
	}
	return err
}

// trimEnd returns a request without the end of its last line.
func trimEnd(raw []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
}
