// Package lookalike says which popular name a host imitates or mentions, and whether it mixes
// scripts.
//
//	list := lookalike.New([]string{"paypal.com me", "microsoft.com me", "dhl.com m", "modern.com"})
//	found := list.Look(host, domain)
//
// A name imitates another if a reader takes it for that:
//
//   - Both have the same skeleton, as UTS #39, section 4, defines it. These rules differ, as
//     names are in lower case: i looks like l; 0, 1, 3, 4, 5, 7, 8 and 9 look like o, l, e, a,
//     s, t, b and g; vv looks like w, and cl like d; marks on letters do not count, as in
//     metamask with an accent. The bar of Polish l and the like are marks.
//   - It is the other with one slip: a letter doubled, left out or added, two swapped, or one that
//     stands beside the right one on a keyboard. Only names that the list marks with e.
//
// A name mentions another if it has it plainly: as a part between hyphens or a label before the
// registered domain, or in one word with a usual companion (paypallogin). Only names that the list
// marks with m. Sites of institutions mention nobody.
//
// A name that is on the list imitates and mentions nobody, whatever stands behind it: paypal.net
// does not imitate paypal.com. So modem does not imitate modern if it is on the list, and m never
// looks like rn, only rn like m. What was tried and measured: docs/experiments/lookalikes.md.
//
// Hosts are in canonical form: lower case, A-labels. The package knows names, not addresses or
// URLs, and reads no files. To look at a host takes time in proportion to its length, no memory.
package lookalike

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:generate go run -C _confusables . -out ../confusables.go

const (
	// minLabel is the length of the shortest label that is imitated. Too many words and
	// abbreviations are one character away from a shorter label.
	minLabel = 5
	// minPart is the length of the shortest label that a label of a sub-domain or a part between
	// hyphens imitates. It is longer, since machines are called core1 or car01.
	minPart = 6
	// minSlip and minPartSlip are the lengths of the shortest labels that a label, or a part
	// between hyphens, imitates with one slip. Beside a usual companion minSlip is enough.
	minSlip, minPartSlip = 6, 7
	// minCompanion is the length of the shortest label that is mentioned in one word with another.
	minCompanion = 5

	// longestChain is how many names of one folded label are compared with a token: a file made for
	// it could have more.
	longestChain = 8
	// longestHalf is how many entries are tried that begin or end as a token: of the 5,000 most
	// popular labels, at most 49.
	longestHalf = 256

	maxLabel = 63  // bytes (RFC 1035, section 2.3.4)
	maxHost  = 253 // bytes without the dots at the ends
)

var aLabelPrefix = []byte("xn--")

// A List is names that others imitate and mention. It is immutable and safe for any number of
// goroutines. The zero value has no names.
type List struct {
	names    []listed
	domains  []string
	byDomain index // the domains
	index    index // names by their folded label
	slips    index // names marked with e by their halves

	// What glance looks for, by hashes.
	known filter // labels of names, and what are those but for one slip
	ends  filter // how names begin and end that stand in one word with a companion
}

// listed is a name of a List.
type listed struct {
	Name
	label  string
	folded string
}

// New returns a list of names that Check accepts, the most popular first. Of domains that look
// alike, the first is the one that others imitate.
func New(names []string) *List {
	l := &List{names: make([]listed, 0, len(names)), domains: make([]string, 0, len(names))}
	labels, domains := make([]entry, 0, len(names)), make([]entry, 0, len(names))
	var slips []entry
	known := make([]uint32, 0, 4*len(names))
	var ends []uint32
	seen := newLabelSet(len(names))
	var w word
	var sums sums
	for _, text := range names {
		name, err := ParseName(text)
		if err != nil {
			continue
		}
		label, _, _ := strings.Cut(name.Domain, ".")
		w.set([]byte(label))
		sums.set([]byte(label))
		whole, number := sums.hash(0, len(label)), int32(len(l.names))
		domains = append(domains, entry{hashOfDomain(whole, len(name.Domain)), int32(len(l.domains))})
		l.domains = append(l.domains, name.Domain)
		if !seen.add(label, whole, l.names) {
			continue // the same company, or one less popular
		}
		folded := label
		if string(w.folded[:w.length]) != label {
			folded = string(w.folded[:w.length])
		}
		l.names = append(l.names, listed{name, label, folded})
		labels, known = append(labels, entry{whole, number}), append(known, whole)
		if name.Mentioned || len(label) >= minPart {
			known = append(known, whole+part)
		}
		if name.Mentioned && w.length >= minCompanion {
			ends = appendEnds(ends, folded)
		}
		if !name.Misspelt || len(label) < minSlip || len(label) > longestMisspelt {
			continue
		}
		known = appendSlips(known, whole, folded)
		for size := w.length - 1; size <= w.length+1; size++ {
			first, last := w.halves(sums[:], 0, w.length, size)
			slips = append(slips, entry{first, number}, entry{last, number})
		}
	}
	l.byDomain, l.index, l.slips = newIndex(domains), newIndex(labels), newIndex(slips)
	l.known, l.ends = newFilter(known), newFilter(ends)
	return l
}

// Has reports whether a registered domain is on the list.
func (l *List) Has(domain []byte) bool {
	label, _, _ := bytes.Cut(domain, []byte("."))
	var s sums
	s.set(label)
	return len(label) <= maxLabel && l.has(domain, s.hash(0, len(label)))
}

// has is Has, given the hash of the first label.
func (l *List) has(domain []byte, label uint32) bool {
	hash := hashOfDomain(label, len(domain))
	for _, e := range l.byDomain.find(hash) {
		if e.hash == hash && l.domains[e.number] == string(domain) {
			return true
		}
	}
	return false
}

// hashOfDomain returns the hash of a domain, given that of its first label and its length.
func hashOfDomain(label uint32, length int) uint32 { return label + uint32(length)*0x9E3779B1 }

// Found is what Look finds in a host.
type Found struct {
	Imitates     string // the domain on the list that the host imitates, or empty
	Mentions     string // the domain on the list that the host mentions, or empty
	MixesScripts bool   // a label mixes scripts beyond the level "highly restrictive" of UTS #39, section 5.2
	IsListed     bool   // the registered domain is on the list
}

// Look returns what is found in a host whose registered domain starts at index domain. The
// registered domain comes before its sub-domains.
func (l *List) Look(host []byte, domain int) Found {
	var v visit
	v.list, v.host, v.domain = l, host, domain
	v.walk()
	return v.Found
}

// A Span is where a name of the list stands in a host, written plainly or as a look-alike.
type Span struct{ Start, End int }

// Spans appends where names of the list are imitated or mentioned in a host whose registered domain
// starts at index domain: what makes Look name them. Spans are in no order and may overlap. An
// A-label is one span as a whole.
func (l *List) Spans(spans []Span, host []byte, domain int) []Span {
	v := visit{list: l, host: host, domain: domain, spans: spans, wantsSpans: true}
	v.walk()
	return v.spans
}

// A visit is one look at a host.
type visit struct {
	list       *List
	host       []byte
	domain     int // where the registered domain starts
	spans      []Span
	wantsSpans bool
	Found
}

// walk looks at the labels of the host.
func (v *visit) walk() {
	if len(v.host) > maxHost || v.domain < 0 || v.domain > len(v.host) {
		return
	}
	var g glance
	if g.set(v.list, v.host, v.domain) {
		v.walkQuickly(&g)
	} else {
		v.walkSlowly()
	}
}

// walkSlowly looks at all labels.
func (v *visit) walkSlowly() {
	if v.IsListed = v.list.Has(v.host[v.domain:]); !v.IsListed {
		v.label(v.domain, true, nil)
	}
	for start := v.domain; start > 1; {
		start = bytes.LastIndexByte(v.host[:start-1], '.') + 1
		v.label(start, false, nil)
	}
}

// walkQuickly is walkSlowly where there is a glance.
func (v *visit) walkQuickly(g *glance) {
	if end := g.labelEnd(v.domain); g.mayFind(v.domain, end, true) {
		v.IsListed = v.list.has(v.host[v.domain:], g.sums.hash(v.domain, end))
		if !v.IsListed {
			v.label(v.domain, true, g.sums[v.domain:])
		}
	}
	for start := v.domain; start > 1; {
		end := start - 1
		start = g.labelStart(end)
		if g.mayFind(start, end, false) {
			v.label(start, false, g.sums[start:])
		}
	}
}

// note notes that a name is imitated or mentioned in a part of the host.
func (v *visit) note(name int32, start, end int, isMention bool) {
	if v.wantsSpans {
		v.spans = append(v.spans, Span{start, end})
	}
	switch domain := v.list.names[name].Domain; {
	case isMention && v.Mentions == "":
		v.Mentions = domain
	case !isMention && v.Imitates == "":
		v.Imitates = domain
	}
}

// label looks at the label of the host that starts at start. It needs its sums, or makes them.
func (v *visit) label(start int, isRegistered bool, labelSums []uint32) {
	var w word
	host := v.host[start:]
	if bytes.HasPrefix(host, aLabelPrefix) {
		label, _, _ := bytes.Cut(host, []byte("."))
		if len(label) <= maxLabel {
			v.encoded(&w, start, start+len(label), isRegistered)
		}
		return
	}
	length := w.set(host)
	if length > maxLabel {
		return
	}
	if labelSums == nil {
		var s sums
		s.set(host[:length])
		labelSums = s[:]
	}
	var t token // set one by one: to copy what was just written takes long
	t.w, t.sums, t.label, t.at, t.end, t.isRegistered = &w, labelSums, host[:length], start, w.length, isRegistered
	if !v.token(&t) && w.hasHyphen {
		t.isPart = true
		for t.start = 0; t.start < w.length; t.start = t.end + 1 {
			t.end = t.start
			for t.end < w.length && w.folded[t.end] != '-' {
				t.end++
			}
			v.token(&t)
		}
	}
}

// A token is a label, or a part of one between hyphens.
type token struct {
	w            *word
	label        []byte // which w is
	sums         []uint32
	at           int // where it starts in the host
	start, end   int // of the token in the folded word
	isPart       bool
	isRegistered bool // of the registered domain
}

// part returns a part of the token as it stands in the label.
func (t *token) part(start, end int) []byte { return t.label[t.w.at(start):t.w.at(end)] }

// hash returns the hash of a part of the token's word.
func (t *token) hash(start, end int) uint32 { return t.sums[t.w.at(end)] - t.sums[t.w.at(start)] }

// token looks at a token, and reports whether it is or imitates a name.
func (v *visit) token(t *token) bool {
	known, length := &v.list.known, t.end-t.start
	if length < minName || length > maxLabel {
		return false
	}
	whole := t.hash(t.start, t.end)
	if known.has(whole) != 0 && v.same(t, whole) {
		return true
	}
	if !t.isRegistered {
		return false
	}
	if length >= minSlip-1 && known.has(whole+slip) != 0 && v.slip(t) {
		return true
	}
	return length > minCompanion && v.companion(t)
}

// same finds the name that a token is, or looks like.
func (v *visit) same(t *token, hash uint32) bool {
	raw := t.part(t.start, t.end)
	least, counts := minLabel, true
	if t.isPart || !t.isRegistered {
		least, counts = minPart, false
	}
	var chain [longestChain]int32
	alikes := chain[:0]
	for _, e := range v.list.index.find(hash) {
		name := &v.list.names[e.number]
		if e.hash != hash || name.folded != string(t.w.folded[t.start:t.end]) {
			continue
		}
		counts = counts || name.Mentioned || len(name.label) >= minPart
		if alikes = append(alikes, e.number); len(alikes) == longestChain {
			break
		}
	}
	if !counts {
		return false
	}
	alike := int32(-1)
	for _, number := range alikes {
		name := &v.list.names[number]
		if name.label == string(raw) {
			v.plain(t, number, t.start, t.end)
			return true
		}
		if alike < 0 && len(name.label) >= least && t.w.looksLike(t.label, t.start, t.end, name) {
			alike = number
		}
	}
	if alike < 0 {
		return false
	}
	v.hit(t, alike, t.start, t.end, false)
	return true
}

// plain notes a name that stands plainly in a token. The registered domain's own label mentions
// nobody, nor does a name before its own operator: amazon in front of amazonaws.com.
func (v *visit) plain(t *token, name int32, start, end int) {
	if t.isRegistered && start == 0 && end == t.w.length {
		return
	}
	n := &v.list.names[name]
	if n.Mentioned && !isOfInstitution(v.host[v.domain:]) && !bytes.Contains(v.host[t.at+len(t.label):], []byte(n.label)) {
		v.hit(t, name, start, end, true)
	}
}

// isOfInstitution reports whether only an institution can have a registered domain: it is below
// gov, edu, mil or the like, of a country or not. Its sharepoint.town.gov is its own.
func isOfInstitution(domain []byte) bool {
	last := bytes.LastIndexByte(domain, '.')
	if last >= 0 && len(domain)-last == len(".uk") {
		domain = domain[:last]
		last = bytes.LastIndexByte(domain, '.')
	}
	switch string(domain[last+1:]) {
	case "gov", "mil", "edu", "ac", "gob", "gouv":
		return last >= 0
	}
	return false
}

func (v *visit) hit(t *token, name int32, start, end int, isMention bool) {
	v.note(name, t.at+t.w.at(start), t.at+t.w.at(end), isMention)
}

// slip finds the name that a token is but for one slip.
func (v *visit) slip(t *token) bool {
	if t.end-t.start > longestMisspelt+1 {
		return false
	}
	l, found := v.list, int32(-1)
	first, last := t.w.halves(t.sums, t.start, t.end, t.end-t.start)
	for _, half := range [...]uint32{first, last} {
		entries := l.slips.find(half)
		for _, e := range entries[:min(len(entries), longestHalf)] {
			if e.hash == half && e.number != found && v.isSlip(t, e.number) && (found < 0 || v.comesFirst(t, e.number, found)) {
				found = e.number
			}
		}
	}
	if found < 0 {
		return false
	}
	v.hit(t, found, t.start, t.end, false)
	return true
}

// isSlip reports whether a token is a name but for one slip.
func (v *visit) isSlip(t *token, number int32) bool {
	name := &v.list.names[number]
	switch {
	case !isOneSlip(t.w.folded[t.start:t.end], name.folded), isMostlyDigits(t.part(t.start, t.end), t.end-t.start):
		return false
	case t.isPart && len(name.label) < minPartSlip && !hasCompanion(t.label):
		return false
	}
	return !companions[string(t.part(t.start, t.end))] // payee is not payeer
}

// comesFirst reports whether a name comes before another that a token also is but for one slip.
func (v *visit) comesFirst(t *token, number, other int32) bool {
	token := t.w.folded[t.start:t.end]
	order := cmp.Compare(slipOrder(token, v.list.names[number].folded), slipOrder(token, v.list.names[other].folded))
	return order < 0 || order == 0 && number < other
}

// companion finds a name that stands in one word with a usual companion, before or behind it.
func (v *visit) companion(t *token) bool {
	ends := &v.list.ends
	if ends.has(endHash(t.hash(t.start, t.start+2), t.hash(t.start, t.start+minCompanion))) != 0 {
		for i := t.start + minCompanion; i < t.end; i++ {
			if isCompanion(t.part(i, t.end), true) && v.accompanied(t, t.start, i) {
				return true
			}
		}
	}
	if ends.has(^endHash(t.hash(t.end-2, t.end), t.hash(t.end-minCompanion, t.end))) != 0 {
		for i := t.start + 1; i <= t.end-minCompanion; i++ {
			if isCompanion(t.part(t.start, i), false) && v.accompanied(t, i, t.end) {
				return true
			}
		}
	}
	return false
}

// accompanied notes a name that a part of a token is, or looks like.
func (v *visit) accompanied(t *token, start, end int) bool {
	raw := t.part(start, end)
	for _, e := range v.list.index.find(t.hash(start, end)) {
		name := &v.list.names[e.number]
		switch {
		case !name.Mentioned:
		case name.label == string(raw):
			v.plain(t, e.number, start, end)
			return true
		case len(name.label) >= minPart && t.w.looksLike(t.label, start, end, name):
			v.hit(t, e.number, start, end, false)
			return true
		}
	}
	return false
}

// encoded looks at an A-label of the host.
func (v *visit) encoded(w *word, start, end int, isRegistered bool) {
	var buffer [maxLabel * utf8.UTFMax]byte
	text := decode(buffer[:0], v.host[start:end])
	least := minLabel
	if !isRegistered {
		least = minPart
	}
	v.MixesScripts = v.MixesScripts || mixes(text)
	name := v.list.unicode(w, text, least, true)
	if bytes.IndexByte(text, '-') >= 0 {
		// Between hyphens stand ordinary words, which have marks in many languages.
		for more := true; more && name < 0; {
			var part []byte
			part, text, more = bytes.Cut(text, []byte("-"))
			name = v.list.unicode(w, part, minPart, false)
		}
	}
	if name >= 0 {
		v.note(name, start, end, false)
	}
}

// unicode returns the number of the name, with a label of at least least bytes, that a text in
// Unicode looks like, or -1.
func (l *List) unicode(w *word, text []byte, least int, dropMarks bool) int32 {
	var buffer [4 * maxLabel]byte
	ascii, isASCIIAlike := appendASCII(buffer[:0], text, dropMarks)
	if !isASCIIAlike || len(ascii) > maxLabel {
		return -1
	}
	w.set(ascii)
	if w.length < minName {
		return -1
	}
	wasASCII := isASCII(text)
	var sums sums
	sums.set(ascii)
	for _, e := range l.index.find(sums.hash(0, len(ascii))) {
		name := &l.names[e.number]
		if name.label == string(ascii) && wasASCII {
			return -1
		}
		if len(name.label) >= least && (name.label == string(ascii) || w.looksLike(ascii, 0, w.length, name)) {
			return e.number
		}
	}
	return -1
}

// A prototype says what a character outside ASCII looks like.
type prototype struct {
	character rune
	looksLike string // in ASCII
	hasMarks  bool   // the character has marks, which looksLike has not
}

// appendASCII appends what a text looks like in ASCII, and reports whether the whole text does.
func appendASCII(ascii, text []byte, dropMarks bool) ([]byte, bool) {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			ascii = append(ascii, text[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		place, found := slices.BinarySearchFunc(prototypes[:], r, func(p prototype, r rune) int { return cmp.Compare(p.character, r) })
		switch {
		case found && (dropMarks || !prototypes[place].hasMarks):
			ascii = append(ascii, prototypes[place].looksLike...)
		case !dropMarks || !unicode.Is(unicode.Mn, r):
			return ascii, false
		}
	}
	return ascii, true
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
