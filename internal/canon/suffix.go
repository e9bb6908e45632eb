package canon

import (
	"math/bits"

	"github.com/snowman-ml/snowman/internal/swar"
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
	if u.dots == 0 {
		u.dots = dotsOf(u.Host())
	}
	u.domain, u.suffix, u.rule = splitSuffix(u.Host(), u.dots)
}

// dotsOf returns where the dots of a host are, a bit for each, or 0 if the host is too long.
func dotsOf(host []byte) (dots uint64) {
	if len(host) >= longestPlain {
		return 0
	}
	for i := 0; i < len(host); i += 8 {
		dots |= swar.Bits(swar.Equal(swar.Load(host, i), '.')) << i
	}
	return dots & (1<<len(host) - 1)
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
	specialRule              // it says why a name below it is no public name
	hasBelow                 // other nodes are below this one
)

func (r suffixRule) isListed() bool   { return r&listedRule != 0 }
func (r suffixRule) isPrivate() bool  { return r&privateRule != 0 }
func (r suffixRule) isWildcard() bool { return r&wildcardRule != 0 }
func (r suffixRule) isSpecial() bool  { return r&specialRule != 0 }

// A suffixNode is a label of a rule and, through its parent, all labels behind it. Its number is
// its place in suffixNodes, or rootNode for the parent of last labels.
type suffixNode struct {
	start  uint16 // of the label in suffixLabels
	length uint8
	rule   suffixRule
	parent uint16
}

const rootNode = 0xffff

// suffixBelow returns the number of the node of a label, host[start:end], below a node.
func suffixBelow(host []byte, start, end int, parent uint16) (node uint16, found bool) {
	first, last := endsOf(host, start, end)
	hash := (first ^ uint64(parent)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	hash = (hash ^ hash>>32 ^ last*0xA0761D6478BD642F) * 0xE7037ED1A0B428DB
	// Nearly every last label is in the list, and nearly no name's own label.
	if parent != rootNode {
		bit := hash >> (64 - suffixFilterBits)
		if suffixFilter[bit/64]>>(bit%64)&1 == 0 {
			return 0, false
		}
	}
	for slot := hash >> (64 - suffixSlotBits); ; slot = (slot + 1) % uint64(len(suffixNodes)) {
		n := &suffixNodes[slot]
		switch {
		case n.length == 0:
			return 0, false
		case n.parent != parent || int(n.length) != end-start:
		case n.length > 8:
			if suffixLabels[n.start:int(n.start)+int(n.length)] == string(host[start:end]) {
				return uint16(slot), true
			}
		case n.short() == first:
			return uint16(slot), true
		}
	}
}

// endsOf returns the first and the last bytes of a label, host[start:end], up to eight.
func endsOf(host []byte, start, end int) (first, last uint64) {
	length := end - start
	mask := ^uint64(0) >> (max(0, 8-length) * 8)
	return swar.Load(host, start) & mask, swar.Load(host, max(start, end-8)) & mask
}

// short returns a label of up to eight bytes, as endsOf does.
func (n *suffixNode) short() uint64 {
	end := int(n.start) + int(n.length)
	eight := suffixLabels[end-8 : end]
	return (uint64(eight[0]) | uint64(eight[1])<<8 | uint64(eight[2])<<16 | uint64(eight[3])<<24 |
		uint64(eight[4])<<32 | uint64(eight[5])<<40 | uint64(eight[6])<<48 | uint64(eight[7])<<56) >> ((8 - n.length) * 8)
}

// splitSuffix returns where in host the registered domain starts, where the dot before its public
// suffix stands, and the rule for that suffix: the longest that matches. A host that is itself a
// public suffix is all domain. It may be given the places of the dots, a bit for each.
func splitSuffix(host []byte, dots uint64) (domain, suffix int, rule suffixRule) {
	start, end := labelStart(host, dots, len(host)), len(host) // of the label
	suffix = start - 1
	node, mayGoOn := suffixBelow(host, start, end, rootNode)
	for mayGoOn {
		found, behind := suffixNodes[node].rule, end
		end = start - 1
		start = labelStart(host, dots, end)
		switch {
		case found&listedRule == 0:
		case found&(exceptionRule|wildcardRule) == 0:
			domain, suffix, rule = start, end, found
		case found&exceptionRule != 0:
			domain, suffix, rule = end+1, behind, found
		case end >= 0: // a label stands for the *
			domain, suffix, rule = labelStart(host, dots, start-1), start-1, found
		}
		if mayGoOn = end >= 0 && found&hasBelow != 0; mayGoOn {
			node, mayGoOn = suffixBelow(host, start, end, node)
		}
	}
	switch {
	case suffix < 0:
		return 0, len(host), rule
	case rule == 0:
		domain = labelStart(host, dots, suffix)
	}
	return domain, suffix, rule
}

// labelStart returns where the label of a host starts that ends at end.
func labelStart(host []byte, dots uint64, end int) int {
	if dots != 0 {
		return bits.Len64(dots & (1<<max(0, end) - 1))
	}
	for end > 0 && host[end-1] != '.' {
		end--
	}
	return max(0, end)
}
