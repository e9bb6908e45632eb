package logs

import (
	"bytes"
	"io"
)

// STIX 2 (https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html) has names in the patterns
// of indicators, as in [domain-name:value = 'bad.example'], and in objects that are names
// themselves.

var stixPaths = [...]string{stixPattern: "pattern", stixValue: "value", stixType: "type", stixLanguage: "pattern_type", stixTime: "created", stixFrom: "valid_from"}

const (
	stixPattern = iota
	stixValue
	stixType
	stixLanguage
	stixTime
	stixFrom
)

// stix is the layout of the objects of a bundle.
type stix struct {
	paths *jsonPaths
	namesOnly
}

func flattenSTIX(source io.Reader) io.Reader { return newFlattener(source, 2, stixPaths[:]...) }

func (s stix) find(line []byte, r *Record) {
	s.paths.find(line, r)
	var pattern, value, kind []byte
	isSTIX := true
	for _, h := range r.hits {
		switch h.path {
		case stixPattern:
			pattern = r.text(line, h)
		case stixValue:
			value = r.text(line, h)
		case stixType:
			kind = r.text(line, h)
		case stixLanguage:
			isSTIX = string(r.text(line, h)) == "stix"
		case stixTime, stixFrom:
			r.Time = r.text(line, h)
		}
	}
	if len(pattern) > 0 && isSTIX {
		r.addPattern(pattern)
	}
	if isStixName(kind) {
		r.addStixName(kind, value)
	}
}

// isStixName reports whether objects of a type are names.
func isStixName(kind []byte) bool {
	switch string(kind) {
	case "domain-name", "url", "ipv4-addr", "ipv6-addr", "email-addr":
		return true
	}
	return false
}

// addStixName adds the name that an object is: of an e-mail address the host, of a network its
// first address.
func (r *Record) addStixName(kind, value []byte) {
	switch string(kind) {
	case "email-addr":
		value = value[bytes.LastIndexByte(value, '@')+1:]
	case "ipv4-addr", "ipv6-addr":
		value, _, _ = bytes.Cut(value, []byte("/"))
	}
	r.addWeb(value)
}

// addPattern adds the names that a pattern compares with: objects that equal them or are in a set
// of them. What it matches as an expression is none, nor is what it excludes.
func (r *Record) addPattern(pattern []byte) {
	var kind, operator []byte // of the comparison that is read
	isExcluded := false
	for i := 0; i < len(pattern); {
		switch c := pattern[i]; {
		case c == '\'':
			text, end := r.patternText(pattern, i+1)
			i = end
			isEqual := string(operator) == "=" || string(operator) == "==" || bytes.EqualFold(operator, []byte("IN"))
			if kind != nil && isEqual && !isExcluded {
				r.addStixName(kind, text)
			}
		case c == '=' || c == '!' || c == '<' || c == '>':
			start := i
			for i < len(pattern) && bytes.IndexByte([]byte("=!<>"), pattern[i]) >= 0 {
				i++
			}
			operator = pattern[start:i]
		case c == '/':
			i = commentEnd(pattern, i)
		case isLetter(c):
			start := i
			i = pathEnd(pattern, i)
			switch word := pattern[start:i]; {
			case bytes.IndexByte(word, ':') >= 0:
				kind, operator, isExcluded = patternKind(word), nil, false
			case bytes.EqualFold(word, []byte("NOT")):
				isExcluded = true
			case bytes.EqualFold(word, []byte("AND")), bytes.EqualFold(word, []byte("OR")), bytes.EqualFold(word, []byte("FOLLOWEDBY")):
			default:
				operator = word
			}
		default:
			if c == ']' {
				kind, operator, isExcluded = nil, nil, false
			}
			i++
		}
	}
}

// commentEnd returns the end of a comment, in which marks of quotation mean nothing, or of a slash
// that begins none.
func commentEnd(pattern []byte, i int) int {
	rest := pattern[i:]
	end, closing := 1, []byte(nil)
	switch {
	case bytes.HasPrefix(rest, []byte("/*")):
		end, closing = 2, []byte("*/")
	case bytes.HasPrefix(rest, []byte("//")):
		end, closing = 2, []byte("\n")
	}
	if closing != nil {
		n := bytes.Index(rest[end:], closing)
		if n < 0 {
			return len(pattern)
		}
		end += n + len(closing)
	}
	return i + end
}

// pathEnd returns the end of a word or of the path of an object, which may have quoted keys.
func pathEnd(pattern []byte, i int) int {
	for i < len(pattern) {
		switch c := pattern[i]; {
		case isAlphanumeric(c), c == '-', c == '_', c == ':', c == '.':
			i++
		case c == '[':
			closing := bytes.IndexByte(pattern[i:], ']')
			if closing < 0 {
				return len(pattern)
			}
			i += closing + 1
		case c == '\'' && pattern[i-1] == '.':
			closing := bytes.IndexByte(pattern[i+1:], '\'')
			if closing < 0 {
				return len(pattern)
			}
			i += closing + 2
		default:
			return i
		}
	}
	return i
}

var stixDomain = []byte("domain-name")

// patternKind returns what the value at a path is, or nil if it is no name.
func patternKind(path []byte) []byte {
	kind, property, _ := bytes.Cut(path, []byte(":"))
	switch {
	case string(property) == "value" && isStixName(kind):
		return kind
	case string(kind) != "network-traffic":
	case hasSuffixFold(property, "_ref.value"), hasSuffixFold(property, ".Host"), hasSuffixFold(property, ".'Host'"):
		return stixDomain
	}
	return nil
}

// patternText returns the text at i, whose quotation mark stands before it, and where it ends. In
// it \ stands before ' and itself.
func (r *Record) patternText(pattern []byte, i int) (text []byte, end int) {
	from, start := i, len(r.unescaped)
	isEscaped := false
	for ; i < len(pattern) && pattern[i] != '\''; i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			isEscaped = true
			i++
		}
	}
	i = min(i, len(pattern))
	end = min(i+1, len(pattern))
	text = pattern[from:i]
	if !isEscaped {
		return text, end
	}
	for j := 0; j < len(text); j++ {
		if text[j] == '\\' && j+1 < len(text) {
			j++
		}
		r.unescaped = append(r.unescaped, text[j])
	}
	return r.unescaped[start:], end
}

func newSTIX(_ [][]byte, o Options) (stream, error) {
	return constant{stix{paths: newJSONPaths(Options{}, stixPaths[:]...)}}, nil
}

// fitsSTIX counts all lines of a bundle, or of objects a line, if it says what it is.
func fitsSTIX(sample [][]byte) int {
	return fitsDocument(sample, `"spec_version"`, `"pattern_type"`)
}

// fitsDocument counts all lines, if the first opens an object or an array and one of the words is
// in one of them.
func fitsDocument(sample [][]byte, words ...string) int {
	if len(sample) == 0 {
		return 0
	}
	if first := bytes.TrimLeft(sample[0], " \t"); len(first) == 0 || first[0] != '{' && first[0] != '[' {
		return 0
	}
	for _, line := range sample {
		for _, word := range words {
			if bytes.Contains(line, []byte(word)) {
				return len(sample)
			}
		}
	}
	return 0
}
