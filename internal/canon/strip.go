package canon

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What people put around a text, and defanging puts into it.
const (
	openingBrackets = "([{<"
	closingBrackets = ")]}>" // in the same order

	// The characters of ASCII that are no part of a text at its end. A closing bracket is one only
	// if no opening one stands in the text.
	endsOfText = ",;.:!|'\"`" + openingBrackets

	// Quotation marks and brackets of other scripts, dashes and bullets.
	otherQuotes = "\u00ab\u00bb\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u300c\u300d\u300e\u300f\u301d\u301e\u301f\uff02\uff07" +
		"\uff08\uff09\uff3b\uff3d\uff5b\uff5d\u3010\u3011\u3014\u3015\u3008\u3009\u300a\u300b\uff1c\uff1e" +
		"\u2013\u2014\u2022\u2023\u25aa\u25e6"
	// Their punctuation.
	otherPunctuation = "\uff0c\uff1b\u3002\uff0e\uff61\uff1a\uff01\u3001\u2026"
)

// maxLayers is how often strip looks for something around or in what it has found. Nobody wraps a
// text as often.
const maxLayers = 16

// strip returns the text without what people put around it (white space, quotation marks, brackets,
// bullets, a comma or full stop behind it, the syntax of links and emphasis), and with defanging
// undone.
func strip(text string) string {
	if isBare(text) {
		return text
	}
	for range maxLayers {
		stripped := trimEmphasis(linkTarget(trimAround(refang(unescapeSlashes(text)))))
		if stripped == text {
			break
		}
		text = stripped
	}
	return spelledOut(text)
}

// isBare reports whether strip has nothing to do with a text for sure.
func isBare(text string) bool {
	if text == "" || !isPlain[lower(text[0])] || text[0] == '.' || strings.IndexByte(endsOfText+"_", text[len(text)-1]) >= 0 {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '\\' || isBracket[c] {
			return false
		}
	}
	return true
}

var isBracket = func() (brackets [256]bool) {
	for _, c := range openingBrackets + closingBrackets {
		brackets[c] = true
	}
	return brackets
}()

// trimAround removes what stands around a text.
func trimAround(text string) string {
	text = trimBullet(text)
	start := 0
	for start < len(text) {
		r, size := utf8.DecodeRuneInString(text[start:])
		if !isAround(r) && !strings.ContainsRune(`|'"`+"`"+openingBrackets+closingBrackets, r) || bracketStays(text[start:]) {
			break
		}
		start += size
	}
	text = text[start:]
	var unmatched [len(closingBrackets)]int // closing brackets of each sort without an opening one
	counted := false
	for text != "" {
		r, size := utf8.DecodeLastRuneInString(text)
		switch bracket := strings.IndexRune(closingBrackets, r); {
		case r == ')' && isMarkdown(text) || (r == '>' || r == ']') && linkTarget(text) != text:
			return text
		case bracket >= 0:
			if !counted {
				counted = true
				for i := range closingBrackets {
					unmatched[i] = strings.Count(text, closingBrackets[i:i+1]) - strings.Count(text, openingBrackets[i:i+1])
				}
			}
			if unmatched[bracket] <= 0 {
				return text
			}
			unmatched[bracket]--
		case strings.ContainsRune(openingBrackets, r):
			unmatched[strings.IndexRune(openingBrackets, r)]++
		case r == '.' && endsInDotSegment(text), r == ':' && len(text) <= longestIPv6 && isIPv6(text):
			return text
		case !isAround(r) && !strings.ContainsRune(endsOfText+otherPunctuation, r):
			return text
		}
		text = text[:len(text)-size]
	}
	return text
}

// isAround reports whether a character is white space, not visible, or a quotation mark or bracket
// outside ASCII.
func isAround(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f
	}
	return r != utf8.RuneError && (unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf)) || strings.ContainsRune(otherQuotes, r)
}

// trimBullet removes what stands before an item of a list: "- ", "1. ".
func trimBullet(text string) string {
	digits := 0
	for digits < len(text) && isDigit(text[digits]) {
		digits++
	}
	rest := text[digits:]
	if len(rest) > 2 && rest[1] == ' ' && strings.IndexByte(".)", rest[0]) >= 0 == (digits > 0) && strings.IndexByte("-*+.)", rest[0]) >= 0 && digits <= 3 {
		return rest[2:]
	}
	return text
}

// bracketStays reports whether the bracket at the start of a text is one of an IPv6 address or of a
// link.
func bracketStays(text string) bool {
	if strings.HasPrefix(text, "[[") {
		return false
	}
	return text[0] == '[' && startsWithIPv6(text) || isMarkdown(text) || isPiped(text)
}

// isPiped reports whether a text may be a link as Slack writes it, <URL|text>, or Jira, [text|URL].
func isPiped(text string) bool {
	head := text[:min(len(text), longestLinkText)]
	return head[0] == '<' && startsWithScheme(head[1:]) && strings.Contains(head, "|") ||
		head[0] == '[' && strings.Contains(head, "|http")
}

// startsWithScheme reports whether a text starts with a scheme of the web and two slashes.
func startsWithScheme(text string) bool {
	const longest = len("https://")
	scheme, _, found := strings.Cut(text[:min(len(text), longest)], "://")
	return found && isWebScheme(scheme)
}

func startsWithIPv6(text string) bool {
	end := strings.IndexByte(text[:min(len(text), longestIPv6)], ']')
	return end > 0 && isIPv6(text[1:end])
}

// longestLinkText is how much is read of the text of a link: there may be many brackets.
const longestLinkText = 4 << 10

// longestIPv6 is the length of an IPv6 address in brackets, with a long zone.
const longestIPv6 = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%25]") + 64

// isMarkdown reports whether a text may be a link or an image in Markdown (CommonMark, section
// 6.3).
func isMarkdown(text string) bool {
	link := strings.TrimPrefix(text, "!")
	return strings.HasPrefix(link, "[") && strings.Contains(link[:min(len(link), longestLinkText)], "](") && !startsWithIPv6(link)
}

// endsInDotSegment reports whether the dot at the end of a text is one of a segment of a path, "."
// or "..".
func endsInDotSegment(text string) bool {
	return (strings.HasSuffix(text, "/.") || strings.HasSuffix(text, "/..")) && !strings.ContainsAny(text, "?#")
}

// linkTarget returns the target of a text that is a link in Markdown, Slack or Jira, or the address
// of one that is a name and an e-mail address (RFC 5322, section 3.4), otherwise the text.
func linkTarget(text string) string {
	if strings.HasSuffix(text, ">") {
		if start := strings.LastIndexByte(text, '<'); start > 0 && text[start-1] == ' ' && hasUser(text[start+1:]) && !strings.ContainsAny(text[:start], `/\?#:`) {
			return text[start+1 : len(text)-1]
		}
	}
	switch {
	case text == "":
		return text
	case text[0] == '<' && text[len(text)-1] == '>' && isPiped(text):
		target, _, _ := strings.Cut(text[1:len(text)-1], "|")
		return target
	case text[0] == '[' && text[len(text)-1] == ']' && isPiped(text) && !startsWithIPv6(text):
		if target := text[strings.LastIndexByte(text, '|')+1 : len(text)-1]; startsWithScheme(target) {
			return target
		}
		return text
	case text[len(text)-1] != ')' || !isMarkdown(text):
		return text
	}
	end := endOfLinkText(text)
	if end < 0 || strings.Contains(text[end+len("]("):], "](") {
		return text // of two links, none is the text
	}
	target := text[end+len("](") : len(text)-1]
	if title := strings.IndexAny(target, " \t"); title >= 0 && strings.ContainsAny(target[title:], `"'(`) {
		target = target[:title]
	}
	return target
}

// trimEmphasis removes the marks around a text that Markdown and chats show as bold, italic or
// struck out. A name may begin and end with an underscore.
func trimEmphasis(text string) string {
	for _, mark := range []string{"**", "~~", "__", "*", "_"} {
		inner := strings.TrimSuffix(strings.TrimPrefix(text, mark), mark)
		if len(text)-len(inner) == 2*len(mark) && inner != "" &&
			(startsWithScheme(inner) || mark[0] != '_' && inner[0] != '.' && isPlain[lower(inner[0])]) {
			return inner
		}
	}
	return text
}

// unescapeSlashes undoes how some programs write the slashes of a URL in JSON.
func unescapeSlashes(text string) string {
	if !strings.Contains(text, `:\/\/`) {
		return text
	}
	return strings.ReplaceAll(text, `\/`, "/")
}

// endOfLinkText returns where the bracket stands that closes the first one of a text, if a round
// bracket follows, otherwise -1. A link may stand in the text of another.
func endOfLinkText(text string) int {
	depth := 0
	for i := range min(len(text), longestLinkText) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				if strings.HasPrefix(text[i+1:], "(") {
					return i
				}
				return -1
			}
		}
	}
	return -1
}

// spelledOut reads "x dot com" and "alice at x dot com", where that gives a name below a public
// suffix.
func spelledOut(text string) string {
	if !strings.Contains(text, " ") || len(text) > 2*longestName {
		return text
	}
	words := strings.Fields(text)
	if len(words)%2 == 0 || len(words) < 3 {
		return text
	}
	var name strings.Builder
	for i, word := range words {
		switch {
		case i%2 == 0 && !strings.ContainsFunc(word, isNoLabel):
			name.WriteString(word)
		case i%2 == 1 && strings.EqualFold(word, "dot"):
			name.WriteByte('.')
		case i == 1 && strings.EqualFold(word, "at"):
			name.WriteByte('@')
		default:
			return text
		}
	}
	host := []byte(strings.ToLower(name.String()))
	if _, suffix, rule := splitSuffix(host, 0); !rule.isListed() || suffix == len(host) {
		return text
	}
	return name.String()
}

// isNoLabel reports whether a character of ASCII stands in no label that people spell out.
func isNoLabel(r rune) bool {
	return r < utf8.RuneSelf && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
