package labelling

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
)

// header is the first line of a file of rows.
const header = "text\tlabel\tkind\tfamily\tdate"

// Write writes rows with the header text, label, kind, family, date, as dataset.Reader reads them.
func Write(w io.Writer, rows []dataset.Row) error {
	out := bufio.NewWriter(w)
	out.WriteString(header + "\n")
	for _, row := range rows {
		label := 0
		if row.Malicious {
			label = 1
		}
		out.WriteString(row.Text + "\t" + strconv.Itoa(label) + "\t" + row.Kind + "\t" + row.Family + "\t" + row.Date + "\n")
	}
	return out.Flush()
}

// ReadRows reads what Write wrote, of which people may have edited the rows, each text once.
// Another file, or a row that cannot be read, is an error: what is written in its place would lack
// it.
func ReadRows(source io.Reader) ([]dataset.Row, error) {
	in := bufio.NewReader(source)
	first, _ := in.Peek(len(header) + 1) // an error comes again
	switch own, isOurs := strings.CutPrefix(string(first), header); {
	case len(first) == 0:
		return nil, nil // an empty file
	case !isOurs || strings.Trim(own, "\r\n") != "":
		return nil, fmt.Errorf("it is no file of snowman label: its first line is not %q", strings.ReplaceAll(header, "\t", " "))
	}
	reader, err := dataset.NewReader(in)
	if err != nil {
		return nil, err
	}
	var rows []dataset.Row
	var u canon.URL
	characters, known := 0, make(map[string]bool)
	for reader.Scan() {
		row, err := reader.Row()
		if err != nil {
			return nil, err
		}
		if err := u.Parse(row.Text); err != nil {
			return nil, fmt.Errorf("line %d: %w", reader.Line(), err)
		}
		row.Text, row.Kind, row.Family, row.Date = u.String(), nameOf(row.Kind), nameOf(row.Family), dateOf(row.Date)
		switch was, isKnown := known[row.Text]; {
		case isKnown && was != row.Malicious:
			return nil, fmt.Errorf("line %d: %s is called both benign and malicious", reader.Line(), shown(row.Text))
		case isKnown:
			continue
		}
		known[row.Text] = row.Malicious
		if characters += len(row.Text) + len(row.Family); len(rows) == mostRows || characters > mostCharacters {
			return nil, errTooMuch
		}
		rows = append(rows, row)
	}
	return rows, reader.Err()
}
