package enrich

import (
	"unicode/utf8"

	"github.com/snowman-ml/snowman/logs"
)

// AppendName appends a name as people read it: with the escapes of DNS undone, and without a final
// dot. Tabs, line ends, other controls and bytes that are no UTF-8 are \DDD. Of a name out of DNS a
// dot within a label stays \., and a backslash \\.
func AppendName(out []byte, name logs.Name) []byte {
	text := name.WithoutRoot()
	if isPrintable(text) {
		return append(out, text...)
	}
	if !name.DNS {
		return appendShown(out, text)
	}
	start := len(out) // what is undone is only ever shorter
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			if value, ok := decimalByte(text[i+1:]); ok {
				c, i = value, i+3
			} else {
				c, i = text[i+1], i+1
			}
			if c == '.' || c == '\\' {
				out = append(out, '\\')
			}
		}
		out = append(out, c)
	}
	if isPrintable(out[start:]) || utf8.Valid(out[start:]) && !hasControls(out[start:]) {
		return out
	}
	undone := string(out[start:])
	return appendShown(out[:start], []byte(undone))
}

// isPrintable reports whether a text is printable ASCII without backslashes.
func isPrintable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

func hasControls(text []byte) bool {
	for len(text) > 0 {
		character, size := utf8.DecodeRune(text)
		if isControl(character) {
			return true
		}
		text = text[size:]
	}
	return false
}

// isControl reports whether a character is of C0, DEL or C1, or ends a line.
func isControl(c rune) bool {
	const lineSeparator, paragraphSeparator = '\u2028', '\u2029'
	return c < ' ' || c >= 0x7f && c < 0xa0 || c == lineSeparator || c == paragraphSeparator
}

func appendShown(out, text []byte) []byte {
	for len(text) > 0 {
		character, size := utf8.DecodeRune(text)
		if isControl(character) || character == utf8.RuneError && size == 1 {
			for _, c := range text[:size] {
				out = append(out, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
			}
		} else {
			out = append(out, text[:size]...)
		}
		text = text[size:]
	}
	return out
}

// decimalByte reads the three digits of \DDD.
func decimalByte(digits []byte) (value byte, ok bool) {
	if len(digits) < 3 {
		return 0, false
	}
	number := 0
	for _, c := range digits[:3] {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = 10*number + int(c-'0')
	}
	return byte(number), number <= 255
}
