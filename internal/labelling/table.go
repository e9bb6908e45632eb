package labelling

import (
	"errors"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/lines"
)

// A table is what is left of a table of cells, below its header. A record ends with its line, or,
// where a quotation mark opens a cell, with a later one: people write notes of several lines.
type table struct {
	source *lines.Reader
	comma  byte
	ahead  []line // that were read and belong to no record yet
}

// A line is one of a table.
type line struct {
	text   string
	number int
	cut    bool
}

const (
	longestLine   = 256 << 10 // bytes
	mostLines     = 20        // of a record
	longestRecord = 2 * longestLine
)

var (
	errTooLong = errors.New("it is too long")
	errOpen    = errors.New("a quotation mark in it is never closed")
	errColumns = errors.New("it has more columns than the first line")
)

// line returns the next line.
func (t *table) line() (line, bool) {
	if len(t.ahead) > 0 {
		next := t.ahead[0]
		t.ahead = t.ahead[1:]
		return next, true
	}
	if !t.source.Scan() {
		return line{}, false
	}
	return line{string(t.source.Bytes()), t.source.Number(), t.source.Cut()}, true
}

// next returns the cells of the next record, which has this many columns, and the number of its
// line. It is 0 at the end. The error is the record's alone: reading goes on behind its first line.
func (t *table) next(columns int) (cells []string, number int, err error) {
	first, ok := t.line()
	if !ok {
		return nil, 0, nil
	}
	if first.cut {
		return nil, first.number, errTooLong
	}
	cells, isClosed := split(first.text, t.comma)
	if isClosed || t.comma == '\t' {
		if !isClosed { // what writes tabs between texts may not know quotation marks
			cells = strings.Split(first.text, "\t")
		}
		if len(cells) > columns && strings.Join(cells[columns:], "") != "" {
			return nil, first.number, errColumns
		}
		return cells, first.number, nil
	}
	var taken []line
	text := first.text
	for !isClosed && len(taken) < mostLines && len(text) < longestRecord {
		below, ok := t.line()
		if !ok {
			break
		}
		taken = append(taken, below)
		if below.cut {
			break
		}
		text += "\n" + below.text
		if strings.Contains(below.text, `"`) {
			cells, isClosed = split(text, t.comma)
		}
	}
	if isClosed && len(cells) == columns {
		return cells, first.number, nil
	}
	t.ahead = slices.Concat(taken, t.ahead)
	return nil, first.number, errOpen
}

// split returns the cells of a record (RFC 4180), and whether every quotation mark that opens a
// cell is closed. Where text stands behind a mark that closes, the marks are the cell's own.
func split(text string, comma byte) (cells []string, isClosed bool) {
	for {
		if strings.HasPrefix(text, `"`) {
			cell, rest, closed := quoted(text)
			if !closed {
				return nil, false
			}
			if rest == "" {
				return append(cells, cell), true
			}
			if rest[0] == comma {
				cells, text = append(cells, cell), rest[1:]
				continue
			}
		}
		end := strings.IndexByte(text, comma)
		if end < 0 {
			return append(cells, text), true
		}
		cells, text = append(cells, text[:end]), text[end+1:]
	}
}

// quoted returns what stands in the quotation marks with which a text begins, of which two are one
// in it, and what stands behind them.
func quoted(text string) (cell, rest string, closed bool) {
	for i := 1; ; {
		n := strings.IndexByte(text[i:], '"')
		if n < 0 {
			return "", "", false
		}
		if i += n; i+1 == len(text) || text[i+1] != '"' {
			return strings.ReplaceAll(text[1:i], `""`, `"`), text[i+1:], true
		}
		i += 2
	}
}
