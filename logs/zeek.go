package logs

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Zeek writes logs as tables with headers and as JSON, a record a line. The columns are the same:
// https://docs.zeek.org/en/master/log-formats.html. One stream may have both.

// The columns that are read. DNS has query, TLS and QUIC server_name, HTTP host with uri.
var zeekColumns = []string{"query", "server_name", "host", "uri", "id.resp_p", "id.orig_h", "ts", "rcode_name", "url"}

const (
	zeekQuery = iota
	zeekServerName
	zeekHost
	zeekURI
	zeekPort
	zeekClient
	zeekTime
	zeekResponseCode
	zeekURL
)

// zeekStream follows the headers.
type zeekStream struct {
	options Options
	table   zeekTable // as the headers have it so far
	rows    layout    // of records; nil before #fields
	why     string    // the headers cannot be followed; else empty
	json    layout
	comment layout
}

func newZeek(_ [][]byte, o Options) (stream, error) {
	s := &zeekStream{options: o, table: newZeekTable(), comment: zeekHeader{}}
	s.json = zeekJSON{newJSONPaths(o, zeekColumns...), jsonMembers{o}}
	return s, nil
}

func (s *zeekStream) layout(line []byte) layout {
	switch {
	case s.isJSON(line):
		return s.json
	case bytes.HasPrefix(line, []byte("#")):
		return s.header(string(line))
	case s.why != "":
		return brokenZeek{s.why}
	case s.rows == nil: // without its headers a log has one line of names (LogAscii::include_meta=F)
		fields := strings.Split(string(line), s.table.separator())
		if !isZeekHeader(fields) {
			return brokenZeek{"no #fields stand before it"}
		}
		if s.setFields(fields); s.why != "" {
			return brokenZeek{s.why}
		}
		return zeekHeader{s.options, s.table, false, false}
	}
	return s.rows
}

// isJSON reports whether a line is a record in JSON. Below headers a row may begin like one, but in
// one there are no tabs.
func (s *zeekStream) isJSON(line []byte) bool {
	if !bytes.HasPrefix(bytes.TrimLeft(line, " \t\x00"), []byte("{")) {
		return false
	}
	columns := len(s.table.fields)
	return s.rows == nil || columns < 2 || bytes.Count(line, s.table.between) != columns-1
}

// isZeekHeader reports whether these are names of Zeek's columns.
func isZeekHeader(fields []string) bool {
	return len(fields) > 1 && (slices.Contains(fields, "id.orig_h") || fields[0] == "ts" && fields[1] == "uid")
}

func (s *zeekStream) header(line string) layout {
	if code, ok := strings.CutPrefix(line, "#separator "); ok {
		s.table = newZeekTable()
		if separator := unescapeZeek(code); separator != "" {
			s.table.between = []byte(separator)
		}
		s.rows, s.why = nil, ""
		if s.hasBadSeparator() {
			s.why = "its separator may stand in names and numbers"
			return brokenZeek{s.why}
		}
		return s.comment
	}
	name, value, _ := strings.Cut(line, s.table.separator())
	switch name {
	case "#empty_field":
		s.table.empty = []byte(value)
	case "#unset_field":
		s.table.unset = []byte(value)
	case "#fields":
		if !s.hasBadSeparator() {
			s.table.types = nil
			s.setFields(strings.Split(value, s.table.separator()))
		}
		if s.why != "" {
			return brokenZeek{s.why}
		}
		return zeekHeader{s.options, s.table, true, false}
	case "#types":
		if s.why != "" {
			return brokenZeek{s.why}
		}
		types := strings.Split(value, s.table.separator())
		if len(types) != len(s.table.fields) {
			return brokenZeek{"it has other columns than #fields"} // nobody knows which is of which
		}
		s.table.types = types
		s.table.find()
		s.rows = newZeekRows(s.table, s.options)
		return zeekHeader{s.options, s.table, true, true}
	}
	return s.comment
}

// hasBadSeparator reports whether the separator may stand in what is written into rows, or in an
// escape.
func (s *zeekStream) hasBadSeparator() bool {
	return slices.ContainsFunc(s.table.between, func(c byte) bool { return isAlphanumeric(c) || strings.IndexByte(`\_.-`, c) >= 0 })
}

func (s *zeekStream) setFields(fields []string) {
	s.why = ""
	for _, column := range zeekColumns {
		if i := slices.Index(fields, column); i >= 0 && slices.Contains(fields[i+1:], column) {
			s.rows, s.why = nil, "#fields has "+column+" twice"
			return
		}
	}
	s.table.fields, s.table.drop = fields, nil
	for i, field := range fields {
		if slices.ContainsFunc(s.options.Fields, func(f Field) bool { return s.options.column(f) == field }) {
			s.table.drop = append(s.table.drop, i)
		}
	}
	s.table.find()
	s.rows = newZeekRows(s.table, s.options)
}

func unescapeZeek(text string) string {
	var r Record
	return string(r.unescapeHex([]byte(text), true))
}

// A zeekTable is what headers say.
type zeekTable struct {
	between       []byte // columns
	empty, unset  []byte
	fields, types []string
	at            [9]int // where each of zeekColumns stands, or -1
	drop          []int  // columns that the fields replace
}

func newZeekTable() zeekTable {
	return zeekTable{between: []byte("\t"), empty: []byte("(empty)"), unset: []byte("-")}
}

func (t *zeekTable) separator() string { return string(t.between) }

// find sets where the columns stand. Some logs have a host that is an address of their own network.
// Other columns are read whatever their type.
func (t *zeekTable) find() {
	for i, column := range zeekColumns {
		t.at[i] = slices.Index(t.fields, column)
		if at := t.at[i]; at >= 0 && at < len(t.types) && t.types[at] != "string" && i == zeekHost {
			t.at[i] = -1
		}
	}
	if t.at[zeekURI] < 0 {
		t.at[zeekHost] = -1
	}
}

// zeekRows is the layout of a table's rows.
type zeekRows struct {
	zeekTable
	Options
	escaped byteSet // may not stand in a value as they are
}

func newZeekRows(t zeekTable, o Options) *zeekRows {
	return &zeekRows{t, o, newByteSet(controls, beyondASCII, []byte(`\`), t.between)}
}

func (z *zeekRows) find(line []byte, r *Record) {
	r.split(line, z.between)
	if len(r.cells) != len(z.fields) {
		r.Broken = "it has other columns than #fields"
		return
	}
	r.Client, r.Time, r.ResponseCode = z.raw(line, r, zeekClient), z.raw(line, r, zeekTime), z.raw(line, r, zeekResponseCode)
	r.addRawDNS(z.text(line, r, zeekQuery))
	r.addWeb(z.text(line, r, zeekServerName))
	if z.at[zeekURI] >= 0 {
		r.addRequest(z.text(line, r, zeekHost), z.text(line, r, zeekURI), z.raw(line, r, zeekPort))
	}
	r.addWeb(z.text(line, r, zeekURL))
}

// raw returns the value of a column as it stands, or nil.
func (z *zeekTable) raw(line []byte, r *Record, column int) []byte {
	if z.at[column] < 0 {
		return nil
	}
	value := r.cells[z.at[column]].of(line)
	if bytes.Equal(value, z.unset) || bytes.Equal(value, z.empty) {
		return nil
	}
	return value
}

func (z *zeekTable) text(line []byte, r *Record, column int) []byte {
	return r.unescapeHex(z.raw(line, r, column), true)
}

func (z *zeekRows) append(out, line []byte, r *Record, values [][]byte) []byte {
	out = r.appendCells(out, line, z.between, z.drop)
	for i := range z.Fields {
		out = append(out, z.between...)
		if values[i] == nil {
			out = append(out, z.unset...)
		} else {
			out = z.appendValue(out, values[i])
		}
	}
	return out
}

// appendValue appends a text with Zeek's escapes: of the separator, of controls, of backslashes, of
// what has no ink or turns the direction of a line, and of what would read as unset or empty.
func (z *zeekRows) appendValue(out, value []byte) []byte {
	const digits = "0123456789abcdef"
	isSpecial := bytes.Equal(value, z.unset) || bytes.Equal(value, z.empty)
	if !isSpecial && !z.escaped.isIn(value) {
		return append(out, value...)
	}
	hidden := 0 // bytes that are left of a character
	for i, c := range value {
		if c >= utf8.RuneSelf && hidden == 0 {
			if character, size := utf8.DecodeRune(value[i:]); isHidden(character) {
				hidden = size
			}
		}
		switch {
		case hidden > 0:
			out = append(out, '\\', 'x', digits[c>>4], digits[c&15])
			hidden--
		case c == '\\':
			out = append(out, `\\`...)
		case c < utf8.RuneSelf && z.escaped[c] || i == 0 && isSpecial:
			out = append(out, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			out = append(out, c)
		}
	}
	return out
}

// zeekHeader is the layout of a header line. #fields and #types, and a bare line of names, get
// those of the fields.
type zeekHeader struct {
	Options
	table           zeekTable
	hasName, isType bool // it begins with #fields, or with #types
}

func (zeekHeader) find(_ []byte, r *Record) { r.Header = true }

func (z zeekHeader) append(out, line []byte, r *Record, _ [][]byte) []byte {
	if z.table.fields == nil {
		return append(out, line...)
	}
	drop := z.table.drop
	r.cells = r.cells[:0]
	r.split(line, z.table.between)
	if z.hasName {
		drop = slices.Clone(drop) // headers are few
		for i := range drop {
			drop[i]++
		}
	}
	out = r.appendCells(out, line, z.table.between, drop)
	for _, field := range z.Fields {
		out = append(out, z.table.between...)
		if z.isType {
			out = append(out, field.Type.String()...)
		} else {
			out = append(out, z.column(field)...)
		}
	}
	return out
}

// brokenZeek is the layout of lines before any header, and of headers that do not fit.
type brokenZeek struct{ why string }

func (b brokenZeek) find(_ []byte, r *Record) { r.Broken = b.why }

func (brokenZeek) append(out, line []byte, _ *Record, _ [][]byte) []byte { return append(out, line...) }

// zeekJSON is the layout of records in JSON, in which unset columns are missing or null.
type zeekJSON struct {
	paths *jsonPaths
	jsonMembers
}

func (z zeekJSON) find(line []byte, r *Record) {
	z.paths.find(line, r)
	var host, uri, port []byte
	hasURI := false
	for _, h := range r.hits {
		if h.path <= zeekURI && !h.isString(line) {
			continue
		}
		switch h.path {
		case zeekQuery:
			r.addRawDNS(r.unescapeHex(r.text(line, h), false))
		case zeekServerName, zeekURL:
			r.addWeb(r.unescapeHex(r.text(line, h), false))
		case zeekHost:
			host = r.unescapeHex(r.text(line, h), false)
		case zeekURI:
			uri, hasURI = r.unescapeHex(r.text(line, h), false), true
		case zeekPort:
			port = r.text(line, h)
		case zeekClient:
			r.Client = r.text(line, h)
		case zeekTime:
			r.Time = r.text(line, h)
		case zeekResponseCode:
			r.ResponseCode = r.text(line, h)
		}
	}
	if hasURI {
		r.addRequest(host, uri, port)
	}
}

// fitsZeek counts the lines that are headers of Zeek, rows below them, or JSON with Zeek's columns.
func fitsZeek(sample [][]byte) int {
	count := 0
	s, _ := newZeek(nil, Options{})
	for _, line := range sample {
		switch l := s.layout(line).(type) {
		case zeekHeader:
			if len(l.table.fields) > 0 || isZeekMeta(line) {
				count++
			}
		case brokenZeek:
			if s.(*zeekStream).why != "" { // it is Zeek's, and says why it cannot be read
				count++
			}
		case *zeekRows:
			if bytes.Count(line, l.between) == len(l.fields)-1 {
				count++
			}
		case zeekJSON:
			if bytes.Contains(line, []byte(`"id.orig_h":`)) || bytes.Contains(line, []byte(`"_path":`)) {
				count++
			}
		}
	}
	return count
}

func isZeekMeta(line []byte) bool {
	for _, name := range []string{"#separator ", "#set_separator", "#empty_field", "#unset_field", "#path", "#open", "#close"} {
		if bytes.HasPrefix(line, []byte(name)) {
			return true
		}
	}
	return false
}
