package labelling

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/visible"
)

// unescape returns the text that a cell of a table shows. Tables have an apostrophe before what a
// spreadsheet would take for a formula, and these as Go writes them in a string: the semicolon, the
// backslash of what looks like an escape, and what cannot be seen. An escape of another character
// is a text of its own: as an @, it would lead to another host.
func unescape(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && isFormula(rest) {
		cell = rest
	}
	if !strings.Contains(cell, `\`) {
		return cell
	}
	var text strings.Builder
	for {
		before, rest, found := strings.Cut(cell, `\`)
		text.WriteString(before)
		if !found {
			return text.String()
		}
		r, size := escaped(rest)
		if size == 0 {
			text.WriteByte('\\')
		} else {
			text.WriteRune(r)
		}
		cell = rest[size:]
	}
}

// escaped returns the character that stands behind a backslash, and the length of its escape, or 0
// where there is none of those that tables have.
func escaped(text string) (r rune, size int) {
	if text == "" {
		return 0, 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[0]]
	if digits == 0 || len(text) < 1+digits {
		return 0, 0
	}
	code, err := strconv.ParseUint(text[1:1+digits], 16, 32)
	if err != nil || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		return 0, 0
	}
	r = rune(code)
	isASCII := r < utf8.RuneSelf
	switch {
	case isASCII != (text[0] == 'x'):
		return 0, 0
	case r == ';', r == '\\', unicode.IsControl(r):
	case !isASCII && (unicode.Is(unicode.M, r) || visible.Text(string(r)) != string(r)):
	default:
		return 0, 0
	}
	return r, 1 + digits
}

// isFormula reports whether a text begins like a formula (OWASP, CSV injection).
func isFormula(text string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " "))
	return strings.ContainsRune("=+-@＝＋－＠", first)
}
