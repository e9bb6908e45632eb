package browsers_test

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A kind is a way in which our reading of a text differs from a browser's on purpose, or since
// browsers differ from each other.
type kind struct {
	name    string
	example string
	reason  string // for docs/differences.md
	oracle  string // the only one that it is about; empty for all

	// One of these is set. The former says whether a difference is of the kind; the latter returns
	// what we read the text as, of which the browser must make the same.
	explains func(c comparison) bool
	readAs   func(text string) []string
}

func (k kind) isOf(o oracle) bool { return k.oracle == "" || k.oracle == o.name }

// kinds are tried in this order, first those that explain.
var kinds = []kind{
	{
		name:     "no scheme",
		example:  "example.com/x",
		reason:   "A browser has a page that such a text is relative to, or an address bar.",
		explains: func(c comparison) bool { return c.relation() == onlyWeTake && !hasScheme.MatchString(stripped(c.text)) },
	},
	{
		name:    "refused raw in a host",
		example: "http://a,b.example/",
		reason:  "Nearly always the text is a line of a table, a log or a sentence.",
		explains: func(c comparison) bool {
			return c.relation() == onlyTheyDo && strings.ContainsAny(rawHost(c.text), refused)
		},
	},
	{
		name:    "bytes that DNS can carry",
		example: "http://a%20b.example/",
		reason:  "A name with such a byte can be asked for and answered, and logs have some.",
		explains: func(c comparison) bool {
			return c.relation() == onlyWeTake && strings.ContainsAny(unescape(rawHost(c.text)), forbidden)
		},
	},
	{
		name:    "numbers that are no address",
		example: "http://192.0.2.1.5/",
		reason:  "DNS can carry such a name.",
		explains: func(c comparison) bool {
			return c.relation() == onlyWeTake && endsInNumber.MatchString(strings.TrimRight(c.ours.host, "."))
		},
	},
	{
		name:    "labels that IDNA refuses",
		example: "http://xn--zzzzzzzz.example/",
		reason:  "DNS can carry the name. Browsers differ.",
		explains: func(c comparison) bool {
			host := unescape(rawHost(c.text))
			return c.relation() == onlyWeTake && (!isASCII(host) || strings.Contains(strings.ToLower(host), "xn--"))
		},
	},
	{
		name:     "other schemes",
		example:  "gopher://a\\b.example/",
		reason:   "Behind every scheme with two slashes stands a host.",
		explains: func(c comparison) bool { return c.relation() == onlyWeTake && !webScheme.MatchString(stripped(c.text)) },
	},
	{
		name:     "dots alone",
		example:  "http://../x",
		reason:   "There is no such name.",
		explains: func(c comparison) bool { return c.relation() == onlyTheyDo && strings.Trim(c.hostname, ".") == "" },
	},
	{
		name:    "http: and a number",
		example: "http:8080/x",
		reason:  "A port of a host that somebody calls http.",
		explains: func(c comparison) bool {
			return httpPort.MatchString(stripped(c.text)) && webScheme.MatchString(c.ours.host+":")
		},
	},
	{
		name:     "brackets in a host",
		example:  "http://a(.\r)b.example/",
		reason:   "What the browser makes of the text reads like a defanged one.",
		explains: func(c comparison) bool { return c.relation() == differ && strings.ContainsAny(c.hostname, "(){}") },
	},
	{
		name:    "odd IPv6 addresses",
		example: "http://[2001:db8::\u20607]/",
		reason:  "Only Chromium decodes escapes in an address, and ignores there what it ignores in names.",
		oracle:  "Chromium",
		explains: func(c comparison) bool {
			return c.isOfWeb() && strings.HasPrefix(c.hostname, "[") && strings.ContainsFunc(rawHost(c.text), func(r rune) bool { return r == '%' || r >= utf8.RuneSelf })
		},
	},
	{
		name:    "behind the host, written raw",
		example: "http://example.com/ü",
		reason:  "",
		explains: func(c comparison) bool {
			return c.relation() == differ && sameHost(c.ours.host, c.hostname) && escapeAll(c.ours.form) == escapeAll(c.theirs.form)
		},
	},
	{
		name:    "around a text",
		example: "http://example.com/x.",
		reason:  "People paste these with the text.",
		readAs:  trimmed,
	},
	{
		name:    "defanged",
		example: "http://example[.]com/",
		reason:  "People write addresses so that nobody clicks on them.",
		readAs:  refanged,
	},
	{
		name:    "a scheme twice",
		example: "http://https://example.com/",
		reason:  "People paste a URL behind a scheme. Nobody means the host https.",
		readAs:  schemeOnce,
	},
	{
		name:     "not as browsers read yet",
		example:  "http://example.com/a/../b",
		reason:   "To come.",
		explains: func(c comparison) bool { return true },
	},
}

// refused are the characters that we refuse raw in a host.
const refused = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f" +
	" \",;=<>{}|^`\u0085\u00a0\u1680\u2000\u2028\u3000"

// forbidden are the characters that browsers refuse in a host (WHATWG URL, forbidden domain code
// points).
const forbidden = refused + "\t\r\n#%/:?@[\\]"

var (
	hasScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	anyScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[/\\]*`)
	twice        = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:[/\\]|(?i:https?|wss?|ftp):)`)
	webScheme    = regexp.MustCompile(`^(?i:https?|wss?|ftp):`)
	httpPort     = regexp.MustCompile(`^(?i:https?|wss?|ftp)(:[0-9]{0,5})?($|[/\\?#])`)
	endsInNumber = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)
)

// stripped is a text without what browsers take away first.
func stripped(text string) string {
	text = strings.TrimFunc(text, func(c rune) bool { return c <= ' ' })
	return strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(text)
}

// rawHost is the host and the port as they stand in a text.
func rawHost(text string) string {
	text = stripped(text)
	text = text[len(anyScheme.FindString(text)):]
	if end := strings.IndexAny(text, `/\?#`); end >= 0 {
		text = text[:end]
	}
	return text[strings.LastIndexByte(text, '@')+1:]
}

// otherMarks are the quotation marks, brackets and punctuation outside ASCII among the tokens.
const otherMarks = "。．｡："

// trimmed are a text without its last characters, one by one, as long as people may have put them
// around the text, and those without such characters before the text.
func trimmed(text string) []string {
	isAround := func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune(",;.:!\"'`()[]{}<>", c) || strings.ContainsRune(otherMarks, c) ||
			unicode.In(c, unicode.White_Space, unicode.Cc, unicode.Cf)
	}
	text = strings.TrimLeftFunc(text, isAround)
	all := []string{text}
	for {
		last, size := utf8.DecodeLastRuneInString(text)
		if size == 0 || !isAround(last) {
			return all
		}
		text = text[:len(text)-size]
		all = append(all, text)
	}
}

var fang = regexp.MustCompile(`(?i)\[(\.|dot|:|://|/|@|at)\]|\((\.|dot|:|://|/|@|at)\)|\{(\.|dot|:|://|/|@|at)\}`)

func refanged(text string) []string {
	meaning := strings.NewReplacer("dot", ".", "at", "@", "[", "", "]", "", "(", "", ")", "", "{", "", "}", "")
	for {
		next := fang.ReplaceAllStringFunc(text, func(found string) string { return meaning.Replace(strings.ToLower(found)) })
		if next == text {
			return []string{text}
		}
		text = next
	}
}

// schemeOnce are a text without its first scheme, the first two, and so on: as a URL of the scheme
// that follows, and of the web.
func schemeOnce(text string) []string {
	var all []string
	for text = stripped(text); ; {
		text = text[len(anyScheme.FindString(text)):]
		if !twice.MatchString(text) {
			return all
		}
		all = append(all, text, "http://"+text[len(anyScheme.FindString(text)):])
	}
}

// escapeAll writes all characters behind a host in escapes that some browser writes so somewhere.
func escapeAll(form string) string {
	var out strings.Builder
	for i := range len(form) {
		if c := form[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>`{}|^'", c) >= 0 {
			out.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16))[1:])
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// unescape decodes %XX.
func unescape(text string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(c))
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
