package dataset

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lines"
	"github.com/snowman-ml/snowman/internal/plain"
)

// A Reader reads the rows of one file: tab- or comma-separated with a header line that names a
// column text (or url, or domain), or one text a line; in UTF-8 or UTF-16,
// compressed by gzip or zstd or not.
//
//	for r.Scan() {
//		row, err := r.Row() // an error is this row's alone
//	}
//	return r.Err()
type Reader struct {
	lines   *lines.Reader
	columns map[string]int // of a file with a header, by name
	comma   byte
	first   bool // the first line, which is no header, is the next row
}

// columnNames are the names that a header may give to a column.
var columnNames = map[string][]string{
	"text":   {"text", "url", "domain"},
	"label":  {"label"},
	"kind":   {"kind"},
	"family": {"family"},
	"date":   {"date"},
}

// NewReader returns a Reader of source.
func NewReader(source io.Reader) (*Reader, error) {
	const otherColumns = 16 << 10
	r := &Reader{lines: lines.NewReader(plain.NewReader(source), canon.MaxLength+otherColumns)}
	if !r.lines.Scan() {
		return r, r.lines.Err()
	}
	r.readHeader(string(r.lines.Bytes()))
	return r, nil
}

// readHeader takes the first line for a header if it names a text column and another one.
func (r *Reader) readHeader(line string) {
	for _, comma := range []byte{'\t', ','} {
		fields := strings.Split(strings.ToLower(line), string(comma))
		for i, field := range fields {
			fields[i] = strings.Trim(field, `" `)
		}
		columns := make(map[string]int)
		for name, aliases := range columnNames {
			if at := slices.IndexFunc(fields, func(f string) bool { return slices.Contains(aliases, f) }); at >= 0 {
				columns[name] = at
			}
		}
		if _, found := columns["text"]; found && len(columns) > 1 {
			r.columns, r.comma = columns, comma
			return
		}
	}
	r.first = true
}

// Scan moves to the next row. It returns false at the end and after an error.
func (r *Reader) Scan() bool {
	if r.first {
		r.first = false
		return r.lines.Number() > 0
	}
	return r.lines.Scan()
}

// Line returns the number of the line that the row stands in.
func (r *Reader) Line() int { return r.lines.Number() }

// Err returns the error that ended the reading.
func (r *Reader) Err() error { return r.lines.Err() }

// Row returns the current row, with the text as it is in the file. Malicious and Kind are not set
// if the file has no label column. An error is this row's alone.
func (r *Reader) Row() (Row, error) {
	if r.lines.Cut() {
		return Row{}, fmt.Errorf("line %d is too long", r.Line())
	}
	if r.columns == nil {
		return Row{Text: withoutRank(string(r.lines.Bytes()))}, nil
	}
	fields, err := r.fields()
	if err != nil {
		return Row{}, fmt.Errorf("line %d: %w", r.Line(), err)
	}
	field := func(name string) string {
		if at, ok := r.columns[name]; ok && at < len(fields) {
			return fields[at]
		}
		return ""
	}
	row := Row{Text: field("text"), Kind: strings.ToLower(field("kind")), Family: field("family"), Date: field("date")}
	if _, labelled := r.columns["label"]; !labelled {
		row.Malicious = row.Kind != "" && row.Kind != Benign
		return row, nil
	}
	label := strings.ToLower(field("label"))
	row.Malicious = label == "1" || label == "malicious"
	if !row.Malicious && label != "0" && label != Benign {
		return Row{}, fmt.Errorf("line %d: label %q, want 0 or 1", r.Line(), label)
	}
	if row.Malicious && row.Kind == Benign || !row.Malicious && slices.Contains([]string{DGA, Phishing, Malware}, row.Kind) {
		return Row{}, fmt.Errorf("line %d: label %q and kind %q contradict each other", r.Line(), label, row.Kind)
	}
	if !row.Malicious {
		row.Kind = Benign
	}
	return row, nil
}

// withoutRank removes the rank of a line of a list of popular names: 1,example.com.
func withoutRank(line string) string {
	rank, name, found := strings.Cut(line, ",")
	if found && rank != "" && strings.Trim(rank, "0123456789") == "" {
		return name
	}
	return line
}

func (r *Reader) fields() ([]string, error) {
	if r.comma == '\t' {
		return strings.Split(string(r.lines.Bytes()), "\t"), nil
	}
	record := csv.NewReader(bytes.NewReader(r.lines.Bytes()))
	record.LazyQuotes = true
	return record.Read()
}
