package logs

import "bytes"

// What the text logs of servers have in common.

// tabbed appends fields behind a line, with tabs between them, in place of those that it has. It is
// embedded in layouts of lines in which servers write no tab.
type tabbed struct{ Options }

// cut returns a line without the fields that it has, and keeps for append where it ends.
func (t tabbed) cut(line []byte, r *Record) []byte {
	r.end = len(line)
	if len(t.Fields) == 0 || bytes.IndexByte(line, '\t') < 0 {
		return line
	}
	end := len(line)
	for i := len(t.Fields) - 1; i >= 0; i-- {
		tab := bytes.LastIndexByte(line[:end], '\t')
		if tab < 0 || t.Fields[i].Type != String && !isDecimal(line[tab+1:end]) {
			return line
		}
		end = tab
	}
	r.end = end
	return line[:end]
}

func (t tabbed) append(out, line []byte, r *Record, values [][]byte) []byte {
	if r.Header {
		return append(out, line...)
	}
	out = append(out, line[:r.end]...)
	for i := range t.Fields {
		out = append(append(out, '\t'), values[i]...)
	}
	return out
}

// isDecimal reports whether a text has digits and dots alone, if anything.
func isDecimal(text []byte) bool {
	for _, c := range text {
		if c != '.' && !isDigit(c) {
			return false
		}
	}
	return true
}

// digits returns how many digits a text begins with.
func digits(text []byte) int {
	for i, c := range text {
		if !isDigit(c) {
			return i
		}
	}
	return len(text)
}

// hasPrefix is bytes.HasPrefix of a text that is no slice.
func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// cutWord returns what stands before the first blank, and what stands behind it.
func cutWord(text []byte) (word, rest []byte) {
	if i := bytes.IndexByte(text, ' '); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, nil
}

// splitWords sets words to the first words of a text, between which are blanks, and returns their
// number.
func splitWords(text []byte, words [][]byte) int {
	n := 0
	for len(text) > 0 && n < len(words) {
		if text[0] == ' ' {
			text = text[1:]
			continue
		}
		words[n], text = cutWord(text)
		n++
	}
	return n
}

// startTime returns the time that a line begins with, as servers and syslog (RFC 3164, RFC 5424)
// write it, or nil. Before it may be NULs, of a file that was cut while it was written.
func startTime(line []byte) []byte {
	line = bytes.TrimLeft(line, "\x00 ")
	if len(line) > 0 && line[0] == '<' { // the priority of syslog
		n := 1 + digits(line[1:])
		if n == len(line) || line[n] != '>' {
			return nil
		}
		line = bytes.TrimPrefix(line[n+1:], []byte("1 "))
	}
	switch {
	case len(line) < 10:
		return nil
	case line[0] == '[':
		end := bytes.IndexByte(line, ']')
		if end < 0 || !isDigit(line[1]) || bytes.IndexByte(line[:end], ' ') >= 0 {
			return nil
		}
		return line[1:end]
	case isDigit(line[0]): // ISO 8601, or 28-Nov-2026 00:55:51.763
		date, rest := cutWord(line)
		if len(date) < 10 || bytes.IndexByte(date, '-') < 0 {
			return nil
		}
		clock, _ := cutWord(rest)
		if len(date) > len("28-Nov-2026") || bytes.IndexByte(clock, ':') < 0 {
			return date
		}
		return line[:len(date)+1+len(clock)]
	}
	const short, long = len("Nov 28 00:55:53"), len("Sat Nov 28 00:55:53 2026")
	switch {
	case len(line) >= short && line[3] == ' ' && line[9] == ':' && line[12] == ':':
		return line[:short]
	case len(line) >= long && line[3] == ' ' && line[7] == ' ' && line[13] == ':' && line[16] == ':':
		return line[:long]
	}
	return nil
}

// isIP reports whether a text looks like an IP address, without a port.
func isIP(text []byte) bool {
	if len(text) < 2 || hexDigit(text[0]) < 0 && text[0] != ':' {
		return false
	}
	dots, colons := 0, 0
	for _, c := range text {
		switch {
		case c == '%' && colons > 1: // a zone
			return true
		case c == '.':
			dots++
		case c == ':':
			colons++
		case !isDigit(c) && (dots > 0 || hexDigit(c) < 0):
			return false
		}
	}
	return colons > 1 || colons == 0 && dots == 3
}

// isClass reports whether a word is a class of DNS.
func isClass(word []byte) bool {
	switch string(word) {
	case "IN", "CH", "HS", "ANY", "NONE":
		return true
	}
	return hasPrefix(word, "CLASS") && len(word) > 5 && digits(word[5:]) == len(word)-5
}

// responseCodes are the names of those that the header of a message has
// (https://www.iana.org/assignments/dns-parameters).
var responseCodes = [16][]byte{
	[]byte("NOERROR"), []byte("FORMERR"), []byte("SERVFAIL"), []byte("NXDOMAIN"), []byte("NOTIMP"), []byte("REFUSED"), []byte("YXDOMAIN"), []byte("YXRRSET"),
	[]byte("NXRRSET"), []byte("NOTAUTH"), []byte("NOTZONE"), []byte("DSOTYPENI"), []byte("RCODE12"), []byte("RCODE13"), []byte("RCODE14"), []byte("RCODE15"),
}

// partsOf reports which parts of exchanges a sample has.
func partsOf(l layout, sample [][]byte) (questions, answers bool) {
	var r Record
	for _, line := range sample {
		r.reset()
		l.find(line, &r)
		questions, answers = questions || r.Part == Question, answers || r.Part == Answer
	}
	return questions, answers
}

// fitsNames returns what counts the lines of a sample in which a layout finds a name, or knows of
// one that is lost.
func fitsNames(l layout) func([][]byte) int {
	return func(sample [][]byte) int {
		count := 0
		var r Record
		for _, line := range sample {
			r.reset()
			if l.find(line, &r); len(r.Names) > 0 || r.Lost {
				count++
			}
		}
		return count
	}
}
