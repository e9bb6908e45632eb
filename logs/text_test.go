package logs

import (
	"slices"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		// What the page found, which was written down in its tests.
		{"a sentence", "See hxxps://evil[.]com/login, for details.\n(also <b.com>, or 'c.com').", "hxxps://evil[.]com/login b.com c.com"},
		{"names on one line", "a.com, b.com c.com;d.com\n192.0.2.1 192.0.2.2", "a.com b.com c.com d.com 192.0.2.1 192.0.2.2"},
		{"URLs with commas", "at http://a.com/x,y and http://b.com/,http://c.com/", "http://a.com/x,y http://b.com/ http://c.com/"},
		{"links in Markdown", "* [evil](https://a.com/x) and [b.com](http://b.com)", "https://a.com/x http://b.com"},
		{"values with their names", `date=2026-11-22 hostname="a.com" request=https://b.com/?x=c.com path=/d.html type=text/e.f`, "a.com https://b.com/?x=c.com"},
		{"signs around a name", "\"a.com\",\n<https://b.com/x>\nhttps://c.com/x_(y)\n((((((((((((d.com\n[::2] x", "a.com https://b.com/x https://c.com/x_(y) d.com [::2]"},
		{"records that are no table", "1;a.com;bob\n2|b.com|eve", "a.com b.com"},
		{"times, paths, media types", "2026-11-22T10:00:00.123Z /usr/lib/a.com application/x.com C:\\x.com 10:00:00.1", ""},
		{"JSON", `{"domain":"a.com","url":"http://b.com/x"}`, "a.com http://b.com/x"},

		// What it lost without a word.
		{"dots in words in brackets", "The C2 kq3v9z7x1b[dot]net and kq3v9z7x1c(dot)net, or kq3v9z7x1d{DOT}net.", "kq3v9z7x1b[dot]net kq3v9z7x1c(dot)net kq3v9z7x1d{DOT}net"},
		{"dots with blanks around their brackets", "It is kq3v9z7x1b [.] net and kq3v9z7x1c (dot) net of course", "kq3v9z7x1b [.] net|kq3v9z7x1c (dot) net"},
		{"addresses beside words", "1.2.3.4 evil.com and 5.6.7[.]8, 9.9.9.9:8080/x", "1.2.3.4 evil.com 5.6.7[.]8 9.9.9.9:8080/x"},
		{"IPv6 addresses", "from 2001:db8::1, [2001:db8::2]:443 or 2001[:]db8[:][:]3 or 2001:db8[::]4", "2001:db8::1 [2001:db8::2]:443 2001[:]db8[:][:]3 2001:db8[::]4"},
		{"networks", "block 203.0.113.0/24, and 2001:db8::/32", "203.0.113.0 2001:db8::"},
		{"e-mail addresses", "Mail bob@evil.com, eve[@]evil[.]net, max(at)evil.org, mailto:kim@evil.example?subject=x", "evil.com evil[.]net evil.org evil.example"},
		{"a name behind #", "C2 # evil.com\nand #evil.net # noted", "evil.com evil.net"},
		{"hashes", "d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709.exe", ""},

		{"dots of other scripts", "see 例え。jp or bücher．de", "例え。jp bücher．de"},
		{"other quotation marks and dashes", "“evil.com”—also «b.com»、c.com…", "evil.com b.com c.com"},
		{"one bracket", "evil[.com and evil.]net", "evil[.com evil.]net"},
		{"an apostrophe", "evil.com's owner", "evil.com"},
		{"schemes", "hxxp[:]//a.com h**ps://b.com ftp://c.com ldap://d.com/x hxxps[://]e[.]com/ HTTP:\\\\f.com http://[2001:db8::1]/", `hxxp[:]//a.com h**ps://b.com ftp://c.com ldap://d.com/x hxxps[://]e[.]com/ HTTP:\\f.com http://[2001:db8::1]/`},
		{"user and password", "https://paypal.com@evil.com/x ssh://bob@c.com", "https://paypal.com@evil.com/x ssh://bob@c.com"},
		{"a host of one label in a URL", "http://localhost:8080/x", "http://localhost:8080/x"},
		{"wildcards and leading dots", "*.a.com .b.com @c.com", "a.com b.com c.com"},
		{"keys with colons", "Domain:a.com C2:http://b.com:80/ port a.com:443 a.com:x", "a.com http://b.com:80/ a.com:443 a.com"},
		{"files", "svchost.exe, report.pdf and a.js, but a.js/x and evil[.]exe", "a.js/x evil[.]exe"},
		{"files with endings that are top-level domains too", "README.md, run.sh, main.py, libcrypt.so, install_2.pl and scripts/run.sh; notion.so, allegro.pl, a.b.rs", "notion.so allegro.pl a.b.rs"},
		{"such files in a URL, a path or brackets", "https://run.sh run.sh/x readme[.]md main[.]py", "https://run.sh run.sh/x readme[.]md main[.]py"},
		{"names in programs", "java.lang.String document.getElementById System.Net.WebClient, but Evil.Com EVIL.COM www.Evil.com", "Evil.Com EVIL.COM www.Evil.com"},
		{"abbreviations, versions, numbers", "e.g. i.e. U.S. 1.5GB v2.0 10.0.19045.1 1.2.3 3.14 a.m. std::vector dead::beef 00:11:22:33:44:55 ::1 127.0.0.1 0.0.0.0", ""},
		{"A-labels", "xn--bcher-kva.xn--p1ai.", "xn--bcher-kva.xn--p1ai"},
		{"emphasis, and underscores that are none", "*a.com* _b.com_ **c.com** _dmarc.d.com", "a.com b.com c.com _dmarc.d.com"},
		{"other paths", "/a.com ./b.com ../c.com ~/d.com //e.com/x", "e.com/x"},
		{"a scheme alone", "http:// https:", ""},
		{"a label that is too long", strings.Repeat("a", 64) + ".com", ""},
		{"HTML", `<a href="http://a.com/x">b.com</a>`, "http://a.com/x b.com"},
		{"bytes that are no UTF-8", "a.com\xff\xfe b\xff.com", "a.com\xff\xfe b\xff.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			separator := " "
			if strings.Contains(test.want, "|") {
				separator = "|"
			}
			var want []string
			if test.want != "" {
				want = strings.Split(test.want, separator)
			}
			if got := namesOf(t, "text", test.text); !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

func TestTextIsGuessed(t *testing.T) {
	for text, want := range map[string]string{
		"We saw the domain evil.com today.\nIt was asked for by a client in 10.0.0.0/8.\n": "text",
		"a.com\nb.com\n":                                "lines",
		"a.com first\nb.com second\n":                   "lines",
		"There is no name in this.\nNor in this one.\n": "lines",

		// A report in Markdown, and one as it is copied out of a page.
		"# Report\n\nOn Monday we saw a page (https://a.com/b). The panel was taken down.\n\n- hxxps://c[.]com/x – login\n- d[.]net (C2)\n- e[.]net\n\n| Domain | Seen |\n|---|---|\n| f.com | 2026-11-28 |\n| g.com | 2026-11-27 |\n": "text",
		"Indicators of compromise\n• a[.]com: used for phishing\n• b[.]com: the panel\n\nThe actor's in-depth knowledge (see “Tools”) is new to us.\n1. Block them.\n2) Look at c.com.\n":                                              "text",

		// Many points below few sentences, or none.
		"Threat report 2026-11-28 TLP:AMBER\n" + strings.Repeat("- C2 server number 1: a[.]com\n", 40): "text",
		"We saw these servers of one actor.\n" + strings.Repeat("- C2 server: a.com\n", 40):            "text",
		"IOCs of today:\n- a[.]com\n- b.com\n- c[.]com, d.com\n":                                       "text",
		"Today:\n- a.com\n- b.com\n": "lines",

		"# Names that we saw on Monday and on Tuesday.\n# They are all bad for you.\na.com\nb.com\n":                             "lines",
		"a.com # seen in a campaign against a bank\nb.com # seen by the same people again\n":                                     "lines",
		"These are bad names that we saw:\na.com\nb.com\nc.com\n":                                                                "lines",
		"Nov 28 00:55:51 host app: refused a connection from a.com by rule\nNov 28 00:55:52 host app: took one from b.com now\n": "lines",
		"<p>We saw the domain a.com today.</p>\n<p>And the domain b.com as well.</p>\n":                                          "lines",
	} {
		if got := GuessFormat([]byte(text), true); got.Format.Name != want {
			t.Errorf("%q: guessed %s, want %s", text, got.Format.Name, want)
		}
		if got := GuessFormat([]byte(text), false); got.Format != Lines {
			t.Errorf("%q: guessed %s for standard input", text, got.Format.Name)
		}
	}
}

func TestTextTakesNoMemory(t *testing.T) {
	line := []byte("The C2 kq3v9z7x1b[dot]net (see hxxps://evil[.]com/login, 1.2.3.4 and 2001:db8::1), bob@evil.com; “b.com” etc.")
	var r Record
	if allocations := testing.AllocsPerRun(10, func() {
		r.reset()
		prose{}.find(line, &r)
	}); allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// Lines that would take hours if the time were not proportional to their length.
func TestTextOfLongLines(t *testing.T) {
	for _, part := range []string{"(", "[.", "a.", "a,", "a@", "://", "a:", "](", "[at]", " [.] ", "x=", "1.", "[", "((a))", "é", "\xff"} {
		var r Record
		prose{}.find([]byte(strings.Repeat(part, MaxRecord/len(part))), &r)
	}
}
