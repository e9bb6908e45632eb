package canon

import (
	"bytes"
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
// by group, one symbol for any other byte and one for each of the group's characters. It may have a
// list of operators' suffixes: of a host below one of them it reads the suffix alone.
//
// It is plain data, so that a model file can carry it.
type Alphabet struct {
	groups     []Group
	suffixes   []string // of operators
	operators  operators
	symbols    int
	table      [][256]uint8 // [segment]
	splitsHost bool         // subdomain, domain and suffix have different symbols
}

// printable is ASCII from ! to ~; the space is rare and shares the symbol of all other bytes.
const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

const (
	hostCharacters   = "%*-.0123456789:ABCDEF[]_abcdefghijklmnopqrstuvwxyz"
	suffixCharacters = "-.0123456789abcdefghijklmnopqrstuvwxyz"
)

// DefaultAlphabet is the alphabet of new models. A character of the host, one of its public suffix and
// one elsewhere are different symbols: under a suffix that anybody can have a name below, such as
// github.io, the network sees where that name ends. The hosts of the operators of operators.txt it
// reads from their suffix on.
func DefaultAlphabet() *Alphabet {
	a, _ := NewAlphabet([]Group{
		{[]string{"subdomain", "domain", "port"}, hostCharacters},
		{[]string{"suffix"}, suffixCharacters},
		{[]string{"user", "path", "query", "fragment"}, printable},
	}, ownOperators())
	return a
}

// NewAlphabet numbers the symbols of the groups. Each segment must stand in one group. The suffixes of
// operators, none if there is no such list, are names in canonical form, in ascending order; a label
// behind the first may be *, which is any one label.
func NewAlphabet(groups []Group, operators []string) (*Alphabet, error) {
	found, err := newOperators(operators)
	if err != nil {
		return nil, fmt.Errorf("alphabet: %w", err)
	}
	a := &Alphabet{groups: groups, suffixes: operators, operators: found, symbols: 2, table: make([][256]uint8, len(segmentNames))}
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

// alphabetFile is an alphabet with operators as JSON. One without is its groups alone, as all were
// before there were operators.
type alphabetFile struct {
	Groups    []Group  `json:"groups"`
	Operators []string `json:"operators"`
}

// ParseAlphabet reads what MarshalJSON wrote.
func ParseAlphabet(data []byte) (*Alphabet, error) {
	var file alphabetFile
	var read any = &file
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		read = &file.Groups
	}
	if err := json.Unmarshal(data, read); err != nil {
		return nil, fmt.Errorf("alphabet: %w", err)
	}
	return NewAlphabet(file.Groups, file.Operators)
}

// MarshalJSON writes the groups, and the operators if there are any.
func (a *Alphabet) MarshalJSON() ([]byte, error) {
	if len(a.suffixes) == 0 {
		return json.Marshal(a.groups)
	}
	return json.Marshal(alphabetFile{a.groups, a.suffixes})
}

// Symbols is the number of symbols.
func (a *Alphabet) Symbols() int { return a.symbols }

// Append appends to symbols those of u. Of a host below the suffix of an operator it reads the suffix
// alone.
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
	host := u.Host()
	operator, _ := a.operators.find(host)
	host = host[operator:]
	if a.splitsHost {
		u.computeSuffixes()
		domain, suffix := u.domain-u.host, u.suffix-u.host
		if operator > 0 {
			domain, suffix = splitSuffix(host)
		}
		symbols = a.appendSegment(symbols, 1, host[:domain])
		symbols = a.appendSegment(symbols, 2, host[domain:suffix])
		symbols = a.appendSegment(symbols, 3, host[suffix:])
	} else {
		symbols = a.appendSegment(symbols, 1, host)
	}
	symbols = a.appendSegment(symbols, 4, u.text[u.port:u.path])

	end := u.path + max(0, limit-len(user)-len(host)-(u.path-u.port))
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
