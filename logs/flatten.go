package logs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// Bundles of STIX and events of MISP are one JSON document each, on one line or on many, of any
// length. What is wanted of them are objects with a few short members, deep within.

// A flattener makes a line of each object of JSON documents that has one of the wanted members: an
// object of those alone, before the objects around it. Its memory is bounded, whatever it reads.
// What it cannot keep gives a line that is no object, as does a document that ends too early, or is
// none: nothing is left out without a word.
type flattener struct {
	source *bufio.Reader
	keys   []string // of members that are kept, the first of which are wanted
	wanted int

	out       []byte // lines that were not read yet
	read      int    // of them
	open      []flatObject
	held      int    // bytes of members of those that are open
	string    []byte // the one that is read, or its beginning
	key       []byte // of the member that is read
	unescaped Record // its memory is for keys
	tooDeep   int
	err       error
}

// A flatObject is an object that is open, or an array.
type flatObject struct {
	members  []byte // those that are kept, with commas
	isArray  bool
	isKey    bool // a string comes next that is a key
	isWanted bool
}

const (
	longestMember = 512 << 10 // bytes, and of all that are kept of an object; a pattern may list thousands of names
	mostHeld      = 2 << 20   // bytes of members of all objects that are open
)

func newFlattener(source io.Reader, wanted int, keys ...string) *flattener {
	return &flattener{source: bufio.NewReaderSize(source, 64<<10), keys: keys, wanted: wanted}
}

func (f *flattener) Read(p []byte) (int, error) {
	for f.read == len(f.out) {
		if f.err != nil {
			return 0, f.err
		}
		f.out, f.read = f.out[:0], 0
		for f.err == nil && len(f.out) < 4<<10 {
			f.step()
		}
	}
	n := copy(p, f.out[f.read:])
	f.read += n
	return n, nil
}

const brokenLine = "{\n" // is counted as what it stands for: something broken

// step reads a token.
func (f *flattener) step() {
	c, err := f.source.ReadByte()
	if err != nil {
		if err == io.EOF && (len(f.open) > 0 || f.tooDeep > 0) {
			f.out = append(f.out, brokenLine...)
		}
		f.err = err
		return
	}
	if c == mark[0] && f.top() == nil && f.isMark() {
		return
	}
	switch c {
	case ' ', '\t', '\r', '\n', ':', 0:
	case ',':
		if top := f.top(); top != nil {
			top.isKey = !top.isArray
			f.key = f.key[:0]
		}
	case '{', '[':
		if len(f.open) == mostNested || f.tooDeep > 0 {
			if f.tooDeep++; f.tooDeep == 1 {
				f.out = append(f.out, brokenLine...)
			}
			return
		}
		f.push(c == '[')
	case '}', ']':
		if f.tooDeep > 0 {
			f.tooDeep--
			return
		}
		f.pop()
	case '"':
		f.readString()
	default:
		f.readScalar(c)
	}
}

// isMark skips the rest of a byte order mark, which stands where files were put together.
func (f *flattener) isMark() bool {
	if rest, _ := f.source.Peek(len(mark) - 1); string(rest) != mark[1:] {
		return false
	}
	_, err := f.source.Discard(len(mark) - 1)
	return err == nil
}

func (f *flattener) top() *flatObject {
	if len(f.open) == 0 {
		return nil
	}
	return &f.open[len(f.open)-1]
}

// push opens an object, in memory that others have left.
func (f *flattener) push(isArray bool) {
	n := len(f.open)
	if n < cap(f.open) {
		f.open = f.open[:n+1]
	} else {
		f.open = append(f.open, flatObject{})
	}
	f.open[n] = flatObject{members: f.open[n].members, isArray: isArray, isKey: !isArray}
	f.key = f.key[:0]
}

func (f *flattener) pop() {
	top := f.top()
	if top == nil {
		f.out = append(f.out, brokenLine...)
		return
	}
	if top.isWanted {
		f.out = append(append(append(f.out, '{'), top.members...), "}\n"...)
	}
	f.held -= len(top.members)
	top.members = kept(top.members, 1<<10)
	f.open = f.open[:len(f.open)-1]
	f.key = f.key[:0]
}

// readString reads a string behind its first quotation mark.
func (f *flattener) readString() {
	f.string = append(f.string[:0], '"')
	for isEscaped := false; ; {
		c, err := f.source.ReadByte()
		if err != nil {
			f.end(err)
			return
		}
		if len(f.string) <= longestMember {
			f.string = append(f.string, max(c, ' ')) // a line end is no part of a string
		}
		if c == '"' && !isEscaped {
			break
		}
		isEscaped = c == '\\' && !isEscaped
	}
	top := f.top()
	switch {
	case top == nil: // a document that is a string
	case top.isKey:
		f.key = append(f.key[:0], f.string...)
		top.isKey = false
	default:
		f.keep(f.string)
	}
}

// readScalar reads a number or a word that begins with c.
func (f *flattener) readScalar(c byte) {
	f.string = append(f.string[:0], c)
	for {
		c, err := f.source.ReadByte()
		if err != nil {
			f.end(err)
			return
		}
		if c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '"' || c == '{' || c == '[' {
			if err := f.source.UnreadByte(); err != nil {
				f.err = err
			}
			break
		}
		if len(f.string) <= longestMember {
			f.string = append(f.string, c)
		}
	}
	if f.top() == nil {
		f.out = append(f.out, brokenLine...)
		return
	}
	f.keep(f.string)
}

// end notes that a token has no end.
func (f *flattener) end(err error) {
	f.err = err
	if errors.Is(err, io.EOF) {
		f.out = append(f.out, brokenLine...)
	}
}

// keep adds the member whose value was read, if it is one that is kept.
func (f *flattener) keep(value []byte) {
	top := f.top()
	if top.isArray || f.tooDeep > 0 || len(f.key) < 2 {
		return
	}
	key := f.key[1 : len(f.key)-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		f.unescaped.reset()
		key = f.unescaped.unescapeJSON(key)
	}
	f.key = f.key[:0]
	i := slices.Index(f.keys, string(key))
	if i < 0 {
		return
	}
	before := len(top.members)
	if before+len(value) > longestMember || f.held+len(value) > mostHeld {
		f.out = append(f.out, brokenLine...)
		return
	}
	if before > 0 {
		top.members = append(top.members, ',')
	}
	top.members = append(append(append(append(top.members, '"'), f.keys[i]...), `":`...), value...)
	top.isWanted = top.isWanted || i < f.wanted
	f.held += len(top.members) - before
}
