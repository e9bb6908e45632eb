// Package canon turns a text into what the network sees: a canonical URL, then symbols.
//
// Parse takes what people and logs write (names, URLs, host:port, IP addresses, defanged text) and
// gives it one form. What says nothing about maliciousness is gone:
//
//	HXXPS://www.Evil[.]com:443/   ->  evil.com
//	http://user@0x7f.1/a?b        ->  user@127.0.0.1/a?b
//	bücher.de.                    ->  xn--bcher-kva.de
//
// An Alphabet then gives each byte of the canonical form a symbol, which depends on the segment
// that the byte stands in. Training and scoring use the same two steps.
//
// The canonical form of a canonical form is itself, and Parse refuses no name that DNS can carry.
// The package reads no files, starts no goroutines and prints nothing.
package canon

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unsafe"

	"github.com/weppos/publicsuffix-go/publicsuffix"

	"github.com/snowman-ml/snowman/internal/visible"
)

// MaxLength is the length in bytes beyond which Parse refuses a text.
const MaxLength = 64 << 10

// What Parse says of a text that is no URL or name. Other errors are of its parts, such as a port.
var (
	ErrNoHost  = errors.New("no host")
	ErrTooLong = fmt.Errorf("text is longer than %d bytes", MaxLength)
)

// A URL is the canonical form of one text:
//
//	[user '@'] host [':' port] [path ['?' query] ['#' fragment]]
//
// The zero value is ready for Parse, which reuses the URL's memory. The slices that the methods
// return lie in that memory and hold until the next Parse.
type URL struct {
	text             []byte
	host, port, path int // where each starts
	query, fragment  int
	isAddress        bool // the host is an IP address
	isAmbiguous      bool // programs disagree about the host
	textNotPublic    NotPublic
	scratch          []byte // for the host

	// Set by findSuffix.
	rule           *publicsuffix.Rule // of the public suffix; nil before findSuffix
	domain, suffix int                // where the registered domain and the dot before its suffix stand
}

// reset begins a new canonical form in the memory of the last one.
func (u *URL) reset(start string) {
	u.text, u.isAddress, u.isAmbiguous, u.rule = append(u.text[:0], start...), false, false, nil
}

// Parse sets u to the canonical form of text. After an error the content of u is undefined.
func (u *URL) Parse(text string) error {
	u.textNotPublic = notPublicText(text)
	if (u.textNotPublic == Identifier || u.textNotPublic == Number) && len(text) <= MaxLength {
		u.parseWhole(text)
		return nil
	}
	if u.parsePlain(text) {
		return nil
	}
	return u.parse(text)
}

// parsePlain parses texts of the most common sort, and reports whether text is one: a name in lower
// case, with or without a scheme and a path, otherwise in canonical form. The result is parse's.
func (u *URL) parsePlain(text string) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
	end := 0
	for end < len(rest) && isPlain[rest[end]] {
		end++
	}
	if end == 0 || isDigit(rest[0]) || rest[0] == '.' || rest[end-1] == '.' || strings.HasPrefix(rest, "www.") || len(text) > MaxLength {
		return false
	}
	if path := rest[end:]; path != "" {
		// A closing bracket right behind the slash is part of hxxp[:/]/ and the like.
		if path[0] != '/' || path[len(path)-1] == ' ' || len(path) > 1 && strings.IndexByte("])}", path[1]) >= 0 {
			return false
		}
		for i := range len(path) {
			if path[i] < ' ' || path[i] == 0x7f {
				return false
			}
		}
	}
	u.reset(rest[:end])
	u.isAmbiguous = len(text)-len(rest) == len("https://http://")
	u.host, u.port, u.path = 0, end, end
	u.appendPath(rest[end:])
	return true
}

// isPlain has the bytes of hosts in canonical form, except for *, % and brackets.
var isPlain = func() (plain [256]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyz0123456789-._" {
		plain[c] = true
	}
	return plain
}()

// parse parses any text.
func (u *URL) parse(text string) error {
	if len(text) > MaxLength {
		return ErrTooLong
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return fmt.Errorf("control character %q at byte %d", text[i], i+1)
		}
	}
	rest, plain, err := trimScheme(refang(strings.Trim(text, " ")))
	if err != nil {
		return err
	}
	authority, path := rest, ""
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		authority, path = rest[:end], rest[end:]
	}

	user := authority[:strings.LastIndexByte(authority, '@')+1]
	authority = authority[len(user):]
	if user == "@" {
		user = ""
	}
	u.reset(user)
	u.isAmbiguous = !plain || strings.HasPrefix(path, `\`)
	u.host = len(u.text)
	host, port, err := splitPort(authority)
	if err != nil {
		return err
	}
	u.appendHost(host)
	u.port = len(u.text)
	if u.port == u.host {
		return fmt.Errorf("%w in %q", ErrNoHost, visible.Abbreviate(text, longestShown))
	}
	// In the log of a proxy every HTTPS site ends in :443, in public data only malicious ones do.
	if port != 0 && port != 80 && port != 443 {
		u.text = append(u.text, ':')
		u.text = strconv.AppendInt(u.text, int64(port), 10)
	}
	u.path = len(u.text)
	u.appendPath(path)
	if len(u.text) > MaxLength {
		return fmt.Errorf("%w in its canonical form", ErrTooLong)
	}
	return nil
}

// trimScheme removes schemes and the slashes before the authority, as browsers do for the schemes
// they know. A scheme that was pasted twice is removed twice. The start of the text was plain if it
// had no scheme, or one of the web with two slashes.
func trimScheme(text string) (rest string, plain bool, err error) {
	authority := strings.TrimLeft(text, `/\`)
	if len(text)-len(authority) == 1 {
		return "", false, fmt.Errorf("%w: the text starts with a path", ErrNoHost)
	}
	plain = len(authority) == len(text) || strings.HasPrefix(text, "//") && len(authority) == len(text)-2
	for first := true; ; first = false {
		authority = strings.TrimLeft(authority, " ")
		scheme, rest, found := strings.Cut(authority, ":")
		slashes := len(rest) - len(strings.TrimLeft(rest, `/\`))
		switch {
		case !found || slashes == 0 && !hidesHost(scheme, rest):
			return authority, plain, nil
		case slashes == 0 || isWebScheme(scheme):
		case !isScheme(scheme) || !strings.HasPrefix(rest, "//"):
			return authority, plain, nil
		case slashes > 2: // file:///etc/hosts
			return "", false, fmt.Errorf("%w: the text starts with a path", ErrNoHost)
		}
		plain = plain && first && slashes == 2 && strings.HasPrefix(rest, "//") && isWebScheme(scheme)
		authority = rest[slashes:]
	}
}

// hidesHost reports whether a host follows a scheme without slashes, as in http:evil.com, as
// browsers read it, and in view-source:http://evil.com. In http:8080 the host is http, with a port.
func hidesHost(scheme, rest string) bool {
	if isWebScheme(scheme) {
		end := 0 // of the port
		for end < len(rest) && isDigit(rest[end]) {
			end++
		}
		return end < len(rest) && strings.IndexByte(`/\?#`, rest[end]) < 0
	}
	inner, behind, _ := strings.Cut(rest, ":")
	return isScheme(scheme) && isWebScheme(inner) && strings.HasPrefix(behind, "/")
}

// isWebScheme reports whether browsers accept any number of slashes behind this scheme.
func isWebScheme(scheme string) bool {
	for _, known := range []string{"http", "https", "hxxp", "hxxps", "h**p", "h**ps", "ftp", "ws", "wss"} {
		if strings.EqualFold(scheme, known) {
			return true
		}
	}
	return false
}

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

// appendPath appends path, query and fragment, which are empty or start with one of / \ ? #, and
// sets where each starts.
func (u *URL) appendPath(path string) {
	if path != "" && (path[0] == '/' || path[0] == '\\') {
		path = path[1:]
	}
	if path == "" { // a lone slash carries nothing
		u.query, u.fragment = len(u.text), len(u.text)
		return
	}
	u.text = append(u.text, '/')
	u.text = append(u.text, path...)
	u.query, u.fragment = len(u.text), len(u.text)
	if fragment := bytes.IndexByte(u.text[u.path:], '#'); fragment >= 0 {
		u.fragment = u.path + fragment
		u.query = u.fragment
	}
	if query := bytes.IndexByte(u.text[u.path:u.fragment], '?'); query >= 0 {
		u.query = u.path + query
	}
}

// Bytes returns the canonical form.
func (u *URL) Bytes() []byte { return u.text }

// String returns a copy of the canonical form.
func (u *URL) String() string { return string(u.text) }

// Host returns the host: a name in lower case and A-labels, an IPv4 address, or an IPv6 address in
// brackets.
func (u *URL) Host() []byte { return u.text[u.host:u.port] }

// IsAddress reports whether the host is an IP address.
func (u *URL) IsAddress() bool { return u.isAddress }

// Address returns the host as an IP address, or the zero Addr if it is a name.
func (u *URL) Address() netip.Addr {
	if !u.isAddress {
		return netip.Addr{}
	}
	host := bytes.TrimSuffix(bytes.TrimPrefix(u.Host(), []byte("[")), []byte("]"))
	address, _ := netip.ParseAddr(unsafe.String(&host[0], len(host))) // appendHost wrote it
	return address
}

// IsAmbiguous reports whether other programs may read another host in the text, since it has a
// backslash before or behind the authority, a scheme that is not of the web, or several schemes.
func (u *URL) IsAmbiguous() bool { return u.isAmbiguous }

// HasPath reports whether a path, a query or a fragment follows the host.
func (u *URL) HasPath() bool { return u.path < len(u.text) }

// RegisteredDomain returns the part of the host that somebody registered: a public suffix and the
// label before it. It is the whole host if that is itself a public suffix, or an address.
func (u *URL) RegisteredDomain() []byte {
	u.findSuffix()
	return u.text[u.domain:u.port]
}

// IsRegistrable reports whether the host is a name below a listed public suffix. An address, a
// suffix itself, and a name of another system, such as a local network, are not.
func (u *URL) IsRegistrable() bool {
	u.findSuffix()
	return u.rule != publicsuffix.DefaultRule && u.suffix < u.port
}

// IsHosted reports whether the host is a name below a company's public suffix, such as github.io,
// where its customers have names.
func (u *URL) IsHosted() bool { return u.IsRegistrable() && u.rule.Private }

// findSuffix finds the public suffix of the host, once for each text. An address has no suffix.
func (u *URL) findSuffix() {
	switch {
	case u.rule != nil:
	case u.isAddress:
		u.domain, u.suffix, u.rule = u.host, u.port, publicsuffix.DefaultRule
	default:
		domain, suffix, rule := splitSuffix(u.Host())
		u.domain, u.suffix, u.rule = u.host+domain, u.host+suffix, rule
	}
}

// longestName is the length of the longest name in DNS (RFC 1035, section 2.3.4).
const longestName = 255

// suffixRules finds the rules of ICANN and of private suffixes such as github.io. Without a rule
// that matches, the last label is the suffix.
var suffixRules = &publicsuffix.FindOptions{DefaultRule: publicsuffix.DefaultRule}

// SuffixListVersion is the version of the public suffix list.
const SuffixListVersion = publicsuffix.ListVersion

// splitSuffix returns where in host the registered domain starts, where the dot before its public
// suffix stands, and the rule for that suffix. A host that is itself a public suffix is all domain.
func splitSuffix(host []byte) (domain, suffix int, rule *publicsuffix.Rule) {
	if len(host) == 0 {
		return 0, 0, publicsuffix.DefaultRule
	}
	// Finding a rule takes time that grows with the square of the length.
	end := host[max(0, len(host)-longestName):]
	rule = publicsuffix.DefaultList.Find(unsafe.String(&end[0], len(end)), suffixRules)
	labels := rule.Length
	switch {
	case rule == publicsuffix.DefaultRule:
		labels = 1
	case rule.Type == publicsuffix.ExceptionType:
		labels--
	}
	suffix = len(host)
	for range labels {
		suffix = bytes.LastIndexByte(host[:suffix], '.')
		if suffix < 0 {
			return 0, len(host), rule
		}
	}
	return bytes.LastIndexByte(host[:suffix], '.') + 1, suffix, rule
}

// longestShown is how many bytes of a text an error quotes.
const longestShown = 80

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
