package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lines"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Format says how the rows of a feed are written. How it is packed shows in its first bytes.
type Format struct {
	Name   string // in words
	Ending string // of the file that a mirror has: csv, csv.gz, csv.zip, ...

	members []string                       // of an archive of several files: patterns of their paths
	read    func(member string) lineReader // for rows that are lines; member is the file in the archive
	readAll func(io.Reader, addRow) error  // for all else
}

// A lineReader reads the lines of one file.
type lineReader interface {
	// row returns the row of a line. Lines that say nothing of a name, such as comments, are not
	// kept. An error is the whole file's.
	row(line string) (row dataset.Row, kept bool, err error)
}

// addRow takes a row as it stands in a feed.
type addRow func(dataset.Row) error

const (
	maxLine    = canon.MaxLength + 16<<10 // bytes of a line with all its columns
	maxMembers = 16                       // depth of JSON
	memberMark = "==> "                   // before the path of a file of an archive, as head writes it
	memberEnd  = " <=="
)

// rows calls use with each row of a feed whose text is a name or a URL, and counts the others. Use
// may end the reading by an error.
func (f *Feed) rows(content io.Reader, use addRow) (refused int, err error) {
	var u canon.URL
	add := func(row dataset.Row) error {
		row.Text = clean(row.Text)
		if row.Text == "" || u.Parse(row.Text) != nil {
			refused++
			return nil
		}
		row.Family = clean(row.Family)
		row.Date = dateOf(row.Date)
		if f.Kind != "" {
			row.Kind = f.Kind
		}
		row.Malicious = row.Kind != dataset.Benign
		return use(row)
	}
	if f.Format.readAll != nil {
		err = f.Format.readAll(content, add)
	} else {
		err = f.readLines(content, add, &refused)
	}
	return refused, err
}

// readLines reads a feed line by line.
func (f *Feed) readLines(content io.Reader, add addRow, refused *int) error {
	in := lines.NewReader(content, maxLine)
	var file lineReader
	if f.Format.members == nil {
		file = f.Format.read("")
	}
	for in.Scan() {
		line := string(in.Bytes())
		if f.Format.members != nil {
			if path, found := strings.CutPrefix(line, memberMark); found && strings.HasSuffix(path, memberEnd) {
				file = f.Format.read(strings.TrimSuffix(path, memberEnd))
				continue
			}
			if file == nil {
				return errors.New("it does not begin with a file of an archive")
			}
		}
		if in.Cut() {
			*refused++
			continue
		}
		row, kept, err := file.row(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", in.Number(), err)
		}
		if !kept {
			continue
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return in.Err()
}

// clean removes what would end a field or a line, and spaces around a text.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text))
}

// dateOf returns the day with which a date begins, as 2006-01-02, or "": 2026-05-27 11:52:06,
// 2025/10/01 10:25:00, 2026-08-12T12:22:21+00:00, and, day before month, 27-05-2026 or 7-5-2026.
func dateOf(text string) string {
	text = strings.ReplaceAll(clean(text), "/", "-")
	if end := strings.IndexAny(text, " T"); end >= 0 {
		text = text[:end]
	}
	for _, layout := range []string{"2006-1-2", "2-1-2006"} {
		if day, err := time.Parse(layout, text); err == nil {
			return day.Format(time.DateOnly)
		}
	}
	return ""
}

// list reads one text a line, also in the form of hosts files and of dnsmasq, with comments.
func list(string) lineReader { return plainList{} }

// listOfFolder is list for an archive in which the folders are named as the families.
func listOfFolder(member string) lineReader {
	folders := strings.Split(member, "/")
	return plainList{family: strings.Join(folders[:len(folders)-1], "_")}
}

// listOfFile is list for an archive in which the files are named as the families.
func listOfFile(member string) lineReader {
	name := member[strings.LastIndexByte(member, '/')+1:]
	return plainList{family: strings.TrimSuffix(name, ".txt")}
}

type plainList struct{ family string }

func (l plainList) row(line string) (dataset.Row, bool, error) {
	line = strings.TrimSpace(line)
	if line == "" || strings.ContainsRune("#!;", rune(line[0])) || strings.HasPrefix(line, "//") {
		return dataset.Row{}, false, nil
	}
	for _, address := range []string{"0.0.0.0", "127.0.0.1"} { // of a hosts file
		if name, found := strings.CutPrefix(line, address); found && name != "" && strings.ContainsRune(" \t", rune(name[0])) {
			line, _, _ = strings.Cut(strings.TrimSpace(name), " ")
		}
	}
	if rule, found := strings.CutPrefix(line, "server=/"); found { // of dnsmasq
		line, _, _ = strings.Cut(rule, "/")
	}
	return dataset.Row{Text: withoutWildcard(line), Family: l.family}, true, nil
}

// withoutWildcard removes what stands for all names below a name.
func withoutWildcard(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "*"), ".")
}

// Where the header of a table stands, if the columns are not fixed.
const (
	firstLine     = "first line"
	commentHeader = "comment"
)

// A table has a row a line, with commas or tabs between the columns.
type table struct {
	header             string // firstLine, commentHeader, or the columns, which the file does not name
	comma              byte   // default ','
	text, date, family string // columns, in lower case

	only   string   // a column by which rows are chosen; default all
	values []string // of that column

	kind func(tags string) string // of a row with this family
}

// ranked is a list of popular names with their ranks.
var ranked = table{header: "rank,domain", text: "domain"}.reader

func (t table) reader(string) lineReader {
	if t.comma == 0 {
		t.comma = ','
	}
	r := &tableReader{table: t}
	if t.header != firstLine && t.header != commentHeader {
		r.setColumns(strings.Split(t.header, ","))
	}
	return r
}

// A tableReader reads one file of a table.
type tableReader struct {
	table
	known                    bool // where the columns are
	atText, atDate, atFamily int  // -1 where there is none
	atOnly                   int
	cells                    []string
}

// setColumns finds the columns in a header, and reports whether it has that of the text.
func (t *tableReader) setColumns(header []string) bool {
	at := func(name string) int {
		if name == "" {
			return -1
		}
		return slices.IndexFunc(header, func(cell string) bool { return strings.ToLower(strings.TrimSpace(cell)) == name })
	}
	t.atText, t.atDate, t.atFamily, t.atOnly = at(t.text), at(t.date), at(t.family), at(t.only)
	t.known = t.atText >= 0 && (t.only == "" || t.atOnly >= 0)
	return t.known
}

func (t *tableReader) row(line string) (dataset.Row, bool, error) {
	if comment, found := strings.CutPrefix(line, "#"); found {
		if t.header == commentHeader && !t.known {
			t.cells = splitTable(t.cells[:0], strings.TrimSpace(comment), t.comma)
			t.setColumns(t.cells)
		}
		return dataset.Row{}, false, nil
	}
	if strings.TrimSpace(line) == "" {
		return dataset.Row{}, false, nil
	}
	t.cells = splitTable(t.cells[:0], line, t.comma)
	if !t.known {
		if t.header == firstLine && t.setColumns(t.cells) {
			return dataset.Row{}, false, nil
		}
		return dataset.Row{}, false, fmt.Errorf("no header with the column %q: %q", t.text, visible.Abbreviate(line, 60))
	}
	cell := func(at int) string {
		if at < 0 || at >= len(t.cells) {
			return ""
		}
		return strings.TrimSpace(t.cells[at])
	}
	if t.only != "" && t.atText < len(t.cells) && !slices.Contains(t.values, strings.ToLower(cell(t.atOnly))) {
		return dataset.Row{}, false, nil
	}
	row := dataset.Row{Text: cell(t.atText), Date: cell(t.atDate), Family: cell(t.atFamily)}
	if strings.HasPrefix(row.Text, `"`) { // a mark that was never closed
		row.Text = ""
	}
	if row.Family == "None" { // as abuse.ch writes it
		row.Family = ""
	}
	if t.kind != nil {
		row.Kind = t.kind(row.Family)
	}
	return row, true, nil
}

// kindOfTags returns the kind of a row of TweetFeed.
func kindOfTags(tags string) string {
	tags = strings.ToLower(tags)
	if strings.Contains(tags, "#phishing") || strings.Contains(tags, "#scam") {
		return dataset.Phishing
	}
	if tags == "" {
		return "" // malicious, of unknown kind
	}
	return dataset.Malware
}

// splitTable appends the cells of a line. Quotation marks may stand around a cell (RFC 4180), with
// spaces before them; elsewhere they are part of the text.
func splitTable(cells []string, line string, comma byte) []string {
	for {
		rest := strings.TrimLeft(line, " ")
		if comma != '\t' && strings.HasPrefix(rest, `"`) {
			if cell, after, closed := quoted(rest[1:], comma); closed {
				cells = append(cells, cell)
				if after == "" {
					return cells
				}
				line = after[1:]
				continue
			}
		}
		end := strings.IndexByte(line, comma)
		if end < 0 {
			return append(cells, line)
		}
		cells = append(cells, line[:end])
		line = line[end+1:]
	}
}

// quoted returns the cell that ends with a quotation mark before a comma or the end of the line.
func quoted(text string, comma byte) (cell, after string, closed bool) {
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		rest := text[i+1:]
		if strings.HasPrefix(rest, `"`) {
			i++
			continue
		}
		if trimmed := strings.TrimLeft(rest, " "); trimmed == "" || trimmed[0] == comma {
			return strings.ReplaceAll(text[:i], `""`, `"`), trimmed, true
		}
	}
	return "", "", false
}

// members returns a reader of JSON whose rows are the strings of a member, named by the members
// that it is in: entries.name. Arrays are no part of the name. Lines that begin with // are
// comments.
func members(name string) func(io.Reader, addRow) error {
	wanted := strings.Split(name, ".")
	return func(content io.Reader, add addRow) error {
		decoder := json.NewDecoder(&uncommented{lines: lines.NewReader(content, 1<<20)})
		walk := &jsonWalk{decoder: decoder, wanted: wanted, add: add}
		if err := walk.value(0); err != nil {
			return err
		}
		if _, err := decoder.Token(); err != io.EOF {
			return errors.Join(errors.New("text stands behind the JSON"), err)
		}
		if !walk.found {
			return fmt.Errorf("the JSON has no member %q", name)
		}
		return nil
	}
}

// A jsonWalk goes through a JSON document token by token.
type jsonWalk struct {
	decoder *json.Decoder
	wanted  []string
	path    []string
	found   bool
	add     addRow
}

// value reads one value.
func (w *jsonWalk) value(depth int) error {
	token, err := w.decoder.Token()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if depth > maxMembers {
		return fmt.Errorf("the JSON is deeper than %d", maxMembers)
	}
	switch token := token.(type) {
	case json.Delim:
		for w.decoder.More() {
			if token == '{' {
				name, err := w.decoder.Token()
				if err != nil {
					return err
				}
				w.path = append(w.path, name.(string)) // as the decoder promises
			}
			if err := w.value(depth + 1); err != nil {
				return err
			}
			if token == '{' {
				w.path = w.path[:len(w.path)-1]
			}
		}
		_, err := w.decoder.Token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	case string:
		if slices.Equal(w.path, w.wanted) {
			w.found = true
			return w.add(dataset.Row{Text: withoutWildcard(token)})
		}
	}
	return nil
}

// uncommented reads lines without those that begin with //, which JSON does not know.
type uncommented struct {
	lines *lines.Reader
	line  []byte
	rest  []byte // of line
}

func (u *uncommented) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if !u.lines.Scan() {
			if err := u.lines.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		if u.lines.Cut() {
			return 0, fmt.Errorf("line %d is too long", u.lines.Number())
		}
		line := u.lines.Bytes()
		if !strings.HasPrefix(strings.TrimLeft(string(line[:min(len(line), 200)]), " \t"), "//") {
			u.line = append(append(u.line[:0], line...), '\n')
			u.rest = u.line
		}
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}
