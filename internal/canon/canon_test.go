package canon

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a bare name", "example.com", "example.com"},
		{"upper case in the host", "EXAMPLE.Com", "example.com"},
		{"upper case in the path stays", "example.com/A", "example.com/A"},
		{"a scheme goes", "https://example.com/a", "example.com/a"},
		{"a scheme pasted twice goes twice", "http://https://example.com/a", "example.com/a"},
		{"a scheme that nobody knows", "foo+bar://example.com", "example.com"},
		{"a scheme without slashes", "https:evil.com:8080/x", "evil.com:8080/x"},
		{"a scheme without slashes, pasted twice", "http:http://evil.com", "evil.com"},
		{"a scheme that no browser knows before another", "jndi:ldap://evil.com:1389/a", "evil.com:1389/a"},
		{"three schemes", "scm:git:ssh://evil.com/a", "evil.com/a"},
		{"WebDAV in a path of Windows", `\\evil.com@SSL\DavWWWRoot\x.lnk`, "evil.com/DavWWWRoot/x.lnk"},
		{"WebDAV on a port in a path of Windows", `\\evil.com@SSL@8443\x`, "evil.com/x"},
		{"a file on a host of WebDAV", "file://evil.com@8080/x", "evil.com/x"},
		{"a path of Windows that is a link", `\\slack-redir.net\link?url=http://b.com`, "b.com"},
		{"a scheme before another", "view-source:http://evil.com", "evil.com"},
		{"a number without slashes that is no port", "http:3221225985/a", "192.0.2.1/a"},
		{"a host with the name of a scheme", "http:8080/a", "http:8080/a"},
		{"five digits behind a scheme that are no port", "http:99999/x", "0.1.134.159/x"},
		{"a number and a backslash behind a scheme", `http:3221\.5/x`, "0.0.12.149/.5/x"},
		{"a scheme with one slash", "http:/example.com", "example.com"},
		{"a scheme with three slashes", "http:///example.com", "example.com"},
		{"a scheme with backslashes", `http:\\example.com\a`, "example.com/a"},
		{"a name before :// is no scheme", "evil.com://example.com", "evil.com//example.com"},
		{"no scheme but slashes", "//example.com/a", "example.com/a"},
		{"spaces around", "  example.com ", "example.com"},
		{"a leading dot", ".books.google.com", "books.google.com"},
		{"a trailing dot", "example.com.", "example.com"},
		{"a trailing dot before a port", "example.com.:8080", "example.com:8080"},

		{"the port of HTTP goes", "example.com:80", "example.com"},
		{"the port of HTTPS goes", "github.com:443", "github.com"},
		{"default ports go whatever the scheme", "http://example.com:443/", "example.com"},
		{"another port stays", "example.com:8443", "example.com:8443"},
		{"an empty port goes", "example.com:/a", "example.com/a"},
		{"a port with leading zeros", "example.com:0080", "example.com"},
		{"a lone slash goes", "http://example.com/", "example.com"},
		{"the slash behind a path stays", "example.com/a/", "example.com/a/"},
		{"a query without a path", "example.com?a=b", "example.com/?a=b"},
		{"a fragment without a path", "example.com#a", "example.com/#a"},

		{"www. goes", "www.example.com", "example.com"},
		{"www. goes twice", "www.www.example.com", "example.com"},
		{"www. below a name", "a.www.example.com", "a.www.example.com"},
		{"www.com keeps its name", "www.com", "www.com"},
		{"www.www.com keeps its name once", "www.www.com", "www.com"},
		{"www.co.uk keeps its name", "www.co.uk", "www.co.uk"},
		{"www below a private suffix keeps its name", "www.github.io", "www.github.io"},
		{"a name that starts with www", "www2.example.com", "www2.example.com"},

		{"a public suffix", "github.io", "github.io"},
		{"a top-level domain", "com", "com"},
		{"a name that strict IDNA refuses", "r3---sn-4g5e6nz7.googlevideo.com", "r3---sn-4g5e6nz7.googlevideo.com"},
		{"an underscore", "_dmarc.example.com", "_dmarc.example.com"},
		{"a hyphen at the end of a label", "a-.example.com", "a-.example.com"},
		{"a wildcard", "*.example.com", "*.example.com"},
		{"an empty label", "a..example.com", "a..example.com"},
		{"a label above 63 characters", strings.Repeat("a", 70) + ".com", strings.Repeat("a", 70) + ".com"},
		{"an escaped space in a service name", "My%20Printer._ipp._tcp.local", "my%20printer._ipp._tcp.local"},

		{"a name in Unicode", "bücher.de", "xn--bcher-kva.de"},
		{"a name in A-labels", "xn--bcher-kva.de", "xn--bcher-kva.de"},
		{"a name in upper-case A-labels", "XN--BCHER-KVA.DE", "xn--bcher-kva.de"},
		{"a name in upper-case Unicode", "BÜCHER.DE", "xn--bcher-kva.de"},
		{"a sharp s stays one", "faß.de", "xn--fa-hia.de"},
		{"an ideographic full stop", "例え。jp", "xn--r8jz45g.jp"},
		{"full-width letters", "ｅｘａｍｐｌｅ.com", "example.com"},
		{"IDNA fails: the bytes are scored", "a\xff.COM", "a%FF.com"},
		{"an A-label that decodes to nothing", "xn--a.com", "xn--a.com"},

		{"escapes in the host are decoded", "ex%61mple.com", "example.com"},
		{"escapes in the host are decoded once", "ex%2561mple.com", "ex%2561mple.com"},
		{"escaped UTF-8 in the host", "b%C3%BCcher.de", "xn--bcher-kva.de"},
		{"an escaped delimiter stays in the host", "a%2Fb.com", "a%2Fb.com"},
		{"an escape cut short", "a%2.com", "a%252.com"},

		{"an IPv4 address", "192.0.2.1", "192.0.2.1"},
		{"an IPv4 address and a port", "http://192.0.2.1:8080/a", "192.0.2.1:8080/a"},
		{"hexadecimal parts", "0xC0.0x0.0x2.0x1", "192.0.2.1"},
		{"octal parts", "0300.0.02.01", "192.0.2.1"},
		{"one integer", "http://3221225985/", "192.0.2.1"},
		{"one hexadecimal integer", "http://0xc0000201", "192.0.2.1"},
		{"two parts", "192.513", "192.0.2.1"},
		{"a hundred leading zeros", "//0x" + strings.Repeat("0", 100) + "c0000201", "192.0.2.1"},
		{"mixed parts behind www.", "www.0xc0.513", "192.0.2.1"},
		{"full-width digits", "１９２.０.２.１", "192.0.2.1"},
		{"a trailing dot behind an address", "192.0.2.1.", "192.0.2.1"},
		{"an address out of range is a name", "256.256.256.256", "256.256.256.256"},
		{"five parts are a name", "1.2.3.4.5", "1.2.3.4.5"},
		{"an IPv6 address", "[2001:DB8::1]", "[2001:db8::1]"},
		{"an IPv6 address without brackets", "2001:db8:0:0::1", "[2001:db8::1]"},
		{"an IPv6 address and a port", "http://[2001:db8::1]:8080/a", "[2001:db8::1]:8080/a"},
		{"an IPv6 zone goes", "[fe80::1%25eth0]", "[fe80::1]"},

		{"user-info goes", "http://user:secret@example.com/a", "example.com/a"},
		{"the last @ counts", "http://google.com@a@evil.com", "evil.com"},
		{"empty user-info goes", "@example.com", "example.com"},
		{"an @ in the path is none", "example.com/@user", "example.com/@user"},
		{"a backslash ends the host", `http://evil.com\@example.com`, "evil.com/@example.com"},
		{"a mail address", "alice@example.com", "example.com"},
		{"a mailto URL", "mailto:alice@example.com?subject=Hello", "example.com"},

		{"defanged dots", "evil[.]example[.]com", "evil.example.com"},
		{"defanged scheme and dot", "hxxp://evil[.]com/a", "evil.com/a"},
		{"defanged scheme in capitals", "hXXps://evil.com", "evil.com"},
		{"defanged with stars", "h**p://evil.com", "evil.com"},
		{"defanged colon", "http[:]//evil.com", "evil.com"},
		{"defanged colon and slashes", "hxxp[://]evil[.]com[/]a", "evil.com/a"},
		{"defanged words", "evil[dot]com", "evil.com"},
		{"defanged words in capitals", "evil(DOT)com", "evil.com"},
		{"defanged with round and curly brackets", "evil(.)co{.}uk", "evil.co.uk"},
		{"defanged at", "user[at]evil[.]com", "evil.com"},
		{"defanged twice", "evil[[.]]com", "evil.com"},
		{"brackets in the path stay", "evil.com/a[.]b", "evil.com/a[.]b"},
		{"defanged with an opening bracket", "x[.com", "x.com"},
		{"defanged with a closing bracket", "x.]com", "x.com"},
		{"defanged with a backslash", `x\.com`, "x.com"},
		{"defanged with a backslash behind a defanged scheme", `hxxp://x\.com/a`, "x.com/a"},
		{"defanged with angle brackets", "x<.>com", "x.com"},
		{"defanged with spaces", "x [.] com", "x.com"},
		{"defanged with spaces within", "x[ . ]com", "x.com"},
		{"spelled out", "x dot com", "x.com"},
		{"spelled out in capitals", "a DOT x DOT com", "a.x.com"},
		{"a mail address spelled out", "alice at x dot com", "x.com"},
		{"a scheme with an opening bracket", "http[://x.com/a", "x.com/a"},
		{"a scheme with two underscores", "h__p://x.com", "x.com"},
		{"FTP, defanged", "fxp://x.com", "x.com"},
		{"a defanged scheme with backslashes", `hxxp:\\x.com`, "x.com"},
		{"a mail address, defanged", "alice[@]x[.]com", "x.com"},
		{"an IPv6 address, defanged", "2001[:]db8[::]7", "[2001:db8::7]"},
		{"an IPv6 address in brackets, defanged", "hxxp://[2001[:]db8[::]7]:8080/a", "[2001:db8::7]:8080/a"},
		{"the shortest IPv6 address", "[::]:8080", "[::]:8080"},

		{"quotation marks, a slash and a comma", `"https://www.bbc.co.uk/news",`, "bbc.co.uk/news"},
		{"a semicolon behind", "example.com;", "example.com"},
		{"angle brackets", "<example.com>", "example.com"},
		{"angle brackets around a URL", "<https://example.com/a>", "example.com/a"},
		{"a dangling quotation mark", `example.com"`, "example.com"},
		{"typographic quotation marks", "\u201eexample.com\u201c", "example.com"},
		{"backticks", "`example.com`", "example.com"},
		{"round brackets and a full stop", "(example.com).", "example.com"},
		{"square brackets", "[example.com]", "example.com"},
		{"square brackets around what is defanged", "[evil[.]com]", "evil.com"},
		{"square brackets around an IPv6 address and more", "[[::1]:80]", "[::1]"},
		{"an IPv6 address that ends in colons", "2001:db8::", "[2001:db8::]"},
		{"no-break space, zero width space, byte order mark", "\ufeff\u00a0example.com\u200b\t", "example.com"},
		{"wrapped again and again", "('\"<`[example.com]`>\"!');", "example.com"},
		{"a Markdown link", "[Example](https://example.com/a)", "example.com/a"},
		{"a Markdown link whose text has brackets", "[example.com/?a[b]=c](https://example.com/?a[b]=c)", "example.com/?a[b]=c"},
		{"a Markdown link whose target has a closing bracket", "[Example](<https://example.com/)/>)", "example.com/)/"},
		{"a Markdown link with a title", `[Example](https://example.com/a "An example").`, "example.com/a"},
		{"a Markdown link whose text is another URL, defanged", "[https://evil[.]com/x](https://evil[.]com/y)", "evil.com/y"},
		{"a link of Slack", "<https://example.com/a|Click>", "example.com/a"},
		{"a link of Jira", "[Click|https://example.com/a].", "example.com/a"},
		{"a link of Jira whose text is the URL", "[https://example.com/a|https://example.com/a]", "example.com/a"},
		{"an IPv6 address that looks like a link of Jira", "[::1]/?a|https://b.com]", "[::1]/?a|https://b.com"},
		{"bold in Markdown", "**https://example.com/a**", "example.com/a"},
		{"a link within the text of a link", "[![Build](https://good.com/a.svg)](https://evil.com/login)", "evil.com/login"},
		{"a bold name", "**example.com**,", "example.com"},
		{"italic in Markdown", "_https://example.com/a_", "example.com/a"},
		{"italic in Markdown, and a bracket", "(*example.com*)", "example.com"},
		{"struck out", "~~https://example.com~~", "example.com"},
		{"a name with underscores around", "_example_", "_example_"},
		{"a wildcard and a star at the end", "*.example.com/*", "*.example.com/*"},
		{"an item of a list", "- example.com", "example.com"},
		{"a numbered item", "12. example.com", "example.com"},
		{"an item with a bullet", "\u2022 example.com", "example.com"},
		{"a cell of a table", "| example.com |", "example.com"},
		{"a name and an e-mail address", "Alice <alice@example.com>", "example.com"},
		{"a URL with an e-mail address in angle brackets", "https://evil.com/ <alice@example.com>", "evil.com/%20%3Calice@example.com%3E"},
		{"slashes that JSON escapes", `"https:\/\/example.com\/a",`, "example.com/a"},
		{"an ellipsis", "example.com/a\u2026", "example.com/a"},
		{"an image in Markdown", "![x](https://example.com/a.png)", "example.com/a.png"},
		{"an IPv6 address that looks like a Markdown link", "[::1]/a](b)", "[::1]/a](b)"},
		{"a closing bracket stays if its opening one stands in the text", "https://en.wikipedia.org/wiki/Foo_(bar)", "en.wikipedia.org/wiki/Foo_(bar)"},
		{"a closing bracket goes if its opening one goes", "(https://en.wikipedia.org/wiki/Foo_(bar))", "en.wikipedia.org/wiki/Foo_(bar)"},
		{"a closing bracket without an opening one goes", "example.com/a)", "example.com/a"},
		{"a full stop behind a path", "example.com/a.", "example.com/a"},
		{"a full stop that is escaped stays", "example.com/a%2E", "example.com/a%2E"},
		{"dots at the end that are a segment", "example.com/a/b/..", "example.com/a/"},
		{"dots at the end of a query", "example.com/a?b/.", "example.com/a?b/"},
		{"the root of DNS", ".", "."},
		{"a Markdown link with brackets in both parts", "[a.com/?b[c]=d](https://a.com/?b[c]=d)", "a.com/?b[c]=d"},
		{"a Markdown link whose target ends in a bracket", "[a](https://a.com/)/)", "a.com/)/"},
		{"a Markdown link in brackets", "([a](https://a.com/b))", "a.com/b"},
		{"characters that hosts may have", "a!$&'()*+_~b.com", "a%21%24%26%27%28%29%2A%2B_%7Eb.com"},

		{"a backslash behind a scheme is a slash", `https://evil.com\a\b?c\d`, "evil.com/a/b?c\\d"},
		{"a backslash before a slash is a slash of its own", `http://example.com\/a`, "example.com//a"},
		{"a backslash and a full stop behind a scheme", `http://example.com\.a[.]b`, "example.com/.a[.]b"},
		{"a backslash without a scheme is a slash", `evil.com\a`, "evil.com/a"},
		{"three digits behind a backslash are a byte", `my\032printer.example.com`, "my%20printer.example.com"},
		{"a tab in a URL goes", "http://exam\tple.com/\tx", "example.com/x"},
		{"a tab in the path goes", "example.com/a\tb", "example.com/ab"},
		{"line ends in a URL go", "http://example.com/a\r\nb", "example.com/ab"},
		{"a tab in the scheme goes", "ht\ttp://example.com", "example.com"},
		{"other controls in the path are escaped", "http://example.com/\x00\x7fa", "example.com/%00%7Fa"},
		{"controls at the ends go", "\x01http://example.com/a\x1f ", "example.com/a"},
		{"a mapped IPv6 address", "[::ffff:c000:201]", "192.0.2.1"},
		{"an IPv6 address of NAT64", "http://[64:ff9b::c000:201]:8080/", "192.0.2.1:8080"},
		{"a number with a scheme is an address", "http://3221225985/x", "192.0.2.1/x"},

		{"escapes of unreserved characters are decoded", "example.com/%6c%6F%67in?%61=%7e#%2d", "example.com/login?a=~#-"},
		{"escapes are decoded once", "example.com/%2561", "example.com/%2561"},
		{"other escapes are in upper case", "example.com/%2f%c3%bc", "example.com/%2F%C3%BC"},
		{"a lone per cent sign is escaped", "example.com/%%36%31", "example.com/%2561"},
		{"what browsers escape is escaped", "example.com/\u00fc |b?\u00fc'b#`\u00fc", "example.com/%C3%BC%20%7Cb?%C3%BC%27b#%60%C3%BC"},
		{"dot segments go", "example.com/./a/../b/%2e%2E/c/.", "example.com/c/"},
		{"too many dot segments go", "example.com/../../a", "example.com/a"},
		{"dot segments in a query stay", "example.com/a?b=/../c", "example.com/a?b=/../c"},
		{"dot segments leave nothing", "example.com/a/..", "example.com"},
		{"empty segments stay", "example.com//a//../b", "example.com//a/b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			if err := u.Parse(test.text); err != nil {
				t.Fatalf("Parse(%q): %v", test.text, err)
			}
			if got := u.String(); got != test.want {
				t.Errorf("Parse(%q) is %q, want %q", test.text, got, test.want)
			}
			var again URL
			if err := again.Parse(test.want); err != nil || again.String() != test.want {
				t.Errorf("the canonical form of %q is %q (%v), want the same", test.want, &again, err)
			}
		})
	}
}

func TestParseRefusesWhatHasNoHost(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", `no host in ""`},
		{"spaces", "   ", `no host in ""`},
		{"dots", "...", `no host in ""`},
		{"a scheme alone", "http://", `no host in "http://"`},
		{"user-info alone", "user@", `no host in "user@"`},
		{"a path", "/index.html", "no host: the text starts with a path"},
		{"a file", "file:///etc/hosts", "no host: the text starts with a path"},
		{"a line break", "evil.com\nexample.com", `a line end stands in the host`},
		{"a null byte", "evil\x00.com", `a control character (U+0000) stands in the host`},
		{"a control character of Latin 1", "evil\u0085.com", `white space (U+0085) stands in the host`},
		{"a comma", "google.com,1", `',' stands in the host`},
		{"a quotation mark", `google.com"onclick="x"/`, `'"' stands in the host`},
		{"an ideographic space", "evil\u3000example.com", `white space (U+3000) stands in the host`},
		{"a line of hosts", "0.0.0.0 evil.com  # inline", `a space stands in the host`},
		{"a line of a table", "12.5\tC1\thttp://evil.com/", `a tab stands in the host`},
		{"two links in Markdown", "[x](https://good.com/a) and [y](https://evil.com/login)", `"[x](https:" is not an IPv6 address`},
		{"two addresses behind mailto:", "mailto:a@evil.com,b@example.com", `',' stands in the host`},
		{"a space before an @", "to alice@example.com", `a space stands in the host`},
		{"words that spell no name", "polka dot dress code", `a space stands in the host`},
		{"words that spell a name below no suffix", "polka dot fabrics", `a space stands in the host`},
		{"a script", "javascript:alert(1)", `port "alert(1)" is not a number`},
		{"a port too large", "evil.com:65536", `port "65536" is above 65535`},
		{"brackets around a name in a URL", "http://[evil.com]/", `"[evil.com]" is not an IPv6 address`},
		{"text behind an IPv6 address", "[::1]a", `"a" follows an IPv6 address, want a port`},
		{"a long text, shown up to a rune", "http://[" + strings.Repeat("\u00fc", 50), `"[` + strings.Repeat("\u00fc", 39) + `..." is not an IPv6 address`},
		{"a host too long", strings.Repeat("a", MaxLength+1), "host is longer than 65536 bytes"},
		{"a host too long in its canonical form", "a" + strings.Repeat("%", MaxLength/2), "host is longer than 65536 bytes"},
		{"user-info too long", "http://" + strings.Repeat("a", MaxLength) + "@evil.com/", "host is longer than 65536 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			err := u.Parse(test.text)
			if err == nil {
				t.Fatalf("Parse(%q) is %q, want an error", test.text, &u)
			}
			if message, _, _ := strings.Cut(err.Error(), ": the text looks like"); message != test.want {
				t.Errorf("the error is %q, want %q", err, test.want)
			}
		})
	}
}

func TestParseCutsLongPaths(t *testing.T) {
	for _, test := range []struct{ name, path, want string }{
		{"up to the maximum", strings.Repeat("a", MaxLength-len("evil.com/")), strings.Repeat("a", MaxLength-len("evil.com/"))},
		{"beyond the maximum", strings.Repeat("a", 2*MaxLength), strings.Repeat("a", MaxLength-len("evil.com/"))},
		{"within an escape", strings.Repeat("\u00fc", MaxLength/2), strings.Repeat("%C3%BC", (MaxLength-len("evil.com/"))/6)},
		{"behind a full stop", strings.Repeat("a", MaxLength-len("evil.com/")-2) + "..bb", strings.Repeat("a", MaxLength-len("evil.com/")-2)},
		{"in a dot segment", strings.Repeat("a", MaxLength-len("evil.com//..")) + "/..b", strings.Repeat("a", MaxLength-len("evil.com//..")) + "/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u, again URL
			if err := u.Parse("evil.com/" + test.path); err != nil || u.String() != "evil.com/"+test.want {
				t.Fatalf("the form has %d bytes and ends in %q, want %d (%v)", len(u.text), u.text[len(u.text)-8:], len("evil.com/")+len(test.want), err)
			}
			if err := again.Parse(u.String()); err != nil || again.String() != u.String() {
				t.Errorf("its form has %d bytes, want %d (%v)", len(again.text), len(u.text), err)
			}
		})
	}
}

func TestParseName(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a name", "www.Example.com.", "example.com"},
		{"a name in Unicode", "b\u00fccher.de", "xn--bcher-kva.de"},
		{"nothing around it goes", `"example.com",`, "%22example.com%22%2C"},
		{"no fang goes", "evil[.]com", "evil%5B.%5Dcom"},
		{"no words are read", "x dot com", "x%20dot%20com"},
		{"no escape of a URL is decoded", "a%2Fb.com", "a%252fb.com"},
		{"a user is none", "alice@example.com", "alice%40example.com"},
		{"a colon and slashes", "http://example.com/a", "http%3A%2F%2Fexample.com%2Fa"},
		{"bytes by number", `my\032printer\255.local`, "my%20printer%FF.local"},
		{"a dot within a label", `foo\.bar.com`, "foo%252ebar.com"},
		{"an escaped backslash", `a\\b.com`, "a%5Cb.com"},
		{"a backslash at the end", `a.com\`, "a.com%5C"},
		{"a number beyond a byte", `a\256.com`, "a256.com"},
		{"bytes that are no UTF-8", "a\xff.COM", "a%FF.com"},
		{"controls", "a\n\x00.com", "a%0A%00.com"},
		{"the root", ".", "."},
		{"the root in some logs", "", "."},
		{"a number", "3221225985", "3221225985"},
		{"an address", "192.0.2.1", "192.0.2.1"},
		{"an IPv6 address is a name", "::1", "%3A%3A1"},
		{"a link of a mail gateway is a name", "nam01.safelinks.protection.outlook.com", "nam01.safelinks.protection.outlook.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u, again URL
			if err := u.ParseName(test.text); err != nil || u.String() != test.want {
				t.Errorf("ParseName(%q) is %q (%v), want %q", test.text, &u, err, test.want)
			}
			if err := again.Parse(u.String()); err != nil || again.String() != u.String() {
				t.Errorf("the canonical form of %q is %q (%v), want the same", &u, &again, err)
			}
		})
	}
	var u URL
	if err := u.ParseName(strings.Repeat("%", MaxLength)); !errors.Is(err, ErrTooLong) {
		t.Errorf("a name of %d bytes: %v", MaxLength, err)
	}
}

func TestHasUserInfo(t *testing.T) {
	for text, want := range map[string]bool{
		"http://google.com@evil.com": true, "user:secret@example.com": true, "user@example.com/a": true, "user@example.com:8080": true,
		"http://@example.com": false, "alice@example.com": false, "mailto:alice@example.com": false, "example.com/@user": false,
		"http://example.com": false, "alice[@]example.com": false,
	} {
		var u URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		if got := u.HasUserInfo(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestRegisteredDomain(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"below a top-level domain", "http://a.b.example.com/c", "example.com"},
		{"below a suffix of two labels", "a.b.example.co.uk", "example.co.uk"},
		{"below a private suffix", "a.user.github.io", "user.github.io"},
		{"a public suffix is its own", "github.io", "github.io"},
		{"a top-level domain is its own", "com", "com"},
		{"below a suffix that nobody listed", "a.b.internal", "b.internal"},
		{"below a wildcard rule", "a.b.example.ck", "b.example.ck"},
		{"an exception to a wildcard rule", "a.city.kawasaki.jp", "city.kawasaki.jp"},
		{"one label", "localhost", "localhost"},
		{"an IPv4 address", "192.0.2.1:8080", "192.0.2.1"},
		{"an IPv6 address", "[2001:db8::1]:8080", "[2001:db8::1]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			if got := string(u.RegisteredDomain()); got != test.want {
				t.Errorf("registered domain of %q is %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func TestIsRegistrable(t *testing.T) {
	for text, want := range map[string]bool{
		"example.com": true, "a.example.co.uk": true, "user.github.io": true,
		"github.io": false, "com": false, "localhost": false, "a.b.internal": false, "192.0.2.1": false, "[2001:db8::1]": false,
	} {
		var u URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		if got := u.IsRegistrable(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestIsHosted(t *testing.T) {
	for text, want := range map[string]bool{
		"user.github.io": true, "a.user.github.io": true, "storage.googleapis.com": true,
		"github.io": false, "example.com": false, "a.example.co.uk": false, "com": false, "localhost": false, "192.0.2.1": false,
	} {
		var u URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		if got := u.IsHosted(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestParseAllocatesNothingForCommonTexts(t *testing.T) {
	alphabet := DefaultAlphabet()
	var u URL
	var symbols []uint8
	for _, text := range []string{"www.example.com", "https://a.example.co.uk:8443/login?next=%2Fhome#top", "192.0.2.1", "zis32msdi3.com", "github.com"} {
		allocations := testing.AllocsPerRun(100, func() {
			if err := u.Parse(text); err != nil {
				t.Fatal(err)
			}
			symbols = alphabet.Append(symbols[:0], &u, 200)
			u.IsHosted()
		})
		if allocations != 0 {
			t.Errorf("%q costs %v allocations, want 0", text, allocations)
		}
	}
}

// checkPlain compares parsePlain with parse, and reports whether the text is plain.
func checkPlain(t *testing.T, text string) (plain bool) {
	t.Helper()
	var short, long URL
	if !short.parsePlain(text) {
		return false
	}
	if err := long.parse(text); err != nil {
		t.Fatalf("%q is plain, but refused: %v", text, err)
	}
	short.findSuffix()
	long.findSuffix()
	short.scratch, long.scratch = nil, nil
	if !reflect.DeepEqual(short, long) {
		t.Fatalf("%q is plain and parsed as %+v, want %+v", text, short, long)
	}
	return true
}

func TestPlainTextsAreParsedAsAllOthers(t *testing.T) {
	for text, want := range map[string]bool{
		"example.com": true, "a.b-c_d.example": true, "http://example.com": true, "https://http://example.com": true,
		"example.com/": true, "example.com/a?b#c": true, "example.com//": true, "example.com/(dot)/": true,
		"example.com/a:http://b@c": true, "localhost": true, "-": true, "xn--bcher-kva.de": true, "example.com/http://": true,
		"www.example.com": true, "www.com": true, "www.www.example.com/a": false, "www.": false, "www.1.example.com": true, "1.2": false, "example.1": true, "www.google.com/url?q=x": false, "Example.com": false, "example.com.": false, ".example.com": false, "192.0.2.1": false,
		"1.example.com": true, "example.com:80": false, "user@example.com": false, "example.com/a ": false,
		"example.com?a": false, "example.com/]": false, "http:example.com": false, "": false, "/": false, "http://": false,
		"example.com/ü b": false, "example.com/(dot)": false, "example.com/%61": false, "example.com/./a": false, "example.com/a.": false,
		"example.com/\n": false, "example[.]com": false, "b\u00fccher.de": false,
	} {
		if got := checkPlain(t, text); got != want {
			t.Errorf("%q is plain: %v, want %v", text, got, want)
		}
	}
}

// checkPlainName compares ParseName with parseName, and reports whether the name is plain.
func checkPlainName(t *testing.T, name string) (plain bool) {
	t.Helper()
	var short, long URL
	if !short.parsePlainName(name) {
		return false
	}
	if err := long.parseName(name); err != nil {
		t.Fatalf("%q is plain, but refused: %v", name, err)
	}
	short.findSuffix()
	long.findSuffix()
	short.scratch, long.scratch = nil, nil
	if !reflect.DeepEqual(short, long) {
		t.Fatalf("%q is plain and parsed as %+v, want %+v", name, short, long)
	}
	return true
}

func TestPlainNamesAreParsedAsAllOthers(t *testing.T) {
	for name, want := range map[string]bool{
		"example.com": true, "a..b-c_d.example": true, "-": true, "_dmarc.example.com": true, "www": true, "a.192.0.2.1": true, "localhost": true,
		"www.example.com": false, "www.": false, ".example.com": false, "example.com.": false, "Example.com": false, `a\.b`: false, "*.example.com": false,
		"1.example.com": true, "3221225985": false, "192.0.2.1": false, "0x7f.1": false, "b\u00fccher.de": false, "": false, ".": false,
		strings.Repeat("a", 63): true, strings.Repeat("a", 62) + ".": false, strings.Repeat("a", 64): false,
	} {
		if got := checkPlainName(t, name); got != want {
			t.Errorf("%.99q is plain: %v, want %v", name, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"http://0x7f.1:8080/a": "127.0.0.1",
		"[2001:DB8:0::1]:443":  "2001:db8::1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"example.com":          "invalid IP",
		"1.2.3.4.example.com":  "invalid IP",
	} {
		var u URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		if got := u.Address().String(); got != want {
			t.Errorf("the address of %q is %s, want %s", text, got, want)
		}
	}
}

// The properties: nothing panics, plain texts and names are parsed as all others, the canonical
// form of a canonical form is itself and printable, and the door for names refuses nothing.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"example.com", "hxxp[://]evil[.]com[/]a", "http://user@0x7f.1:8080/a?b#c", "[2001:db8::1]:80", "bücher.de",
		"%2565vil.com", "http:/\\www..com./", "a%2Fb@c:1", "www.0x7f.1", "\xff.com", "１.１", "//@ a", "http:// a@b", "℅.com",
		`("[a](http://b.com/.%2e/c%2E "d")");`, "x dot com", `a\.b\032c\d`, "http[://x.]com/%%36%31?'`#<", "[::ffff:1.2.3.4]/a](b)", "mailto:a@b.c?d",
		"google.com/url?q=http://evil.com/", "3221225985", "00:1a:2b:3c:4d:5e", "a.com/.%2E;/..,", "ht\ttp://a\t.com/\n",
	} {
		f.Add(seed)
	}
	alphabet := DefaultAlphabet()
	f.Fuzz(func(t *testing.T, text string) {
		checkPlain(t, text)
		checkPlainName(t, text)
		var once URL
		if once.ParseName(text) == nil {
			checkCanonical(t, text, &once)
		} else if len(text) <= MaxLength/3 {
			t.Fatalf("ParseName refuses %q", text)
		}
		if once.Parse(text) != nil {
			return
		}
		checkCanonical(t, text, &once)
		symbols := alphabet.Append(nil, &once, 100)
		if longest := max(100, once.path); len(symbols) > longest {
			t.Fatalf("%q became %d symbols, want at most %d", &once, len(symbols), longest)
		}
	})
}

func checkCanonical(t *testing.T, text string, once *URL) {
	t.Helper()
	var twice URL
	if err := twice.Parse(once.String()); err != nil {
		t.Fatalf("%q becomes %q, which Parse refuses: %v", text, once, err)
	}
	if once.String() != twice.String() {
		t.Fatalf("%q becomes %q, and that %q", text, once, &twice)
	}
	for _, c := range once.text {
		if c <= ' ' || c > '~' {
			t.Fatalf("%q becomes %q, which is not printable ASCII", text, once)
		}
	}
	if len(once.RegisteredDomain()) == 0 {
		t.Fatalf("%q has no registered domain", once)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "zis32msdi3.com",
		"name":  "www.zis32msdi3.com",
		"URL":   "https://accounts.example.co.uk/signin/v2/identifier?service=mail&flow=web",
		"IDN":   "bücher.example.de",
	} {
		b.Run(name, func(b *testing.B) {
			var u URL
			b.ReportAllocs()
			for b.Loop() {
				if err := u.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestAmbiguousHosts(t *testing.T) {
	for text, want := range map[string]bool{
		"example.com":                           false,
		"https://example.com/a?u=http://b.test": false,
		"HXXPS://user@Example.com:8080":         false,
		"hxxp[:]//example[.]com":                false,
		"//example.com/a":                       false,
		"http://example.com/a\\b":               false,
		"ftp://example.com":                     false,
		"https://http://example.com":            true, // the host is http to browsers
		"http:/example.com":                     true,
		"http:example.com":                      true,
		"http:///example.com":                   true,
		"javascript://example.com/%0Aalert(1)":  true, // there is none
		"git://example.com\\@evil.test":         true, // evil.test to browsers, whose schemes alone know a backslash
		"https://example.com\\@evil.test":       true, // example.com to browsers, evil.test by RFC 3986
		"\\\\example.com":                       true,
		"view-source:http://example.com":        true,
		"ai://example.com":                      true,
		"https:\\\\example.com":                 true,
		"example\\.com":                         true, // example to browsers, behind a scheme
		"user\\032name.example.com":             true,
		"mailto:alice@example.com":              false,
	} {
		var u URL
		if err := u.Parse(text); err != nil {
			t.Errorf("%q: %v", text, err)
		} else if u.IsAmbiguous() != want {
			t.Errorf("%q, whose host is taken for %q, is ambiguous: %v, want %v", text, u.Host(), u.IsAmbiguous(), want)
		}
	}
}

// The time for each scheme must not grow with the number of schemes.
func BenchmarkParseNestedSchemes(b *testing.B) {
	for _, length := range []int{1 << 12, 1 << 16} {
		text := strings.Repeat("http:", length/5)[:length-5] + "a.com"
		b.Run(fmt.Sprint(length), func(b *testing.B) {
			var u URL
			for b.Loop() {
				u.Parse(text)
			}
		})
	}
}

func TestAFragmentAloneMakesNoURL(t *testing.T) {
	for text, want := range map[string]bool{
		"example.com": false, "example.com:8080": false, "example.com/": false, "example.com/#top": false, "192.0.2.1/#/login": false,
		"example.com/a": true, "example.com?a=1": true, "example.com/?#top": true, "example.com/a#top": true,
	} {
		var u URL
		if err := u.Parse(text); err != nil || u.IsURL() != want {
			t.Errorf("%q is a URL: %v, error %v, want %v", text, u.IsURL(), err, want)
		}
	}
}
