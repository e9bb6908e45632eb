package logs

import "bytes"

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
	for start := 0; ; {
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
