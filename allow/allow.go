// Package allow reads allow lists, names that somebody knows to be good, and finds the entry that a
// text is on.
//
//	list, problems, err := allow.Open("mine.txt", "warninglist.json")
//	matcher := list.NewMatcher() // one for each goroutine
//	match, ok := matcher.Match("https://www.example.com/login")
//
// A file is plain text or a MISP warning list; its content tells which. A line of plain text is
//
//	example.com              this host; its port, path and user-info do not matter
//	*.example.com            this host and everything below it; .example.com is the same
//	192.0.2.7, 192.0.2.0/24  an IP address, or a network of them
//	example.com/login        this text alone, whatever its scheme
//	0.0.0.0 a.test b.test    the names of a line of a hosts file
//
// and what follows a # is a comment. Names and texts are compared in the canonical form in which
// texts are scored. What the entries of warning lists match is in docs/lists.md.
//
// A bad entry is skipped and reported. A List is never wrong about a name: what its hash table
// finds is compared byte by byte.
package allow

import (
	"bytes"
	"iter"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
)

// A List is the entries of one or more files. It is immutable and safe for any number of
// goroutines.
type List struct {
	files    []string // their names
	names    table
	networks networks
	patterns []pattern
	hasTexts bool // names has a text that is more than a host
	entries  int
}

// A Match says which entry a text is on.
type Match struct {
	Entry string `json:"entry"` // as it is written in the file
	List  string `json:"list"`  // the name that a MISP warning list gives itself, or the file's base name
}

// A Matcher looks texts up. It belongs to one goroutine. It allocates nothing but the
// canonical form of a few texts.
type Matcher struct {
	list *List
	url  canon.URL
}

// Len is the number of entries.
func (l *List) Len() int { return l.entries }

// Names returns the hosts that entries name, in no order: the canonical form, and whether all names
// below are allowed too. Addresses are none, nor is what networks, substrings and expressions
// match.
func (l *List) Names() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for at := uint32(0); int(at) < len(l.names.text); {
			next, e := l.names.entry(at)
			at = next
			isHost := e.reach != wholeText || !strings.ContainsAny(e.key, "/?#:")
			if isHost && !yield(e.key, e.reach == below) {
				return
			}
		}
	}
}

// NewMatcher returns a Matcher of the list.
func (l *List) NewMatcher() *Matcher { return &Matcher{list: l} }

// Match returns the entry that a text is on, and whether there is one. A text that cannot be scored
// is on no list, nor is one in which programs see different hosts (javascript://example.com,
// http:\\example.com\@example.org). Of several entries Match returns the most specific: a whole
// text, then the longest name, then the smallest network, then the first substring or regular
// expression.
func (m *Matcher) Match(text string) (Match, bool) {
	l, u := m.list, &m.url
	if err := u.Parse(text); err != nil || u.IsAmbiguous() {
		return Match{}, false
	}
	if e, ok := l.findName(u); ok {
		return Match{e.written, l.files[e.file]}, true
	}
	if len(l.networks) > 0 && u.IsAddress() {
		if n := l.networks.find(u.Address()); n != nil {
			return Match{n.written, l.files[n.file]}, true
		}
	}
	for i := range l.patterns {
		if p := &l.patterns[i]; p.matches(text, u.Host()) {
			return Match{p.written, l.files[p.file]}, true
		}
	}
	return Match{}, false
}

// findName returns the entry of a name, or of a whole text, that u is on.
func (l *List) findName(u *canon.URL) (entry, bool) {
	host, text := u.Host(), u.Bytes()
	isHost := len(host) == len(text)
	if l.hasTexts && !isHost {
		if e, ok := l.names.find(text); ok {
			return e, true
		}
	}
	for start := 0; ; {
		// Keeps the time short for a host of thousands of labels.
		if name := host[start:]; len(name) <= longestName {
			if e, ok := l.names.find(name); ok && (e.reach == below || start == 0 && (e.reach == atHost || isHost)) {
				return e, true
			}
		}
		dot := bytes.IndexByte(host[start:], '.')
		if dot < 0 || u.IsAddress() {
			return entry{}, false
		}
		start += dot + 1
	}
}
