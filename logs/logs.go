// Package logs finds names in records of logs, and writes fields into the same records. It knows
// formats, and nothing of what is said of a name.
//
//	reader, err := format.NewReader(source, sample, logs.Options{Group: "snowman", Fields: fields})
//	for reader.Scan() {
//		layout := reader.Layout()
//		layout.Find(reader.Bytes(), &record)
//		out = layout.Append(out, reader.Bytes(), &record, values)
//	}
//	return reader.Err()
//
// A Reader reads in order, since what the headers of a stream say holds for what is behind them. A
// Layout holds what they said. It is immutable and safe for any number of goroutines, so that
// records that were read in order may be worked on by all cores. Neither Find nor Append allocates
// once their memory has grown.
//
// # What holds for every format
//
// Names are unescaped by the format's own rules, and never written back: each byte of a record that
// is not replaced stays, its line end too. A byte that is no UTF-8 is one like any other. A record
// that is broken passes unchanged, in pieces if it is longer than MaxRecord.
//
// Formats is the table of all formats; each has a file of its own.
package logs

import "bytes"

// MaxRecord is the length in bytes of the longest record that is read as one.
const MaxRecord = 1 << 20

// A Field is written into records.
type Field struct {
	Name string
	Type Type

	// Words are those that a value may be, or none; default: any. They tell the fields that a line
	// has already from what the log itself wrote there.
	Words []string
}

// A Type is what a field's values are.
type Type int

// The types of fields, whose names are those of Zeek.
const (
	String Type = iota
	Double
	Count
)

func (t Type) String() string { return [...]string{"string", "double", "count"}[t] }

// Options say what to read, and what Append writes. The zero value reads what the format knows of
// and writes nothing.
type Options struct {
	// Columns are where names stand, in a format that does not know it by itself: the names of
	// columns or their numbers from 1, the paths of JSON members, the keys of pairs. Default: those
	// that hold names in the sample.
	Columns []string

	// Fields are written into each record. In JSON they are members of one object, named by Group;
	// as columns their names begin with the group and _. Without a group their names stand alone.
	Group  string
	Fields []Field
}

// column returns the name of a field as a column.
func (o Options) column(f Field) string {
	if o.Group == "" {
		return f.Name
	}
	return o.Group + "_" + f.Name
}

// A Record is what is known of one record. Find sets it. Its slices lie in the record itself and in
// memory that the next Find reuses.
type Record struct {
	Names        []Name
	Client       []byte // who asked, mostly an IP address; may be empty, as may be the following
	Time         []byte
	ResponseCode []byte // such as NXDOMAIN or 3 in DNS; of answers alone
	Part         Part
	Lost         bool   // it has a name of which the log does not keep all bytes: there is none in Names
	Repeats      bool   // an earlier record of the same log may have told of the same, as a question has of its answer
	Key          uint64 // the same for a question and its answer; 0 if the format does not tell

	Header    bool   // a header, a comment, a blank line: no record
	Broken    string // why it is no record of the format; else empty
	Continues bool   // broken, and a further piece of the record before it

	unescaped []byte // the memory of names that are not as they stand
	hits      []hit  // in JSON
	cells     []span // in tables
	cuts      []span // what Append leaves out
	end       int    // where Append inserts
	isEmpty   bool   // nothing stands before that place
}

// A Name is a domain name or a URL in a record.
type Name struct {
	// Text is what the record says, with the format's escapes undone. A name out of DNS is in the
	// presentation format of RFC 1035, section 5.1, in which \. is a dot within a label, and \\ a
	// backslash; a final dot may stand behind it.
	Text []byte
	DNS  bool // out of DNS, where each byte counts; else of the web, as people and programs write it
}

// WithoutRoot returns the text, that of a name out of DNS without the final dot.
func (n Name) WithoutRoot() []byte {
	end := len(n.Text) - 1
	if !n.DNS || end < 1 || n.Text[end] != '.' {
		return n.Text
	}
	backslashes := end - len(bytes.TrimRight(n.Text[:end], `\`))
	if backslashes%2 == 1 {
		return n.Text
	}
	return n.Text[:end]
}

// A Part says what a record is of an exchange.
type Part int

// The parts of an exchange.
const (
	Whole Part = iota // a question with its answer, or nothing of the sort
	Question
	Answer
)

// What a record may keep for the next.
const (
	keptBytes = 4 << 10
	keptItems = 256
)

// reset empties a record, and leaves large memory to others.
func (r *Record) reset() {
	*r = Record{
		Names: kept(r.Names, keptItems), unescaped: kept(r.unescaped, keptBytes),
		hits: kept(r.hits, keptItems), cells: kept(r.cells, keptItems), cuts: kept(r.cuts, keptItems),
	}
}

func kept[T any](memory []T, most int) []T {
	if cap(memory) > most {
		return nil
	}
	return memory[:0]
}

// addDNS adds a name out of DNS that is in presentation format.
func (r *Record) addDNS(name []byte) {
	if len(name) > 0 {
		r.Names = append(r.Names, Name{Text: name, DNS: true})
	}
}

// addRawDNS adds a name out of DNS whose bytes are those in the message, with dots between labels.
func (r *Record) addRawDNS(name []byte) {
	if bytes.IndexByte(name, '\\') >= 0 {
		start := len(r.unescaped)
		for _, c := range name {
			if c == '\\' {
				r.unescaped = append(r.unescaped, c)
			}
			r.unescaped = append(r.unescaped, c)
		}
		name = r.unescaped[start:]
	}
	r.addDNS(name)
}

// addWeb adds a host or a URL.
func (r *Record) addWeb(text []byte) {
	if len(text) > 0 {
		r.Names = append(r.Names, Name{Text: text})
	}
}

// addRequest adds the URL of a request over HTTP: its host, and its target (RFC 9112, section 3.2),
// which is a path, or to a proxy a URL or host:port. The port may be empty.
func (r *Record) addRequest(host, target, port []byte) {
	if len(target) > 0 && target[0] != '/' && target[0] != '*' && target[0] != '?' {
		r.addWeb(target)
		if name, _, _ := bytes.Cut(host, []byte(":")); !bytes.Contains(target, name) {
			r.addWeb(host) // a server may take any target
		}
		return
	}
	if len(host) == 0 {
		return
	}
	if len(target) > 0 && target[0] == '*' {
		target = nil
	}
	start := len(r.unescaped)
	isBareIPv6 := host[0] != '[' && bytes.Count(host, []byte(":")) > 1
	if isBareIPv6 {
		r.unescaped = append(r.unescaped, '[')
	}
	r.unescaped = append(r.unescaped, host...)
	if isBareIPv6 {
		r.unescaped = append(r.unescaped, ']')
	}
	hasPort := !isBareIPv6 && bytes.IndexByte(host[bytes.IndexByte(host, ']')+1:], ':') >= 0
	if len(port) > 0 && !hasPort && string(port) != "80" && string(port) != "443" {
		r.unescaped = append(append(r.unescaped, ':'), port...)
	}
	r.unescaped = append(r.unescaped, target...)
	r.addWeb(r.unescaped[start:])
}

// A Layout says where things stand in records. It is immutable.
type Layout struct{ of layout }

// A layout is what a format knows of its records. Lines come without their ends and without a byte
// order mark, and none is blank.
// Both methods must be safe for any number of goroutines, and allocate nothing.
type layout interface {
	// find sets what is known of a record, which is empty at first.
	find(line []byte, r *Record)

	// append appends a record that find was given and that is not broken, with the values of the
	// fields; a header gets their names. A nil value is none.
	append(out, line []byte, r *Record, values [][]byte) []byte
}

// Find sets r to what is known of a record.
func (l Layout) Find(record []byte, r *Record) {
	r.reset()
	if of, ok := l.of.(messages); ok { // it has no lines
		of.find(record, r)
		return
	}
	line, _ := cutEnd(record)
	l.of.find(withoutMark(line), r)
	if r.Broken != "" {
		r.Names = r.Names[:0]
	}
}

// Append appends a record with the values of Options.Fields in it, in their order. The record must
// be the one that Find was given. A value that is nil is left out, or unset where something must
// stand. Of a message that is broken it appends nothing.
func (l Layout) Append(out, record []byte, r *Record, values [][]byte) []byte {
	if of, ok := l.of.(messages); ok {
		return of.append(out, record, r, values)
	}
	if r.Broken != "" {
		return append(out, record...)
	}
	line, end := cutEnd(record)
	if rest := withoutMark(line); len(rest) < len(line) {
		out, line = append(out, mark...), rest
	}
	return append(l.of.append(out, line, r, values), end...)
}

// mark is a byte order mark. One within a source stands where files were put together.
const mark = "\ufeff"

func withoutMark(line []byte) []byte {
	if len(line) > 0 && line[0] == mark[0] {
		return bytes.TrimPrefix(line, []byte(mark))
	}
	return line
}

// cutEnd divides a record from its line end.
func cutEnd(record []byte) (line, end []byte) {
	line = bytes.TrimSuffix(record, []byte("\n"))
	if len(line) < len(record) {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	return line, record[len(line):]
}

// isBlank reports whether a line has nothing to be read.
func isBlank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// startNULs returns how many NULs a line begins with. A file that is cut while it is written may
// have them in place of what was cut.
func startNULs(line []byte) int { return len(line) - len(bytes.TrimLeft(line, "\x00")) }

// blank is the layout of blank lines, and of NULs before a line.
type blank struct{}

func (blank) find(_ []byte, r *Record) { r.Header = true }

func (blank) append(out, line []byte, _ *Record, _ [][]byte) []byte { return append(out, line...) }

// A span is a part of a line.
type span struct{ start, end int }

func (s span) of(line []byte) []byte { return line[s.start:s.end] }

// brokenPiece is the layout of the pieces of what is too long for a record, or cut.
type brokenPiece struct{ isCut, continues bool }

func (b brokenPiece) find(_ []byte, r *Record) {
	r.Broken, r.Continues = "it is longer than 1 MiB", b.continues
	if b.isCut {
		r.Broken = "it ends in the middle"
	}
}

func (brokenPiece) append(out, line []byte, _ *Record, _ [][]byte) []byte {
	return append(out, line...)
}
