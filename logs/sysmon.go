package logs

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"unicode/utf8"
)

// Sysmon tells of look-ups in events 22, which Windows exports as XML: one on each line, one on
// many, or all on one (https://learn.microsoft.com/sysinternals/downloads/sysmon). Events of other
// sources that have a QueryName are read, too; others have no name.

// sysmon is the layout of events.
type sysmon struct{ namesOnly }

const noEvent = "it is no event"

func (e sysmon) find(line []byte, r *Record) {
	if e.findPlain(line, r) {
		return
	}
	*r = Record{Names: r.Names[:0], unescaped: r.unescaped[:0]}
	if e.findXML(line, r) != nil {
		r.Broken = noEvent
	}
}

// findPlain finds what stands in an event as Windows writes it. It reports whether it is one: an
// event may be written in other ways, which the package for XML reads.
func (sysmon) findPlain(line []byte, r *Record) bool {
	isPlain := bytes.HasPrefix(line, []byte(eventStart)) && bytes.HasSuffix(line, []byte(eventEnd))
	if !isPlain || bytes.Contains(line, []byte("<!")) || bytes.Contains(line, []byte(":Data")) {
		return false
	}
	r.Client = r.unescapeXML(between(line, "<Computer>", "</Computer>"))
	if created := elementStart(line, "<TimeCreated "); created != nil {
		r.Time = attribute(created, "SystemTime=")
	}
	for i := 0; ; {
		const element = "<Data"
		n := bytes.Index(line[i:], []byte(element))
		if n < 0 {
			return true
		}
		i += n + len(element)
		if c := line[i]; c == '>' || c == '/' || isAlphanumeric(c) || c == '_' || c == '-' || c == '.' {
			continue // it has no name, or is another element
		}
		const name = " Name="
		if !bytes.HasPrefix(line[i:], []byte(name)) {
			return false
		}
		i += len(name)
		quote := line[i]
		n = bytes.IndexByte(line[i+1:], quote)
		if quote != '"' && quote != '\'' || n < 0 || bytes.IndexByte(line[i+1:i+1+n], '&') >= 0 {
			return false
		}
		field := line[i+1 : i+1+n]
		i += len(field) + 2
		if bytes.HasPrefix(line[i:], []byte("/>")) {
			continue
		}
		n = bytes.IndexByte(line[i:], '<')
		if line[i] != '>' || n < 0 || !bytes.HasPrefix(line[i+n:], []byte("</Data>")) {
			return false
		}
		r.setData(field, r.unescapeXML(bytes.TrimSpace(line[i+1:i+n])))
		i += n
	}
}

// setData sets what a field of an event says.
func (r *Record) setData(field, value []byte) {
	switch string(field) {
	case "QueryName":
		r.addRawDNS(value)
	case "UtcTime":
		r.Time = value
	case "QueryStatus":
		r.ResponseCode = windowsCode(value)
	}
}

// findXML finds what stands in any event.
func (sysmon) findXML(line []byte, r *Record) error {
	decoder := xml.NewDecoder(bytes.NewReader(line))
	var field []byte // of the element whose text is read
	var text []byte
	isEvent := false
	for {
		token, err := decoder.Token()
		if err == io.EOF && isEvent {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "Event":
				isEvent = true
			case "TimeCreated":
				if r.Time == nil {
					r.Time = []byte(attributeOf(token, "SystemTime"))
				}
			case "Data":
				field, text = []byte(attributeOf(token, "Name")), nil
			case "Computer":
				text = nil
			}
		case xml.CharData:
			text = append(text, token...)
		case xml.EndElement:
			switch token.Name.Local {
			case "Data":
				r.setData(field, bytes.TrimSpace(text))
				field = nil
			case "Computer":
				r.Client = text
			}
		}
	}
}

func attributeOf(element xml.StartElement, name string) string {
	for _, a := range element.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// windowsCodes are the errors of DNS among those of Windows:
// https://learn.microsoft.com/windows/win32/debug/system-error-codes--9000-11999-
var windowsCodes = map[string][]byte{
	"0": responseCodes[0], "9001": responseCodes[1], "9002": responseCodes[2], "9003": responseCodes[3], "9004": responseCodes[4], "9005": responseCodes[5],
}

// windowsCode returns the response code that a status of a look-up stands for, or else the status.
func windowsCode(status []byte) []byte {
	if code, ok := windowsCodes[string(status)]; ok {
		return code
	}
	return status
}

// between returns what stands between two texts, or nil.
func between(line []byte, before, behind string) []byte {
	start := bytes.Index(line, []byte(before))
	if start < 0 {
		return nil
	}
	rest := line[start+len(before):]
	end := bytes.Index(rest, []byte(behind))
	if end < 0 {
		return nil
	}
	return rest[:end]
}

// elementStart returns the first tag that begins like this.
func elementStart(line []byte, tag string) []byte {
	return between(line, tag, ">")
}

// attribute returns the value of an attribute in a tag, in single or double quotation marks.
func attribute(tag []byte, name string) []byte {
	start := bytes.Index(tag, []byte(name))
	if start < 0 || start+len(name) == len(tag) {
		return nil
	}
	value := tag[start+len(name):]
	quote := value[0]
	if quote != '"' && quote != '\'' {
		return nil
	}
	end := bytes.IndexByte(value[1:], quote)
	if end < 0 {
		return nil
	}
	return value[1 : end+1]
}

// unescapeXML returns a text in which the references to characters are undone (XML 1.0, section
// 4.1). Others stay.
func (r *Record) unescapeXML(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return text
	}
	start := len(r.unescaped)
	for i := 0; i < len(text); i++ {
		if text[i] == '&' {
			if end := bytes.IndexByte(text[i:min(len(text), i+12)], ';'); end > 0 {
				if character := xmlReference(text[i+1 : i+end]); character >= 0 {
					r.unescaped = utf8.AppendRune(r.unescaped, character)
					i += end
					continue
				}
			}
		}
		r.unescaped = append(r.unescaped, text[i])
	}
	return r.unescaped[start:]
}

// xmlReference returns the character that a reference is of, or -1.
func xmlReference(name []byte) rune {
	switch string(name) {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || name[0] != '#' {
		return -1
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	number := 0
	for _, c := range digits {
		digit := hexDigit(c)
		if digit < 0 || digit >= base {
			return -1
		}
		number = min(number*base+digit, utf8.MaxRune+1)
	}
	if len(digits) == 0 || !utf8.ValidRune(rune(number)) {
		return -1
	}
	return rune(number)
}

const (
	eventStart   = "<Event"
	eventEnd     = "</Event>"
	longestEvent = 256 << 10
)

// An eventSplitter puts each event on a line of its own. What is too long for one, or ends too
// early, is a line that is none.
type eventSplitter struct {
	source  *bufio.Reader
	event   []byte // that is read
	name    []byte // of its element, with a prefix; empty outside
	tag     []byte // from its <, or the start of a longer one; empty outside
	until   string // what ends the comment or the section of characters that is read; empty outside
	tail    [3]byte
	held    int    // bytes of the event, or of what stands between two
	out     []byte // what was not read yet
	hasText bool   // some of the source is no event
	hasSome bool   // some of it is
	err     error
}

func splitEvents(source io.Reader) io.Reader {
	return &eventSplitter{source: bufio.NewReaderSize(source, 64<<10)}
}

func (s *eventSplitter) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		c, err := s.source.ReadByte()
		if err == nil {
			s.step(c)
			continue
		}
		if s.err = err; err == io.EOF && (len(s.name) > 0 || s.until != "" || s.hasText && !s.hasSome) {
			s.out = noEventLine
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

var noEventLine = []byte("<\n")

// longestTag is how much of a tag is looked at, for the name of its element.
const longestTag = 256

// step reads a byte.
func (s *eventSplitter) step(c byte) {
	s.hasText = s.hasText || c > ' '
	s.held++
	isEnd := false
	switch {
	case s.until != "":
		s.skip(c)
	case c == '<':
		s.tag = append(s.tag[:0], c)
	case len(s.tag) > 0:
		if len(s.tag) < longestTag {
			s.tag = append(s.tag, c)
		}
		isEnd = s.readTag(c)
	}
	if len(s.name) == 0 {
		return
	}
	if s.held <= longestEvent {
		s.event = append(s.event, c)
		if c == '\n' || c == '\r' {
			s.event[len(s.event)-1] = ' '
		}
	}
	if !isEnd {
		return
	}
	s.hasSome = true
	if s.out = append(s.event, '\n'); s.held > longestEvent {
		s.out = noEventLine
	}
	s.name, s.held = s.name[:0], 0
}

// skip reads a byte of a comment or a section of characters. One that is too long was cut.
func (s *eventSplitter) skip(c byte) {
	s.tail = [3]byte{s.tail[1], s.tail[2], c}
	if string(s.tail[:]) == s.until || s.held > longestEvent {
		s.until = ""
	}
}

// readTag reads a byte of a tag. It reports whether an event ends in it.
func (s *eventSplitter) readTag(c byte) (isEnd bool) {
	switch string(s.tag) {
	case "<!--":
		s.until = "-->"
	case "<![CDATA[":
		s.until = "]]>"
	}
	if s.until != "" {
		s.tail, s.tag = [3]byte{}, s.tag[:0]
		if len(s.name) == 0 {
			s.held = 0
		}
		return false
	}
	if c != '>' && c > ' ' {
		return false
	}
	name := s.tag[1 : len(s.tag)-1]
	if c == '>' {
		closed, isClosing := bytes.CutPrefix(name, []byte("/"))
		isEnd = isClosing && len(s.name) > 0 && bytes.Equal(bytes.TrimRight(closed, " \t\r\n"), s.name)
	}
	if _, local, hasPrefix := bytes.Cut(name, []byte(":")); string(name) == "Event" || hasPrefix && string(local) == "Event" && name[0] != '/' {
		if len(s.name) > 0 {
			s.out = noEventLine // the one before it was cut
		}
		s.name = append(s.name[:0], name...)
		s.event = append(s.event[:0], s.tag[:len(s.tag)-1]...)
		s.held = len(s.tag)
	}
	if c == '>' {
		s.tag = s.tag[:0]
	}
	return isEnd
}

func newSysmon(_ [][]byte, _ Options) (stream, error) { return constant{sysmon{}}, nil }

// fitsSysmon counts all lines of an export of events.
func fitsSysmon(sample [][]byte) int {
	if len(sample) == 0 || !bytes.HasPrefix(bytes.TrimLeft(sample[0], " \t\ufeff"), []byte("<")) {
		return 0
	}
	for _, line := range sample {
		if bytes.Contains(line, []byte("schemas.microsoft.com/win/2004/08/events/event")) {
			return len(sample)
		}
	}
	return 0
}
