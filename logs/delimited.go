package logs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// delimited is the layout of rows of cells (RFC 4180), with any delimiter.
type delimited struct {
	Options
	delimiter byte
	isQuoted  bool // quotation marks may stand around a cell
	columns   int  // that each row has; 0 where nobody says
	names     []tableName
	host, uri int // -1 where there are none, as for all that follow
	client    int
	time      int
	code      int
	only      []tableCondition
	drop      []int // columns that the fields replace
}

type tableName struct {
	column int
	dns    bool
}

type tableCondition struct {
	column int
	value  string
}

// A quoting says how the quotation marks of a row stand.
type quoting int

const (
	closedQuotes quoting = iota
	looseQuotes          // text stands behind a mark that closes
	openQuotes           // a mark is never closed
)

// cells sets the cells of a row, with their quotation marks.
func (d *delimited) cells(line []byte, r *Record) (q quoting) {
	for i := 0; ; {
		start := i
		if d.isQuoted && i < len(line) && line[i] == '"' {
			var closed bool
			i, closed = endOfQuotes(line, i+1)
			switch {
			case !closed:
				q = openQuotes
			case i < len(line) && line[i] != d.delimiter && line[i] != ' ':
				q = looseQuotes
			}
		}
		n := bytes.IndexByte(line[i:], d.delimiter)
		if n < 0 {
			r.cells = append(r.cells, span{start, len(line)})
			return q
		}
		r.cells = append(r.cells, span{start, i + n})
		i += n + 1
	}
}

// endOfQuotes returns the place behind the quotation mark that closes a cell, where two are one in
// the cell, or the line's end.
func endOfQuotes(line []byte, i int) (end int, closed bool) {
	for {
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 {
			return len(line), false
		}
		i += n + 1
		if i == len(line) || line[i] != '"' {
			return i, true
		}
		i++
	}
}

// cell returns the text of a cell, or nil where there is none.
func (d *delimited) cell(line []byte, r *Record, column int) []byte {
	if column < 0 || column >= len(r.cells) {
		return nil
	}
	text := bytes.TrimSpace(r.cells[column].of(line))
	if !d.isQuoted || len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	text = text[1 : len(text)-1]
	if bytes.IndexByte(text, '"') < 0 {
		return bytes.TrimSpace(text)
	}
	start := len(r.unescaped)
	for i := 0; i < len(text); i++ {
		if text[i] == '"' && i+1 < len(text) && text[i+1] == '"' {
			i++
		}
		r.unescaped = append(r.unescaped, text[i])
	}
	return bytes.TrimSpace(r.unescaped[start:])
}

func (d *delimited) find(line []byte, r *Record) {
	quotes := d.cells(line, r)
	switch {
	case quotes == openQuotes:
		r.Broken = "a quotation mark in it is never closed"
		return
	case d.columns > 0 && len(r.cells) != d.columns:
		r.Broken = "it has other columns than the first line"
		return
	case d.isQuoted && bytes.IndexByte(line, '\n') >= 0 && (quotes == looseQuotes || d.takesRows(line, r)):
		r.Broken = "a quotation mark in it takes in rows below"
		return
	}
	if d.columns == 0 && d.hasFields(line, r) {
		r.cells = r.cells[:len(r.cells)-len(d.Fields)]
	}
	for _, condition := range d.only {
		if string(d.cell(line, r, condition.column)) != condition.value {
			return
		}
	}
	for _, name := range d.names {
		text := d.cell(line, r, name.column)
		if bytes.IndexByte(text, '\n') < 0 || !areNames(text) {
			r.add(text, name.dns)
			continue
		}
		for len(text) > 0 { // some exports write several names into a cell
			var one []byte
			one, text, _ = bytes.Cut(text, []byte("\n"))
			r.add(bytes.TrimSpace(one), name.dns)
		}
	}
	if d.host >= 0 {
		r.addRequest(d.cell(line, r, d.host), d.cell(line, r, d.uri), nil)
	}
	r.Client, r.Time, r.ResponseCode = d.cell(line, r, d.client), d.cell(line, r, d.time), d.cell(line, r, d.code)
}

// areNames reports whether each line of a cell looks like a name.
func areNames(text []byte) bool {
	for len(text) > 0 {
		var one []byte
		one, text, _ = bytes.Cut(text, []byte("\n"))
		if one = bytes.TrimSpace(one); !looksLikeName(one) && !isIPv4(withoutPort(one)) {
			return false
		}
	}
	return true
}

// takesRows reports whether a record of several lines has rows in it that its quotation marks took
// from the table: in a cell of several lines the end of a row, a row, or the start of one, with a
// name; or a delimiter where names stand.
func (d *delimited) takesRows(line []byte, r *Record) bool {
	for k := range r.cells {
		text := r.cells[k].of(line)
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			continue
		}
		isName := k == d.host || slices.ContainsFunc(d.names, func(name tableName) bool { return name.column == k })
		if isName && bytes.IndexByte(text, d.delimiter) >= 0 {
			return true
		}
		// The columns that a line has, if it is of a row. That of the cell itself tells nothing.
		first, last := k, len(r.cells)-1
		for {
			part := text[:end]
			if bytes.Count(part, []byte{d.delimiter}) == last-first && d.hasName(part, first, last, k) {
				return true
			}
			if end == len(text) {
				break
			}
			text, first = text[end+1:], 0
			if end = bytes.IndexByte(text, '\n'); end < 0 {
				end, last = len(text), k
			}
		}
	}
	return false
}

// hasName reports whether what looks like a name stands where rows have one, in a line of these
// columns. One of them is not looked at.
func (d *delimited) hasName(line []byte, first, last, but int) bool {
	isName := func(column int) bool {
		if column < first || column > last || column == but {
			return false
		}
		rest := line
		for range column - first {
			_, rest, _ = bytes.Cut(rest, []byte{d.delimiter})
		}
		text, _, _ := bytes.Cut(rest, []byte{d.delimiter})
		text = bytes.Trim(text, "\" \r")
		return looksLikeName(text) || isIPv4(withoutPort(text))
	}
	if d.host >= 0 && isName(d.host) {
		return true
	}
	return slices.ContainsFunc(d.names, func(name tableName) bool { return isName(name.column) })
}

// hasFields reports whether the last cells of a row are the fields, where no header says so.
func (d *delimited) hasFields(line []byte, r *Record) bool {
	first := len(r.cells) - len(d.Fields)
	if len(d.Fields) == 0 || first < 1 {
		return false
	}
	isEmpty := true
	for i, field := range slices.Backward(d.Fields) {
		value := d.cell(line, r, first+i)
		if isEmpty = isEmpty && len(value) == 0; !isEmpty && !field.mayBe(value) {
			return false
		}
	}
	return !isEmpty // empty cells may be the log's own
}

func (d *delimited) append(out, line []byte, r *Record, values [][]byte) []byte {
	if r.Header {
		return append(out, line...)
	}
	if d.columns == 0 && len(r.cells) > 0 { // behind them is what the fields replace
		line = line[:r.cells[len(r.cells)-1].end]
	}
	out = r.appendCells(out, line, []byte{d.delimiter}, d.drop)
	for i, field := range d.Fields {
		out = append(out, d.delimiter)
		value := values[i]
		if field.Type == String {
			value = r.harmless(value)
		}
		out = d.appendCell(out, value)
	}
	return out
}

// harmless returns a text that no spreadsheet takes for a formula, by the rule of the page's CSV
// (docs/decisions/input.md): an apostrophe stands before what begins like one, a semicolon, which
// may end a cell, is \x3b, and what has no ink is written out.
func (r *Record) harmless(text []byte) []byte {
	isFormula := isFormula(text)
	if !isFormula && !bytes.ContainsFunc(text, func(c rune) bool { return c == ';' || c >= utf8.RuneSelf && isHidden(c) }) {
		return text
	}
	start := len(r.unescaped)
	if isFormula {
		r.unescaped = append(r.unescaped, '\'')
	}
	for len(text) > 0 {
		character, size := utf8.DecodeRune(text)
		switch {
		case character == ';':
			r.unescaped = append(r.unescaped, `\x3b`...)
		case character >= utf8.RuneSelf && isHidden(character):
			r.unescaped = appendEscaped(r.unescaped, character)
		default:
			r.unescaped = append(r.unescaped, text[:size]...)
		}
		text = text[size:]
	}
	return r.unescaped[start:]
}

// isFormula reports whether a text begins like a formula (OWASP, CSV injection).
func isFormula(text []byte) bool {
	text = bytes.TrimLeft(text, " ")
	if len(text) == 0 || text[0] > '@' && text[0] < utf8.RuneSelf {
		return false
	}
	first, _ := utf8.DecodeRune(text)
	return strings.ContainsRune("=+-@＝＋－＠", first)
}

// appendCell appends a text as a cell.
func (d *delimited) appendCell(out, text []byte) []byte {
	isPlain := bytes.IndexByte(text, d.delimiter) < 0 && bytes.IndexByte(text, '"') < 0
	switch {
	case isPlain || !d.isQuoted && bytes.IndexByte(text, d.delimiter) < 0:
		return append(out, text...)
	case !d.isQuoted:
		for _, c := range text {
			if c == d.delimiter {
				c = ' '
			}
			out = append(out, c)
		}
		return out
	}
	out = append(out, '"')
	for _, c := range text {
		if c == '"' {
			out = append(out, c)
		}
		out = append(out, c)
	}
	return append(out, '"')
}

// delimitedHeader is the layout of the line that names the columns. It gets the names of the
// fields.
type delimitedHeader struct{ *delimited }

func (delimitedHeader) find(_ []byte, r *Record) { r.Header = true }

func (h delimitedHeader) append(out, line []byte, r *Record, _ [][]byte) []byte {
	r.cells = r.cells[:0]
	h.cells(line, r)
	out = r.appendCells(out, line, []byte{h.delimiter}, h.drop)
	for _, field := range h.Fields {
		out = append(out, h.delimiter)
		out = h.appendCell(out, []byte(h.column(field)))
	}
	return out
}

// A delimitedStream is a table. Its first line may name the columns, and so may later ones, where
// files were put together. Above it there may be comments, and a line that says the delimiter.
type delimitedStream struct {
	rows      *delimited
	said      []byte // the line that says the delimiter; nil where none does
	header    []byte // the line that names the columns; nil where none does
	hasHeader bool
	isBelow   bool   // the header, or a row, is above
	cells     int    // of the first row, where there is no header
	row       Record // memory to count them
}

func (s *delimitedStream) layout(line []byte) layout {
	switch {
	case s.said != nil && bytes.Equal(line, s.said):
		return blank{}
	case s.hasHeader && bytes.Equal(line, s.header):
		s.isBelow = true
		return delimitedHeader{s.rows}
	case s.isComment(line):
		return blank{}
	}
	if !s.isBelow && !s.hasHeader {
		s.cells = s.count(line)
	}
	s.isBelow = true
	return s.rows
}

// isComment reports whether a line is none of the table. Below a header all are: who chooses what
// stands in the first column may begin it with #. Where there is no header, the number of cells
// tells.
func (s *delimitedStream) isComment(line []byte) bool {
	switch {
	case line[0] != '#':
		return false
	case !s.isBelow:
		return true
	}
	return !s.hasHeader && s.count(line) != s.cells
}

func (s *delimitedStream) count(line []byte) int {
	s.row.reset()
	s.rows.cells(line, &s.row)
	return len(s.row.cells)
}

func (s *delimitedStream) isOpen(line []byte, wasOpen bool) bool {
	if !s.rows.isQuoted || !wasOpen && s.isComment(line) {
		return false
	}
	for i := 0; ; {
		if wasOpen || line[i] == '"' {
			if !wasOpen {
				i++
			}
			wasOpen = false
			end, closed := endOfQuotes(line, i)
			if !closed {
				return true
			}
			i = end
		}
		n := bytes.IndexByte(line[i:], s.rows.delimiter)
		if n < 0 || i+n+1 == len(line) {
			return false
		}
		i += n + 1
	}
}

// delimiters are tried in this order.
const delimiters = "\t,;|"

// newDelimited returns what begins a table with this delimiter, or with any.
func newDelimited(delimiter byte, p *preset) func([][]byte, Options) (stream, error) {
	return func(sample [][]byte, o Options) (stream, error) {
		said, records := saidDelimiter(sample)
		d := &delimited{Options: o, delimiter: delimiter, isQuoted: delimiter != '\t', host: -1, uri: -1, client: -1, time: -1, code: -1}
		if delimiter == 0 {
			d.delimiter, d.isQuoted = likeliestDelimiter(records), true
		}
		s := &delimitedStream{rows: d, said: bytes.Clone(said)}
		if said != nil && d.isQuoted {
			d.delimiter = delimiterOf(said)
		}
		if len(records) == 0 && p == nil {
			return s, nil
		}
		if p != nil && len(o.Columns) == 0 && slices.ContainsFunc(p.names, func(n nameColumn) bool { return isNumber(n.column) }) {
			return s, d.setColumns(*p, nil) // without a header
		}
		var columns []string
		rows := d.rowsOf(records)
		if len(rows) > 0 && (isHeader(rows[0]) || namesColumn(rows[0], o.Columns)) {
			columns = rows[0]
			s.header, s.hasHeader = bytes.Clone(records[0]), true
			d.columns = len(columns)
			for i, column := range columns {
				if slices.ContainsFunc(o.Fields, func(f Field) bool { return o.column(f) == column }) {
					d.drop = append(d.drop, i)
				}
			}
			rows = rows[1:]
		}
		if width := widest(columns, rows); width > 0 {
			for _, column := range o.Columns {
				if number, err := strconv.Atoi(column); err == nil && number > width && !slices.Contains(columns, column) {
					return nil, fmt.Errorf("no column %d: the first rows have %d", number, width)
				}
			}
		}
		wanted := generic(o.Columns)
		if len(o.Columns) == 0 {
			found, err := likeliestCells(columns, rows)
			if err != nil {
				return nil, err
			}
			wanted.names, wanted.host, wanted.target = found.names, found.host, found.target
		}
		return s, d.setColumns(wanted, columns)
	}
}

// setColumns sets where things stand. Columns are the names of all.
func (d *delimited) setColumns(p preset, columns []string) error {
	find := func(name string) int {
		if number, err := strconv.Atoi(name); err == nil && number > 0 {
			return number - 1
		}
		if i := slices.Index(columns, name); i >= 0 {
			return i
		}
		return slices.IndexFunc(columns, func(column string) bool { return bareColumn(column) == strings.ToLower(name) })
	}
	findFirst := func(names []string) int {
		for _, name := range names {
			if i := find(name); i >= 0 {
				return i
			}
		}
		return -1
	}
	for _, name := range p.names {
		at := find(name.column)
		if at < 0 {
			if len(columns) == 0 {
				return fmt.Errorf("no column %.80q: the first line names no columns; give a number, from 1", name.column)
			}
			if len(columns) == 1 {
				return fmt.Errorf("no column %.80q: the first line is one cell, %s; a delimiter other than tab, comma, semicolon and | is unknown unless a line sep=X before it says so", name.column, someOf(columns))
			}
			return fmt.Errorf("no column %.80q: there are %s", name.column, someOf(columns))
		}
		d.names = append(d.names, tableName{at, name.dns || isNumber(name.column) && at < len(columns) && isDNSColumn(columns[at])})
	}
	if p.host != "" {
		d.host, d.uri = find(p.host), find(p.target)
	}
	for _, condition := range p.only {
		d.only = append(d.only, tableCondition{find(condition.column), condition.value})
	}
	d.client, d.time, d.code = findFirst(p.clients), findFirst(p.times), findFirst(p.codes)
	return nil
}

// columnsOfTable returns what finds the columns of a table with this delimiter, or with any: their
// names, or numbers from 1 where the first line names none.
func columnsOfTable(delimiter byte) func([][]byte) (all, found []string) {
	return func(sample [][]byte) (all, found []string) {
		said, records := saidDelimiter(sample)
		d := &delimited{delimiter: delimiter, isQuoted: delimiter != '\t'}
		if delimiter == 0 {
			d.delimiter, d.isQuoted = likeliestDelimiter(records), true
		}
		if said != nil && d.isQuoted {
			d.delimiter = delimiterOf(said)
		}
		rows := d.rowsOf(records)
		var columns []string
		if len(rows) > 0 && isHeader(rows[0]) {
			columns, rows = rows[0], rows[1:]
		}
		width := len(columns)
		for _, row := range rows {
			width = max(width, len(row))
		}
		for i := range min(width, mostColumns) {
			// A number is another column's where it stands for itself, and a name where it stands
			// twice.
			name := strconv.Itoa(i + 1)
			if i < len(columns) && columns[i] != "" && !isNumber(columns[i]) && slices.Index(columns, columns[i]) == i {
				name = columns[i]
			}
			all = append(all, name)
		}
		p, err := likeliestCells(columns, rows)
		if err != nil {
			return all, nil
		}
		for _, column := range p.found() {
			if number, err := strconv.Atoi(column); err == nil && number <= len(all) {
				column = all[number-1]
			}
			found = append(found, column)
		}
		return all, found
	}
}

// widest returns how many columns there are.
func widest(columns []string, rows [][]string) int {
	width := len(columns)
	if width == 0 {
		for _, row := range rows {
			width = max(width, len(row))
		}
	}
	return width
}

func isNumber(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// likeliestCells returns where names stand in the rows of a sample.
func likeliestCells(columns []string, rows [][]string) (preset, error) {
	names := make([]string, min(widest(columns, rows), mostColumns))
	values := make([][][]byte, len(names))
	for i := range names {
		if names[i] = strconv.Itoa(i + 1); len(columns) > 0 {
			names[i] = columns[i]
		}
		for _, row := range rows {
			if i < len(row) {
				values[i] = append(values[i], []byte(row[i]))
			}
		}
	}
	if slices.Contains(columns, "host") && slices.Contains(columns, "uri") {
		return preset{host: "host", target: "uri"}, nil
	}
	i := likeliestColumn(names, values)
	if i < 0 {
		return preset{}, errors.New("no column of the first rows holds names: name one, as in -column query, or -column 3")
	}
	return preset{names: []nameColumn{{strconv.Itoa(i + 1), len(columns) > 0 && isDNSColumn(columns[i])}}}, nil
}

// rowsOf returns the cells of records.
func (d *delimited) rowsOf(records [][]byte) [][]string {
	rows := make([][]string, len(records))
	var r Record
	for i, record := range records {
		r.reset()
		d.cells(record, &r)
		for column := range r.cells {
			rows[i] = append(rows[i], string(d.cell(record, &r, column)))
		}
	}
	return rows
}

// saidDelimiter divides a sample into the first line, if it says the delimiter, and the rows.
func saidDelimiter(sample [][]byte) (said []byte, rows [][]byte) {
	if len(sample) > 0 && delimiterOf(sample[0]) != 0 {
		said, sample = sample[0], sample[1:]
	}
	return said, withoutComments(sample)
}

// delimiterOf returns the delimiter that a line says, as spreadsheets read and write it: sep=; with
// or without quotation marks. It is 0 where the line does not.
func delimiterOf(line []byte) byte {
	if len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' {
		line = line[1 : len(line)-1]
	}
	const say = "sep="
	if len(line) != len(say)+1 || !bytes.EqualFold(line[:len(say)], []byte(say)) {
		return 0
	}
	if c := line[len(say)]; c != '"' && c < utf8.RuneSelf && !isAlphanumeric(c) {
		return c
	}
	return 0
}

func withoutComments(sample [][]byte) [][]byte {
	return slices.DeleteFunc(slices.Clone(sample), func(line []byte) bool { return len(line) == 0 || line[0] == '#' })
}

// likeliestDelimiter returns the delimiter of a table, or that which is most often in its first
// line.
func likeliestDelimiter(records [][]byte) byte {
	best, most := byte(','), 0
	for i := range len(delimiters) {
		if isTable(records, delimiters[i]) {
			return delimiters[i]
		}
		if len(records) > 0 {
			if n := bytes.Count(records[0], []byte{delimiters[i]}); n > most {
				best, most = delimiters[i], n
			}
		}
	}
	return best
}

// unknownDelimiter returns the delimiter of a table that has none of delimiters, or 0.
func unknownDelimiter(sample [][]byte) byte {
	said, records := saidDelimiter(sample)
	if said != nil || slices.ContainsFunc([]byte(delimiters), func(c byte) bool { return isTable(records, c) }) {
		return 0
	}
	for _, c := range []byte("~^") {
		if !isTable(records, c) {
			continue
		}
		first := (&delimited{delimiter: c, isQuoted: true}).rowsOf(records[:1])[0]
		if len(first) > 2 || slices.ContainsFunc(first, isNameOfNames) { // a URL may have one
			return c
		}
	}
	return 0
}

// isTable reports whether records are rows of a table, rather than sentences, lines of a log, or
// URLs, with commas in them.
func isTable(records [][]byte, delimiter byte) bool {
	rows := (&delimited{delimiter: delimiter, isQuoted: true}).rowsOf(records)
	if len(rows) < 2 || len(rows[0]) < 2 {
		return false
	}
	alike, names, cells := 0, 0, 0
	for _, row := range rows {
		if len(row) == len(rows[0]) {
			alike++
		}
		for _, cell := range row {
			cells++
			if looksLikeName([]byte(cell)) {
				names++
			}
		}
	}
	if isHeader(rows[0]) {
		return float64(alike) >= 0.6*float64(len(rows)) // records below it may have several lines
	}
	first := rows[0][0]
	isSentence := strings.Contains(first, "://") || strings.Count(first, " ") > 2 || bytes.Contains(records[0], []byte{delimiter, ' '})
	return alike == len(rows) && !isSentence && names < cells
}

// isHeader reports whether a row names its columns.
func isHeader(row []string) bool {
	plain := 0
	for _, cell := range row {
		if len(row) > 1 && isNameOfNames(cell) {
			return true
		}
		if cell != "" && !looksLikeName([]byte(cell)) && !strings.ContainsAny(cell, "/[\"") && strings.Trim(cell, "0123456789.:-+ T") != "" && strings.Count(cell, " ") < 4 {
			plain++
		}
	}
	return plain == len(row)
}

// namesColumn reports whether a row has a name that somebody asked for.
func namesColumn(row, asked []string) bool {
	return slices.ContainsFunc(asked, func(column string) bool { return !isNumber(column) && slices.Contains(row, column) })
}

// fitsTable counts the rows of a table that has a column with names.
func fitsTable(delimiters string) func([][]byte) int {
	return func(sample [][]byte) int {
		said, records := saidDelimiter(sample)
		delimiters := delimiters
		if said != nil {
			if delimiters == "\t" {
				return 0 // its cells have no quotation marks
			}
			delimiters = string(delimiterOf(said))
		}
		for i := range len(delimiters) {
			if !isTable(records, delimiters[i]) {
				continue
			}
			d := &delimited{delimiter: delimiters[i], isQuoted: true}
			rows := d.rowsOf(records)
			var columns []string
			if isHeader(rows[0]) {
				columns, rows = rows[0], rows[1:]
			}
			if _, err := likeliestCells(columns, rows); err == nil {
				return len(sample)
			}
		}
		return 0
	}
}
