package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A piece of a text is shown as it is, or it stands for one rune that cannot be and is written as Go
// writes it in a string.
type piece struct {
	Text    string
	Escaped bool
}

// pieces cuts a text that somebody else wrote into what can be seen and what cannot: control
// characters, bytes that are no UTF-8, whatever has no width or changes the direction of a line, and
// marks that would pile up on a letter.
func pieces(text string) []piece {
	const marksOnALetter = 3
	var cut []piece
	start, marks := 0, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if !isVisible(r) || r == utf8.RuneError && size == 1 || marks > marksOnALetter {
			if start < i {
				cut = append(cut, piece{Text: text[start:i]})
			}
			quoted := strconv.QuoteToASCII(text[i : i+size])
			cut = append(cut, piece{Text: quoted[1 : len(quoted)-1], Escaped: true})
			start = i + size
		}
		i += size
	}
	if start < len(text) {
		cut = append(cut, piece{Text: text[start:]})
	}
	return cut
}

// isVisible reports whether a rune puts ink on its place. Some that Unicode counts as letters, marks or
// symbols do not.
func isVisible(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.IsPrint(r) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// visible returns the text with what cannot be seen written out.
func visible(text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		b.WriteString(p.Text)
	}
	return b.String()
}

// shorten returns the first characters of a text, and how many there are in all.
func shorten(text string, limit int) (short string, characters int) {
	short = text
	for i := range text {
		if characters == limit {
			short = text[:i]
		}
		characters++
	}
	return short, characters
}

// Label returns a name that somebody else chose for where there is little room: what cannot be seen in it is
// written out, and of a long one its first characters are left.
func Label(name string, limit int) string {
	seen := visible(name)
	if short, characters := shorten(seen, limit); characters > limit {
		return short + "…"
	}
	return seen
}
