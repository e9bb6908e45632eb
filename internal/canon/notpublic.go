package canon

import (
	"bytes"
	"slices"
	"strings"
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

// longestStart is how many letters a text begins with that is neither an identifier nor a path.
const longestStart = len("capec-")

// notPublicText returns why a text of people, without what stands around it, is no public name by
// its form, whatever its host.
func notPublicText(text string) NotPublic {
	switch len(text) {
	case 32, 40, 56, 64, 96, 128: // MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
		if isHexadecimal(text) {
			return Hash
		}
	case len("00000000-0000-0000-0000-000000000000"):
		if text[8] == '-' {
			return identifierOrPath(text, 8)
		}
	}
	for i := range min(len(text), longestStart) {
		if c := text[i] | 0x20; c < 'a' || c > 'z' {
			if text[i] == '.' && (i != 4 || len(text) != len("0000.0000.0000")) || text[i] > 0x7f {
				return Public
			}
			return identifierOrPath(text, i)
		}
	}
	return Public
}

// identifierOrPath is notPublicText for a text in which the byte at this index is the first that
// is no letter, or could decide.
func identifierOrPath(text string, at int) NotPublic {
	if isFilePath(text, at) {
		return FilePath
	}
	if c := text[at]; c == '/' || c == '\\' || c == ':' && at > len("urn") { // mostly http: and https:
		return Public
	}
	switch {
	case isNumber(text):
		return Number
	case isIdentifier(text):
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
		return (next == '/' || next == '\\') && (at == 1 || at == 4 && hasPrefixFold(text, "file:"))
	case '\\': // \\server\share, HKLM\Software; behind hku\. may stand the suffix of a name
		if next == '.' {
			return false
		}
		if at == 0 {
			return next == '\\' && strings.IndexByte(text[2:], '\\') > 0
		}
		return hasPrefixFold(text, `hklm\`) || hasPrefixFold(text, `hkcu\`) || hasPrefixFold(text, `hkcr\`) || hasPrefixFold(text, `hku\`)
	case '_':
		return hasPrefixFold(text, "hkey_") && strings.Contains(text, `\`)
	case '~': // ~/a, ~user/a
		return at == 0 && (next == '/' || next == '\\' || strings.Contains(text, "/"))
	case '%': // %TEMP%\a
		variable, behind, _ := strings.Cut(text[1:], "%")
		return at == 0 && variable != "" && strings.HasPrefix(behind, `\`)
	}
	return false
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

// hostNotPublic returns why the host is no public name. An unknown last label alone is no reason:
// new ones come.
func (u *URL) hostNotPublic() NotPublic {
	if u.isAddress {
		return addressNotPublic(u.Address())
	}
	u.findSuffix()
	host := u.Host()
	if !u.rule.isListed() {
		reason := unlistedNotPublic(host)
		if reason == SingleLabel && (isOdd(host) || bytes.HasPrefix(u.text[u.path:], []byte("//"))) {
			return Public // what is left of a name or URL that somebody wrote otherwise: https//evil.com
		}
		return reason
	}
	if u.rule.isSpecial() {
		return u.specialNotPublic()
	}
	switch string(u.text[u.domain:u.port]) {
	case "example.com", "example.net", "example.org": // RFC 6761, section 6.5
		return ReservedSuffix
	}
	// Companies answer at some of their suffixes, s3.amazonaws.com/bucket, and what a rule such as
	// *.at.ply.gg matches is somebody's host.
	isServer := u.rule.isPrivate() && (u.path > u.port || u.HasPath() || u.rule.isWildcard())
	if u.suffix == u.port && !isServer {
		return PublicSuffix
	}
	return Public
}

// specialNotPublic is hostNotPublic for a host below one of the rules that are special in
// _suffixes, or such a suffix itself.
func (u *URL) specialNotPublic() NotPublic {
	host := u.Host()
	suffix := u.PublicSuffix()
	if u.suffix == u.port {
		suffix = host
	}
	switch string(suffix) {
	case "in-addr.arpa", "ip6.arpa": // RFC 1035, section 3.5; RFC 3596, section 2.5
		if !u.HasPath() && (u.suffix == u.port || isReverse(host[:u.suffix])) {
			return ReverseZone
		}
		return Public // somebody who has an address may give any name below it an address
	case "home.arpa": // RFC 8375
		return LocalSuffix
	case "onion":
		return Onion
	}
	return ReservedSuffix // arpa, e164.arpa: the domain of the internet's infrastructure (RFC 3172)
}

// isReverse reports whether labels are those of an address, or of a part of a network (RFC 2317) or
// a service (RFC 6763) below one.
func isReverse(labels []byte) bool {
	for label := range bytes.SplitSeq(labels, []byte(".")) {
		if len(label) > 0 && label[0] == '_' {
			continue
		}
		if i := bytes.IndexByte(label, '-'); i > 0 {
			label = label[:i]
		}
		if i := bytes.Index(label, []byte("%2F")); i > 0 {
			label = label[:i]
		}
		if string(label) == "lb" || string(label) == "dr" || string(label) == "r" { // RFC 6763, section 11
			continue
		}
		if len(label) > len("255") || !isHexadecimal(string(label)) {
			return false
		}
	}
	return true
}

// isOdd reports whether a host has a character that ordinary names lack.
func isOdd(host []byte) bool {
	return slices.ContainsFunc(host, func(c byte) bool { return !isPlain[c] })
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
