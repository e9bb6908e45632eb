package logs

import (
	"bytes"
	"slices"
	"strings"
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
	if !isOneWord(word) {
		prose{}.find(text, r)
		return
	}
	if (prose{}).find(word, r); len(r.Names) == 0 {
		prose{}.find(text, r)
	}
	if len(r.Names) == 0 && bytes.IndexFunc(word, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) >= 0 {
		r.addWeb(bytes.Trim(word, `"',;`))
	}
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

func isOneWord(text []byte) bool {
	for i := 0; i < len(text); {
		size := separator(text[i:])
		if size > 0 && text[i] != '"' && text[i] != '<' && text[i] != '>' && text[i] != '`' {
			return false
		}
		i += max(1, size)
	}
	return true
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
		if slices.Contains(usualColumns, strings.ToLower(string(line))) {
			s.heading = bytes.Clone(line)
		}
		break
	}
	return s, nil
}
