package logs

import (
	"bytes"
	"slices"
	"unicode"
)

// fitsProse counts all lines, if they are those of a text that has names: sentences, and what is
// between them in a report, such as headings, points and rows of tables. Of points there may be any
// number, and a defanged name among words tells as much as a sentence. A list of names may have
// sentences as comments. A log has lines that are neither.
func fitsProse(sample [][]byte) int {
	var r Record
	sentences, points, listed, others, names := 0, 0, 0, 0, 0
	for _, line := range sample {
		r.reset()
		(prose{}).find(line, &r)
		names += len(r.Names)
		text, isPoint := withoutListMark(bytes.TrimSpace(line))
		if isPoint {
			points++
		}
		switch {
		case isComment(line):
		case !isPoint && beginsWithName(text):
			listed++
		case beginsLikeLog(text):
			others++
		case isSentence(text), !isPoint && isLeadIn(text), len(bytes.Fields(text)) > 1 && slices.ContainsFunc(r.Names, isDefanged):
			sentences++
		case isPoint || len(bytes.Fields(text)) <= mostOfHeading:
		default:
			others++
		}
	}
	const leastSentences, mostOthers = 20, 5 // one in
	if names == 0 || sentences == 0 || leastSentences*sentences < len(sample)-points || 2*listed >= len(sample) || mostOthers*others > len(sample) {
		return 0
	}
	return len(sample)
}

const mostOfHeading = 5 // words

// isDefanged reports whether a name is written as people do, so that nothing makes a link of it.
func isDefanged(name Name) bool {
	text := name.Text
	if hasPrefix(text, "hxxp") {
		return true
	}
	host := text[schemeLength(text):]
	if end := bytes.IndexByte(host, '/'); end > 0 {
		host = host[:end]
	}
	for i := 1; i < len(host); i++ {
		if length, _ := fangAt(host[i:]); length > 0 {
			return true
		}
	}
	return false
}

// isSentence reports whether a line has at least four words, of which two in three are of letters
// alone. Lines of logs have more of other sorts.
func isSentence(line []byte) bool {
	words, plain := 0, 0
	for word := range bytes.FieldsSeq(line) {
		words++
		word = bytes.Trim(word, ".,;:!?()[]*_`'\"“”‘’„«»–—-")
		if word = bytes.TrimSuffix(word, []byte("’s")); len(word) > 0 && bytes.IndexFunc(word, isNoLetter) < 0 {
			plain++
		}
	}
	return words >= 4 && 3*plain >= 2*words
}

// isLeadIn reports whether a line is of two words or more, all of letters, with a colon behind
// them: it says what the points below it are.
func isLeadIn(line []byte) bool {
	if !bytes.HasSuffix(line, []byte(":")) {
		return false
	}
	words := 0
	for word := range bytes.FieldsSeq(line[:len(line)-1]) {
		if words++; bytes.IndexFunc(word, isNoLetter) >= 0 {
			return false
		}
	}
	return words > 1
}

// isNoLetter reports whether a character stands in no plain word: in-depth and don't are some.
func isNoLetter(c rune) bool { return !unicode.IsLetter(c) && c != '-' && c != '\'' && c != '’' }

// isComment reports whether a line is a comment of a list, or a heading in Markdown.
func isComment(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) == 0 || line[0] == '#' || line[0] == ';' || line[0] == '!' || hasPrefix(line, "//")
}

// withoutListMark returns a line without what makes it a point, a quotation or a row of a table.
func withoutListMark(line []byte) (text []byte, isMarked bool) {
	for _, mark := range []string{"- ", "* ", "+ ", "> ", "• ", "‣ ", "– ", "|"} {
		if hasPrefix(line, mark) {
			return bytes.TrimSpace(line[len(mark):]), true
		}
	}
	if n := digits(line); n > 0 && n <= 2 && n+1 < len(line) && (line[n] == '.' || line[n] == ')') && line[n+1] == ' ' {
		return bytes.TrimSpace(line[n+1:]), true
	}
	return line, len(bytes.Trim(line, "-=_*+| ")) == 0
}

// beginsWithName reports whether the first word of a line is a name alone, as in lists.
func beginsWithName(line []byte) bool {
	word, _ := nextWord(line, 0)
	_, ok := nameIn(bytes.Trim(word, `"',;`))
	return ok
}

// beginsLikeLog reports whether a line begins as those of logs, and of markup, do: with a time, a
// bracket or a month and a day.
func beginsLikeLog(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	first, end := nextWord(line, 0)
	if c := first[0]; c == '<' || c == '{' || c == '[' && !bytes.Contains(first, []byte("](")) {
		return true
	}
	if n := digits(first); n >= 2 && n < len(first) && bytes.IndexByte([]byte("-:/.T"), first[n]) >= 0 && n+1 < len(first) && isDigit(first[n+1]) || n >= 9 {
		return true
	}
	second, end := nextWord(line, end)
	third, _ := nextWord(line, end)
	return len(first) == 3 && digits(second) == len(second) && len(second) > 0 && bytes.IndexByte(third, ':') > 0 && isDigit(third[0])
}
