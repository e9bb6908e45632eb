package logs

import (
	"bytes"
	"slices"
)

// What the text logs of servers have in common.

// startTime returns the time that a line begins with, as servers and syslog (RFC 3164, RFC 5424)
// write it, or nil.
func startTime(line []byte) []byte {
	line = bytes.TrimLeft(line, " ")
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

// afterSyslog returns a line without what syslog writes before a message: RFC 3164, section 4.1, or
// that with a time of RFC 3339. The message follows the program's name and a colon.
func afterSyslog(line []byte) []byte {
	isMonth := len(line) > 4 && line[3] == ' ' && isLetter(line[0]) && isLetter(line[1]) && isLetter(line[2])
	if !isMonth && (len(line) == 0 || line[0] != '<') && !isTime(line[:min(len(line), 11)]) {
		return line
	}
	if colon := bytes.Index(line[:min(len(line), 300)], []byte(": ")); colon >= 0 {
		return line[colon+2:]
	}
	return line
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

// fitsWhole counts the lines that are not broken for a layout.
func fitsWhole(l layout) func([][]byte) int {
	return func(sample [][]byte) int {
		count := 0
		var r Record
		for _, line := range sample {
			r.reset()
			if l.find(line, &r); r.Broken == "" {
				count++
			}
		}
		return count
	}
}

// fitsProgram counts the lines that a program wrote: those in which a layout finds a name, or knows
// of one that is lost, and if there are some, others that are the program's own.
func fitsProgram(l layout, isOwn func(line []byte) bool) func([][]byte) int {
	return func(sample [][]byte) int {
		named, others := 0, 0
		var r Record
		for _, line := range sample {
			r.reset()
			if l.find(line, &r); len(r.Names) > 0 || r.Lost {
				named++
			} else if isOwn(line) {
				others++
			}
		}
		if named == 0 {
			return 0
		}
		return named + others
	}
}

// containsOne returns what reports whether a line has one of some texts.
func containsOne(texts ...string) func([]byte) bool {
	return func(line []byte) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(line, []byte(text)) })
	}
}
