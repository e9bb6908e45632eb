package browsers_test

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// seeds are the texts that are mutated.
var seeds = []string{
	"http://example.com/",
	"https://www.example.co.uk/news?id=1#top",
	"http://user:secret@login.example.com:8080/a/b/../c/./d?q=a%20b&r=%41#f",
	"HTTPS://WWW.Example.COM:443/Path/%7euser/%e2%82%ac",
	"ftp://files.example.org/pub/a.zip",
	"ws://example.net:80/chat",
	"wss://example.net:443/chat",
	"http:example.com/x",
	"http:///example.com//x",
	`http:\\example.com\x\..\y`,
	"http://https://example.com/x",
	"http://192.0.2.1/x",
	"http://0xC0.0.02.1:81/x",
	"http://3221225985/",
	"http:3221225985/x",
	"http://[2001:db8::7]:8080/x",
	"http://[::ffff:192.0.2.1]/x",
	"http://[64:ff9b::c000:201]/x",
	"http://münchen.de/straße?ü=ö#ä",
	"http://xn--mnchen-3ya.de/",
	"http://faß.ελληνας.example/ς",
	"http://президент.рф/путь",
	"http://例え。テスト/",
	"http://עברית.example/",
	"http://صفحة.example/",
	"http://a\u00adb\u200b.example/",
	"http://xn--zzzzzzzz.example/",
	"http://a%20b.example/%2e%2E/x",
	"http://a*b_c.example/x;y,z",
	"http://paypal-login.example/\tx\n",
	"  http://example.com/ \r\n",
	"http://example.com./x",
	"http://example.com?x",
	"http://example.com#x",
	"http://e.example/%zz%4/%c3%28/ %22\"<>`{}|^",
	"http://one.example@two.example/x@y",
	"http://one.example\\@two.example/x",
	"mailto:someone@example.com",
	"javascript://example.com/%0aalert(1)",
	"file:///etc/hosts",
	"data:text/html,x",
	"example.com:8080/x",
	"//example.com/x",
	"example.com",
}

// tokens are what mutations put in: what URLs are made of, and what is trouble in them.
var tokens = append(strings.Split(
	"http: https: ftp: ws: wss: file: mailto: javascript: blob: hxxp: : / // /// \\ \\\\ ? # @ u@ u:p@ : :80 :443 :21 :0 "+
		":65535 :65536 :080 :8a . .. ... /./ /../ /.. /%2e%2e/ %2E . www. .com .co.uk .example .local com a b x 0 1 9 -- - _ * + ! $ & ' ( ) ~ "+
		", ; = \" < > { } | ^ ` [ ] [.] (.) {.} [:] [at] \\. \\046 % %2 %zz %00 %0a %20 %25 %2525 %2f %2F %3a %3f %23 %40 %41 %61 %5b %5c %7f %80 "+
		"%c3%bc %C3%9C %e3%80%82 %ff %u0041 0x 0x7f 0177 127.0.0.1 127.1 1.2.3.4.5 256 4294967295 4294967296 [::1] [::] ::1 [1::2%25eth0] "+
		"[::ffff:7f00:1] [64:ff9b::7f00:1] xn-- xn--a xn--mnchen-3ya xn--fa-hia xn--zca XN--80AK6AA92E xn--ls8h ü Ü ß ẞ ς é e\u0301 İ ı ſ K Å ﬁ ① １ "+
		"。 ． ｡ ／ ： ＠ ？ ＃ ％ ℀ ℅ ㏂ ⒈ １２７．１ й 例 ا א ١ 🐕 👨‍👩‍👧 \U0001CCD6 \uA7F1 \U00010400 \u1E9E", " "),
	" ", "\t", "\n", "\r", "\v", "\f", "\x00", "\x01", "\x1b", "\x1f", "\x7f", "\u0080", "\u0085", "\u00a0", "\u00ad", "\u034f", "\u061c",
	"\u115f", "\u1680", "\u17b4", "\u180e", "\u2000", "\u200b", "\u200c", "\u200d", "\u200e", "\u2028", "\u202e", "\u2060", "\u2061", "\u206a",
	"\u3000", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufffd", "\uffff", "\U0001d173", "\U000e0001", "\U0010ffff",
	strings.Repeat("a", 64), strings.Repeat("a.", 130))

// mutated returns count texts that come of the seeds by one to five mutations, the same ones each
// time.
func mutated(count int) []string {
	random := rand.New(rand.NewPCG(3986, 46))
	token := func() string { return tokens[random.IntN(len(tokens))] }
	texts := make([]string, count)
	for i := range texts {
		text := seeds[random.IntN(len(seeds))]
		for range 1 + random.IntN(5) {
			start := boundary(text, random.IntN(len(text)+1))
			end := boundary(text, min(len(text), start+random.IntN(4)))
			switch random.IntN(6) {
			case 0, 1:
				text = text[:start] + token() + text[start:]
			case 2:
				text = text[:start] + text[end:]
			case 3:
				text = text[:start] + token() + text[end:]
			case 4: // a part stands twice
				end = boundary(text, start+random.IntN(len(text)-start+1))
				text = text[:end] + text[start:]
			case 5: // a part stands elsewhere
				to := boundary(text, random.IntN(start+1))
				text = text[:to] + text[start:end] + text[to:start] + text[end:]
			}
		}
		texts[i] = text
	}
	return texts
}

// boundary moves an index into text back to the start of a character.
func boundary(text string, at int) int {
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// everyCodePoint returns a URL with each code point inside a label of its host, or with each of
// many, apart by step.
func everyCodePoint(step int) []string {
	var texts []string
	for c := rune(0); c <= utf8.MaxRune; c += rune(step) {
		if utf8.ValidRune(c) {
			texts = append(texts, "http://a"+string(c)+"b.com/")
		}
	}
	return texts
}
