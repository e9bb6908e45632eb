package logs

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// unescapeHex returns a text in which \xNN is a byte and, if asked for, \\ a backslash, with that
// undone in the memory of r.
func (r *Record) unescapeHex(text []byte, doubled bool) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	start := len(r.unescaped)
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			if number, ok := hexNumber(text[min(i+2, len(text)):], 2); ok && text[i+1] == 'x' {
				c, i = byte(number), i+3
			} else if doubled && text[i+1] == '\\' {
				i++
			}
		}
		r.unescaped = append(r.unescaped, c)
	}
	return r.unescaped[start:]
}

// cells sets the cells of a line to the parts between separators.
func (r *Record) split(line []byte, separator []byte) {
	start := 0
	if len(separator) == 1 { // most cells are short, where bytes.Index costs more than it saves
		separators := uint64(separator[0]) * everyByte
		for i := 0; i+8 <= len(line); i += 8 {
			found := allZeroBytes(binary.LittleEndian.Uint64(line[i:]) ^ separators)
			for ; found != 0; found &= found - 1 {
				end := i + bits.TrailingZeros64(found)/8
				r.cells = append(r.cells, span{start, end})
				start = end + 1
			}
		}
	}
	for {
		n := bytes.Index(line[start:], separator)
		if n < 0 {
			r.cells = append(r.cells, span{start, len(line)})
			return
		}
		r.cells = append(r.cells, span{start, start + n})
		start += n + len(separator)
	}
}

// appendCells appends the cells that stay, with what stands between them.
func (r *Record) appendCells(out, line []byte, separator []byte, drop []int) []byte {
	if len(drop) == 0 {
		return append(out, line...)
	}
	isFirst := true
	for i, cell := range r.cells {
		if len(drop) > 0 && drop[0] == i {
			drop = drop[1:]
			continue
		}
		if !isFirst {
			out = append(out, separator...)
		}
		isFirst = false
		out = append(out, cell.of(line)...)
	}
	return out
}
