package logs

import "bytes"

// addRequestLine adds what the first line of a request over HTTP asks for (RFC 9112, section 3),
// such as GET /x HTTP/1.1. Some clients put blanks into the target, or leave the version out.
func (r *Record) addRequestLine(host, request, port []byte) {
	blank := bytes.IndexByte(request, ' ')
	if blank < 0 {
		return
	}
	target := request[blank+1:]
	if last := bytes.LastIndexByte(target, ' '); last >= 0 && bytes.HasPrefix(target[last+1:], []byte("HTTP/")) {
		target = target[:last]
	}
	r.addTarget(request[:blank], host, target, port)
}

// addTarget adds what a request asks for. A host alone is no target but that of CONNECT, and what
// is no target at all, as clients send that speak no HTTP, is no name.
func (r *Record) addTarget(method, host, target, port []byte) {
	switch {
	case len(target) == 0:
	case target[0] == '/', string(target) == "*":
		r.addRequest(host, target, port)
	case string(method) == "CONNECT" && string(target) != "-" || isAbsolute(target):
		r.addWeb(target)
	}
}

// isAbsolute reports whether a target is a URL with a host. To http://:80* Squid makes a target
// that has none.
func isAbsolute(target []byte) bool {
	scheme := bytes.Index(target, []byte("://"))
	if scheme < 1 || scheme+3 == len(target) {
		return false
	}
	switch target[scheme+3] {
	case ':', '/', '?', '#':
		return false
	}
	for _, c := range target[:scheme] {
		if !isAlphanumeric(c) && c != '+' && c != '-' && c != '.' && c != '_' { // Squid has cache_object
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }
func isDigit(c byte) bool        { return c >= '0' && c <= '9' }
func isLetter(c byte) bool       { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// unescapeQuoted returns what stands between quotation marks in the logs of nginx, Apache and
// Squid: \xNN is a byte, \n and its like are what they are in C, and \ stands before " and \.
func (r *Record) unescapeQuoted(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	const letters, controls = "abfnrtv", "\a\b\f\n\r\t\v"
	start := len(r.unescaped)
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			next := text[i+1]
			number, isHex := hexNumber(text[i+2:], 2)
			letter := bytes.IndexByte([]byte(letters), next)
			switch {
			case next == 'x' && isHex:
				c, i = byte(number), i+3
			case next == '"' || next == '\\':
				c, i = next, i+1
			case letter >= 0:
				c, i = controls[letter], i+1
			}
		}
		r.unescaped = append(r.unescaped, c)
	}
	return r.unescaped[start:]
}

// closingQuote returns the place of the quotation mark that closes a text, before which \ stands
// in front of others, or -1.
func closingQuote(text []byte) int {
	for i := 0; ; i++ {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		backslashes := 0
		for i-backslashes > 0 && text[i-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
}

// withoutPort returns an address without its port. Of an IPv6 address the brackets go, too.
func withoutPort(address []byte) []byte {
	if len(address) > 0 && address[0] == '[' {
		if end := bytes.IndexByte(address, ']'); end > 0 {
			return address[1:end]
		}
	}
	host, _ := cutPort(address)
	return host
}

// cutPort divides host:port. An IPv6 address without brackets has no port.
func cutPort(address []byte) (host, port []byte) {
	colon := bytes.LastIndexByte(address, ':')
	if colon < 0 || bytes.IndexByte(address[:colon], ':') >= 0 && address[colon-1] != ']' {
		return address, nil
	}
	for _, c := range address[colon+1:] {
		if !isDigit(c) {
			return address, nil
		}
	}
	return address[:colon], address[colon+1:]
}

// nextWord returns the first word from i on, of which blanks and tabs are no part, and its end. It
// is empty at the line's end.
func nextWord(line []byte, i int) (word []byte, end int) {
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	start := i
	for i < len(line) && line[i] != ' ' && line[i] != '\t' {
		i++
	}
	return line[start:i], i
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
