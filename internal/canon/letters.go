package canon

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/uts46"
)

//go:generate go run -C _letters . -out ../lettertable.go

// Letters says how the characters of an A-label outside ASCII are read. Its symbols are one for
// characters in none of the scripts, and then one for each script. The first script are the marks
// that stand on letters.
type Letters struct {
	// Marked are letters of ASCII, and behind each the letters that are it with marks. Such a
	// letter has two symbols: that of the first letter, and that of marks.
	Marked  []string `json:"marked"`
	Scripts []Script `json:"scripts"`
}

// A Script is the code points that share a symbol: ranges, both ends included.
type Script struct {
	Name   string    `json:"name"`
	Ranges [][2]rune `json:"ranges"`
}

// letters reads A-labels.
type letters struct {
	marked []markedLetter // in ascending order
	ranges []letterRange  // in ascending order
	other  uint8          // symbol of characters in no range
	mark   uint8
}

type markedLetter struct {
	letter rune
	base   byte
}

type letterRange struct {
	first, last rune
	symbol      uint8
}

// Limits of newLetters, which may get its tables from anybody's model file.
const (
	maxMarked = 10_000
	maxRanges = 10_000
)

// newLetters returns a reader whose first symbol is other.
func newLetters(from *Letters, other int) (*letters, error) {
	if len(from.Scripts) == 0 {
		return nil, errors.New("letters have no scripts, want marks at least")
	}
	if other+1+len(from.Scripts) > 256 {
		return nil, errors.New("more than 256 symbols")
	}
	l := &letters{other: uint8(other), mark: uint8(other + 1)}
	for _, group := range from.Marked {
		if !utf8.ValidString(group) || group == "" || group[0] >= utf8.RuneSelf {
			return nil, fmt.Errorf("marked letters %q do not begin with one of ASCII", group)
		}
		for _, letter := range group[1:] {
			l.marked = append(l.marked, markedLetter{letter, group[0]})
		}
	}
	for i, script := range from.Scripts {
		for _, r := range script.Ranges {
			l.ranges = append(l.ranges, letterRange{r[0], r[1], uint8(other + 1 + i)})
		}
	}
	if len(l.marked) > maxMarked || len(l.ranges) > maxRanges {
		return nil, fmt.Errorf("%d marked letters and %d ranges, want at most %d and %d", len(l.marked), len(l.ranges), maxMarked, maxRanges)
	}
	slices.SortFunc(l.marked, func(a, b markedLetter) int { return cmp.Compare(a.letter, b.letter) })
	before := rune(utf8.RuneSelf - 1)
	for _, m := range l.marked {
		if m.letter <= before {
			return nil, fmt.Errorf("marked letter %q is of ASCII or stands twice", m.letter)
		}
		before = m.letter
	}
	slices.SortFunc(l.ranges, func(a, b letterRange) int { return cmp.Compare(a.first, b.first) })
	before = utf8.RuneSelf - 1
	for _, r := range l.ranges {
		if r.first <= before || r.last < r.first || r.last > unicode.MaxRune {
			return nil, fmt.Errorf("code points %U to %U of a script are none outside ASCII, or stand in two ranges", r.first, r.last)
		}
		before = r.last
	}
	return l, nil
}

var aLabelPrefix = []byte("xn--")

// longestLabel is how many bytes a label has at most in DNS (RFC 1035, section 2.3.4).
const longestLabel = 63

// appendLabel appends the symbols of a label, given those of bytes. There are never more of them
// than the label has bytes: where there would be, as in a label of many equal letters, marks have
// none.
func (l *letters) appendLabel(symbols []uint8, label []byte, table *[256]uint8) []uint8 {
	var memory [longestLabel]rune
	characters, ok := uts46.AppendDecoded(memory[:0], label)
	if !ok {
		for _, c := range label {
			symbols = append(symbols, table[c])
		}
		return symbols
	}
	start := len(symbols)
	for _, withMarks := range [...]bool{true, false} {
		symbols = symbols[:start]
		for _, r := range characters {
			if r < utf8.RuneSelf {
				symbols = append(symbols, table[r])
				continue
			}
			base, symbol := l.find(r)
			if base == 0 {
				symbols = append(symbols, symbol)
				continue
			}
			symbols = append(symbols, table[base])
			if withMarks {
				symbols = append(symbols, symbol)
			}
		}
		if len(symbols)-start <= len(label) {
			break
		}
	}
	return symbols
}

// find returns the symbol of a character outside ASCII. If it is a letter of ASCII with marks, that
// letter is base, and the symbol is that of marks.
func (l *letters) find(r rune) (base byte, symbol uint8) {
	i, found := slices.BinarySearchFunc(l.marked, r, func(m markedLetter, r rune) int { return cmp.Compare(m.letter, r) })
	if found {
		return l.marked[i].base, l.mark
	}
	i, found = slices.BinarySearchFunc(l.ranges, r, func(s letterRange, r rune) int {
		switch {
		case s.last < r:
			return -1
		case s.first > r:
			return 1
		}
		return 0
	})
	if found {
		return 0, l.ranges[i].symbol
	}
	return 0, l.other
}

// appendHost appends the symbols of a part of a host that has A-labels. The part ends where labels
// end.
func (l *letters) appendHost(symbols []uint8, host []byte, table *[256]uint8) []uint8 {
	for {
		label, rest, more := bytes.Cut(host, []byte("."))
		symbols = l.appendLabel(symbols, label, table)
		if !more {
			return symbols
		}
		symbols = append(symbols, table['.'])
		host = rest
	}
}

// appendPositions appends the positions of what appendHost appends, for a part that stands at a
// position. Those of an A-label are spread over its bytes, from the first.
func (l *letters) appendPositions(positions []int, host []byte, at int) []int {
	var memory [longestLabel]uint8
	for {
		label, rest, more := bytes.Cut(host, []byte("."))
		count := len(label)
		if count <= longestLabel {
			count = len(l.appendLabel(memory[:0], label, &[256]uint8{}))
		}
		for i := range count {
			positions = append(positions, at+i*len(label)/count)
		}
		at += len(label)
		if !more {
			return positions
		}
		positions = append(positions, at)
		at++
		host = rest
	}
}
