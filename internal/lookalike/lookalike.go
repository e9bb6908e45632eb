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

	maxLabel = 63  // bytes (RFC 1035, section 2.3.4)
	maxHost  = 253 // bytes without the dots at the ends
)

// A List is names that others imitate and mention. It is immutable and safe for any number of
// goroutines. The zero value has no names.
type List struct {
	names   []listed
	domains map[string]bool
	index   index // names by their folded label
	slips   index // names marked with e by their folded label with one letter left out

	// What may be found, by hashes of what is folded.
	isName     filter // labels of names
	isPart     filter // those that count as a part or in a sub-domain
	isMisspelt filter // labels of names marked with e
	hasSlip    filter // those with one letter left out
	halves     filter // how labels but for one slip of them begin and end
	beginnings filter // of names that stand in one word with a companion
	endings    filter
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
	l := &List{domains: make(map[string]bool, len(names))}
	labels := make(map[string]bool)
	var keys, slips []key
	var isName, isPart, isMisspelt, hasSlip, halves, beginnings, endings []uint64
	var w word
	for _, text := range names {
		name, err := ParseName(text)
		if err != nil {
			continue
		}
		l.domains[name.Domain] = true
		label, _, _ := strings.Cut(name.Domain, ".")
		if labels[label] {
			continue // the same company, or one less popular
		}
		labels[label] = true
		w.set([]byte(label))
		number := int32(len(l.names))
		l.names = append(l.names, listed{name, label, string(w.folded[:w.length])})
		whole := w.hash(0, w.length)
		keys = append(keys, key{whole, number})
		isName = append(isName, whole)
		if name.Mentioned || len(label) >= minPart {
			isPart = append(isPart, whole)
		}
		if name.Mentioned && w.length >= minCompanion {
			beginnings = append(beginnings, w.hash(0, minCompanion))
			endings = append(endings, w.hash(w.length-minCompanion, w.length))
		}
		if !name.Misspelt || len(label) < minSlip || len(label) > longestMisspelt {
			continue
		}
		isMisspelt = append(isMisspelt, whole)
		for i := range w.length {
			hash := w.hashWithout(0, w.length, i)
			slips, hasSlip = append(slips, key{hash, number}), append(hasSlip, hash)
		}
		for size := w.length - 1; size <= w.length+1; size++ {
			beginning, ending := w.halves(0, w.length, size)
			halves = append(halves, beginning, ending)
		}
	}
	l.index, l.slips = newIndex(keys), newIndex(slips)
	l.isName, l.isPart, l.isMisspelt, l.hasSlip = newFilter(isName), newFilter(isPart), newFilter(isMisspelt), newFilter(hasSlip)
	l.halves, l.beginnings, l.endings = newFilter(halves), newFilter(beginnings), newFilter(endings)
	return l
}

// Has reports whether a registered domain is on the list.
func (l *List) Has(domain []byte) bool { return l.domains[string(domain)] }

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
	v := visit{list: l, host: host, domain: domain}
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
	var w word
	end := bytes.IndexByte(v.host[v.domain:], '.')
	if end < 0 {
		end = len(v.host) - v.domain
	}
	v.label(&w, v.domain, v.domain+end, true)
	v.IsListed = v.IsListed && v.list.Has(v.host[v.domain:])
	for end = v.domain - 1; end > 0; {
		start := bytes.LastIndexByte(v.host[:end], '.') + 1
		v.label(&w, start, end, false)
		end = start - 1
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

// label looks at a label of the host.
func (v *visit) label(w *word, start, end int, isRegistered bool) {
	label := v.host[start:end]
	switch {
	case len(label) == 0 || len(label) > maxLabel:
		return
	case bytes.HasPrefix(label, []byte("xn--")):
		v.encoded(w, start, end, isRegistered)
		return
	}
	w.set(label)
	t := token{w: w, end: w.length, at: start, isRegistered: isRegistered}
	if v.token(&t) || !w.hasHyphen {
		return
	}
	t.isPart = true
	for t.start = 0; t.start < w.length; t.start = t.end + 1 {
		t.end = t.start
		for t.end < w.length && w.folded[t.end] != '-' {
			t.end++
		}
		v.token(&t)
	}
}

// A token is a label, or a part of one between hyphens.
type token struct {
	w            *word
	start, end   int // in the folded word
	at           int // where the word starts in the host
	isPart       bool
	isRegistered bool // of the registered domain
}

// token looks at a token, and reports whether it is or imitates a name.
func (v *visit) token(t *token) bool {
	l, length := v.list, t.end-t.start
	if length < minName || length > maxLabel {
		return false
	}
	known := &l.isName
	if t.isPart || !t.isRegistered {
		known = &l.isPart
	}
	whole := t.w.hash(t.start, t.end)
	if known.mayHave(whole) && v.same(t, whole) {
		return true
	}
	if !t.isRegistered {
		return false
	}
	if length >= minSlip-1 && v.slip(t, whole) {
		return true
	}
	return length > minCompanion && v.companion(t)
}

// same finds the name that a token is, or looks like.
func (v *visit) same(t *token, hash uint64) bool {
	raw := t.w.raw[t.w.at[t.start]:t.w.at[t.end]]
	least := minLabel
	if t.isPart || !t.isRegistered {
		least = minPart
	}
	alike := int32(-1)
	for _, entry := range v.list.index[hash] {
		name := &v.list.names[entry]
		if name.label == string(raw) {
			v.plain(t, entry, t.start, t.end)
			return true
		}
		if alike < 0 && len(name.label) >= least && t.w.looksLike(t.start, t.end, name) {
			alike = entry
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
		v.IsListed = true
		return
	}
	n := &v.list.names[name]
	if n.Mentioned && !isOfInstitution(v.host[v.domain:]) && !bytes.Contains(v.host[t.at+t.w.rawLength:], []byte(n.label)) {
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
	v.note(name, t.at+int(t.w.at[start]), t.at+int(t.w.at[end]), isMention)
}

// slip finds the name that a token is but for one slip.
func (v *visit) slip(t *token, whole uint64) bool {
	l := v.list
	if beginning, ending := t.w.halves(t.start, t.end, t.end-t.start); !l.halves.mayHave(beginning) && !l.halves.mayHave(ending) {
		return false
	}
	if l.hasSlip.mayHave(whole) {
		for _, entry := range l.slips[whole] { // a letter is missing
			if v.isSlip(t, entry) {
				return true
			}
		}
	}
	for i := t.start; i < t.end; i++ {
		if i > t.start && t.w.folded[i] == t.w.folded[i-1] {
			continue // the same hash as before
		}
		hash := t.w.hashWithout(t.start, t.end, i)
		if l.isMisspelt.mayHave(hash) {
			for _, entry := range l.index[hash] { // a letter too many
				if v.isSlip(t, entry) {
					return true
				}
			}
		}
		if l.hasSlip.mayHave(hash) {
			for _, entry := range l.slips[hash] { // one is another, or two are swapped
				if v.isSlip(t, entry) {
					return true
				}
			}
		}
	}
	return false
}

// isSlip notes a name if a token is it but for one slip.
func (v *visit) isSlip(t *token, entry int32) bool {
	name := &v.list.names[entry]
	switch {
	case !name.Misspelt, !isOneSlip(t.w.folded[t.start:t.end], name.folded), t.w.isMostlyDigits(t.start, t.end):
		return false
	case t.isPart && len(name.label) < minPartSlip && !t.w.hasCompanion():
		return false
	case companions[string(t.w.raw[t.w.at[t.start]:t.w.at[t.end]])]:
		return false // payee is not payeer
	}
	v.hit(t, entry, t.start, t.end, false)
	return true
}

// companion finds a name that stands in one word with a usual companion, before or behind it.
func (v *visit) companion(t *token) bool {
	l, w := v.list, t.w
	if l.beginnings.mayHave(w.hash(t.start, t.start+minCompanion)) {
		for i := t.start + minCompanion; i < t.end; i++ {
			if isCompanion(w.raw[w.at[i]:w.at[t.end]], true) && v.accompanied(t, t.start, i) {
				return true
			}
		}
	}
	if l.endings.mayHave(w.hash(t.end-minCompanion, t.end)) {
		for i := t.start + 1; i <= t.end-minCompanion; i++ {
			if isCompanion(w.raw[w.at[t.start]:w.at[i]], false) && v.accompanied(t, i, t.end) {
				return true
			}
		}
	}
	return false
}

// accompanied notes a name that a part of a token is, or looks like.
func (v *visit) accompanied(t *token, start, end int) bool {
	raw := t.w.raw[t.w.at[start]:t.w.at[end]]
	for _, entry := range v.list.index[t.w.hash(start, end)] {
		name := &v.list.names[entry]
		switch {
		case !name.Mentioned:
		case name.label == string(raw):
			v.plain(t, entry, start, end)
			return true
		case len(name.label) >= minPart && t.w.looksLike(start, end, name):
			v.hit(t, entry, start, end, false)
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
	for _, entry := range l.index[w.hash(0, w.length)] {
		name := &l.names[entry]
		if name.label == string(ascii) && wasASCII {
			return -1
		}
		if len(name.label) >= least && (name.label == string(ascii) || w.looksLike(0, w.length, name)) {
			return entry
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
