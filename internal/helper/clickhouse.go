package helper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A function answers ClickHouse: as a function of a type executable or executable_pool, or as the
// table function executable. A row has one argument; what stands behind it is ignored.
type function struct {
	format  string
	columns []string
}

// The formats of rows (https://clickhouse.com/docs/interfaces/formats).
const (
	tabSeparated = "TabSeparated"
	lineAsString = "LineAsString"
	jsonEachRow  = "JSONEachRow"
)

// ClickHouseFormats and ClickHouseColumns are what Options.Format and Options.Return choose from.
var (
	ClickHouseFormats = []string{tabSeparated, lineAsString, jsonEachRow}
	ClickHouseColumns = []string{"score", "level", "kind"}
)

func beginClickHouse(o Options) (protocol, error) {
	f := function{o.Format, o.Return}
	if f.format == "" {
		f.format = tabSeparated
	}
	if f.columns == nil {
		f.columns = ClickHouseColumns
	}
	if !slices.Contains(ClickHouseFormats, f.format) {
		return nil, fmt.Errorf("format %q, want %s", f.format, strings.Join(ClickHouseFormats, ", "))
	}
	for i, column := range f.columns {
		if !slices.Contains(ClickHouseColumns, column) || slices.Contains(f.columns[:i], column) {
			return nil, fmt.Errorf("returning %q, want %s, each once", column, strings.Join(ClickHouseColumns, ", "))
		}
	}
	if len(f.columns) == 0 {
		return nil, errors.New("nothing is to be returned")
	}
	return f, nil
}

func (f function) ask(q *question, b *batch) {
	switch f.format {
	case tabSeparated:
		field, _, _ := bytes.Cut(q.raw, []byte("\t"))
		if string(field) != `\N` { // NULL
			b.arena = appendUntabbed(b.arena, field)
			b.end()
		}
	case lineAsString:
		b.add(q.raw)
	default:
		if text, ok := firstString(q.raw); ok {
			b.add(text)
		}
	}
}

// appendUntabbed appends a field of TabSeparated, unescaped.
func appendUntabbed(out, field []byte) []byte {
	for {
		i := bytes.IndexByte(field, '\\')
		if i < 0 || i+1 == len(field) {
			return append(out, field...)
		}
		out = append(out, field[:i]...)
		c := field[i+1]
		if at := strings.IndexByte("bfnrt0", c); at >= 0 {
			c = "\b\f\n\r\t\x00"[at]
		}
		out = append(out, c)
		field = field[i+2:]
	}
}

// firstString returns the value of the first member of an object, which must be a string.
func firstString(object []byte) (text []byte, ok bool) {
	// As ClickHouse writes it: {"name":"text"}
	if rest, ok := bytes.CutPrefix(object, []byte(`{"`)); ok && bytes.HasSuffix(rest, []byte(`"}`)) {
		name, text, ok := bytes.Cut(rest[:len(rest)-2], []byte(`":"`))
		if ok && !bytes.ContainsAny(name, `"\`) && !bytes.ContainsAny(text, `"\`) {
			return text, true
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	for i := range 3 {
		token, err := decoder.Token()
		value, isString := token.(string)
		switch {
		case err != nil, i == 0 && token != json.Delim('{'), i > 0 && !isString:
			return nil, false
		case i == 2:
			return []byte(value), true
		}
	}
	return nil, false
}

// answer has NaN for the score of what has none, and empty words, which any type of column takes.
func (f function) answer(out []byte, _ *question, worst *said) []byte {
	if f.format == jsonEachRow {
		return f.answerJSON(out, worst)
	}
	for i, column := range f.columns {
		if i > 0 {
			out = append(out, '\t')
		}
		switch {
		case column == "score" && worst.isScored:
			out = strconv.AppendFloat(out, worst.score, 'f', 5, 64)
		case column == "score":
			out = append(out, "nan"...)
		case column == "level" && worst.isScored:
			out = append(out, worst.level.String()...)
		case column == "kind" && worst.isScored:
			out = appendWord(out, worst.kind)
		}
	}
	return append(out, '\n')
}

// answerJSON appends an object with the one member result: what is returned, or an object of it.
func (f function) answerJSON(out []byte, worst *said) []byte {
	out = append(out, `{"result":`...)
	for i, column := range f.columns {
		if len(f.columns) > 1 {
			out = append(out, "{,"[min(i, 1)], '"')
			out = append(append(out, column...), `":`...)
		}
		level := ""
		if worst.isScored {
			level = worst.level.String()
		}
		switch {
		case column == "score" && worst.isScored:
			out = strconv.AppendFloat(out, worst.score, 'f', 5, 64)
		case column == "score":
			out = append(out, "null"...) // ClickHouse reads NaN, or 0 in a tuple
		case column == "level":
			out = visible.AppendJSON(out, level)
		default:
			out = visible.AppendJSON(out, worst.kind)
		}
	}
	if len(f.columns) > 1 {
		out = append(out, '}')
	}
	return append(out, "}\n"...)
}
