// Package blocklist writes lists of names, addresses and URLs in the formats that resolvers,
// proxies, sensors and platforms for sharing read.
//
//	list := blocklist.New(entries, exceptions)
//	format, err := blocklist.Find("rpz")
//	leftOut, err := format.Write(w, list, blocklist.Options{Serial: 1})
//
// Formats is the table of all formats; each has a file of its own. A List is sorted and has nothing
// twice. The same list gives the same bytes: no format says when it was written.
//
// One bad entry costs the whole list in most of the programs that read one. So entries are taken
// in the canonical form in which texts are scored, and what a format cannot carry is left out and
// counted. Nothing that an entry holds gets out of its field, whoever chose it.
package blocklist

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
)

// An Entry is what is to be blocked, and why. Only Text must be there.
type Entry struct {
	Text       string // a domain name, an IP address or a URL, as Parse of package snowman reads it
	WWW        bool   // www. and the name, or the URL, is meant too, which formats without sub-domains say apart
	kind       kind   // set by New, here since there is room behind WWW
	registered bool   // it is a registered domain
	Popular    bool   // of a URL: at a popular domain, where others may have put it, so that MISP exports it to no IDS
	Scheme     string // http, https or ftp, where all that was seen of a URL had it; else empty

	Score  float64 // 0 to 1
	Level  string
	Kind   string
	Family string
	Reason string // in words
}

// An Exception is a name that stays, although one above it is blocked.
type Exception struct {
	Name  string
	Below bool // all names below it stay too
}

// LeftOut says how many entries are not in what was written, by why.
type LeftOut map[string]int

// String returns what was left out in words, the most first; it is empty if nothing was.
func (l LeftOut) String() string {
	reasons := slices.SortedFunc(maps.Keys(l), func(a, b string) int {
		return cmp.Or(cmp.Compare(l[b], l[a]), cmp.Compare(a, b))
	})
	for i, reason := range reasons {
		reasons[i] = counted(l[reason], reason)
	}
	return strings.Join(reasons, ", ")
}

// counted says how many of what, whose name is in the plural. Of one it takes the singular.
func counted(count int, what string) string {
	if single, ok := singular[what]; ok && count == 1 {
		what = single
	}
	return strconv.Itoa(count) + " " + what
}

// singular has the words for one of those that are counted in the plural.
var singular = map[string]string{
	notCarried[name]: "name",
	notCarried[ipv4]: "address, which the format does not carry",
	notCarried[ipv6]: "IPv6 address, which the format does not carry",
	notCarried[url]:  "URL, which the format does not carry (its host is an entry of its own, if it reaches the level by itself)",
	odd:              "with bytes or a label that no list can carry",
}

// Why entries are left out.
const (
	noName       = "no name, address or URL"
	odd          = "with bytes or labels that no list can carry"
	noPublicName = "no public name"
	ofOperator   = "of an operator of infrastructure, whose label says nothing"
	tooLong      = "longer than the format can carry"
	covered      = "below another name of the list, which stands for it"
)

// A kind says what a text is.
type kind uint8

const (
	name kind = 1 << iota
	ipv4
	ipv6
	url
)

// notCarried says why a format leaves a kind out.
var notCarried = map[kind]string{name: "names", ipv4: "addresses, which the format does not carry", ipv6: "IPv6 addresses, which the format does not carry", url: "URLs, which the format does not carry (a host that reaches the level by itself is an entry of its own)"}

// Longest is how many bytes a text has at most that lists can carry.
const Longest = longestURL

// The longest texts of a list. That of a name is in presentation format without the final dot
// (RFC 1035, section 2.3.4).
const (
	longestName = 253
	longestURL  = 4096
)

// A List is what is to be blocked. It is immutable and safe for any number of goroutines.
type List struct {
	entries    []Entry // by their texts, none twice
	exceptions []Exception
	leftOut    LeftOut
}

// New returns the list of the entries in canonical form. The slice belongs to the list from then
// on. Of entries with the same form the first with the highest score stays. An entry is left out if
// its text is no name, address or URL, or no public name, as public suffixes and private addresses
// are none; if its host cannot be written in a list; and if the host is of an operator, with
// nothing behind it that says more.
func New(entries []Entry, exceptions []Exception) *List {
	l := &List{entries: entries[:0], leftOut: make(LeftOut)}
	var u canon.URL
	for _, e := range entries {
		e, why := canonical(&u, e)
		if why != "" {
			l.leftOut[why]++
			continue
		}
		l.entries = append(l.entries, e)
	}
	sortByText(l.entries)
	l.entries = slices.CompactFunc(l.entries, func(a, b Entry) bool { return a.Text == b.Text })
	for _, e := range exceptions {
		c, why := canonical(&u, Entry{Text: e.Name, WWW: !e.Below})
		if why != "" || c.kind != name {
			continue
		}
		l.exceptions = append(l.exceptions, Exception{c.Text, e.Below})
		_, isEntry := slices.BinarySearchFunc(l.entries, c.Text, func(e Entry, text string) int { return strings.Compare(e.Text, text) })
		if c.WWW && !isEntry { // the same host, to whoever writes an allow list
			l.exceptions = append(l.exceptions, Exception{"www." + c.Text, false})
		}
	}
	slices.SortFunc(l.exceptions, func(a, b Exception) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), boolean(b.Below)-boolean(a.Below))
	})
	l.exceptions = slices.CompactFunc(l.exceptions, func(a, b Exception) bool { return a.Name == b.Name })
	return l
}

// sortByText sorts entries by their texts, of equal ones the highest score first. Keys are sorted,
// since they are small and their first bytes decide most comparisons; then each entry moves once.
func sortByText(entries []Entry) {
	type key struct {
		first uint64 // 8 bytes of the text
		index int
	}
	keys := make([]key, len(entries))
	for i := range entries {
		var first [8]byte
		copy(first[:], entries[i].Text)
		keys[i] = key{binary.BigEndian.Uint64(first[:]), i}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		x, y := &entries[a.index], &entries[b.index]
		return cmp.Or(strings.Compare(x.Text, y.Text), cmp.Compare(y.Score, x.Score), cmp.Compare(a.index, b.index))
	})
	for start := range keys { // of a cycle of places
		moved, at := entries[start], start
		for from := keys[at].index; from != start; from = keys[at].index {
			entries[at], keys[at].index = entries[from], at
			at = from
		}
		entries[at], keys[at].index = moved, at
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Len returns the number of entries.
func (l *List) Len() int { return len(l.entries) }

// LeftOut returns what New left out.
func (l *List) LeftOut() LeftOut { return maps.Clone(l.leftOut) }

// Digest returns a text that is another for another list.
func (l *List) Digest() string {
	sum := sha256.New()
	var line []byte
	for i := range l.entries {
		e := &l.entries[i]
		line = fmt.Appendf(line[:0], "%s %t %t %s ", e.Text, e.WWW, e.Popular, e.Scheme)
		sum.Write(append(e.appendComment(line), '\n'))
	}
	for _, e := range l.exceptions {
		fmt.Fprintf(sum, "@ %s %t\n", e.Name, e.Below)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// canonical returns an entry in canonical form, with its kind, or why it is left out.
func canonical(u *canon.URL, e Entry) (_ Entry, why string) {
	text, _, _ := strings.Cut(e.Text, "#") // no server sees a fragment
	if u.Parse(text) != nil {
		return e, noName
	}
	if string(u.Bytes()) != text {
		text = u.String()
	}
	hasWWW := e.WWW
	e.Text, e.WWW, e.kind, e.registered = text, false, url, false
	isHost := len(u.Host()) == len(u.Bytes())
	switch {
	case len(e.Text) > longestURL:
		return e, tooLong
	case u.NotPublic() != canon.Public:
		return e, noPublicName
	case u.IsAddress():
		if isHost {
			e.kind = ipv4
			if u.Address().Is6() {
				e.kind, e.Text = ipv6, u.Address().String()
			}
		}
	case !isWritable(string(u.Host())):
		return e, odd
	case isHost:
		if u.IsOperators() {
			return e, ofOperator
		}
		e.kind = name
		e.registered = len(u.RegisteredDomain()) == len(e.Text)
	}
	if hasWWW && (e.kind == name || e.kind == url) {
		e.WWW = len("www.")+len(u.Host()) <= longestName && u.Parse("www."+e.Text) == nil && string(u.Bytes()) == e.Text
	}
	return e, ""
}

// Fits reports whether lists can carry the host of a text. If not, New leaves the text out.
func Fits(text string) bool {
	_, why := canonical(new(canon.URL), Entry{Text: text})
	return why != odd
}

// isWritable reports whether a host is a name of letters, digits, hyphens and underscores, all of
// whose labels have 1 to 63 bytes (RFC 1035, section 2.3.4). DNS can carry others, most lists
// cannot. Names below rpz-ip and its like are none: a policy zone would block what they stand for.
func isWritable(host string) bool {
	const longestLabel = 63
	if strings.HasPrefix(host[strings.LastIndexByte(host, '.')+1:], "rpz-") {
		return false
	}
	label := 0
	for i := range len(host) {
		switch c := host[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
			label++
		default:
			return false
		}
		if label > longestLabel {
			return false
		}
	}
	return label > 0 && len(host) <= longestName
}

// isHarmless says which bytes end no field of any format.
var isHarmless = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = !strings.ContainsRune("\"'\\#;|,<>{}[]$`", c)
	}
	return is
}()

// appendComment appends what is said of an entry, in printable ASCII that ends no field.
func (e *Entry) appendComment(out []byte) []byte {
	out = strconv.AppendFloat(out, e.probability(), 'f', 5, 64)
	// With a name less than 1,000 bytes: dnsmasq takes what is behind them for a line.
	for _, part := range []struct {
		before, text string
		most         int // bytes, of what others may have written
	}{{" ", e.Level, 40}, {" ", e.Kind, 40}, {", family ", e.Family, 40}, {", ", e.Reason, 300}} {
		if part.text == "" {
			continue
		}
		out = append(out, part.before...)
		for i := range min(len(part.text), part.most) {
			c := part.text[i]
			if !isHarmless[c] {
				c = '_'
			}
			out = append(out, c)
		}
	}
	return out
}
