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
	shownBy string // the browser that the example is for; empty for Chromium

	// One of these is set. The former says whether a difference is of the kind; the latter returns
	// what we read the text as, of which the browser must make the same.
	explains func(c comparison) bool
	readAs   func(text string) []string
}

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
			return c.relation() == onlyTheyDo && strings.ContainsFunc(rawHost(c.text), isRefused)
		},
	},
	{
		name:    "refused raw, written otherwise",
		example: "http://a；b.example/",
		reason:  "What is meant is a name. What the browser makes of it has the character raw.",
		explains: func(c comparison) bool {
			return c.relation() == differ && strings.ContainsFunc(c.hostname, isRefused) && sameHost(c.ours.host, c.hostname)
		},
	},
	{
		name:    "bytes that DNS can carry",
		example: "http://a%3Cb.example/",
		reason:  "A name with such a byte can be asked for and answered, and logs have some.",
		explains: func(c comparison) bool {
			return c.relation() == onlyWeTake && strings.ContainsFunc(unescape(c.ours.host), isForbidden)
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
		example: "http://a⒈b.example/",
		reason:  "DNS can carry the name. Browsers differ.",
		explains: func(c comparison) bool {
			return c.relation() == onlyWeTake && (!isASCII(unescape(c.ours.host)) || strings.Contains(c.ours.host, "xn--"))
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
		name:    "a port behind a scheme",
		example: "http:8080/x",
		reason:  "In a log it is the port of a host that is called http.",
		explains: func(c comparison) bool {
			return httpPort.MatchString(stripped(c.text)) && webScheme.MatchString(c.ours.host+":")
		},
	},
	{
		name:    "made to look defanged",
		example: "http:/)/example.com/",
		reason:  "What the browser makes of the text looks as if somebody had defanged it.",
		explains: func(c comparison) bool {
			return c.relation() == differ && sameHost(c.ours.host, c.hostname) && !sameHost(c.theirs.host, c.hostname)
		},
	},
	{
		name:    "odd IPv6 addresses",
		example: "http://[2001:db8::\u20607]/",
		reason:  "Only Chromium decodes escapes in an address, and ignores there what it ignores in names.",
		shownBy: "Chromium",
		explains: func(c comparison) bool {
			return c.isOfWeb() && strings.HasPrefix(c.hostname, "[") && strings.ContainsFunc(rawHost(c.text), func(r rune) bool { return r == '%' || r >= utf8.RuneSelf })
		},
	},
	{
		name:    "several dots",
		example: "http://192.0.2../",
		reason:  "The dots go before anybody looks whether the host is an address.",
		explains: func(c comparison) bool {
			return c.relation() == differ && c.ours.form == c.theirs.form && strings.HasSuffix(c.hostname, "..")
		},
	},
	{
		name:    "escapes in an A-label",
		example: "http://ü%20a.example/",
		reason:  "Only Chromium escapes such characters before it makes an A-label.",
		shownBy: "Chromium",
		explains: func(c comparison) bool {
			return c.relation() == differ && escapedLabel.MatchString(c.hostname)
		},
	},
	{
		name:    "escapes that IDNA makes",
		example: "http://ü％61.example/",
		reason:  "Chromium decodes some of these, Node refuses them.",
		explains: func(c comparison) bool {
			return c.relation() != onlyTheyDo && madeEscape.MatchString(rawHost(c.text))
		},
	},
	{
		name:    "letters of Unicode 18",
		example: "http://ex\u209dample.com/",
		reason:  "Browsers will have them. Until then such a host leads nowhere.",
		readAs: func(text string) []string {
			return []string{inHost(text, strings.NewReplacer("\u209d", "w", "\u209e", "y", "\u209f", "z", "\U0001d6a6", "ss", "\U0001df95", "ss"))}
		},
	},
	{
		name:    "older tables",
		example: "http://exẞample.com/",
		reason:  "Node 20 has those of an older UTS #46.",
		shownBy: "Node",
		readAs:  func(text string) []string { return []string{inHost(text, newer)} },
	},
	{
		name:    "around a text",
		example: "http://example.com/x\"",
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
}

// isRefused reports whether we refuse a character raw in a host.
func isRefused(c rune) bool {
	return c <= ' ' || unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune("\",;=<>{}|^`", c)
}

// isForbidden reports whether browsers refuse a character in a host (WHATWG URL, forbidden domain
// code points).
func isForbidden(c rune) bool {
	return c <= ' ' || c == 0x7f || strings.ContainsRune("#%/:<>?@[\\]^|", c)
}

var (
	hasScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	anyScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[/\\]*`)
	twice        = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:([/\\]|(?i:h(tt|xx)ps?|wss?|ftp):)|(?i:h(tt|xx)ps?|wss?|ftp|mailto):)`)
	webScheme    = regexp.MustCompile(`^(?i:https?|wss?|ftp):`)
	httpPort     = regexp.MustCompile(`^(?i:https?|wss?|ftp)(:[0-9]{0,5})?($|[/\\?#])`)
	escapedLabel = regexp.MustCompile(`(?i)xn--[^.]*%`)
	madeEscape   = regexp.MustCompile(`[％﹪]|%[0-9A-Fa-f]?[^\x00-\x7f]`)
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

// inHost replaces what stands before a text's path.
func inHost(text string, replacer *strings.Replacer) string {
	text = stripped(text)
	start := len(anyScheme.FindString(text))
	end := len(text)
	if path := strings.IndexAny(text[start:], `/\?#`); path >= 0 {
		end = start + path
	}
	return replacer.Replace(text[:end]) + text[end:]
}

// newer replaces what Chromium's UTS #46 maps, and Node's does not or to something else.
var newer = func() *strings.Replacer {
	pairs := []string{"ẞ", "ß", "\ua7f1", "s"}
	ignored := []rune{0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x2061, 0x2062, 0x2063, 0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0x3164, 0xffa0}
	for c := rune(0x1d173); c <= 0x1d17a; c++ {
		ignored = append(ignored, c)
	}
	for _, c := range ignored {
		pairs = append(pairs, string(c), "")
	}
	for i, letter := range "abcdefghijklmnopqrstuvwxyz0123456789" {
		pairs = append(pairs, string(rune(0x1ccd6+i)), string(letter))
	}
	return strings.NewReplacer(pairs...)
}()

// trimmed are a text without its last characters, one by one, as long as people may have put them
// around the text, and those without such characters before the text.
func trimmed(text string) []string {
	isAround := func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune(",;.:!\"'`()[]{}<>|", c) || strings.ContainsRune(otherMarks, c) ||
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

// A fang has brackets on both sides, or on one.
var fang = regexp.MustCompile(`(?i) *[\[({<]+(\.|dot|:|://|/|@|at)[\])}>]+ *|[\[({<]+(\.|:|@)|[.:@/\\][\])}>]+`)

// refanged are a text without one of its fangs, or without the first ones: those in a path stay.
func refanged(text string) []string {
	meaning := strings.NewReplacer("dot", ".", "at", "@", "[", "", "]", "", "(", "", ")", "", "{", "", "}", "", "<", "", ">", "", " ", "")
	var all []string
	var before strings.Builder // without its fangs
	done := 0
	for _, found := range fang.FindAllStringIndex(text, -1) {
		plain := meaning.Replace(strings.ToLower(text[found[0]:found[1]]))
		before.WriteString(text[done:found[0]] + plain)
		done = found[1]
		all = append(all, before.String()+text[done:], text[:found[0]]+plain+text[done:])
	}
	return all
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
