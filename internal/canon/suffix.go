package canon

import (
	"bytes"
	"encoding/binary"
)

//go:generate go run -C _suffixes . -out ../suffixtable.go

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
	return u.rule.isListed() && u.suffix < u.port
}

// IsHosted reports whether the host is a name below a company's public suffix, such as github.io,
// where its customers have names.
func (u *URL) IsHosted() bool { return u.IsRegistrable() && u.rule.isPrivate() }

// findSuffix finds the public suffix of the host, once for each text. An address has no suffix.
func (u *URL) findSuffix() {
	if u.hasSuffix {
		return
	}
	u.hasSuffix = true
	if u.isAddress {
		u.domain, u.suffix, u.rule = 0, u.port, 0
		return
	}
	u.domain, u.suffix, u.rule = splitSuffix(u.Host())
}

// A suffixRule is what is known of a rule of the public suffix list, or 0 where none matches and
// the last label is the suffix. The rules are those of ICANN and of private suffixes such as
// github.io.
type suffixRule uint8

// The bits of a suffixRule, and of a suffixNode.
const (
	listedRule    suffixRule = 1 << iota
	wildcardRule             // its suffix is one label longer than the node
	exceptionRule            // its suffix is one label shorter than the node
	privateRule              // of a company
	hasBelow                 // other nodes are below this one
)

func (r suffixRule) isListed() bool   { return r&listedRule != 0 }
func (r suffixRule) isPrivate() bool  { return r&privateRule != 0 }
func (r suffixRule) isWildcard() bool { return r&wildcardRule != 0 }

// A suffixNode is a label of a rule and, through its parent, all labels behind it.
type suffixNode struct {
	start  uint16 // of the label in suffixLabels
	length uint8
	rule   suffixRule
	parent uint16
}

// suffixHash is the hash of a label, host[start:end], below a node. Of a long label it takes the
// ends: look-ups compare labels.
func suffixHash(host []byte, start, end int, parent uint16) uint64 {
	length := end - start
	var first, last uint64 // eight bytes, of which those before a short label are 0
	switch {
	case end >= 8:
		last = binary.LittleEndian.Uint64(host[end-8:])
	case len(host) >= 8:
		last = binary.LittleEndian.Uint64(host) << ((8 - end) * 8)
	default:
		for _, c := range host[start:end] {
			last = last>>8 | uint64(c)<<56
		}
	}
	if length > 8 {
		first = binary.LittleEndian.Uint64(host[start:])
	} else {
		before := (8 - length) * 8
		last = last >> before << before
	}
	hash := (last ^ uint64(parent)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	return (hash ^ hash>>32 ^ first*0xA0761D6478BD642F ^ uint64(length)) * 0xE7037ED1A0B428DB
}

// suffixBelow returns the number of the node of a label, host[start:end], below a node, or 0.
func suffixBelow(host []byte, start, end int, parent uint16) uint16 {
	hash := suffixHash(host, start, end, parent)
	bit := hash >> (64 - suffixFilterBits)
	if suffixFilter[bit/64]>>(bit%64)&1 == 0 {
		return 0
	}
	for slot := hash >> (64 - suffixSlotBits); ; slot = (slot + 1) % uint64(len(suffixSlots)) {
		number := suffixSlots[slot]
		if number == 0 {
			return 0
		}
		n := &suffixNodes[number]
		if n.parent == parent && suffixLabels[n.start:int(n.start)+int(n.length)] == string(host[start:end]) {
			return number
		}
	}
}

// splitSuffix returns where in host the registered domain starts, where the dot before its public
// suffix stands, and the rule for that suffix: the longest that matches. A host that is itself a
// public suffix is all domain.
func splitSuffix(host []byte) (domain, suffix int, rule suffixRule) {
	start, end := labelStart(host, len(host)), len(host) // of the label
	suffix = start - 1
	domain = -1
	for node, mayGoOn := uint16(0), true; mayGoOn; {
		if node = suffixBelow(host, start, end, node); node == 0 {
			break
		}
		found, behind := suffixNodes[node].rule, end
		end = start - 1
		start = labelStart(host, end)
		mayGoOn = end >= 0 && found&hasBelow != 0
		switch {
		case found&exceptionRule != 0:
			domain, suffix, rule = end+1, behind, found
		case found&wildcardRule != 0:
			if end >= 0 { // a label stands for the *
				domain, suffix, rule = labelStart(host, start-1), start-1, found
			}
		case found&listedRule != 0:
			domain, suffix, rule = start, end, found
		}
	}
	switch {
	case suffix < 0:
		return 0, len(host), rule
	case rule == 0:
		domain = labelStart(host, suffix)
	}
	return domain, suffix, rule
}

// labelStart returns where the label of a host starts that ends at end.
func labelStart(host []byte, end int) int {
	return bytes.LastIndexByte(host[:max(0, end)], '.') + 1
}
