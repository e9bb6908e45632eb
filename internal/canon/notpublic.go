package canon

import (
	"bytes"
	"slices"

	"github.com/weppos/publicsuffix-go/publicsuffix"
)

// NotPublic says why a text is no public name, one that anybody can look up in the DNS of the
// internet. The zero value is that of a public name.
type NotPublic uint8

// The reasons. Those up to FilePath are of the whole text, the others of its host.
const (
	Public          NotPublic = iota
	Hash                      // hexadecimal digits, as many as MD5 to SHA-512 have
	Number                    // a bare integer
	Identifier                // a date, the number of a vulnerability, a MAC address, a UUID, ...
	FilePath                  // of Windows or a home directory, or a file: URL
	SingleLabel               // a host without a dot
	PublicSuffix              // a suffix of the public suffix list, below which names are registered
	LocalSuffix               // below a suffix that networks use for themselves
	ReservedSuffix            // below a suffix that is reserved for special use
	Onion                     // RFC 7686
	ReverseZone               // below in-addr.arpa or ip6.arpa
	PrivateAddress            // an address within somebody's network
	ReservedAddress           // an address that no host on the internet has
)

var notPublicWords = [...]string{
	"", "hash", "number", "identifier", "file path", "single label", "public suffix", "local suffix", "reserved suffix", "onion",
	"reverse zone", "private address", "reserved address",
}

// String returns the reason in words, empty for a public name.
func (n NotPublic) String() string { return notPublicWords[n] }

// NotPublic returns why the text of the last Parse is no public name.
func (u *URL) NotPublic() NotPublic {
	if u.textNotPublic != Public {
		return u.textNotPublic
	}
	return u.hostNotPublic()
}

// start is how many bytes tell of most texts that they are no hash, identifier or path.
const start = len("capec-")

// What a byte within the start of a text says.
const (
	notHexadecimal = 1 << iota // the text is no hash
	notLetter                  // the text may be an identifier or a path
)

// startBytes has what each byte says. An ordinary name starts with letters, perhaps with a dot.
var startBytes = func() (says [256]uint8) {
	for i := range says {
		c := byte(i)
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if _, ok := unhexDigit(c); !ok {
			says[i] |= notHexadecimal
		}
		if !letter && c != '.' && c < 0x80 {
			says[i] |= notLetter
		}
	}
	return says
}()

// pairs has, for each letter that a text may begin with, a set of what may follow in an identifier,
// a hash or a path: a bit for each sort of byte.
var pairs, sorts = func() (pairs [26]uint32, sorts [256]uint8) {
	const digit, colon, other = 26, 27, 31
	for i := range sorts {
		switch c := byte(i) | 0x20; {
		case isDigit(byte(i)):
			sorts[i] = digit
		case i == ':':
			sorts[i] = colon
		case c >= 'a' && c <= 'z':
			sorts[i] = c - 'a'
		default:
			sorts[i] = other
		}
	}
	add := func(start string) { pairs[start[0]-'a'] |= 1 << sorts[start[1]] }
	for letter := range "abcdefghijklmnopqrstuvwxyz" {
		pairs[letter] = 1 << colon // C:\a
	}
	for _, start := range slices.Concat(namedIdentifiers, months, []string{"bc1", "file:", "hk"}) {
		add(start)
	}
	for _, first := range "abcdef" {
		for _, second := range "abcdef0" {
			add(string(first) + string(second))
		}
	}
	return pairs, sorts
}()

// notPublicText returns why a text of people, without what stands around it, is no public name by
// its form, whatever its host.
func notPublicText(text string) NotPublic {
	if len(text) >= start {
		if first := (text[0] | 0x20) - 'a'; first < 26 && pairs[first]>>sorts[text[1]]&1 == 0 {
			return Public
		}
		says := startBytes[text[0]] | startBytes[text[1]] | startBytes[text[2]] | startBytes[text[3]] | startBytes[text[4]] | startBytes[text[5]]
		if says == notHexadecimal && (len(text) != len(macAddressDot) || text[4] != '.') {
			return Public
		}
	}
	return oddNotPublic(text)
}

// oddNotPublic is notPublicText for a text that does not start as an ordinary name does.
func oddNotPublic(text string) NotPublic {
	switch len(text) {
	case 32, 40, 56, 64, 96, 128: // MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
		if isHexadecimal(text) {
			return Hash
		}
	case len(macAddressDot):
		if text[4] == '.' {
			return identifierOrPath(text, 4)
		}
	case len(uuid):
		if text[8] == '-' {
			return identifierOrPath(text, 8)
		}
	}
	for i := range min(len(text), start) {
		if startBytes[text[i]]&notLetter != 0 {
			return identifierOrPath(text, i)
		}
		if text[i] == '.' || text[i] >= 0x80 {
			break
		}
	}
	return Public
}

// identifierOrPath is notPublicText for a text in which the byte at this index is the first that
// is no letter, or could decide.
func identifierOrPath(text string, at int) NotPublic {
	first := text[0] | 0x20
	switch c := text[at]; {
	case isDigit(text[0]):
		if isNumber(text) {
			return Number
		}
	case isDigit(c) || c == '-':
		if at > 2 && first > 'g' { // these begin with hexadecimal digits, capec-, cve-, cwe-, euvd- or ghsa-
			return Public
		}
	case isFilePath(text, at):
		return FilePath
	case c == '/' || c == '\\' || c == ':' && at > len("urn"): // mostly http: and https:
		return Public
	}
	if isIdentifier(text) {
		return Identifier
	}
	return Public
}

// isFilePath reports whether a text whose first byte that is no letter has this index is the path
// of a file, or of a key in a registry.
func isFilePath(text string, at int) bool {
	if at+1 == len(text) {
		return false
	}
	next := text[at+1]
	switch text[at] {
	case ':': // C:\a, C:/a, file://server/a
		return (next == '/' || next == '\\') && (at == 1 || at == 4 && foldedPrefix(text, "file:"))
	case '\\': // \\server\share, HKLM\Software
		if at == 0 {
			return next == '\\' && indexFrom(text, 2, '\\') > 2
		}
		return foldedPrefix(text, `hklm\`) || foldedPrefix(text, `hkcu\`) || foldedPrefix(text, `hkcr\`) || foldedPrefix(text, `hku\`)
	case '_':
		return foldedPrefix(text, "hkey_") && indexFrom(text, at, '\\') > 0
	case '~': // ~/a, ~user/a
		return at == 0 && (next == '/' || next == '\\' || indexFrom(text, 1, '/') > 0)
	case '%': // %TEMP%\a
		end := indexFrom(text, 1, '%')
		return at == 0 && end > 1 && end+1 < len(text) && text[end+1] == '\\'
	}
	return false
}

// indexFrom returns the index of a byte in text from start on, or -1.
func indexFrom(text string, start int, c byte) int {
	for i := start; i < len(text); i++ {
		if text[i] == c {
			return i
		}
	}
	return -1
}

// foldedPrefix reports whether text begins with a prefix in lower case, in whatever case.
func foldedPrefix(text, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if c := text[i]; c != prefix[i] && (c < 'A' || c > 'Z' || c|0x20 != prefix[i]) {
			return false
		}
	}
	return true
}

// isNumber reports whether text is an integer, decimal or hexadecimal. An Ethereum address is none.
func isNumber(text string) bool {
	if len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		return len(text) != len(ethereumAddress) && isHexadecimal(text[2:])
	}
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text != ""
}

func isHexadecimal(text string) bool {
	for i := range len(text) {
		if _, ok := unhexDigit(text[i]); !ok {
			return false
		}
	}
	return true
}

// parseWhole makes the whole text the host, byte for byte.
func (u *URL) parseWhole(text string) {
	u.reset("")
	raw := u.scratch[:0]
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if decoded, ok := unhex(text[i+1], text[i+2]); ok {
				c = decoded
				i += 2
			}
		}
		raw = append(raw, lower(c))
	}
	u.scratch = raw
	u.host, u.text = 0, appendEscaped(u.text, raw)
	u.port, u.path = len(u.text), len(u.text)
	u.query, u.fragment = len(u.text), len(u.text)
}

// hostNotPublic returns why the host is no public name. An unknown last label alone is no reason:
// new ones come.
func (u *URL) hostNotPublic() NotPublic {
	if u.isAddress {
		return addressNotPublic(u.Address())
	}
	u.findSuffix()
	host := u.Host()
	if u.rule == publicsuffix.DefaultRule {
		return unlistedNotPublic(host)
	}
	switch u.rule.Value {
	case "arpa", "e164.arpa": // the domain of the internet's infrastructure (RFC 3172)
		return ReservedSuffix
	case "in-addr.arpa", "ip6.arpa": // RFC 1035, section 3.5; RFC 3596, section 2.5
		return ReverseZone
	case "home.arpa": // RFC 8375
		return LocalSuffix
	case "onion":
		return Onion
	case "com", "net", "org": // RFC 6761, section 6.5
		if domain := u.text[u.domain:u.suffix]; string(domain) == "example" {
			return ReservedSuffix
		}
	}
	// Companies answer below some of their suffixes: s3.amazonaws.com/bucket.
	if u.suffix == u.port && !(u.rule.Private && u.HasPath()) {
		return PublicSuffix
	}
	return Public
}

// unlistedNotPublic is hostNotPublic for a host below no listed public suffix.
func unlistedNotPublic(host []byte) NotPublic {
	dot := bytes.LastIndexByte(host, '.')
	switch string(host[dot+1:]) {
	case "test", "example", "invalid", "localhost", // RFC 6761, section 6
		"alt": // RFC 9476
		return ReservedSuffix
	case "local", // RFC 6762
		"intranet", "internal", "private", "corp", "home", "lan", // RFC 6762, appendix G; ICANN reserved internal
		"mail", // ICANN delegates none of corp, home, mail
		// What routers and companies use, as the queries that leak to the root servers show.
		"localdomain", "localnet", "domain", "workgroup", "intra", "priv", "consul",
		"router", "gateway", "belkin", "dlink":
		return LocalSuffix
	}
	if dot < 0 {
		return SingleLabel
	}
	return Public
}
