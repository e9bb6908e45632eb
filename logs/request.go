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
