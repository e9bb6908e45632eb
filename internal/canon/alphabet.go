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

// The segments of a canonical form, from left to right. A delimiter belongs to the segment that it
// opens, except for the dot that closes the sub-domain. No form has user-info; its segment is there
// since the alphabets of model files name it.
const (
	userSegment = iota
	subdomainSegment
	domainSegment
	suffixSegment
	portSegment
	pathSegment
	querySegment
	fragmentSegment
	segments // how many there are
)

// segmentNames are what a Group calls the segments.
var segmentNames = [segments]string{
	userSegment: "user", subdomainSegment: "subdomain", domainSegment: "domain", suffixSegment: "suffix",
	portSegment: "port", pathSegment: "path", querySegment: "query", fragmentSegment: "fragment",
}

// A Group says which segments share symbols, and which characters have a symbol of their own. All
// other bytes share one symbol.
type Group struct {
	Segments   []string `json:"segments"`
	Characters string   `json:"characters"`
}

// An Alphabet numbers the symbols: Start, End, and then, group by group, one symbol for all other
// bytes and one for each of the group's characters. It may have a list of operators' suffixes: of a
// host below such a suffix, only the suffix is read.
//
// It is plain data, so that a model file can carry it.
type Alphabet struct {
	groups     []Group
	suffixes   []string // of operators
	operators  operators
	symbols    int
	table      [segments][256]uint8
	splitsHost bool // subdomain, domain and suffix have different symbols

	readsFragment bool
}

// printable is ASCII from ! to ~. The space is too rare for a symbol of its own.
const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

const (
	hostCharacters   = "%*-.0123456789:ABCDEF[]_abcdefghijklmnopqrstuvwxyz"
	suffixCharacters = "-.0123456789abcdefghijklmnopqrstuvwxyz"
)

// DefaultAlphabet is the alphabet of new models, with the operators of operators.txt. A character
// has different symbols in the host, in the host's public suffix, and elsewhere. So the network
// sees where a name ends below a suffix such as github.io, where anybody can have a name. It reads
// no fragment, which no server ever sees and anybody can add.
func DefaultAlphabet() *Alphabet {
	a, _ := NewAlphabet([]Group{
		{[]string{"subdomain", "domain", "port"}, hostCharacters},
		{[]string{"suffix"}, suffixCharacters},
		{[]string{"user", "path", "query"}, printable},
	}, ownOperators())
	return a
}

// NewAlphabet numbers the symbols of the groups. Each segment must stand in one group, except that
// a fragment in none is not read. The suffixes of operators, which may be nil, are names in
// canonical form, in ascending order. A label of a suffix, but not the first, may be *, which
// stands for any one label.
func NewAlphabet(groups []Group, operators []string) (*Alphabet, error) {
	found, err := newOperators(operators)
	if err != nil {
		return nil, fmt.Errorf("alphabet: %w", err)
	}
	a := &Alphabet{groups: groups, suffixes: operators, operators: found, symbols: End + 1}
	var first [segments]int // symbol of each segment
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
			segment := slices.Index(segmentNames[:], name)
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
	if missing := slices.Index(first[:fragmentSegment], 0); missing >= 0 {
		return nil, fmt.Errorf("alphabet: no group has the segment %q", segmentNames[missing])
	}
	a.splitsHost = first[subdomainSegment] != first[domainSegment] || first[domainSegment] != first[suffixSegment]
	a.readsFragment = first[fragmentSegment] != 0
	return a, nil
}

// alphabetFile is an alphabet with operators as JSON. Without operators, the JSON is the groups
// alone: models made before there were operators have that form.
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

// Append appends the symbols of u to symbols. Of a host below the suffix of an operator it reads
// only the suffix.
//
// It reads limit characters, and cuts the end of the text behind the port. It never cuts the host,
// since the rest would be another host.
func (a *Alphabet) Append(symbols []uint8, u *URL, limit int) []uint8 {
	var pieces [segments]piece
	host, _ := a.operators.find(u.Host())
	n := a.divide(&pieces, u, host, limit)
	return a.appendPieces(symbols, u, pieces[:n], 0, len(u.text))
}

// appendPieces appends the symbols of what is read of u.text[from:to].
func (a *Alphabet) appendPieces(symbols []uint8, u *URL, pieces []piece, from, to int) []uint8 {
	symbols = slices.Grow(symbols, to-from)
	for _, p := range pieces {
		start, end := max(p.from, from), min(p.to, to)
		if start >= end {
			continue
		}
		text := u.text[start:end]
		table := &a.table[p.segment]
		first := len(symbols)
		symbols = symbols[:first+len(text)]
		for i, c := range text {
			symbols[first+i] = table[c]
		}
	}
	return symbols
}

// AppendPositions appends to positions, for each symbol that Append appends, the index of its byte
// in the canonical form. The indices ascend. Bytes without one are not read.
func (a *Alphabet) AppendPositions(positions []int, u *URL, limit int) []int {
	var pieces [segments]piece
	host, _ := a.operators.find(u.Host())
	for _, p := range pieces[:a.divide(&pieces, u, host, limit)] {
		for at := p.from; at < p.to; at++ {
			positions = append(positions, at)
		}
	}
	return positions
}

// A piece is a part of a canonical form that is read, text[from:to], and the segment of that part.
type piece struct{ segment, from, to int }

// divide sets pieces to those of u that are read, from left to right, and returns their number.
// What is read of the host starts at u.text[host].
func (a *Alphabet) divide(pieces *[segments]piece, u *URL, host, limit int) int {
	n := 0
	add := func(segment, from, to int) {
		if from < to {
			pieces[n] = piece{segment, from, to}
			n++
		}
	}
	if a.splitsHost {
		u.findSuffix()
		domain, suffix := u.domain, u.suffix
		if host > 0 {
			domain, suffix, _ = splitSuffix(u.text[host:u.port])
			domain, suffix = host+domain, host+suffix
		}
		add(subdomainSegment, host, domain)
		add(domainSegment, domain, suffix)
		add(suffixSegment, suffix, u.port)
	} else {
		add(subdomainSegment, host, u.port)
	}
	add(portSegment, u.port, u.path)

	end := u.path + max(0, limit-(u.path-host))
	end = min(end, len(u.text))
	if !a.readsFragment && u.fragment == u.path+len("/") {
		return n // the slash is there for the fragment's sake
	}
	add(pathSegment, u.path, min(u.query, end))
	add(querySegment, u.query, min(u.fragment, end))
	if a.readsFragment {
		add(fragmentSegment, u.fragment, end)
	}
	return n
}
