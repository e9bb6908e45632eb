package logs

import (
	"bytes"
	"slices"
)

// tabbed appends fields behind a line, with tabs between them, in place of those that it has. It is
// embedded in layouts of lines that have no place for more.
type tabbed struct{ Options }

// cut returns a line without the fields that it has, and keeps for append where it ends.
func (t tabbed) cut(line []byte, r *Record) []byte {
	r.end = len(line)
	if len(t.Fields) == 0 || bytes.IndexByte(line, '\t') < 0 { // of most lines; LastIndexByte is slow
		return line
	}
	end, isEmpty := len(line), true
	for i := len(t.Fields) - 1; i >= 0; i-- {
		tab := bytes.LastIndexByte(line[:end], '\t')
		if tab < 0 {
			return line
		}
		value := line[tab+1 : end]
		if isEmpty = isEmpty && len(value) == 0; !isEmpty && !t.Fields[i].mayBe(value) {
			return line
		}
		end = tab
	}
	r.end = end
	return line[:end]
}

// mayBe reports whether a text may be a value of a field, where at least one field has a value.
func (f Field) mayBe(text []byte) bool {
	switch {
	case f.Type == Double:
		dot := bytes.IndexByte(text, '.')
		return dot > 0 && digits(text) == dot && digits(text[dot+1:]) == len(text)-dot-1
	case f.Type == Count:
		return digits(text) == len(text)
	}
	return len(f.Words) == 0 || slices.Contains(f.Words, string(text))
}

func (t tabbed) append(out, line []byte, r *Record, values [][]byte) []byte {
	if r.Header {
		return append(out, line...)
	}
	out = append(out, line[:r.end]...)
	for i := range t.Fields {
		out = append(append(out, '\t'), values[i]...)
	}
	return out
}
