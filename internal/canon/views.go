package canon

import (
	"encoding/binary"
	"slices"
)

// The views of a URL: what was paid for, what stands before it as well, and all of it.
const (
	RegisteredDomainView = iota
	HostView
	WholeView
	viewCount
)

// Views are the symbols of a URL's views, one behind the other. What each is:
//
//	registered domain   the registered domain, or the host where nobody registers one: an address, a
//	                    public suffix, a name below none
//	host                the host, without a port
//	whole               what Alphabet.Append reads
//
// Below the suffix of an operator all three begin at the suffix.
type Views struct {
	// Ends say where each view ends among the symbols. A view that is the one before it has no
	// symbols of its own and so the same end.
	Ends [viewCount]int

	IsPaid bool // somebody paid for the registered domain: false below the suffix of an operator
}

// AppendViews appends the symbols of u's distinct views to symbols.
func (a *Alphabet) AppendViews(symbols []uint8, u *URL, limit int) (_ []uint8, views Views) {
	host, isOperators := a.operators.find(u.Host())
	var d division
	a.divide(&d, u, host, limit)
	domain := host
	if !isOperators && u.IsRegistrable() {
		domain = u.domain
	}
	views.IsPaid = !isOperators
	if !d.hasALabels {
		symbols = a.appendPlainViews(symbols, u, &d, domain, &views.Ends)
		return symbols, views
	}
	symbols = a.appendPart(symbols, u, &d, domain, u.port)
	views.Ends[RegisteredDomainView] = len(symbols)
	if domain > host {
		symbols = a.appendPart(symbols, u, &d, host, u.port)
	}
	views.Ends[HostView] = len(symbols)
	if d.starts[segments] > u.port {
		symbols = a.appendPart(symbols, u, &d, host, len(u.text))
	}
	views.Ends[WholeView] = len(symbols)
	return symbols, views
}

// appendPlainViews is AppendViews where each byte is a symbol. Every view is a part of what is
// read, the last one all of it.
func (a *Alphabet) appendPlainViews(symbols []uint8, u *URL, d *division, domain int, ends *[viewCount]int) []uint8 {
	host, end := d.starts[subdomainSegment], d.starts[segments]
	first := len(symbols)
	domainEnd := first + u.port - domain
	hostEnd := domainEnd
	if domain > host {
		hostEnd += u.port - host
	}
	last := hostEnd
	if end > u.port {
		last += end - host
	}
	ends[RegisteredDomainView], ends[HostView], ends[WholeView] = domainEnd, hostEnd, last
	// Words may be read and written beyond what they are for, up to slack.
	symbols = slices.Grow(symbols, last-first+slack)[:last]
	all := symbols[last-(end-host) : last+slack]
	u.text = slices.Grow(u.text, slack)
	for segment := subdomainSegment; segment < segments; segment = a.runEnd[segment] {
		if start, end := d.starts[segment], d.starts[a.runEnd[segment]]; start < end {
			translateWords(all[start-host:], u.text[start:end], &a.table[segment])
		}
	}
	if last > domainEnd {
		copy(symbols[first:], all[domain-host:u.port-host])
	}
	if last > hostEnd && hostEnd > domainEnd {
		copy(symbols[domainEnd:], all[:u.port-host])
	}
	return symbols
}

// translateWords is translate with eight bytes at a time: up to seven more are read and written.
func translateWords(symbols []uint8, text []byte, table *[256]uint8) {
	for i := 0; i < len(text); i += 8 {
		word := binary.LittleEndian.Uint64(text[i : i+8])
		eight := (*[8]uint8)(symbols[i:])
		eight[0], eight[1] = table[byte(word)], table[byte(word>>8)]
		eight[2], eight[3] = table[byte(word>>16)], table[byte(word>>24)]
		eight[4], eight[5] = table[byte(word>>32)], table[byte(word>>40)]
		eight[6], eight[7] = table[byte(word>>48)], table[byte(word>>56)]
	}
}
