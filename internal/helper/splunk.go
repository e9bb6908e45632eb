package helper

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A lookup answers Splunk's external look-ups: CSV with a header comes in and goes out, in which
// the columns snowman_score, snowman_level and snowman_kind are filled where the header has them.
type lookup struct {
	field string // the column of the texts; empty: to be found

	hasHeader bool
	columns   int // of the header
	text      int // the column of the texts, -1 if there is none
	score     int // columns to fill, -1 where there is none
	level     int
	kind      int
}

// SplunkColumns are names of the column of the texts, the likeliest first. Dest and src are none,
// which mostly hold addresses.
var SplunkColumns = []string{"url", "domain", "query", "query_name", "dest_host", "hostname", "src_host", "host", "name", "text"}

func beginSplunk(o Options) (protocol, error) { return &lookup{field: o.Field}, nil }

func (l *lookup) ask(q *question, b *batch) {
	switch {
	case !l.hasHeader:
		l.hasHeader, q.isHeader = true, true
		b.err = l.readHeader(q)
	case !q.isCut:
		rest, n := q.raw, 0
		for field := range fields(rest) {
			if n == l.text {
				b.arena = appendUnquoted(b.arena, field)
				b.end()
				return
			}
			n++
		}
	}
}

// readHeader finds the columns.
func (l *lookup) readHeader(q *question) error {
	var names []string
	for field := range fields(bytes.TrimPrefix(q.raw, []byte("\xef\xbb\xbf"))) {
		names = append(names, string(appendUnquoted(nil, field)))
	}
	l.columns = len(names)
	l.score, l.level, l.kind = slices.Index(names, "snowman_score"), slices.Index(names, "snowman_level"), slices.Index(names, "snowman_kind")
	if l.field != "" {
		l.text = slices.Index(names, l.field)
		if l.text < 0 {
			return fmt.Errorf("the header %q has no column %q", visible.Abbreviate(string(q.raw), 100), l.field)
		}
		return nil
	}
	for _, name := range SplunkColumns {
		if l.text = slices.Index(names, name); l.text >= 0 {
			return nil
		}
	}
	return fmt.Errorf("the header %q has none of the columns %s", visible.Abbreviate(string(q.raw), 100), strings.Join(SplunkColumns, ", "))
}

// answer copies a row. A row that was too long, of which the end is not known, becomes empty.
func (l *lookup) answer(out []byte, q *question, worst *said) []byte {
	n := 0
	if q.isCut {
		for range l.columns - 1 {
			out = append(out, ',')
		}
		return append(out, '\n')
	}
	for field := range fields(q.raw) {
		if n > 0 {
			out = append(out, ',')
		}
		switch {
		case q.isHeader || n != l.score && n != l.level && n != l.kind:
			out = appendCSV(out, field)
		case !worst.isScored:
		case n == l.score:
			out = strconv.AppendFloat(out, worst.score, 'f', 5, 64)
		case n == l.level:
			out = append(out, worst.level.String()...)
		default:
			out = appendWord(out, worst.kind)
		}
		n++
	}
	return append(out, '\n')
}

// fields calls yield with each field of a record of CSV, as it is written.
func fields(record []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		start, at := 0, fieldBegins
		for i, c := range record {
			if c == ',' && at != inQuotes {
				if !yield(record[start:i]) {
					return
				}
				start = i + 1
			}
			at = nextInRecord(at, c)
		}
		yield(record[start:])
	}
}

// appendUnquoted appends what a field says.
func appendUnquoted(out, field []byte) []byte {
	if len(field) < 2 || field[0] != '"' || field[len(field)-1] != '"' {
		return append(out, field...)
	}
	field = field[1 : len(field)-1]
	for {
		i := bytes.Index(field, []byte(`""`))
		if i < 0 {
			return append(out, field...)
		}
		out = append(out, field[:i+1]...)
		field = field[i+2:]
	}
}

// appendCSV appends a field as it is written, in quotes if it could be read in another way without.
func appendCSV(out, field []byte) []byte {
	if !bytes.ContainsAny(field, "\"\r\n") || isQuoted(field) {
		return append(out, field...)
	}
	out = append(out, '"')
	for _, c := range field {
		if c == '"' {
			out = append(out, c)
		}
		out = append(out, c)
	}
	return append(out, '"')
}

// isQuoted reports whether a field is in quotes, and each quote in it stands twice.
func isQuoted(field []byte) bool {
	if len(field) < 2 || field[0] != '"' || field[len(field)-1] != '"' {
		return false
	}
	inner := field[1 : len(field)-1]
	return bytes.Count(inner, []byte(`"`)) == 2*bytes.Count(inner, []byte(`""`))
}
