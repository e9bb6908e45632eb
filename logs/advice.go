package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Message says what a format was guessed for an input and why, behind the name of the input. Found
// are the columns that are read, if the format has some to choose from.
func (g Guess) Message(found []string) string {
	if g.Sampled == 0 {
		return "is read as " + g.Format.Title + ": it begins like one"
	}
	message := fmt.Sprintf("is read as %s: %d of its first %d lines are that", g.Format.Title, g.Fit, g.Sampled)
	if len(found) > 0 {
		message += fmt.Sprintf(", names are those of %s, -column or -field asks for another", strings.Join(found, " and "))
	}
	return message + "; -format lines reads a name a line"
}

// Advice is for an input that is not read as it could be. The zero value is none.
type Advice struct {
	Seems  string  // what the input seems to be, as a predicate: "looks like Zeek log"
	Format *Format // that reads it; nil if there is none
	Do     string  // to be done; only where no format reads the input as it is

	// Refused is set where none of the input can be read.
	Refused bool
}

// Text returns the advice as a predicate with flags of the program. It is empty where there is
// none.
func (a Advice) Text() string {
	switch {
	case a.Seems == "":
		return ""
	case a.Format != nil:
		return a.Seems + ": -format " + a.Format.Name
	}
	return a.Seems + ": " + a.Do
}

// asQuery makes parameters of the service's of flags.
var asQuery = strings.NewReplacer("-format ", "format=", "-column ", "column=", "-field ", "column=")

// Query is Text with parameters of the service.
func (a Advice) Query() string {
	if a.Refused {
		return a.Text() // which is a command
	}
	return asQuery.Replace(a.Text())
}

// Advise returns advice for an input with this beginning that is read in a format, which is Lines
// where none was guessed.
func Advise(sample []byte, format *Format, isFile bool) Advice {
	isList := format == Lines
	if (isList || format.Name == "pihole-db") && bytes.HasPrefix(sample, []byte("SQLite format 3\x00")) {
		return Advice{Seems: "is an SQLite database", Do: piholeCommand, Refused: true}
	}
	if !isList && (format.Sort != Records || format.flatten != nil) {
		return Advice{}
	}
	lines := sampleLines(sample)
	if advice := adviseJSON(sample, lines); advice.Seems != "" {
		return advice
	}
	if len(lines) > 0 && isZeekRow(lines[0]) && (isList || format.Name == "zeek") {
		return Advice{Seems: "looks like rows of a Zeek log without their #fields", Do: "give the log from its beginning, or -format tsv -column NUMBER"}
	}
	if c := unknownDelimiter(lines); c != 0 && (isList || format.Name == "csv") {
		return Advice{Seems: fmt.Sprintf("looks like a table with %c between its cells, which csv does not know", c), Do: fmt.Sprintf(`put the line "sep=%c" before the first, and -format csv`, c)}
	}
	if !isList || len(lines) == 0 {
		return Advice{}
	}
	if guess := GuessFormat(sample, true); guess.Format != Lines && !isFile {
		return Advice{Seems: "looks like " + guess.Format.Title, Format: guess.Format}
	}
	var likeliest *Format
	most := 0
	for _, f := range Formats {
		if f.fits == nil || f.FilesOnly && len(lines) > 1 {
			continue
		}
		if fit := f.fits(lines); fit > most {
			likeliest, most = f, fit
		}
	}
	second, fit := secondFormat(lines, likeliest, most)
	switch {
	case second != nil:
		return Advice{
			Seems: fmt.Sprintf("has lines of %s, %d of the first %d, and of %s, %d", likeliest.Title, most, len(lines), second.Title, fit),
			Do:    fmt.Sprintf("read each log by itself, with -format %s and -format %s", likeliest.Name, second.Name),
		}
	case 2*most < len(lines):
	case len(lines) == 1:
		return Advice{Seems: "looks like " + likeliest.Title, Format: likeliest}
	case most > 1:
		return Advice{Seems: fmt.Sprintf("has lines of %s, %d of the first %d", likeliest.Title, most, len(lines)), Format: likeliest}
	}
	if arePairs(lines) {
		return Advice{Seems: "looks like pairs key=value", Do: "-format kv, and -field KEY for the pair with names"}
	}
	return adviseText(lines)
}

// secondFormat returns the format of lines that are not of the likeliest, at least one in ten of
// all, and how many they are. It is nil where there is none.
func secondFormat(lines [][]byte, likeliest *Format, most int) (second *Format, fit int) {
	const leastOf = 10 // one in
	if most < leastOfAnother || leastOf*most < len(lines) {
		return nil, 0
	}
	var others [][]byte
	for _, line := range lines {
		if likeliest.fits([][]byte{line}) == 0 {
			others = append(others, line)
		}
	}
	for _, f := range Formats {
		if f.fits == nil || f.FilesOnly || isKin(f, likeliest) {
			continue
		}
		if n := f.fits(others); n > fit && n >= leastOfAnother && leastOf*n >= len(lines) && most+n <= len(lines) {
			second, fit = f, n
		}
	}
	return second, fit
}

// HasComments reports whether one of the first lines of what seems to be a list is a comment, or
// has one behind a word. List reads those.
func HasComments(sample []byte) bool {
	for _, line := range sampleLines(sample) {
		line = bytes.TrimSpace(line)
		if i := commentIn(line); line[0] == '#' || i > 0 && !bytes.ContainsFunc(bytes.TrimSpace(line[:i]), unicode.IsSpace) {
			return true
		}
	}
	return false
}

// adviseText returns advice for lines some of which have names among words, or several names. A
// list is also read by what loses none of its lines.
func adviseText(lines [][]byte) Advice {
	const leastAmong = 10 // one in
	var r Record
	listed, among := 0, 0
	for _, line := range lines {
		text, _ := withoutListMark(bytes.TrimSpace(line))
		if i := commentIn(text); i >= 0 {
			text = text[:i]
		}
		r.reset()
		prose{}.find(text, &r)
		switch words := len(bytes.Fields(text)); {
		case isComment(line):
		case words == 1:
			listed++
		case words > 1 && len(r.Names) > 0:
			among++
		}
	}
	switch {
	case among == 0 || leastAmong*among < len(lines):
		return Advice{}
	case 2*listed >= len(lines):
		return Advice{Seems: "has lines with names among words", Format: List}
	}
	format, _ := Find("text")
	return Advice{Seems: "has lines with names among words", Format: format}
}

// piholeCommand reads Pi-hole's database; see piholeDB.
const piholeCommand = `Pi-hole's is read by sqlite3 -readonly -separator $'\t' FILE "SELECT timestamp, client, domain, ` +
	`CASE reply_type WHEN 2 THEN 'NXDOMAIN' WHEN 7 THEN 'SERVFAIL' WHEN 8 THEN 'REFUSED' ELSE 'NOERROR' END ` +
	`FROM queries ORDER BY id" | snowman score -format pihole-db`

// adviseJSON returns what to do with JSON that has no value on each line.
func adviseJSON(sample []byte, lines [][]byte) Advice {
	text := bytes.TrimLeft(sample, " \t\r\n")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' || len(lines) > 0 && text[0] == '{' && json.Valid(lines[0]) {
		return Advice{}
	}
	behind := bytes.TrimLeft(text[1:], " \t\r\n")
	isArray := text[0] == '['
	if len(behind) > 0 && behind[0] != '"' && behind[0] != '}' && (behind[0] != '{' || !isArray) {
		return Advice{}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	var err error
	for err == nil {
		_, err = decoder.Token()
	}
	switch {
	case err != io.EOF && err != io.ErrUnexpectedEOF:
		return Advice{}
	case isArray && len(behind) > 0 && behind[0] == '"':
		return Advice{Seems: "looks like a JSON array of texts", Do: "jq -r '.[]' writes each on a line"}
	case isArray:
		return Advice{Seems: "looks like a JSON array", Do: "jq -c '.[]' writes each of its values on a line"}
	}
	return Advice{Seems: "looks like JSON over several lines", Do: "jq -c . writes each object on a line"}
}

// isZeekRow reports whether a line begins with the time and the identifier of a connection.
func isZeekRow(line []byte) bool {
	cells := bytes.SplitN(line, []byte("\t"), 4)
	if len(cells) < 4 {
		return false
	}
	seconds, micro, _ := bytes.Cut(cells[0], []byte("."))
	return len(seconds) == 10 && digits(seconds) == 10 && len(micro) == 6 && digits(micro) == 6 && hasPrefix(cells[1], "C") && len(cells[1]) > 12
}

// arePairs reports whether each line has some pairs key=value, and begins with one.
func arePairs(lines [][]byte) bool {
	const few = 3
	for _, line := range lines {
		count := 0
		for p, ok := nextPair(line, 0); ok && !p.isOpen && count < few; p, ok = nextPair(line, p.end) {
			if count == 0 && p.key.start > 0 || p.key.start == p.key.end || bytes.IndexByte(p.key.of(line), '/') >= 0 {
				return false
			}
			count++
		}
		if count < few {
			return false
		}
	}
	return true
}

// Missing says of columns that no record of a sample has what there is in their place, as a
// predicate, or "" if there is one of them. A table has its columns from its beginning, and says so
// itself.
func (f *Format) Missing(sample []byte, columns []string) string {
	if f.columns == nil || f.Name != "jsonl" && f.Name != "kv" || len(columns) == 0 {
		return ""
	}
	lines := sampleLines(sample)
	all, _ := f.columns(lines)
	for _, column := range columns {
		if slices.Contains(all, column) || f.Name == "jsonl" && len(newJSONPaths(Options{}, column).hitsOf(lines)) > 0 {
			return ""
		}
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("has no %s in its first records; there are %s", abbreviated(strings.Join(columns, ", "), 200), someOf(all))
}

// hitsOf returns what the paths lead to in some lines.
func (p *jsonPaths) hitsOf(lines [][]byte) (found []hit) {
	var r Record
	for _, line := range lines {
		r.reset()
		p.find(line, &r)
		found = append(found, r.hits...)
	}
	return found
}

// someOf lists columns for a message, at most twenty.
func someOf(columns []string) string {
	const most = 20
	more := ""
	if len(columns) > most {
		columns, more = columns[:most], fmt.Sprintf(" and %d more", len(columns)-most)
	}
	some := make([]string, len(columns))
	for i, column := range columns {
		some[i] = abbreviated(column, 80)
	}
	return strings.Join(some, ", ") + more
}

func abbreviated(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
