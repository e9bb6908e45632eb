package canon

import (
	"bytes"
	"strings"
)

// appendPath appends path, query and fragment, which are empty or start with one of / \ ? #, and
// sets where each starts. They get the form that all texts have in which a browser sees the same
// (WHATWG URL): the characters that it escapes are escaped, escapes of unreserved characters (RFC
// 3986, section 2.3) are decoded, other escapes are in upper case, and the dot segments of the path
// are resolved.
func (u *URL) appendPath(text string) {
	path, fragment, hasFragment := strings.Cut(text, "#")
	path, query, hasQuery := strings.Cut(path, "?")
	if text != "" {
		u.text = append(u.text, '/')
		if path != "" && (path[0] == '/' || path[0] == '\\') {
			path = path[1:]
		}
		u.appendSegments(path)
		if len(u.text) == u.path+len("/") && !hasQuery && !hasFragment {
			u.text = u.text[:u.path] // a lone slash carries nothing
		}
	}
	u.query = len(u.text)
	if hasQuery {
		u.text = append(u.text, '?')
		u.appendPart(query, &escapedInQuery)
	}
	u.fragment = len(u.text)
	if hasFragment {
		u.text = append(u.text, '#')
		u.appendPart(fragment, &escapedInFragment)
	}
	u.settleEnd()
}

// setQuery finds query and fragment of a plain text, in which plainPath found something.
func (u *URL) setQuery(found uint8) {
	u.query, u.fragment = len(u.text), len(u.text)
	if found&hasFragment != 0 {
		u.fragment = u.path + bytes.IndexByte(u.text[u.path:], '#')
		u.query = u.fragment
	}
	if found&hasQuery != 0 {
		if query := bytes.IndexByte(u.text[u.path:u.fragment], '?'); query >= 0 {
			u.query = u.path + query
		}
	}
}

// What plainPath finds.
const (
	notPlain = 1 << iota
	hasDot
	hasQuery
	hasFragment
)

// plainPath returns what stands in a path with what follows it. It is plain if it starts with a
// slash, and is not changed by appendPath for sure.
func plainPath(path string) (found uint8) {
	if len(path) < 8 {
		for i := range len(path) {
			found |= inPath[path[i]]
		}
	}
	for start := 0; len(path) >= 8 && start < len(path); start += 8 { // a branch for each byte would take longer
		eight := path[min(start, len(path)-8):][:8]
		found |= inPath[eight[0]] | inPath[eight[1]] | inPath[eight[2]] | inPath[eight[3]] |
			inPath[eight[4]] | inPath[eight[5]] | inPath[eight[6]] | inPath[eight[7]]
	}
	if path[0] != '/' || endsText[path[len(path)-1]] || found&hasDot != 0 && strings.Contains(path, "/.") {
		found |= notPlain
	}
	return found
}

// inPath has what each byte of a path and of what follows it is.
var inPath = func() (classes [256]uint8) {
	for c := range classes {
		if escapedInPath[c] || escapedInQuery[c] || escapedInFragment[c] || c == '%' || c == '\\' {
			classes[c] = notPlain
		}
	}
	classes['?'], classes['#'], classes['.'] = hasQuery, hasFragment, hasDot
	return classes
}()

// endsText has the bytes that strip may take away at the end of a text.
var endsText = func() (ends [256]bool) {
	for _, c := range endsOfText + closingBrackets {
		ends[c] = true
	}
	return ends
}()

// The characters that browsers escape in each part of a URL: the percent-encode sets of WHATWG URL,
// and | in a path, which Chromium escapes as well.
var (
	escapedInPath     = escapes(" \"#<>?^`{|}")
	escapedInQuery    = escapes(" \"#<>'")
	escapedInFragment = escapes(" \"<>`")
)

func escapes(characters string) (escaped [256]bool) {
	for c := range escaped {
		escaped[c] = c < ' ' || c > '~' || strings.IndexByte(characters, byte(c)) >= 0
	}
	return escaped
}

// isUnreserved has the unreserved characters of RFC 3986, section 2.3.
var isUnreserved = func() (unreserved [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" {
		unreserved[c] = true
	}
	return unreserved
}()

// appendSegments appends the segments of a path, of which the first slash is appended already, and
// resolves those that are dots.
func (u *URL) appendSegments(path string) {
	first := len(u.text)
	start := first // of the segment
	for more := true; more; {
		end := strings.IndexAny(path, `/\`)
		if more = end >= 0; !more {
			end = len(path)
		}
		u.appendPart(path[:end], &escapedInPath)
		switch string(u.text[start:]) {
		case ".":
			u.text = u.text[:start]
		case "..":
			start = max(first, bytes.LastIndexByte(u.text[:max(0, start-1)], '/')+1)
			u.text = u.text[:start]
		default:
			if more {
				u.text = append(u.text, '/')
				start = len(u.text)
			}
		}
		if more {
			path = path[end+1:]
		}
	}
}

// appendPart appends a part of a URL in which some characters are to be escaped.
func (u *URL) appendPart(part string, escaped *[256]bool) {
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case c == '%':
			decoded, ok := byte('%'), false // a lone one would be read together with what follows
			if i+2 < len(part) {
				decoded, ok = unhex(part[i+1], part[i+2])
			}
			if !ok {
				decoded = '%'
			} else {
				i += 2
			}
			if isUnreserved[decoded] {
				u.text = append(u.text, decoded)
			} else {
				u.text = appendEscape(u.text, decoded)
			}
		case escaped[c]:
			u.text = appendEscape(u.text, c)
		default:
			u.text = append(u.text, c)
		}
	}
}

func appendEscape(text []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(text, '%', digits[c>>4], digits[c&15])
}

// settleEnd cuts what is longer than MaxLength, and escapes a last character that strip would take
// for what people put behind a text.
func (u *URL) settleEnd() {
	if u.path == len(u.text) {
		return
	}
	last := u.text[len(u.text)-1]
	isEnd := strings.IndexByte(endsOfText, last) >= 0 || strings.IndexByte(closingBrackets, last) >= 0 && !isBalanced(u.text, last)
	switch {
	case len(u.text) > MaxLength || isEnd && len(u.text) > MaxLength-2:
		text := u.text[:cutLength(u.text)]
		if len(text) == u.path+len("/") {
			text = text[:u.path]
		}
		u.text = text
		u.query, u.fragment = min(u.query, len(text)), min(u.fragment, len(text))
	case isEnd:
		end := len(u.text)
		u.text = appendEscape(u.text[:end-1], last)
		if u.query == end {
			u.query = len(u.text)
		}
		if u.fragment == end {
			u.fragment = len(u.text)
		}
	}
}

// isBalanced reports whether a closing bracket has an opening one in the text.
func isBalanced(text []byte, bracket byte) bool {
	open := openingBrackets[strings.IndexByte(closingBrackets, bracket)]
	return bytes.Count(text, []byte{bracket}) <= bytes.Count(text, []byte{open})
}

// cutLength returns how much of a text is read that is too long: at most MaxLength bytes that end
// in no part of an escape, and in nothing that strip would remove or that is a dot segment.
func cutLength[T []byte | string](text T) int {
	end := min(len(text), MaxLength)
	for _, at := range []int{end - 2, end - 1} {
		if text[at] == '%' {
			end = at
			break
		}
	}
	for end > 0 && strings.IndexByte(endsOfText+closingBrackets, text[end-1]) >= 0 {
		end--
	}
	return end
}
