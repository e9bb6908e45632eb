// Package canon turns a text into what the network sees: a canonical URL, then symbols.
//
// There are two doors to one canonical form. Parse takes what people write (names, URLs, host:port,
// addresses, with quotation marks around, defanged, in links of mail gateways). ParseName takes a
// DNS name out of a record, where every byte counts. What says nothing about maliciousness is gone:
//
//	"HXXPS://www.Evil[.]com:443/",         ->  evil.com
//	http://user@0x7f.1/a/../%62?c          ->  127.0.0.1/b?c
//	bücher.de.                             ->  xn--bcher-kva.de
//
// A text from people goes through these steps, in this order:
//
//	strip          what stands around it goes, and defanging    strip.go, refang.go
//	notPublicText  hashes, dates, paths of files are no URLs    notpublic.go, identifier.go
//	read           scheme, user-info, host and port             authority.go
//	               the host: UTS #46, IPv4, IPv6                host.go
//	               path, query and fragment                     path.go
//	follow         the target of a rewritten link is read       unwrap.go, rewriters.go
//
// Most texts are changed little by all of this: plain.go has a quick way for them.
//
// A name in DNS goes through the steps of the host alone. What is known of a host beyond its form
// stands in suffix.go, specialaddress.go, operators.go and hostkind.go.
//
// An Alphabet then gives each byte of the canonical form a symbol, which depends on the segment
// that the byte stands in; of A-labels it may read what they encode instead (letters.go). Training
// and scoring use the same two steps.
//
// The canonical form of a canonical form is itself. It is printable ASCII without spaces. ParseName
// refuses no name that DNS can carry. The package reads no files, starts no goroutines and prints
// nothing.
package canon

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unsafe"

	"github.com/snowman-ml/snowman/internal/visible"
)

// MaxLength is the length in bytes of the longest canonical form. Of a text that is longer, or
// whose canonical form would be, the end of the path is not read.
const MaxLength = 64 << 10

// What Parse says of a text that is no URL or name. Other errors are of its parts, such as a port.
var (
	ErrNoHost  = errors.New("no host")
	ErrTooLong = fmt.Errorf("host is longer than %d bytes", MaxLength)
)

// A URL is the canonical form of one text:
//
//	host [':' port] [path ['?' query] ['#' fragment]]
//
// The zero value is ready for Parse, which reuses the URL's memory. The slices that the methods
// return lie in that memory and hold until the next Parse.
type URL struct {
	text            []byte
	port, path      int // where each starts
	query, fragment int
	isAddress       bool // the host is an IP address
	mayHaveALabels  bool // the host has two hyphens side by side
	isAmbiguous     bool // programs disagree about the host
	hasUserInfo     bool
	textNotPublic   NotPublic
	unwrappedFrom   string
	scratch         []byte // for the host

	// Set by findSuffix, or before.
	dots           uint64     // of the host, a bit for each, or 0 if it is too long
	hasSuffix      bool       // findSuffix was called
	rule           suffixRule // of the public suffix
	domain, suffix int        // where the registered domain and the dot before its suffix stand
}

// reset begins a new canonical form in the memory of the last one.
func (u *URL) reset() {
	u.text, u.dots, u.hasSuffix = u.text[:0], 0, false
	u.isAddress, u.isAmbiguous, u.hasUserInfo, u.textNotPublic = false, false, false, Public
	if u.unwrappedFrom != "" {
		u.unwrappedFrom = ""
	}
}

// Parse sets u to the canonical form of a text from people. After an error the content of u is
// undefined.
func (u *URL) Parse(text string) error {
	if u.parsePlain(text) {
		return nil
	}
	return u.parse(text)
}

// isPlain has the bytes of hosts in canonical form, except for *, % and brackets.
var isPlain = func() (plain [256]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyz0123456789-._" {
		plain[c] = true
	}
	return plain
}()

// parse parses any text from people.
func (u *URL) parse(text string) error {
	if text == "." { // the canonical form of the root of DNS, which strip would take for a full stop
		return u.ParseName(text)
	}
	isCut := len(text) > MaxLength
	if isCut {
		text = text[:cutLength(text)]
	}
	whole := text
	text = strip(text)
	reason := notPublicText(text)
	if reason == Hash || reason == Number || reason == Identifier {
		u.reset()
		u.appendName(u.decode(text))
		u.textNotPublic = reason
		return u.finishName(text)
	}
	if reason == FilePath {
		return u.readFilePath(text)
	}
	if err := u.read(text); err != nil {
		if refused, ok := err.(*refusal); ok {
			refused.text = whole // JSON looks like JSON with its first brace alone
		}
		return err
	}
	if isCut && !u.HasPath() {
		return ErrTooLong // what was read may be the start of user-info
	}
	return u.follow(text)
}

// readFilePath sets u to the form of a path of a file. Behind \\ and file:// may stand a host that
// anybody can reach. Behind that Windows takes @SSL and @8080 for how WebDAV is spoken.
func (u *URL) readFilePath(path string) error {
	path = strings.ReplaceAll(path, `\`, "/")
	if start := strings.Index(path, "//"); start >= 0 {
		host, rest, _ := strings.Cut(path[start+len("//"):], "/")
		if host == "" {
			return errPath
		}
		host, _, _ = strings.Cut(host, "@")
		path = "//" + host + "/" + rest
	}
	if err := u.read(path); err != nil {
		return err
	}
	if err := u.follow(path); err != nil {
		return err
	}
	u.isAmbiguous = true
	if u.hostNotPublic() != Public || bytes.IndexByte(u.Host(), '.') < 0 {
		u.textNotPublic = FilePath
	}
	return nil
}

// maxNested is how many links may stand in one another. A deeper nest is left as it is.
const maxNested = 8

// follow sets u to what a link leads to that an operator has rewritten. It is called when u is the
// form of the link. A target that cannot be read leaves the link that holds it, and such a link is
// ambiguous: the operator may read what we cannot.
func (u *URL) follow(link string) error {
	outermost, from, isAmbiguous, hasUserInfo := link, "", u.isAmbiguous, u.hasUserInfo
	for depth := 0; u.port == u.path && u.HasPath(); depth++ {
		target, ok := unwrap(u.Host(), u.text[u.path:])
		if !ok {
			isAmbiguous = isAmbiguous || redirects(u.Host(), u.text[u.path:])
			break
		}
		if depth == maxNested {
			err := u.read(outermost)
			u.isAmbiguous = true
			return err
		}
		host := string(u.Host())
		if u.read(target) != nil {
			if err := u.read(link); err != nil {
				return err
			}
			isAmbiguous = true
			break
		}
		if from == "" {
			from = host
		}
		link = target
		isAmbiguous, hasUserInfo = isAmbiguous || u.isAmbiguous, hasUserInfo || u.hasUserInfo
	}
	u.unwrappedFrom, u.isAmbiguous, u.hasUserInfo = from, isAmbiguous, hasUserInfo
	return nil
}

// ParseName sets u to the canonical form of a DNS name out of a record: a name in the presentation
// format of RFC 1035, section 5.1, in which \DDD is a byte, and \. a dot within a label. Nothing
// around the name is removed, and no byte is refused. The error is ErrTooLong, of no name in DNS.
func (u *URL) ParseName(name string) error {
	if u.parsePlainName(name) {
		return nil
	}
	return u.parseName(name)
}

// parseName parses any DNS name.
func (u *URL) parseName(name string) error {
	u.reset()
	raw := u.scratch[:0]
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '\\' && i+1 < len(name) {
			if value, ok := decimalByte(name[i+1:]); ok {
				c, i = value, i+3
			} else {
				c, i = name[i+1], i+1
			}
			if c == '.' {
				// It separates no labels, as a decoded %2E would. So it is written %252e.
				raw = append(raw, "%2e"...)
				continue
			}
		}
		raw = append(raw, lower(c))
	}
	u.scratch = raw
	u.appendName(raw)
	if !isNumber(unsafe.String(unsafe.SliceData(u.text), len(u.text))) {
		u.convertIPv4()
	}
	return u.finishName(name)
}

// finishName ends a canonical form that is a name alone. An empty one is the root of DNS.
func (u *URL) finishName(text string) error {
	if len(u.text) == 0 {
		u.text = append(u.text, '.')
	}
	u.port, u.path, u.query, u.fragment = len(u.text), len(u.text), len(u.text), len(u.text)
	u.mayHaveALabels = bytes.Contains(u.text, []byte("--"))
	if len(u.text) > MaxLength {
		return ErrTooLong
	}
	return nil
}

// read sets u to the canonical form of a text with nothing around it.
func (u *URL) read(text string) error {
	u.reset()
	text = removeBreaks(text)
	rest, start, err := trimScheme(text)
	if err != nil {
		return err
	}
	end := authorityEnd(rest)
	authority, path := rest[:end], rest[end:]
	if strings.HasPrefix(path, `\`) {
		u.isAmbiguous = true
		if !start.isReal {
			authority, path = unescapeBackslashes(rest)
		}
	}
	user := authority[:strings.LastIndexByte(authority, '@')+1]
	unknown := authority // nobody but a browser knows where its fields are
	if start.scheme != "" && !isMailto(start.scheme) {
		unknown = authority[len(user):]
	}
	if err := checkAuthority(text, unknown); err != nil {
		return err
	}
	host, port, err := splitPort(authority[len(user):])
	if err != nil {
		return err
	}
	isMail := isMailto(start.scheme) ||
		start.scheme == "" && path == "" && port == 0 && strings.IndexByte(user, '@') == len(user)-1 && strings.IndexByte(user, ':') < 0
	if isMail && user != "" {
		path = ""
	}
	u.hasUserInfo = len(user) > len("@") && !isMail
	u.isAmbiguous = u.isAmbiguous || !start.isPlain

	u.appendHost(host)
	u.port = len(u.text)
	u.mayHaveALabels = bytes.Contains(u.text, []byte("--"))
	if u.port == 0 {
		return fmt.Errorf("%w in %q", ErrNoHost, visible.Abbreviate(text, longestShown))
	}
	// In the log of a proxy every HTTPS site ends in :443, in public data only malicious ones do.
	if port != 0 && port != 80 && port != 443 {
		u.text = append(u.text, ':')
		u.text = strconv.AppendInt(u.text, int64(port), 10)
	}
	u.path = len(u.text)
	if u.path > MaxLength {
		return ErrTooLong
	}
	u.appendPath(path)
	return nil
}

// Bytes returns the canonical form.
func (u *URL) Bytes() []byte { return u.text }

// String returns a copy of the canonical form.
func (u *URL) String() string { return string(u.text) }

// Host returns the host: a name in lower case and A-labels, an IPv4 address, or an IPv6 address in
// brackets.
func (u *URL) Host() []byte { return u.text[:u.port] }

// Port returns the colon and the port behind the host, or an empty string.
func (u *URL) Port() string { return string(u.text[u.port:u.path]) }

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
// backslash before or behind the authority, a scheme that is not of the web, or several schemes, or
// is the path of a file or a link of an operator that is not unwrapped.
func (u *URL) IsAmbiguous() bool { return u.isAmbiguous }

// HasUserInfo reports whether the text was a URL with user-info, such as the google.com of
// http://google.com@evil.com. An e-mail address is none.
func (u *URL) HasUserInfo() bool { return u.hasUserInfo }

// UnwrappedFrom returns the host of the link that leads to this URL, if the text was a link that a
// mail gateway or a messenger had rewritten.
func (u *URL) UnwrappedFrom() string { return u.unwrappedFrom }

// HasPath reports whether a path, a query or a fragment follows the host.
func (u *URL) HasPath() bool { return u.path < len(u.text) }

// IsURL reports whether a path or a query follows the host. A fragment alone makes no URL of a
// name: no server ever sees it.
func (u *URL) IsURL() bool { return u.HasPath() && u.fragment > u.path+len("/") }

// longestShown is how many bytes of a text an error quotes.
const longestShown = 80

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
