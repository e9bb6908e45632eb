package canon

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A start is what stands before the authority of a text.
type start struct {
	scheme  string // the last one
	isReal  bool   // hxxp is none
	isPlain bool   // all programs read the same: no scheme, or one of the web with two slashes
}

// trimScheme removes schemes and the slashes before the authority, as browsers do for the schemes
// they know. A scheme that was pasted twice is removed twice.
func trimScheme(text string) (rest string, s start, err error) {
	authority := strings.TrimLeft(text, `/\`)
	if len(text)-len(authority) == 1 {
		return "", s, errPath
	}
	s.isPlain = len(authority) == len(text) || strings.HasPrefix(text, "//") && len(authority) == len(text)-2
	for {
		scheme, rest, found := strings.Cut(authority, ":")
		slashes := len(rest) - len(strings.TrimLeft(rest, `/\`))
		switch {
		case !found, slashes == 0 && !hidesHost(scheme, rest), slashes == 0 && isWebScheme(s.scheme) && !isWebScheme(scheme):
			return authority, s, nil
		case slashes == 0 || isWebScheme(scheme):
		case !isScheme(scheme) || !strings.HasPrefix(rest, "//"):
			return authority, s, nil
		case slashes > 2: // file:///etc/hosts
			return "", s, errPath
		}
		s.isPlain = s.isPlain && s.scheme == "" && (isMailto(scheme) || slashes == 2 && strings.HasPrefix(rest, "//") && isWebScheme(scheme))
		s.scheme, s.isReal = scheme, !isWebScheme(scheme) || isRealWebScheme(scheme)
		authority = rest[slashes:]
	}
}

var errPath = fmt.Errorf("%w: the text starts with a path", ErrNoHost)

// hidesHost reports whether a host follows a scheme without slashes, as in http:evil.com, as
// browsers read it, in view-source:http://evil.com, jdbc:mysql://evil.com and
// mailto:alice@evil.com. In http:8080 the host is http, with a port.
func hidesHost(scheme, rest string) bool {
	if isWebScheme(scheme) {
		end := 0 // of the port
		for end < len(rest) && isDigit(rest[end]) {
			end++
		}
		if number, err := strconv.Atoi(rest[:end]); end > 0 && (err != nil || number > 65535) {
			return true
		}
		return end < len(rest) && strings.IndexByte("/?#", rest[end]) < 0
	}
	if isMailto(scheme) {
		return hasUser(rest)
	}
	const mostSchemes = 4 // scm:git:ssh://evil.com
	for range mostSchemes {
		inner, behind, found := strings.Cut(rest, ":")
		if !found || !isScheme(scheme) || !isScheme(inner) && !isWebScheme(inner) {
			return false
		}
		if strings.HasPrefix(behind, "//") || isWebScheme(inner) && strings.HasPrefix(behind, "/") {
			return true
		}
		rest = behind
	}
	return false
}

// hasUser reports whether a user stands before a host.
func hasUser(text string) bool {
	end := strings.IndexAny(text, "@:/")
	return end >= 0 && text[end] == '@'
}

func isMailto(scheme string) bool { return strings.EqualFold(scheme, "mailto") }

// isRealWebScheme reports whether browsers accept any number of slashes behind this scheme (WHATWG
// URL, special schemes).
func isRealWebScheme(scheme string) bool {
	for _, known := range []string{"http", "https", "ftp", "ws", "wss"} {
		if strings.EqualFold(scheme, known) {
			return true
		}
	}
	return false
}

// isWebScheme reports whether a scheme is a real one of the web, or was one before somebody made it
// unclickable: hxxp, h**ps, h__p, fxp.
func isWebScheme(scheme string) bool {
	name := scheme
	if len(name) > 3 && name[len(name)-1]|0x20 == 's' {
		name = name[:len(name)-1]
	}
	switch {
	case len(name) == 4 && name[0]|0x20 == 'h' && name[3]|0x20 == 'p':
		return isT(name[1]) && isT(name[2])
	case len(name) == 3 && name[0]|0x20 == 'f' && name[2]|0x20 == 'p':
		return isT(name[1])
	}
	return isRealWebScheme(scheme)
}

// isT reports whether a character stands for the t of a scheme.
func isT(c byte) bool { return strings.IndexByte("tTxX*_", c) >= 0 }

// isScheme follows RFC 3986, section 3.1, without the dot, so that evil.com://x is no scheme.
func isScheme(text string) bool {
	for i := range len(text) {
		c := text[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !isDigit(text[i]) && text[i] != '+' && text[i] != '-') {
			return false
		}
	}
	return text != ""
}

// removeBreaks removes tabs and line ends, as browsers do (WHATWG URL, section 4.4). A text without
// a scheme may have them only behind its host: before that they separate fields.
func removeBreaks(text string) string {
	const breaks = "\t\r\n"
	if !hasControl(text) {
		return text
	}
	whole := strings.Map(func(r rune) rune {
		if strings.ContainsRune(breaks, r) {
			return -1
		}
		return r
	}, text)
	if scheme, _, found := strings.Cut(whole, ":"); found && isWebScheme(scheme) {
		return whole
	}
	if authority := text[:authorityEnd(text)]; strings.ContainsAny(authority, breaks) {
		return text
	}
	return whole
}

// hasControl reports whether a control character stands in a text.
func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' {
			return true
		}
	}
	return false
}

// authorityEnd returns where the first character stands that ends an authority.
func authorityEnd(text string) int {
	if end := strings.IndexAny(text, `/\?#`); end >= 0 {
		return end
	}
	return len(text)
}

// unescapeBackslashes divides a text without a scheme at the end of its authority. Before the first
// slash, \. is a dot that somebody defanged, \DDD the byte of a DNS name (RFC 1035, section 5.1),
// and any other backslash a slash.
func unescapeBackslashes(text string) (authority, path string) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '/', '?', '#':
			return out.String(), text[i:]
		case '\\':
			if strings.HasPrefix(text[i+1:], ".") {
				continue
			}
			value, ok := decimalByte(text[i+1:])
			if !ok {
				return out.String(), text[i:]
			}
			fmt.Fprintf(&out, "%%%02X", value)
			i += 3
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), ""
}

// decimalByte reads the byte that three digits at the start of a text are.
func decimalByte(text string) (value byte, ok bool) {
	if len(text) < 3 || !isDigit(text[0]) || !isDigit(text[1]) || !isDigit(text[2]) {
		return 0, false
	}
	number, err := strconv.ParseUint(text[:3], 10, 8)
	return byte(number), err == nil
}

// A refusal says which character of a text stands in no host. What the text looks like is found out
// when somebody asks for the message: of a log, all lines may be refused.
type refusal struct {
	text      string
	character rune
}

func (r *refusal) Error() string {
	message := characterName(r.character) + " stands in the host"
	if like := LooksLike(r.text); like != "" {
		message += ": the text looks like " + like
	}
	return message
}

func characterName(r rune) string {
	switch {
	case r == ' ':
		return "a space"
	case r == '\t':
		return "a tab"
	case r == '\n' || r == '\r':
		return "a line end"
	case unicode.IsSpace(r):
		return fmt.Sprintf("white space (%U)", r)
	case unicode.IsControl(r):
		return fmt.Sprintf("a control character (%U)", r)
	}
	return fmt.Sprintf("%q", r)
}

// isRefused has the characters of ASCII that may not stand in a host as they are. Browsers take
// some of them, and refuse some of the others.
var isRefused = func() (refused [utf8.RuneSelf]bool) {
	for c := range refused {
		refused[c] = c <= ' ' || c == 0x7f || strings.IndexByte("\",;=<>{}|^`", byte(c)) >= 0
	}
	return refused
}()

// checkAuthority returns the error for a text whose authority has a character that no host has.
func checkAuthority(text, authority string) error {
	for i := 0; i < len(authority); i++ {
		if c := authority[i]; c < utf8.RuneSelf {
			if isRefused[c] {
				return &refusal{text, rune(c)}
			}
		} else if r, size := utf8.DecodeRuneInString(authority[i:]); unicode.IsSpace(r) || unicode.IsControl(r) {
			return &refusal{text, r}
		} else {
			i += size - 1
		}
	}
	return nil
}

// splitPort divides host and port. The port is 0 where there is none. The host has brackets if it
// is an IPv6 address.
func splitPort(authority string) (host string, port int, err error) {
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 || !isIPv6(authority[1:end]) {
			return "", 0, fmt.Errorf("%q is not an IPv6 address", visible.Abbreviate(authority, longestShown))
		}
		host, authority = authority[:end+1], authority[end+1:]
		if authority == "" {
			return host, 0, nil
		}
		if authority[0] != ':' {
			return "", 0, fmt.Errorf("%q follows an IPv6 address, want a port", visible.Abbreviate(authority, longestShown))
		}
		authority = authority[1:]
	} else {
		colon := strings.LastIndexByte(authority, ':')
		if colon < 0 {
			return authority, 0, nil
		}
		if isIPv6(authority) {
			return "[" + authority + "]", 0, nil
		}
		host, authority = authority[:colon], authority[colon+1:]
	}
	if authority == "" {
		return host, 0, nil
	}
	for i := range len(authority) {
		if !isDigit(authority[i]) {
			return "", 0, fmt.Errorf("port %q is not a number", visible.Abbreviate(authority, longestShown))
		}
	}
	port, err = strconv.Atoi(authority)
	if err != nil || port > 65535 {
		return "", 0, fmt.Errorf("port %q is above 65535", visible.Abbreviate(authority, longestShown))
	}
	return host, port, nil
}
