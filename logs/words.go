package logs

import (
	"bytes"
	"unicode/utf8"
)

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }
func isDigit(c byte) bool        { return c >= '0' && c <= '9' }
func isLetter(c byte) bool       { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// digits returns how many digits a text begins with.
func digits(text []byte) int {
	for i, c := range text {
		if !isDigit(c) {
			return i
		}
	}
	return len(text)
}

// hasPrefix is bytes.HasPrefix of a text that is no slice.
func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// nextWord returns the first word from i on, of which blanks and tabs are no part, and its end. It
// is empty at the line's end.
func nextWord(line []byte, i int) (word []byte, end int) {
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	start := i
	for i < len(line) && line[i] != ' ' && line[i] != '\t' {
		i++
	}
	return line[start:i], i
}

// cutWord returns what stands before the first blank, and what stands behind it.
func cutWord(text []byte) (word, rest []byte) {
	if i := bytes.IndexByte(text, ' '); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, nil
}

// splitWords sets words to the first words of a text, between which are blanks and tabs, and
// returns their number.
func splitWords(text []byte, words [][]byte) int {
	for n, end := 0, 0; n < len(words); n++ {
		if words[n], end = nextWord(text, end); len(words[n]) == 0 {
			return n
		}
	}
	return len(words)
}

// closingQuote returns the place of the quotation mark that closes a text, before which \ stands
// in front of others, or -1.
func closingQuote(text []byte) int {
	for i := 0; ; i++ {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		backslashes := 0
		for i-backslashes > 0 && text[i-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
}

// escapedEnd returns the place of the first such byte before which is no backslash, or -1. Behind a
// backslash any byte is another one.
func escapedEnd(text []byte, end byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case end:
			return i
		}
	}
	return -1
}

// A byteSet is a set of bytes.
type byteSet [256]bool

func newByteSet(parts ...[]byte) (s byteSet) {
	for _, part := range parts {
		for _, c := range part {
			s[c] = true
		}
	}
	return s
}

// isIn reports whether a byte of the set is in a text.
func (s *byteSet) isIn(text []byte) bool {
	for _, c := range text {
		if s[c] {
			return true
		}
	}
	return false
}

// controls are the controls of ASCII.
var controls = func() (all []byte) {
	for c := range byte(' ') {
		all = append(all, c)
	}
	return append(all, 0x7f)
}()

// beyondASCII are the bytes of all other characters.
var beyondASCII = func() (all []byte) {
	for c := utf8.RuneSelf; c < 256; c++ {
		all = append(all, byte(c))
	}
	return all
}()
