// Package visible shows other people's text so that all of it can be seen and none of it does
// anything.
//
//	fmt.Fprintln(terminal, visible.Text(name))
//	line = visible.AppendJSON(line, name)
//
// Texts are chosen by attackers: a text may move the cursor of a terminal, turn the direction of a
// line, or look like another one because a part of it has no ink. Such runes, and bytes that are no
// UTF-8, are written as Go writes them in a string literal, or as JSON does.
package visible

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns a text for one line on a screen.
func Text(text string) string { return join(text, isVisible) }

// Lines returns a text for a screen, with its line ends kept.
func Lines(text string) string {
	return join(text, func(r rune) bool { return r == '\n' || isVisible(r) })
}

// AppendField appends a text for a field of a line that a program reads, and that a terminal may
// show. Only what could end the line or steer a terminal is written out; all else stays byte for
// byte, so that programs find the texts that they gave.
func AppendField(out []byte, text string) []byte {
	start := 0
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c <= '~' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if steers(r) || r == utf8.RuneError && size == 1 {
			out = append(out, text[start:i]...)
			quote := len(out)
			out = strconv.AppendQuoteToASCII(out, text[i:i+size])
			out = append(out[:quote], out[quote+1:len(out)-1]...)
			start = i + size
		}
		i += size
	}
	return append(out, text[start:]...)
}

// AppendLines appends lines that a terminal may show, as AppendField does, with their line ends and
// tabs kept.
func AppendLines(out, lines []byte) []byte {
	for len(lines) > 0 {
		i := bytes.IndexAny(lines, "\t\n")
		if i < 0 {
			return AppendField(out, string(lines))
		}
		field, end := lines[:i], lines[i:i+1]
		if before, ok := bytes.CutSuffix(field, []byte("\r")); ok && end[0] == '\n' {
			field, end = before, lines[i-1:i+1]
		}
		out = append(AppendField(out, string(field)), end...)
		lines = lines[i+1:]
	}
	return out
}

// steers reports whether a rune tells a terminal, or a program that divides lines, what to do: the
// controls of C0 and C1, those of direction (UAX #9), and Unicode's separators of lines.
func steers(r rune) bool {
	const lineSeparator, paragraphSeparator = '\u2028', '\u2029'
	return unicode.IsControl(r) || r == lineSeparator || r == paragraphSeparator || unicode.Is(unicode.Bidi_Control, r)
}

// Label returns a name for a place with room for limit characters. A longer name is cut, and …
// stands behind it.
func Label(name string, limit int) string {
	seen := Text(name)
	if short, characters := Shorten(seen, limit); characters > limit {
		return short + "…"
	}
	return seen
}

// Abbreviate returns a text for an error message: at most limit bytes of it, and ... behind a text
// that was longer. A rune is never cut. Runes are not written out; %q does that.
func Abbreviate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > max(0, limit-utf8.UTFMax) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

// Shorten returns the first characters of a text, at most limit, and the number of all.
func Shorten(text string, limit int) (short string, characters int) {
	short = text
	for i := range text {
		if characters == limit {
			short = text[:i]
		}
		characters++
	}
	return short, characters
}

// A Piece is a part of a text: as it is, or one rune that is written out.
type Piece struct {
	Text    string
	Escaped bool
}

// marksOnALetter is how many combining marks a letter may carry. More of them cover the lines
// around.
const marksOnALetter = 3

// Pieces cuts a text into parts that can be seen, and runes that cannot and are written out.
func Pieces(text string) []Piece { return pieces(text, isVisible) }

func pieces(text string, show func(rune) bool) []Piece {
	var cut []Piece
	start, marks := 0, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if !show(r) || r == utf8.RuneError && size == 1 || marks > marksOnALetter {
			if start < i {
				cut = append(cut, Piece{Text: text[start:i]})
			}
			quoted := strconv.QuoteToASCII(text[i : i+size])
			cut = append(cut, Piece{Text: quoted[1 : len(quoted)-1], Escaped: true})
			start = i + size
		}
		i += size
	}
	if start < len(text) {
		cut = append(cut, Piece{Text: text[start:]})
	}
	return cut
}

func join(text string, show func(rune) bool) string {
	all := pieces(text, show)
	if len(all) == 1 {
		return all[0].Text
	}
	var b strings.Builder
	for _, p := range all {
		b.WriteString(p.Text)
	}
	return b.String()
}

// isVisible reports whether a rune puts ink on its place, or is the space. Unicode counts some
// runes without ink as letters, marks or symbols.
func isVisible(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r <= '~'
	}
	const brailleBlank = '\u2800'
	return unicode.IsPrint(r) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
