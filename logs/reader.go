package logs

import (
	"bufio"
	"bytes"
	"io"
)

// A Reader reads the records of one source. It belongs to one goroutine.
type Reader struct {
	source *bufio.Reader
	stream stream
	multi  multiline // nil where each line is a record

	messages messageSource // nil where there are lines

	held   []byte // lines that were read, from the current record on
	record []byte // the start of held
	single int    // bytes of held whose lines are each a record: one of several did not end in them
	layout Layout
	number int // of the record's first line
	lines  int // line ends before held

	inPieces bool // the line goes on behind the record
	isCut    bool // the source ended in the record
	err      error
}

// A stream is what is known of the records of one source, in their order.
type stream interface {
	// layout returns the layout of a record. It is asked for each, in order, unless it is blank.
	// The line comes without its end and does not hold.
	layout(line []byte) layout
}

// A multiline stream has records of several lines.
type multiline interface {
	// isOpen reports whether the next line belongs to the record that a line is of, and whether the
	// one before it said so of this line.
	isOpen(line []byte, wasOpen bool) bool
}

// constant is a stream in which all records are alike.
type constant struct{ of layout }

func (c constant) layout([]byte) layout { return c.of }

// longestOpen is how long a record of several lines may be. Beyond it, each of its lines is one.
const longestOpen = 64 << 10

// newReader returns a Reader of lines.
func newReader(source io.Reader, s stream) *Reader {
	multi, _ := s.(multiline)
	return &Reader{source: bufio.NewReaderSize(source, 64<<10), stream: s, multi: multi}
}

// Scan moves to the next record. It returns false at the end of the source and after an error.
func (r *Reader) Scan() bool {
	if r.messages != nil {
		return r.scanMessage()
	}
	r.lines += bytes.Count(r.record, []byte("\n"))
	behindNULs := len(r.record) > 0 && startNULs(r.record) == len(r.record)
	r.single = max(0, r.single-len(r.record))
	if r.single > 0 { // thousands of short lines are not moved for each
		r.held = r.held[len(r.record):]
	} else {
		r.held = r.held[:copy(r.held, r.held[len(r.record):])]
	}
	r.record = nil
	if len(r.held) == 0 || behindNULs && !endsLine(r.held) {
		r.readLine()
	}
	if len(r.held) == 0 {
		return false
	}
	r.number = r.lines + 1
	if n := startNULs(r.held); n > 0 && !r.inPieces {
		r.record, r.layout = r.held[:n], Layout{blank{}}
		return true
	}
	r.record = r.held[:firstLine(r.held)]
	isWhole := endsLine(r.record)
	r.isCut = !isWhole && r.err != nil
	if r.inPieces || len(r.record) > MaxRecord || !isWhole && r.err != io.EOF {
		r.layout = Layout{brokenPiece{isCut: r.err != nil, continues: r.inPieces}}
		r.inPieces = !isWhole
		return true
	}
	line, _ := cutEnd(r.record)
	if isBlank(withoutMark(line)) {
		r.layout = Layout{blank{}}
		return true
	}
	if r.multi != nil && r.single == 0 {
		r.joinLines()
		line, _ = cutEnd(r.record)
		r.isCut = r.isCut || !endsLine(r.record) && r.err != nil
	}
	r.layout = Layout{r.stream.layout(withoutMark(line))}
	return true
}

// joinLines adds the lines to a record that belong to it.
func (r *Reader) joinLines() {
	first := len(r.record)
	isOpen := r.multi.isOpen(withoutMark(r.record), false)
	for end := first; isOpen; {
		if end == len(r.held) {
			r.readLine()
		}
		if end == len(r.held) || len(r.held) > longestOpen {
			r.isCut = r.isCut || end == len(r.held) // else its quotes never close
			r.record, r.single = r.held[:first], len(r.held)
			return
		}
		next := end + firstLine(r.held[end:])
		isOpen = r.multi.isOpen(r.held[end:next], true)
		end = next
		r.record = r.held[:end]
	}
}

// readLine adds a line to what is held, or as much of a longer one as makes it too long.
func (r *Reader) readLine() {
	start := len(r.held)
	if start == 0 && cap(r.held) > 2*longestOpen {
		r.held = nil
	}
	for r.err == nil && len(r.held)-start <= MaxRecord {
		var part []byte
		part, r.err = r.source.ReadSlice('\n')
		r.held = append(r.held, part...)
		if r.err != bufio.ErrBufferFull {
			return
		}
		r.err = nil
	}
}

// firstLine returns the length of the first line, with its end.
func firstLine(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

func endsLine(text []byte) bool { return len(text) > 0 && text[len(text)-1] == '\n' }

// Bytes returns the record with its line end, which is valid until the next Scan.
func (r *Reader) Bytes() []byte { return r.record }

// Layout returns the layout of the record.
func (r *Reader) Layout() Layout { return r.layout }

// Number returns the number of the record's first line, from 1, or of the packet or frame that a
// message was in.
func (r *Reader) Number() int { return r.number }

// Cut reports whether the source ended in the record: it has no line end, or its quotation marks
// are open.
func (r *Reader) Cut() bool { return r.isCut }

// Err returns the error that ended the reading, or nil at the end of the source.
func (r *Reader) Err() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}
