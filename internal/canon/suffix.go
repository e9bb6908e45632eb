package canon

import (
	"bytes"
	"unsafe"

	"github.com/weppos/publicsuffix-go/publicsuffix"
)

// RegisteredDomain returns the part of the host that somebody registered: a public suffix and the
// label before it. It is the whole host if that is itself a public suffix, or an address.
func (u *URL) RegisteredDomain() []byte {
	u.findSuffix()
	return u.text[u.domain:u.port]
}

// PublicSuffix returns the public suffix that the host is below, without the dot before it. It is
// empty for an address, and for a host that is itself a suffix.
func (u *URL) PublicSuffix() []byte {
	u.findSuffix()
	return u.text[min(u.suffix+len("."), u.port):u.port]
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
		u.domain, u.suffix, u.rule = 0, u.port, publicsuffix.DefaultRule
	default:
		u.domain, u.suffix, u.rule = splitSuffix(u.Host())
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
