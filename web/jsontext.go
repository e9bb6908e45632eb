package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A textValue is an element of texts: a text, or what stands there instead and why it is none.
type textValue struct {
	text string
	err  error
}

var (
	errNoString  = errors.New("a text must be a string")
	errNoUnicode = errors.New(`a text must be Unicode, and half of a surrogate pair (\ud800 to \udfff) is no character`)
	errNoUTF8    = errors.New("a text in JSON must be UTF-8")
)

func (v *textValue) UnmarshalJSON(data []byte) error {
	if v.text, v.err = unquote(data); v.err != nil {
		v.text = string(data)
	}
	return nil
}

// unquote returns the text that a valid JSON value holds. encoding/json would put U+FFFD in place
// of what is no character, and the text would be another one.
func unquote(value []byte) (text string, err error) {
	switch {
	case value[0] != '"':
		return "", errNoString
	case isPlain(string(value)):
		return string(value[1 : len(value)-1]), nil
	case !utf8.Valid(value):
		return "", errNoUTF8
	case hasLoneSurrogate(value):
		return "", errNoUnicode
	}
	err = json.Unmarshal(value, &text)
	return text, err
}

// hasLoneSurrogate reports whether a valid JSON string has an escape of half a surrogate pair
// without the other half (RFC 8259, section 8.2).
func hasLoneSurrogate(value []byte) bool {
	unit := func(at int) rune { // of an escape \uXXXX, else 0
		if at+6 > len(value) || value[at] != '\\' || value[at+1] != 'u' {
			return 0
		}
		n, _ := strconv.ParseUint(string(value[at+2:at+6]), 16, 16)
		return rune(n)
	}
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' {
			continue
		}
		if first := unit(i); utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, unit(i+6)) == utf8.RuneError {
				return true
			}
			i += 6
		}
		i++
	}
	return false
}

// textOfJSON returns the text of a line that is a JSON string, or an object with the member text. A
// line may be a record of the client's own, so other members are ignored.
func textOfJSON(line string) (string, error) {
	if text, ok := strings.CutPrefix(line, `{"text":`); ok && strings.HasSuffix(text, "}") && isPlain(text[:len(text)-1]) {
		return text[1 : len(text)-2], nil
	}
	if isPlain(line) {
		return line[1 : len(line)-1], nil
	}
	value := []byte(line)
	if err := json.Unmarshal(value, new(ignored)); err != nil {
		return "", fmt.Errorf("reading the line as JSON: %w", err)
	}
	value = bytes.TrimSpace(value)
	if value[0] == '{' {
		var err error
		if value, err = memberOf(value, "text"); err != nil {
			return "", fmt.Errorf("reading the line as JSON: %w", err)
		}
	}
	if len(value) == 0 || value[0] != '"' {
		return "", errors.New(`want a JSON string or {"text": "..."}`)
	}
	return unquote(value)
}

// isPlain reports whether a line is a JSON string in ASCII that has no escapes.
func isPlain(line string) bool {
	if len(line) < 2 || line[0] != '"' || line[len(line)-1] != '"' {
		return false
	}
	for i := 1; i < len(line)-1; i++ {
		if c := line[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// memberOf returns the value of a member of an object in valid JSON, nil if there is none. Its name
// is matched by case, and may stand once; other members are ignored.
func memberOf(object []byte, name string) (value []byte, err error) {
	rest := skipSpace(object[1:])
	for rest[0] != '}' {
		n := valueLength(rest)
		found, _ := unquote(rest[:n])
		rest = skipSpace(rest[n:])
		rest = skipSpace(rest[1:]) // :
		n = valueLength(rest)
		if found == name {
			if value != nil {
				return nil, fmt.Errorf("the member %q stands twice", name)
			}
			value = rest[:n]
		}
		if rest = skipSpace(rest[n:]); rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
	}
	return value, nil
}

func skipSpace(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

// valueLength returns the length of the valid JSON value with which data begin.
func valueLength(data []byte) int {
	depth, inString := 0, false
	for i, escaped := 0, false; i < len(data); i++ {
		switch c := data[i]; {
		case inString:
			if c == '"' && !escaped {
				inString = false
			}
			escaped = c == '\\' && !escaped
		case c == '"':
			inString, escaped = true, false
		case c == '{' || c == '[':
			depth++
			continue
		case c == '}' || c == ']':
			depth--
		case depth == 0 && i+1 < len(data) && !bytes.ContainsRune([]byte(",:}] \t\r\n"), rune(data[i+1])):
			continue // within a number or a word
		}
		if depth == 0 && !inString {
			return i + 1
		}
	}
	return len(data)
}
