package logs

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// Sysmon tells of look-ups in events 22, which Windows exports as XML: one on each line, one on
// many, or all on one (https://learn.microsoft.com/sysinternals/downloads/sysmon). Events of other
// sources that have a QueryName are read, too; others have no name.

// sysmon is the layout of events.
type sysmon struct{ namesOnly }

func (sysmon) find(line []byte, r *Record) {
	if !bytes.HasPrefix(line, []byte(eventStart)) || !bytes.HasSuffix(line, []byte(eventEnd)) {
		r.Broken = "it is no event"
		return
	}
	r.Client = r.unescapeXML(between(line, "<Computer>", "</Computer>"))
	if created := elementStart(line, "<TimeCreated "); created != nil {
		r.Time = attribute(created, "SystemTime=")
	}
	for i := 0; ; {
		start := bytes.Index(line[i:], []byte("<Data "))
		if start < 0 {
			return
		}
		i += start
		length := bytes.IndexByte(line[i:], '>')
		if length < 0 {
			return
		}
		tag := line[i : i+length+1]
		i += len(tag)
		if bytes.HasSuffix(tag, []byte("/>")) {
			continue
		}
		end := bytes.Index(line[i:], []byte("</Data>"))
		if end < 0 {
			return
		}
		value := bytes.TrimSpace(line[i : i+end])
		switch string(attribute(tag, "Name=")) {
		case "QueryName":
			r.addRawDNS(r.unescapeXML(value))
		case "UtcTime":
			r.Time = value
		case "QueryStatus":
			r.ResponseCode = windowsCode(value)
		}
		i += end
	}
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
	event   []byte // from its start, or what may be its start
	out     []byte // what of it was not read yet
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
		s.event = s.event[:0]
		s.next()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// next reads to the end of an event.
func (s *eventSplitter) next() {
	tooLong := false
	for {
		c, err := s.source.ReadByte()
		if err != nil {
			if s.err = err; err == io.EOF && (len(s.event) > len(eventStart) || s.hasText && !s.hasSome) {
				s.out = []byte("<\n")
			}
			return
		}
		if n := len(s.event); n <= len(eventStart) {
			isStart := n < len(eventStart) && c == eventStart[n] || n == len(eventStart) && (c == ' ' || c == '>' || c == '\t' || c == '\r' || c == '\n')
			if !isStart {
				s.hasText = s.hasText || c > ' '
				s.event = s.event[:0]
				if c != '<' {
					continue
				}
			}
		}
		if len(s.event) == longestEvent {
			tooLong = true
			s.event = s.event[:copy(s.event[len(eventStart)+1:], s.event[len(s.event)-len(eventEnd):])+len(eventStart)+1]
		}
		if c == '\n' || c == '\r' {
			c = ' '
		}
		s.event = append(s.event, c)
		if c == '>' && len(s.event) > len(eventStart)+1 && bytes.HasSuffix(s.event, []byte(eventEnd)) {
			break
		}
	}
	s.hasSome = true
	if s.out = append(s.event, '\n'); tooLong {
		s.out = []byte("<\n")
	}
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
