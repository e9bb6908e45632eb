package canon

import (
	"encoding/json"
	"fmt"
	"slices"
)

// The symbols that stand before the first and after the last character of a text.
const (
	Start = 0
	End   = 1
)

// segmentNames are the parts of a canonical form, from left to right, as an Alphabet names them. A
// delimiter belongs to the segment that it opens, except for the @ and the dot that close user
// and subdomain.
var segmentNames = []string{"user", "subdomain", "domain", "suffix", "port", "path", "query", "fragment"}

// A Group says which segments share symbols, and which characters have one of their own. All other
// bytes share one more.
type Group struct {
	Segments   []string `json:"segments"`
	Characters string   `json:"characters"`
}

// An Alphabet numbers the symbols. Symbol 0 stands before a text and 1 after it; then follow, group
// by group, one symbol for any other byte and one for each of the group's characters.
//
// It is plain data, so that a model file can carry it.
type Alphabet struct {
	groups     []Group
	symbols    int
	table      [][256]uint8 // [segment]
	splitsHost bool         // subdomain, domain and suffix have different symbols
}

// printable is ASCII from ! to ~; the space is rare and shares the symbol of all other bytes.
const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

const hostCharacters = "%*-.0123456789:ABCDEF[]_abcdefghijklmnopqrstuvwxyz"

// HostAndPath is the alphabet in which a character of the host differs from the same one elsewhere.
func HostAndPath() *Alphabet {
	a, _ := NewAlphabet([]Group{
		{[]string{"subdomain", "domain", "suffix", "port"}, hostCharacters},
		{[]string{"user", "path", "query", "fragment"}, printable},
	})
	return a
}

// NewAlphabet numbers the symbols of the groups. Each segment must stand in one group.
func NewAlphabet(groups []Group) (*Alphabet, error) {
	a := &Alphabet{groups: groups, symbols: 2, table: make([][256]uint8, len(segmentNames))}
	first := make([]int, len(segmentNames)) // the first symbol of each segment
	for _, group := range groups {
		if a.symbols+1+len(group.Characters) > 256 {
			return nil, fmt.Errorf("alphabet: more than 256 symbols")
		}
		var row [256]uint8
		for c := range row {
			row[c] = uint8(a.symbols)
		}
		for i := range len(group.Characters) {
			c := group.Characters[i]
			if c > '~' {
				return nil, fmt.Errorf("alphabet: character %q is not ASCII", group.Characters)
			}
			if row[c] != uint8(a.symbols) {
				return nil, fmt.Errorf("alphabet: character %q stands twice in a group", c)
			}
			row[c] = uint8(a.symbols + 1 + i)
		}
		for _, name := range group.Segments {
			segment := slices.Index(segmentNames, name)
			if segment < 0 {
				return nil, fmt.Errorf("alphabet: unknown segment %q, want one of %q", name, segmentNames)
			}
			if first[segment] != 0 {
				return nil, fmt.Errorf("alphabet: segment %q stands in two groups", name)
			}
			first[segment] = a.symbols
			a.table[segment] = row
		}
		a.symbols += 1 + len(group.Characters)
	}
	if missing := slices.Index(first, 0); missing >= 0 {
		return nil, fmt.Errorf("alphabet: no group has the segment %q", segmentNames[missing])
	}
	a.splitsHost = first[1] != first[2] || first[2] != first[3]
	return a, nil
}

// ParseAlphabet reads what MarshalJSON wrote.
func ParseAlphabet(data []byte) (*Alphabet, error) {
	var groups []Group
	if err := json.Unmarshal(data, &groups); err != nil {
		return nil, fmt.Errorf("alphabet: %w", err)
	}
	return NewAlphabet(groups)
}

// MarshalJSON writes the groups.
func (a *Alphabet) MarshalJSON() ([]byte, error) { return json.Marshal(a.groups) }

// Symbols is the number of symbols.
func (a *Alphabet) Symbols() int { return a.symbols }

// Append appends to symbols those of u.
//
// It reads about limit characters. What is cut is the end of the user-info, beyond a quarter of the
// limit, and the end of the path; host and port never are, since a cut host would be another one.
func (a *Alphabet) Append(symbols []uint8, u *URL, limit int) []uint8 {
	user := u.text[:u.host]
	if longest := max(1, limit/4); len(user) > longest {
		symbols = a.appendSegment(symbols, 0, user[:longest-1])
		user = user[len(user)-1:] // the @
		limit -= longest - 1
	}
	symbols = a.appendSegment(symbols, 0, user)
	if a.splitsHost {
		u.computeSuffixes()
		symbols = a.appendSegment(symbols, 1, u.text[u.host:u.domain])
		symbols = a.appendSegment(symbols, 2, u.text[u.domain:u.suffix])
		symbols = a.appendSegment(symbols, 3, u.text[u.suffix:u.port])
	} else {
		symbols = a.appendSegment(symbols, 1, u.text[u.host:u.port])
	}
	symbols = a.appendSegment(symbols, 4, u.text[u.port:u.path])

	end := u.path + max(0, limit-len(user)-(u.path-u.host))
	end = min(end, len(u.text))
	symbols = a.appendSegment(symbols, 5, u.text[u.path:min(u.query, end)])
	if u.query < end {
		symbols = a.appendSegment(symbols, 6, u.text[u.query:min(u.fragment, end)])
	}
	if u.fragment < end {
		symbols = a.appendSegment(symbols, 7, u.text[u.fragment:end])
	}
	return symbols
}

func (a *Alphabet) appendSegment(symbols []uint8, segment int, text []byte) []uint8 {
	table := &a.table[segment]
	first := len(symbols)
	symbols = slices.Grow(symbols, len(text))[:first+len(text)]
	for i, c := range text {
		symbols[first+i] = table[c]
	}
	return symbols
}
