package modelfile

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads JSON as encoders write it: without white space, and without escapes that few
// need. It is many times as fast as encoding/json, which is there for all that it gives up on, and
// for what is wrong. What it reads, encoding/json reads as the same.
type scanner struct {
	text   []byte
	at     int
	failed bool // it gave up: nothing that it returned counts
}

// scanHeader is decodeHeader for most headers. It reports whether it read this one.
func scanHeader(header []byte) (metadata map[string]string, entries []entry, ok bool) {
	if !utf8.Valid(header) {
		return nil, nil, false
	}
	for _, c := range header {
		if c < ' ' { // white space, or what no string has
			return nil, nil, false
		}
	}
	s := scanner{text: header}
	metadata = map[string]string{}
	names := map[string]bool{}
	s.object(func(name string) {
		if names[name] {
			s.failed = true
		}
		names[name] = true
		if name == metadataKey {
			s.object(func(key string) {
				if _, found := metadata[key]; found {
					s.failed = true
				}
				metadata[key] = s.string()
			})
			return
		}
		e := entry{name: name}
		s.object(func(key string) {
			switch {
			case key == "dtype" && e.Type == "":
				e.Type = s.string()
				s.failed = s.failed || e.Type == "" // or it may come again
			case key == "shape" && e.Shape == nil:
				e.Shape = s.sizes()
			case key == "data_offsets" && e.Offsets == nil:
				e.Offsets = s.sizes()
			default:
				s.failed = true
			}
		})
		entries = append(entries, e)
	})
	for !s.failed && s.at < len(header) { // spaces align the data
		s.take(' ')
	}
	return metadata, entries, !s.failed
}

// take reads a character.
func (s *scanner) take(c byte) {
	if s.at == len(s.text) || s.text[s.at] != c {
		s.failed = true
		return
	}
	s.at++
}

// next reports whether a character is the next one, and reads it.
func (s *scanner) next(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// object reads an object and calls readValue after each key.
func (s *scanner) object(readValue func(key string)) {
	s.take('{')
	if s.next('}') {
		return
	}
	for more := true; more && !s.failed; more = s.next(',') {
		key := s.string()
		s.take(':')
		readValue(key)
	}
	s.take('}')
}

// sizes reads an array of a few whole numbers from 0 up.
func (s *scanner) sizes() []int {
	sizes := []int{}
	s.take('[')
	if s.next(']') {
		return sizes
	}
	for more := true; more && !s.failed; more = s.next(',') {
		sizes = append(sizes, s.size())
		s.failed = s.failed || len(sizes) > maxDimensions
	}
	s.take(']')
	return sizes
}

// size reads a whole number from 0 up, of at most nine digits.
func (s *scanner) size() int {
	first, size := s.at, 0
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' && s.at-first < 9 {
		size = 10*size + int(s.text[s.at]-'0')
		s.at++
	}
	if s.at == first || s.text[first] == '0' && s.at > first+1 {
		s.failed = true
	}
	return size
}

// string reads a string.
func (s *scanner) string() string {
	s.take('"')
	rest := s.text[s.at:]
	end := -1
	for isEscaped := true; isEscaped; {
		length := bytes.IndexByte(rest[end+1:], '"')
		if s.failed = s.failed || length < 0; s.failed {
			return ""
		}
		end += 1 + length
		backslashes := 0
		for backslashes < end && rest[end-1-backslashes] == '\\' {
			backslashes++
		}
		isEscaped = backslashes%2 == 1
	}
	s.at += end + 1
	if bytes.IndexByte(rest[:end], '\\') < 0 {
		return string(rest[:end])
	}
	var text strings.Builder
	text.Grow(end)
	s.unescape(&text, rest[:end])
	return text.String()
}

// escapes has what the short escapes stand for.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape writes what stands between quotation marks.
func (s *scanner) unescape(text *strings.Builder, escaped []byte) {
	for {
		before, after, found := bytes.Cut(escaped, backslash)
		text.Write(before)
		if !found {
			return
		}
		switch c := after[0]; { // a backslash is never the last
		case escapes[c] != 0:
			text.WriteByte(escapes[c])
			escaped = after[1:]
		case c == 'u' && len(after) >= len("u0000"):
			character, err := strconv.ParseUint(string(after[1:5]), 16, 16)
			if err != nil || utf16.IsSurrogate(rune(character)) {
				s.failed = true
				return
			}
			text.WriteRune(rune(character))
			escaped = after[5:]
		default:
			s.failed = true
			return
		}
	}
}

var backslash = []byte("\\")

// scanNames reads a JSON array of strings without escapes, which share the memory of the text. The
// text is UTF-8. It reports whether it read this one.
func scanNames(text string) (names []string, ok bool) {
	inner, isArray := strings.CutPrefix(text, `["`)
	inner, isClosed := strings.CutSuffix(inner, `"]`)
	if !isArray || !isClosed {
		return nil, false
	}
	quotes := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c == '\\':
			return nil, false
		case c == '"':
			quotes++
		}
	}
	names = make([]string, 0, quotes/2)
	for more := true; more; {
		var name string
		name, inner, more = strings.Cut(inner, `","`)
		names = append(names, name)
	}
	return names, quotes == 2*len(names) // else a name has a quotation mark
}
