package allow

import (
	"strings"
	"testing"
)

func TestWarningLists(t *testing.T) {
	for _, test := range []struct {
		name, file string
		on         map[string]string // texts and the entries that they are on
	}{
		{"strings are whole hosts", `{"name":"Google","type":"string","matching_attributes":["domain","hostname","domain|ip","URL"],"list":[".google.ad","WWW.Google.com","AS15169"]}`,
			map[string]string{"google.ad": ".google.ad", "mail.google.ad": "", "google.com/search": "WWW.Google.com", "mail.google.com": ""}},
		{"a type that is missing is string", `{"list":["example.com"]}`,
			map[string]string{"example.com": "example.com", "a.example.com": ""}},
		{"a type may be the first of several", `{"type":["hostname","string"],"list":["example.com"]}`,
			map[string]string{"a.example.com": "example.com"}},
		{"strings of a list of URLs are whole texts", `{"type":"string","matching_attributes":["url"],"list":["http://example.com/","example.org/a"]}`,
			map[string]string{"example.com": "http://example.com/", "example.com/a": "", "https://example.org/a": "example.org/a", "example.org": ""}},
		{"addresses", `{"type":"string","matching_attributes":["ip-src","ip-dst"],"list":["8.8.8.8","2001:4860:4860::8888"]}`,
			map[string]string{"http://8.8.8.8:53/": "8.8.8.8", "[2001:4860:4860:0::8888]": "2001:4860:4860::8888", "8.8.4.4": ""}},
		{"hostnames have names below", `{"type":"hostname","list":[".Example.com.","www.example.org","192.0.2.1","*.example.net"]}`,
			map[string]string{"example.com": ".Example.com.", "a.example.com/b": ".Example.com.", "example.org": "www.example.org", "a.example.org": "", "192.0.2.1": "192.0.2.1", "a.example.net": "*.example.net"}},
		{"substrings", `{"type":"substring","matching_attributes":["domain","url"],"list":["virustotal.com","/Known/"]}`,
			map[string]string{"www.VirusTotal.com": "virustotal.com", "virustotal.com.test": "virustotal.com", "a.test/virustotal.com": "virustotal.com", "a.test/Known/x": "/Known/", "a.test/known/x": ""}},
		{"substrings of hosts alone", `{"type":"substring","matching_attributes":["hostname"],"list":["virustotal.com"]}`,
			map[string]string{"a.test/virustotal.com": "", "VirusTotal.com/a": "virustotal.com"}},
		{"expressions", `{"type":"regex","list":["/^(www\\.)?Example\\.(com|net)$/i","#^https://[a-z]+\\.example\\.org/#","{^a{2}\\.test$}"]}`,
			map[string]string{"example.net": `/^(www\.)?Example\.(com|net)$/i`, "https://www.example.com/x": `/^(www\.)?Example\.(com|net)$/i`, "https://a.example.org/x": `#^https://[a-z]+\.example\.org/#`, "a.example.org/x": "", "aa.test": `{^a{2}\.test$}`, "example.netx": ""}},
		{"networks", `{"type":"cidr","list":["10.0.0.0/8","192.0.2.7","fe80::/10"]}`,
			map[string]string{"10.1.2.3": "10.0.0.0/8", "http://192.0.2.7/a": "192.0.2.7", "[fe80::1]": "fe80::/10", "example.com": ""}},
		{"entries with comments", `{"type":"string","list":{"example.com":"ours","example.org":{"why":["?"]}}}`,
			map[string]string{"example.org": "example.org", "example.com": "example.com"}},
		{"of other things", `{"type":"string","matching_attributes":["AS","md5"],"list":["example.com"]}`,
			map[string]string{"example.com": ""}},
	} {
		list := build(t, test.file)
		for text, want := range test.on {
			if got := entryOf(list, text); got != want {
				t.Errorf("%s: %q is on %q, want %q", test.name, text, got, want)
			}
		}
	}
}

func TestBadEntriesOfWarningLists(t *testing.T) {
	for _, test := range []struct{ name, kind, entry, want string }{
		{"a number", "string", `7`, `"7": not a string`},
		{"an array", "string", `["a.com"]`, "not a string"},
		{"a public suffix", "hostname", `"com"`, "public suffix"},
		{"a URL as a host", "hostname", `"https://www.example.com"`, "a wildcard takes a name alone"},
		{"a network of everything", "cidr", `"0.0.0.0/0"`, "every address"},
		{"a name as a network", "cidr", `"example.com"`, "not an address or a network"},
		{"no delimiters", "regex", `"example\\.com"`, "not a regular expression between delimiters"},
		{"an anchor for a delimiter", "regex", `"^example\\.com$"`, "no closing delimiter '^'"},
		{"JavaScript's modifier", "regex", `"/a/g"`, "modifier 'g' is not known"},
		{"look-ahead", "regex", `"/(?=a)b/"`, "invalid or unsupported Perl syntax"},
		{"everything", "regex", `"/.*/"`, "every text"},
		{"nothing but space", "regex", `" "`, "not a regular expression between delimiters"},
	} {
		good := map[string]string{"string": `"good.test"`, "hostname": `"good.test"`, "cidr": `"10.0.0.0/8"`, "regex": `"/good/"`}[test.kind]
		var b builder
		file := `{"type":"` + test.kind + `","list":[` + good + "," + test.entry + "]}"
		if err := b.read("list.json", strings.NewReader(file)); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if len(b.problems) != 1 || !strings.HasPrefix(b.problems[0].Error(), "list.json: entry 2: ") || !strings.Contains(b.problems[0].Error(), test.want) {
			t.Errorf("%s: problems %v, want one with %q", test.name, b.problems, test.want)
		}
	}
}

func TestAListOfOtherThingsIsReported(t *testing.T) {
	var b builder
	if err := b.read("as.json", strings.NewReader(`{"matching_attributes":["AS"],"list":["AS1"]}`)); err != nil {
		t.Fatal(err)
	}
	const want = `as.json: no entry can match: the list is about "AS", not about names, addresses or URLs`
	if len(b.problems) != 1 || b.problems[0].Error() != want {
		t.Errorf("problems %v, want %s", b.problems, want)
	}
}

func TestPatternsAreBounded(t *testing.T) {
	var b builder
	file := `{"type":"substring","list":["` + strings.Repeat(`abc","`, maxPatterns) + `abc"]}`
	if err := b.read("list.json", strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), "more than 10000 substrings") {
		t.Errorf("error %v", err)
	}
}

func TestParsePHP(t *testing.T) {
	for _, test := range []struct {
		written, text string
		matches       bool
	}{
		{`/a\/b/`, "xa/by", true},
		{`/^B/i`, "bc", true},
		{`/^B/`, "bc", false},
		{`(a(b)c)`, "abc", true},
		{`[[ab]c]`, "bc", true},
		{`<a>iD`, "A", true},
		{`~b~A`, "ab", false},
		{`/a b/u`, "a b", true},
		{" \t/a/", "a", true},
		{`/a|b/A`, "cb", false},
	} {
		expression, err := parsePHP(test.written)
		if err != nil {
			t.Errorf("%q: %v", test.written, err)
			continue
		}
		if got := expression.MatchString(test.text); got != test.matches {
			t.Errorf("%q matches %q: %v", test.written, test.text, got)
		}
	}
	for _, written := range []string{"", "a", `\a\`, "/a", "/a\\/", "(a", "/(/", "/a/x", "/a/e", "é a é", "/a/i/"} {
		if expression, err := parsePHP(written); err == nil {
			t.Errorf("%q is read as %q", written, expression)
		}
	}
}
