package logs

import (
	"bytes"
	"unicode"
)

// A list has a name in each line, or sentences with some. A line of one word is a name whatever it
// looks like, so that who scores it can say what is wrong with it. Behind # is a comment.

// list is the layout of such lines.
type list struct{ namesOnly }

func (list) find(line []byte, r *Record) {
	text := bytes.TrimSpace(line)
	if len(text) == 0 || text[0] == '#' {
		r.Header = true
		return
	}
	word := text
	if i := commentIn(text); i >= 0 {
		word = bytes.TrimSpace(text[:i])
	}
	if bytes.ContainsFunc(word, unicode.IsSpace) {
		prose{}.find(text, r)
		return
	}
	if r.addLine(unwrapped(word)); len(r.Names) == 0 || len(word) < len(text) && !looksLikeName(r.Names[0].Text) {
		before := len(r.Names)
		if (prose{}).find(text, r); len(r.Names) > before {
			// The word was no name, and the comment has some.
			r.Names = r.Names[:copy(r.Names, r.Names[before:])]
		}
	}
}

// addLine adds the name that a line is, whatever it looks like, or several with commas between
// them.
func (r *Record) addLine(word []byte) {
	if bytes.IndexFunc(word, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) < 0 {
		return
	}
	quote, slash := bytes.IndexByte(word, '"'), bytes.IndexByte(word, '/')
	if isWritten := quote >= 0 && (slash < 0 || quote < slash); isWritten || bytes.Contains(word, []byte("](")) {
		prose{}.find(word, r)
	}
	if len(r.Names) > 0 {
		return
	}
	const between = ",;|"
	isList := bytes.ContainsAny(word, between)
	for rest := word; len(rest) > 0 && isList; {
		var part []byte
		part, rest = cutAny(rest, between)
		_, isName := nameIn(bare(part))
		isList = isName || len(part) == 0
	}
	if isList {
		r.addWord(word)
		return
	}
	r.addWeb(word)
}

// unwrapped returns a word without what may stand around a name.
func unwrapped(word []byte) []byte {
	for range mostAround {
		if len(word) < 2 {
			break
		}
		first, last := word[0], word[len(word)-1]
		switch {
		case last == ',' || last == ';' || last == ':' || last == '.':
			word = word[:len(word)-1]
		case first == last && (first == '"' || first == '\'' || first == '`'), first == '<' && last == '>', first == '(' && last == ')':
			word = word[1 : len(word)-1]
		case (first == '"' || first == '\'') && bytes.IndexByte(word[1:], first) < 0:
			word = word[1:]
		default:
			return word
		}
	}
	return word
}

// commentIn returns where a comment begins, or -1.
func commentIn(line []byte) int {
	for i := 1; i < len(line); i++ {
		if line[i] == '#' && (line[i-1] == ' ' || line[i-1] == '\t') {
			return i
		}
	}
	return -1
}

// A listStream is a list whose first line may say what the others are.
type listStream struct{ heading []byte }

func (s *listStream) layout(line []byte) layout {
	if s.heading == nil {
		return list{}
	}
	if bytes.Equal(bytes.TrimSpace(line), s.heading) {
		s.heading = nil // further down it may be a name
		return listHeading{}
	}
	return list{}
}

type listHeading struct{ namesOnly }

func (listHeading) find(_ []byte, r *Record) { r.Header = true }

func newList(sample [][]byte, _ Options) (stream, error) {
	s := &listStream{}
	for _, line := range sample {
		if line = bytes.TrimSpace(line); line[0] == '#' {
			continue
		}
		if isNameOfNames(string(line)) {
			s.heading = bytes.Clone(line)
		}
		break
	}
	return s, nil
}
