package logs

import (
	"bytes"
	"math/bits"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonPaths are the paths that a layout looks for in a record that is one JSON object (RFC 8259).
// The parts of a path have dots between them, as a key may have itself: Zeek's id.orig_h and ECS's
// dns.question.name are found nested or not. Elements of arrays have the path of the array.
type jsonPaths struct {
	paths  []string    // at most 64
	first  [256]uint64 // by a byte: the paths that begin with it, a bit each
	parted [256]uint64 // by a length: the paths whose first parts may be a key of it
	cut    []string    // keys of members that Append leaves out
	cuts   keySet      // of them
}

// A hit is a value at a path. A string has its quotes.
type hit struct {
	path int
	span
}

const (
	maxPaths    = 64
	mostNested  = 512 // arrays and objects in one another
	deepestPath = 40  // of them, how deep paths are looked for
)

// newJSONPaths returns the paths that a layout looks for, and leaves out the members that the
// fields of o replace.
func newJSONPaths(o Options, paths ...string) *jsonPaths {
	p := &jsonPaths{paths: paths}
	for i, path := range paths {
		p.first[path[0]] |= 1 << i
		for n := range path {
			if path[n] == '.' {
				p.parted[n] |= 1 << i
			}
		}
		p.parted[len(path)] |= 1 << i
	}
	if o.Group != "" && len(o.Fields) > 0 {
		p.cut = []string{o.Group}
	} else {
		for _, field := range o.Fields {
			p.cut = append(p.cut, field.Name)
		}
	}
	for _, key := range p.cut {
		p.cuts.add(key)
	}
	return p
}

// A jsonScan is a walk through one record.
type jsonScan struct {
	*jsonPaths
	line    []byte
	r       *Record
	escapes bool // there is a backslash, which a key may have
	matched int  // bytes of a path that lead to the object that is read
	stack   [mostNested / 64]uint64
}

// notJSON is why a line is broken.
const notJSON = "it is no JSON object"

// find sets the hits of a record, and where Append cuts and inserts. It sets Broken if the line is
// no object.
func (p *jsonPaths) find(line []byte, r *Record) {
	s := jsonScan{jsonPaths: p, line: line, r: r, escapes: bytes.IndexByte(line, '\\') >= 0}
	i := s.space(0)
	for i < len(line) && line[i] == 0 {
		i = s.space(i + 1) // a file that is cut while it is written
	}
	if i == len(line) || line[i] != '{' {
		r.Broken = notJSON
		return
	}
	if i = s.top(i + 1); i < 0 || s.space(i) != len(line) {
		r.Broken = notJSON
	}
}

// top reads the members of the outermost object. It returns where it ends, or -1, as all that
// follow do.
func (s *jsonScan) top(i int) int {
	s.r.end, s.r.isEmpty = i, true
	keptEnd := -1 // of the last member that stays, or goes with the comma before it
	cutFrom := -1 // of members that go, at the start of the object
	if i = s.space(i); i < len(s.line) && s.line[i] == '}' {
		return i + 1
	}
	for {
		start := i
		key, next := s.key(i)
		if next < 0 {
			return -1
		}
		var paths uint64
		if len(key) < len(s.parted) {
			paths = s.first[firstByte(key)] & s.parted[len(key)]
		}
		goes := s.cuts.mayHave(key) && s.isCut(key)
		switch {
		case paths != 0 && !goes:
			i = s.member(key, next, paths, 1)
		case next < len(s.line) && s.line[next] == '"':
			i = quotedEnd(s.line, next+1)
		default:
			i = s.skip(next)
		}
		if i < 0 {
			return -1
		}
		switch {
		case goes && keptEnd >= 0:
			s.r.cuts = append(s.r.cuts, span{keptEnd, i})
			keptEnd = i
		case goes && cutFrom < 0:
			cutFrom = start
		case goes:
		case cutFrom >= 0:
			s.r.cuts = append(s.r.cuts, span{cutFrom, start})
			cutFrom, keptEnd = -1, i
			s.r.isEmpty = false
		default:
			keptEnd = i
			s.r.isEmpty = false
		}
		if !goes {
			if _, through := s.below(key, 1<<len(s.cut)-1, 0); through != 0 && s.cutValue(next, through, len(key)+1, 0) < 0 {
				return -1
			}
		}
		s.r.end = i
		i = s.space(i)
		if i == len(s.line) {
			return -1
		}
		if s.line[i] == '}' {
			if cutFrom >= 0 { // nothing else was there
				s.r.cuts = append(s.r.cuts, span{cutFrom, s.r.end})
			}
			return i + 1
		}
		if s.line[i] != ',' {
			return -1
		}
		i = s.space(i + 1)
	}
}

// below returns which of the active paths to cut, a bit each, a member ends and which lead through
// it. Matched bytes of them lead to its object.
func (s *jsonScan) below(key []byte, active uint64, matched int) (ends bool, through uint64) {
	end := matched + len(key)
	for rest := active; rest != 0; rest &= rest - 1 {
		n := bits.TrailingZeros64(rest)
		switch path := s.cut[n]; {
		case len(path) < end || path[matched:end] != string(key):
		case len(path) == end:
			ends = true
		case path[end] == '.':
			through |= 1 << n
		}
	}
	return ends, through
}

// cutValue cuts what is left of the active paths out of an object, or out of those in an array.
// They are read together, for their cuts must be in order.
func (s *jsonScan) cutValue(i int, active uint64, matched, depth int) int {
	if depth > deepestPath || i >= len(s.line) || s.line[i] != '{' && s.line[i] != '[' {
		return i
	}
	isArray := s.line[i] == '['
	keptEnd := -1
	i = s.space(i + 1)
	for first := i; i < len(s.line) && s.line[i] != '}' && s.line[i] != ']'; {
		start, value := i, i
		var key []byte
		if !isArray {
			if key, value = s.key(i); value < 0 {
				return -1
			}
		}
		if i = s.skip(value); i < 0 {
			return -1
		}
		goes, through, end := false, active, matched
		if !isArray {
			goes, through = s.below(key, active, matched)
			end += len(key) + len(".")
		}
		if !goes && through != 0 && s.cutValue(value, through, end, depth+1) < 0 {
			return -1
		}
		ended := i
		i = s.space(i)
		hasMore := i < len(s.line) && s.line[i] == ','
		if hasMore {
			i = s.space(i + 1)
		}
		switch {
		case goes && keptEnd >= 0:
			s.r.cuts = append(s.r.cuts, span{keptEnd, ended})
			keptEnd = ended
		case goes && hasMore:
			s.r.cuts = append(s.r.cuts, span{start, i})
		case goes:
			s.r.cuts = append(s.r.cuts, span{first, ended})
		default:
			keptEnd = ended
		}
		if goes && keptEnd < 0 {
			first = i
		}
		if !hasMore {
			break
		}
	}
	return i
}

func (s *jsonScan) isCut(key []byte) bool {
	for _, cut := range s.cut {
		if string(key) == cut {
			return true
		}
	}
	return false
}

// key reads a key and the colon behind it, and returns where its value begins. Escapes in the key
// are undone: who chooses a key may write query as quer\u0079.
func (s *jsonScan) key(i int) (key []byte, next int) {
	if i >= len(s.line) || s.line[i] != '"' {
		return nil, -1
	}
	end := quotedEnd(s.line, i+1)
	if end < 0 {
		return nil, -1
	}
	next = end
	if next < len(s.line) && s.line[next] != ':' {
		next = s.space(next)
	}
	if next >= len(s.line) || s.line[next] != ':' {
		return nil, -1
	}
	next++
	if next < len(s.line) && s.line[next] <= ' ' {
		next = s.space(next)
	}
	key = s.line[i+1 : end-1]
	if s.escapes && bytes.IndexByte(key, '\\') >= 0 {
		key = s.r.unescapeJSON(key)
	}
	return key, next
}

// object reads the members of an object that is not the outermost.
func (s *jsonScan) object(i int, active uint64, depth int) int {
	i = s.space(i)
	if i < len(s.line) && s.line[i] == '}' {
		return i + 1
	}
	for {
		key, next := s.key(i)
		if next < 0 {
			return -1
		}
		if i = s.member(key, next, active, depth); i < 0 {
			return -1
		}
		if i = s.space(i); i == len(s.line) {
			return -1
		}
		switch s.line[i] {
		case '}':
			return i + 1
		case ',':
			i = s.space(i + 1)
		default:
			return -1
		}
	}
}

// member reads the value of a member. Active are the paths that lead to its object.
func (s *jsonScan) member(key []byte, i int, active uint64, depth int) int {
	before, end := s.matched, s.matched+len(key)
	if end >= len(s.parted) {
		return s.skip(i)
	}
	var here, below uint64
	for rest := active & s.parted[end]; rest != 0; rest &= rest - 1 {
		n := bits.TrailingZeros64(rest)
		switch path := s.paths[n]; {
		case path[before:end] != string(key):
		case len(path) == end:
			here |= 1 << n
		default:
			below |= 1 << n
		}
	}
	if here|below == 0 {
		return s.skip(i)
	}
	if i < len(s.line) && s.line[i] != '{' && s.line[i] != '[' {
		return s.single(i, here, depth)
	}
	s.matched = end + len(".")
	i = s.value(i, here, below, depth)
	s.matched = before
	return i
}

// value reads a value that paths end at, or lead through.
func (s *jsonScan) value(i int, here, below uint64, depth int) int {
	if i >= len(s.line) || depth > deepestPath {
		return s.skip(i)
	}
	switch {
	case s.line[i] == '{' && below != 0:
		return s.object(i+1, below, depth+1)
	case s.line[i] == '[':
		i = s.space(i + 1)
		if i < len(s.line) && s.line[i] == ']' {
			return i + 1
		}
		for {
			if i = s.value(i, here, below, depth+1); i < 0 {
				return -1
			}
			if i = s.space(i); i == len(s.line) {
				return -1
			}
			switch s.line[i] {
			case ']':
				return i + 1
			case ',':
				i = s.space(i + 1)
			default:
				return -1
			}
		}
	}
	if s.line[i] == '{' {
		return s.skip(i)
	}
	return s.single(i, here, depth)
}

// single reads a value without others in it.
func (s *jsonScan) single(i int, here uint64, depth int) int {
	end := s.skip(i)
	if end < 0 || depth > deepestPath {
		return end
	}
	for rest := here; rest != 0; rest &= rest - 1 {
		s.r.hits = append(s.r.hits, hit{bits.TrailingZeros64(rest), span{i, end}})
	}
	return end
}

// skip returns the end of the value at i.
func (s *jsonScan) skip(i int) int {
	if i >= len(s.line) {
		return -1
	}
	switch c := s.line[i]; {
	case c == '"':
		return quotedEnd(s.line, i+1)
	case c == '{', c == '[':
		return s.nested(i)
	case c >= '0' && c <= '9', c == '-', c >= 'a' && c <= 'z', c == 'N', c == 'I': // NaN, Infinity: some write them
		for i++; i < len(s.line) && !endsWord[s.line[i]]; i++ {
		}
		return i
	}
	return -1
}

// What ends a number or a word, and what nested heeds.
var (
	endsWord = [256]bool{',': true, '}': true, ']': true, ' ': true, '\t': true, '\r': true, '\n': true, '"': true, ':': true, '{': true, '[': true}
	nests    = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true}
)

// nested returns the end of the object or array at i.
func (s *jsonScan) nested(i int) int {
	depth := 0
	for ; i < len(s.line); i++ {
		c := s.line[i]
		if !nests[c] {
			continue
		}
		switch c {
		case '"':
			if i = quotedEnd(s.line, i+1) - 1; i < 0 {
				return -1
			}
		case '{', '[':
			if depth == mostNested {
				return -1
			}
			s.stack[depth/64] &^= 1 << (depth % 64)
			if c == '[' {
				s.stack[depth/64] |= 1 << (depth % 64)
			}
			depth++
		case '}', ']':
			depth--
			if isArray := s.stack[depth/64]>>(depth%64)&1 == 1; isArray != (c == ']') {
				return -1
			}
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// space returns the first place from i on without white space.
func (s *jsonScan) space(i int) int {
	for i < len(s.line) && s.line[i] <= ' ' && (s.line[i] == ' ' || s.line[i] == '\t' || s.line[i] == '\r' || s.line[i] == '\n') {
		i++
	}
	return i
}

// text returns the text of a hit that is a string with its escapes undone, and nil for null.
func (r *Record) text(line []byte, h hit) []byte {
	value := h.of(line)
	if value[0] != '"' {
		if string(value) == "null" {
			return nil
		}
		return value
	}
	value = value[1 : len(value)-1]
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	return r.unescapeJSON(value)
}

// unescapeJSON returns what a string says that has escapes, in the memory of r.
func (r *Record) unescapeJSON(text []byte) []byte {
	start := len(r.unescaped)
	r.unescaped = appendJSONText(r.unescaped, text)
	return r.unescaped[start:]
}

// isString reports whether a hit is a string, and not empty.
func (h hit) isString(line []byte) bool { return line[h.start] == '"' && h.end-h.start > 2 }

// appendJSONText appends what a JSON string says. An escape that is none stays.
func appendJSONText(out, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		i++
		switch c := text[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case '"', '\\', '/':
			out = append(out, c)
		case 'u':
			unit, ok := hexNumber(text[i+1:], 4)
			if !ok {
				out = append(out, '\\', 'u')
				continue
			}
			i += 4
			character := rune(unit)
			if utf16.IsSurrogate(character) {
				character = utf8.RuneError
				if i+2 < len(text) && text[i+1] == '\\' && text[i+2] == 'u' {
					if second, ok := hexNumber(text[i+3:], 4); ok {
						if both := utf16.DecodeRune(rune(unit), rune(second)); both != utf8.RuneError {
							character, i = both, i+6
						}
					}
				}
			}
			out = utf8.AppendRune(out, character)
		default:
			out = append(out, '\\', c)
		}
	}
	return out
}

// hexNumber reads a number of this many hexadecimal digits.
func hexNumber(text []byte, digits int) (number uint32, ok bool) {
	if len(text) < digits {
		return 0, false
	}
	for _, c := range text[:digits] {
		digit := hexDigit(c)
		if digit < 0 {
			return 0, false
		}
		number = number<<4 | uint32(digit)
	}
	return number, true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// jsonMembers appends fields to a JSON object as its last members.
type jsonMembers struct{ Options }

func (m jsonMembers) append(out, line []byte, r *Record, values [][]byte) []byte {
	if r.Header {
		return append(out, line...)
	}
	from := 0
	for _, cut := range r.cuts {
		out = append(out, line[from:cut.start]...)
		from = cut.end
	}
	out = append(out, line[from:r.end]...)
	out = m.appendMembers(out, r.isEmpty, values)
	return append(out, line[r.end:]...)
}

// appendMembers appends the fields that have values.
func (m jsonMembers) appendMembers(out []byte, isFirst bool, values [][]byte) []byte {
	hasGroup := false
	for i, field := range m.Fields {
		if values[i] == nil {
			continue
		}
		if !isFirst {
			out = append(out, ',')
		}
		if m.Group != "" && !hasGroup {
			out = append(append(append(out, '"'), m.Group...), `":{`...)
			hasGroup = true
		}
		isFirst = false
		out = append(append(append(out, '"'), field.Name...), `":`...)
		if field.Type == String {
			out = appendJSONString(out, values[i])
		} else {
			out = append(out, values[i]...)
		}
	}
	if hasGroup {
		out = append(out, '}')
	}
	return out
}

// jsonEscaped are the bytes that may not stand in a JSON string as they are.
var jsonEscaped = newByteSet(controls, []byte(`"\\`), beyondASCII)

// appendJSONString appends a text as a JSON string. A byte that is no UTF-8 becomes U+FFFD. What is
// hidden is escaped.
func appendJSONString(out, text []byte) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	if !jsonEscaped.isIn(text) {
		return append(append(out, text...), '"')
	}
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c == 0x7f:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			out = append(out, c)
		default:
			character, size := utf8.DecodeRune(text[i:])
			i += size
			if !isHidden(character) {
				out = utf8.AppendRune(out, character)
				continue
			}
			out = appendEscaped(out, character)
			continue
		}
		i++
	}
	return append(out, '"')
}

// appendEscaped appends a character as JSON escapes it.
func appendEscaped(out []byte, c rune) []byte {
	const digits = "0123456789abcdef"
	var units [2]uint16
	for _, unit := range utf16.AppendRune(units[:0], c) {
		out = append(out, '\\', 'u', digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
	}
	return out
}

// isHidden reports whether a character has no ink, or turns the direction of a line.
func isHidden(c rune) bool {
	return !unicode.IsPrint(c) || unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
