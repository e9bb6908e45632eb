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
// host below such a suffix, only the suffix is read. It may have letters, whose symbols follow:
// then of an A-label is read what it encodes, and otherwise its bytes.
//
// It is plain data, so that a model file can carry it.
type Alphabet struct {
	groups     []Group
	suffixes   []string // of operators
	operators  *operators
	given      *Letters // nil if A-labels are read as they stand
	letters    *letters // of given
	symbols    int
	table      [segments][256]uint8
	runEnd     [segments]int // the first segment behind each that has other symbols
	splitsHost bool          // subdomain, domain and suffix have different symbols

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
// no fragment, which no server ever sees and anybody can add, and A-labels as people read them.
func DefaultAlphabet() *Alphabet {
	a, _ := NewAlphabet([]Group{
		{[]string{"subdomain", "domain", "port"}, hostCharacters},
		{[]string{"suffix"}, suffixCharacters},
		{[]string{"user", "path", "query"}, printable},
	}, ownOperators(), &Letters{markedLetters, scriptRanges})
	return a
}

// NewAlphabet numbers the symbols of the groups. Each segment must stand in one group, except that
// a fragment in none is not read. The suffixes of operators, which may be nil, are names in
// canonical form, in ascending order. A label of a suffix, but not the first, may be *, which
// stands for any one label. The letters may be nil.
func NewAlphabet(groups []Group, operators []string, letters *Letters) (*Alphabet, error) {
	found, err := newOperators(operators)
	if err != nil {
		return nil, fmt.Errorf("alphabet: %w", err)
	}
	a := &Alphabet{groups: groups, suffixes: operators, operators: found, given: letters, symbols: End + 1}
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
	for segment := segments - 1; segment >= 0; segment-- {
		a.runEnd[segment] = segment + 1
		if next := segment + 1; next < segments && first[next] == first[segment] {
			a.runEnd[segment] = a.runEnd[next]
		}
	}
	a.splitsHost = first[subdomainSegment] != first[domainSegment] || first[domainSegment] != first[suffixSegment]
	a.readsFragment = first[fragmentSegment] != 0
	if letters != nil {
		if a.letters, err = newLetters(letters, a.symbols); err != nil {
			return nil, fmt.Errorf("alphabet: %w", err)
		}
		a.symbols += 1 + len(letters.Scripts)
	}
	return a, nil
}

// alphabetFile is an alphabet with operators or letters as JSON. Without both, the JSON is the
// groups alone: models made before there were operators have that form.
type alphabetFile struct {
	Groups    []Group  `json:"groups"`
	Operators []string `json:"operators"`
	Letters   *Letters `json:"letters,omitempty"`
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
	return NewAlphabet(file.Groups, file.Operators, file.Letters)
}

// MarshalJSON writes the groups, and the operators and letters if there are any.
func (a *Alphabet) MarshalJSON() ([]byte, error) {
	if len(a.suffixes) == 0 && a.given == nil {
		return json.Marshal(a.groups)
	}
	return json.Marshal(alphabetFile{a.groups, append([]string{}, a.suffixes...), a.given})
}

// Symbols is the number of symbols.
func (a *Alphabet) Symbols() int { return a.symbols }

// Append appends the symbols of u to symbols. Of a host below the suffix of an operator it reads
// only the suffix.
//
// It reads limit characters, and cuts the end of the text behind the port. It never cuts the host,
// since the rest would be another host.
func (a *Alphabet) Append(symbols []uint8, u *URL, limit int) []uint8 {
	var d division
	host, _ := a.operators.find(u.Host())
	a.divide(&d, u, host, limit)
	return a.appendPart(symbols, u, &d, 0, len(u.text))
}

// appendPart appends the symbols of what is read of u.text[from:to].
func (a *Alphabet) appendPart(symbols []uint8, u *URL, d *division, from, to int) []uint8 {
	symbols = slices.Grow(symbols, to-from)
	for segment := subdomainSegment; segment < segments; segment++ {
		start, end := max(d.starts[segment], from), min(d.starts[segment+1], to)
		switch {
		case start >= end:
		case d.hasALabels && segment <= suffixSegment:
			symbols = a.letters.appendHost(symbols, u.text[start:end], &a.table[segment])
		default:
			first := len(symbols)
			symbols = symbols[:first+end-start]
			translate(symbols[first:], u.text[start:end], &a.table[segment])
		}
	}
	return symbols
}

// translate sets symbols to those of a text as long.
func translate(symbols []uint8, text []byte, table *[256]uint8) {
	symbols = symbols[:len(text)]
	for i, c := range text {
		symbols[i] = table[c]
	}
}

// AppendPositions appends to positions, for each symbol that Append appends, the index of its byte
// in the canonical form. The indices ascend. Bytes without one are not read, but for those of
// A-labels, which may have fewer symbols than bytes.
func (a *Alphabet) AppendPositions(positions []int, u *URL, limit int) []int {
	var d division
	host, _ := a.operators.find(u.Host())
	a.divide(&d, u, host, limit)
	for segment := subdomainSegment; segment < segments; segment++ {
		start, end := d.starts[segment], d.starts[segment+1]
		if d.hasALabels && segment <= suffixSegment && start < end {
			positions = a.letters.appendPositions(positions, u.text[start:end], start)
			continue
		}
		for at := start; at < end; at++ {
			positions = append(positions, at)
		}
	}
	return positions
}

// A division says what is read of a canonical form: segment s is text[starts[s]:starts[s+1]].
type division struct {
	starts     [segments + 1]int
	hasALabels bool // the host may have A-labels, which are to be decoded
}

// divide sets d to the division of u of which the host is read from u.text[host] on.
func (a *Alphabet) divide(d *division, u *URL, host, limit int) {
	d.hasALabels = a.letters != nil && u.mayHaveALabels && bytes.Contains(u.Host(), aLabelPrefix)
	domain, suffix := u.port, u.port
	if a.splitsHost {
		u.findSuffix()
		domain, suffix = u.domain, u.suffix
		if host > 0 {
			domain, suffix, _ = splitSuffix(u.text[host:u.port], u.dots>>host)
			domain, suffix = host+domain, host+suffix
		}
	}
	end := min(u.path+max(0, limit-(u.path-host)), len(u.text))
	if !a.readsFragment {
		end = min(end, u.fragment)
		if u.fragment == u.path+len("/") {
			end = u.path // the slash is there for the fragment's sake
		}
	}
	// One by one: what is written as a whole is read as slowly as if it had left the cache.
	d.starts[subdomainSegment] = host
	d.starts[domainSegment], d.starts[suffixSegment] = domain, suffix
	d.starts[portSegment], d.starts[pathSegment] = u.port, u.path
	d.starts[querySegment], d.starts[fragmentSegment], d.starts[segments] = min(u.query, end), min(u.fragment, end), end
}
