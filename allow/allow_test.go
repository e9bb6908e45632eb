package allow

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/snowman-ml/snowman/internal/canon"
)

var update = flag.Bool("update", false, "write the golden file again")

// build reads one file, which must be valid.
func build(t testing.TB, file string) *List {
	t.Helper()
	var b builder
	if err := b.read("list.txt", strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	return b.build()
}

// entryOf returns the entry that a text is on, as it is written.
func entryOf(l *List, text string) string {
	match, _ := l.NewMatcher().Match(text)
	return match.Entry
}

func TestOpen(t *testing.T) {
	list, problems, err := Open("testdata/mine.txt", "testdata/warninglist.json")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, problem := range problems {
		fmt.Fprintln(&got, problem)
	}
	const golden = "testdata/problems.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("problems:\n%swant:\n%s", got.String(), want)
	}

	const mine, vendor = "mine.txt", "List of known vendor domains"
	matcher := list.NewMatcher()
	for _, test := range []struct {
		text string
		want Match
	}{
		{"example.com", Match{"example.com", mine}},
		{"hxxps://user@WWW.Example[.]com.:8080/a/b?c#d", Match{"example.com", mine}},
		{"a.example.com", Match{}},
		{"notexample.com", Match{}},
		{"example.org", Match{"*.example.org", mine}},
		{"a.b.example.org/x", Match{"*.example.org", mine}},
		{"notexample.org", Match{}},
		{"example.org.evil.com", Match{}},
		{"example.org@evil.com", Match{}},
		{"example.net", Match{".example.net", mine}},
		{"a.example.net", Match{".example.net", mine}},
		{"xn--bcher-kva.example", Match{"HTTPS://www.Bücher.example/", mine}},
		{"http://0xc0.0.2.7:81/a", Match{"192.0.2.7", mine}},
		{"192.0.2.8", Match{}},
		{"198.51.100.77", Match{"198.51.100.0/24", mine}},
		{"http://[2001:db8:1::2]:8080/", Match{"2001:db8::/32", mine}},
		{"[2001:db9::1]", Match{}},
		{"https://docs.example.edu/manual?page=1", Match{"docs.example.edu/manual?page=1", mine}},
		{"docs.example.edu/manual?page=2", Match{}},
		{"docs.example.edu", Match{}},
		{"a.test", Match{"a.test", mine}},
		{"b.test/x", Match{"B.test.", mine}},
		{"localhost", Match{}},
		{"ip6-loopback", Match{}},
		{"printer.corp", Match{"*.corp", mine}},
		{"corp", Match{"*.corp", mine}},
		{"somebody.github.io", Match{"*.github.io", mine}},
		{"evil.com", Match{}},
		{"vendor.example", Match{".vendor.example", vendor}},
		{"a.vendor.example", Match{".vendor.example", vendor}},
		{"b.a.api.vendor.test", Match{"api.vendor.test", vendor}},
		{"vendor.test", Match{}},
		{"192.0.2.1", Match{"192.0.2.1", vendor}},
		{"", Match{}},
		{"/etc/hosts", Match{}},
	} {
		if got, ok := matcher.Match(test.text); got != test.want || ok != (test.want != Match{}) {
			t.Errorf("Match(%q) = %+v, %v, want %+v", test.text, got, ok, test.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ name, path, want string }{
		{"no file", filepath.Join(folder, "nothing"), "reading allow list: open "},
		{"a folder", folder, "is a directory"},
		{"UTF-16 without a byte order mark", write("utf16", "e\x00x\x00"), "not text: byte 2 is 0; UTF-16 needs a byte order mark"},
		{"KOI8-R", write("koi8", "a.com\n\xd0\xd2\xc5\xda\xc9\xc4\xc5\xce\xd4.\xd2\xc6\n"), "line 2 is not UTF-8"},
		{"Latin-1 in a comment", write("latin1", "a.com # f\xfcr\n"), "line 1 is not UTF-8"},
		{"Latin-1 in JSON", write("latin1.json", "{\"list\":[\n\"m\xfcnchen.de\"]}"), "line 2 is not UTF-8"},
		{"gzip that ends early", write("short.gz", gzipped(t, "a.com\n")[:20]), "reading gzip: it ends in the middle"},
		{"no valid line", write("csv", "1,example.com\n2,example.org\n"), `not one valid entry; the first: line 1: "1,example.com": ',' stands in the host`},
		{"broken JSON", write("broken", "{\"list\":[\n\"a.com\",\n}"), "broken JSON: line 3: invalid character '}'"},
		{"JSON that is no list", write("other", `{"a":1}`), `not a MISP warning list: want an array named "list"`},
		{"a list that is a string", write("string", `{"list":"a"}`), `not a MISP warning list: want an array named "list"`},
		{"a name that is a number", write("name", `{"name":1,"list":["a.com"]}`), "not a MISP warning list: "},
		{"an unknown type", write("type", `{"type":"asn","list":["a.com"]}`), `of type "asn", want string, hostname, cidr, substring or regex`},
		{"no valid entry", write("cidr", `{"type":"cidr","list":["a.com"]}`), `not one valid entry; the first: entry 1: "a.com": not an address or a network`},
	} {
		if _, _, err := Open(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
		}
	}
}

// TestOpenReadsPackedLists holds that compression and UTF-16 make no difference.
func TestOpenReadsPackedLists(t *testing.T) {
	const list, warnings = "a.com\nbücher.example\n", `{"name":"W","list":["a.com","bücher.example"]}`
	inUTF16 := func(text string) string {
		var b []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			b = append(b, byte(unit), byte(unit>>8))
		}
		return string(b)
	}
	for name, content := range map[string]string{
		"UTF-8 with a byte order mark": "\ufeff" + list,
		"UTF-16":                       inUTF16(list),
		"UTF-16, a warning list":       inUTF16(warnings),
		"gzip":                         gzipped(t, list),
		"gzip, a warning list":         gzipped(t, warnings),
		"gzip of UTF-16":               gzipped(t, inUTF16(list)),
	} {
		path := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		read, problems, err := Open(path)
		if err != nil || len(problems) > 0 || read.Len() != 2 {
			t.Errorf("%s: %v, problems %v", name, err, problems)
			continue
		}
		if _, found := read.NewMatcher().Match("xn--bcher-kva.example"); !found {
			t.Errorf("%s: the name in Unicode is not on it", name)
		}
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// endless is a list of comments without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat("# a comment\n", len(p)/12+1)), nil
}

func TestReadStopsAtTheLargestFile(t *testing.T) {
	var b builder
	if err := b.read("list", endless{}); err == nil || err.Error() != "it is larger than 256 MiB" {
		t.Errorf("error %v", err)
	}
}

func TestReadFailsWithItsSource(t *testing.T) {
	broken := errors.New("broken")
	for _, begin := range []string{"a.com\n", `{"list":[`, strings.Repeat("a.com\n", 10_000)} {
		var b builder
		failing := io.MultiReader(strings.NewReader(begin), errorReader{broken})
		if err := b.read("list", failing); !errors.Is(err, broken) {
			t.Errorf("after %.9q...: error %v", begin, err)
		}
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestABadEntryCostsOnlyItself(t *testing.T) {
	for _, test := range []struct{ entry, want string }{
		{"*", "a * stands for the first labels of a name alone"},
		{"a.*.example", "a * stands for the first labels of a name alone"},
		{"*example.com", "a * stands for the first labels of a name alone"},
		{"*.*.example.com", "a * stands for the first labels of a name alone"},
		{"*.", "no host"},
		{".", "no host"},
		{"*.co.uk", "anybody can register a name below a public suffix"},
		{".com", "anybody can register a name below a public suffix"},
		{"*.np", "anybody can register a name below a public suffix"},
		{"*.example.com/path", "a wildcard takes a name alone"},
		{"*.example.com:8080", "a wildcard takes a name alone"},
		{"*.https://example.com", "a wildcard takes a name alone"},
		{"*.192.0.2.1", "nothing is below an address"},
		{"||example.com^", "a rule of an advertising blocker; write *.name"},
		{"@@||example.com^", "a rule of an advertising blocker; write *.name"},
		{"a..b", "a label is empty"},
		{strings.Repeat("a.", 127) + "test", "longer than 253 bytes"},
		{strings.Repeat("a", 70_000), "longer than 65536 bytes"},
		{"exa\x1bmple.com", "a control character"},
		{"/path", "the text starts with a path"},
		{"alice@vendor.com", "would allow the whole host"},
		{"http://alice@vendor.com/a", "would allow the whole host"},
		{"https://www.google.com/url?q=https://vendor.com/", "a link of google.com, which would allow what it leads to"},
		{"0.0.0.0/0", "every address"},
		{"::/0", "every address"},
		{"192.0.2.1/24", "want 192.0.2.0/24"},
		{"example.com example.org", "more than one name in a line"},
		{"0.0.0.0 *.com", "anybody can register"},
	} {
		var b builder
		file := "first.test\n" + test.entry + "\r\nlast.test"
		if err := b.read("list.txt", strings.NewReader(file)); err != nil {
			t.Errorf("%.80q: %v", test.entry, err)
			continue
		}
		if len(b.problems) != 1 || !strings.HasPrefix(b.problems[0].Error(), "list.txt: line 2: ") || !strings.Contains(b.problems[0].Error(), test.want) {
			t.Errorf("%.80q: problems %v, want one with %q", test.entry, b.problems, test.want)
		}
		if len(b.problems) > 0 && len(b.problems[0].Error()) > 300 {
			t.Errorf("%.80q: a problem of %d bytes", test.entry, len(b.problems[0].Error()))
		}
		list := b.build()
		if entryOf(list, "first.test") == "" || entryOf(list, "last.test") == "" {
			t.Errorf("%.80q: the entries around it are gone", test.entry)
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var b builder
	file := "good.test\n" + strings.Repeat("*.com\n", 1000)
	if err := b.read("list.txt", strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if len(b.problems) != shownProblems+1 {
		t.Fatalf("%d problems", len(b.problems))
	}
	if got, want := b.problems[shownProblems].Error(), "list.txt: 995 more such problems"; got != want {
		t.Errorf("the last problem is %q, want %q", got, want)
	}
}

func TestListsWithoutEntries(t *testing.T) {
	for _, file := range []string{"", "\n\n", "# only a comment", "127.0.0.1 localhost", "\xef\xbb\xbf", `{"list":[]}`, "\xef\xbb\xbf\n {\"list\":[\"\"]}"} {
		if got := entryOf(build(t, file), "example.com"); got != "" {
			t.Errorf("%q: example.com is on %q", file, got)
		}
	}
	for file, want := range map[string]int{"": 0, "\n": 1, "# only a comment": 1, `{"list":[]}`: 1, "! Title: none\n": 1} {
		var b builder
		if err := b.read("list.txt", strings.NewReader(file)); err != nil || len(b.problems) != want {
			t.Errorf("%q: %v, problems %v, want %d", file, err, b.problems, want)
		}
	}
	list, problems, err := Open()
	if err != nil || problems != nil || entryOf(list, "example.com") != "" {
		t.Errorf("no files: %v, %v", problems, err)
	}
}

func TestWildcards(t *testing.T) {
	for _, test := range []struct{ name, file, text, want string }{
		{"of authorities", "*.gov.uk", "a.gov.uk", "*.gov.uk"},
		{"of French authorities", "*.gouv.fr", "a.gouv.fr", "*.gouv.fr"},
		{"of universities", ".edu", "a.edu", ".edu"},
		{"of a plain suffix, as a name", "com", "com", "com"},
		{"of a plain suffix, as a name, below", "com", "a.com", ""},
		{"with www is that host", "*.www.example.com", "example.com", "*.www.example.com"},
		{"with www is not its parent", "*.www.example.com", "a.example.com", ""},
		{"wins over the same name", "example.com\n*.example.com", "example.com", "*.example.com"},
		{"wins when it comes first", "*.example.com\nexample.com", "example.com", "*.example.com"},
		{"of the longer name wins", "*.example.com\n*.a.example.com", "b.a.example.com", "*.a.example.com"},
		{"the name itself wins", "*.example.com\na.example.com", "a.example.com", "a.example.com"},
		{"a name does not hide a wildcard", "*.example.com\na.example.com", "b.a.example.com", "*.example.com"},
		{"in Unicode", "*.bücher.example", "a.xn--bcher-kva.example", "*.bücher.example"},
		{"comment without a space", "*.example.com#ours", "a.example.com", "*.example.com"},
	} {
		if got := entryOf(build(t, test.file), test.text); got != test.want {
			t.Errorf("%s: %q is on %q, want %q", test.name, test.text, got, test.want)
		}
	}
}

func TestNetworks(t *testing.T) {
	list := build(t, "10.0.0.0/8\n10.1.0.0/16\n10.1.0.0/24\n10.1.2.0/24\n10.1.0.0/16\n172.16.0.0/12\n2001:db8::/32\n2001:db8:1::/48\n")
	for address, want := range map[string]string{
		"9.255.255.255":   "",
		"10.0.0.0":        "10.0.0.0/8",
		"10.1.0.0":        "10.1.0.0/24",
		"10.1.1.1":        "10.1.0.0/16",
		"10.1.2.3":        "10.1.2.0/24",
		"10.1.3.0":        "10.1.0.0/16",
		"10.255.255.255":  "10.0.0.0/8",
		"11.0.0.0":        "",
		"172.31.255.255":  "172.16.0.0/12",
		"172.32.0.0":      "",
		"255.0.0.1":       "",
		"[2001:db8::]":    "2001:db8::/32",
		"2001:db8:1::9":   "2001:db8:1::/48",
		"2001:db8:2::9":   "2001:db8::/32",
		"2001:db9::":      "",
		"::ffff:10.1.2.3": "10.1.2.0/24",
	} {
		if got := entryOf(list, address); got != want {
			t.Errorf("%s is in %q, want %q", address, got, want)
		}
	}
}

func TestAHostOfManyLabels(t *testing.T) {
	list := build(t, "*.example.com\nexample.org")
	long := strings.Repeat("a.", canon.MaxLength/2-10)
	if got := entryOf(list, long+"example.com"); got != "*.example.com" {
		t.Errorf("a host of %d bytes is on %q", len(long), got)
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	list := build(t, "*.example.com\n192.0.2.0/24\n2001:db8::/32\nexample.org/a")
	misp := build(t, `{"type":"substring","list":["forum"]}`)
	for _, text := range []string{"a.example.com", "evil.test/path", "https://example.org/a", "192.0.2.1", "http://forum.test/"} {
		matcher, patterns := list.NewMatcher(), misp.NewMatcher()
		if n := testing.AllocsPerRun(100, func() { matcher.Match(text); patterns.Match(text) }); n > 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

// FuzzRead holds that a file of any content is read or refused, and that texts can be looked up.
func FuzzRead(f *testing.F) {
	for _, path := range []string{"testdata/mine.txt", "testdata/warninglist.json"} {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content))
	}
	f.Add("\xef\xbb\xbf.a.b\r\n0.0.0.0 x y#z")
	f.Add(`{"type":["regex"],"list":{"/^a(b)?/iu":"why","{x}s":""},"matching_attributes":["URL"]}`)
	f.Add(`{"type":"cidr","list":["10.0.0.0/8",1,null,["::1"]]}`)
	f.Fuzz(func(t *testing.T, file string) {
		var b builder
		err := b.read("list", strings.NewReader(file))
		if len(b.problems) > shownProblems+1 {
			t.Errorf("%d problems", len(b.problems))
		}
		for _, problem := range append(b.problems, err) {
			if problem != nil && len(problem.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(problem.Error()))
			}
		}
		matcher := b.build().NewMatcher()
		for _, text := range []string{"example.com", "a.b.example.org/x", "192.0.2.1", "[::1]:80"} {
			if match, ok := matcher.Match(text); ok && (match.Entry == "" || match.List == "") {
				t.Errorf("%q is on %+v", text, match)
			}
		}
	})
}

// FuzzMatch compares look-ups in a list of names, one a line, with a search through all of them.
func FuzzMatch(f *testing.F) {
	f.Add("example.com\n*.example.org\n.a.example.org\nexample.com/a\n*.corp", "b.a.example.org/x")
	f.Add("*.example.com\nexample.com", "example.com:8080")
	f.Add("WWW.Example.com\n*.www.example.net", "a.www.example.net")
	f.Add("a.b.c\n*.b.c\n*.c", "x.a.b.c")
	f.Fuzz(func(t *testing.T, file, text string) {
		if strings.Contains(file, "{") {
			return
		}
		var b builder
		if b.read("list", strings.NewReader(file)) != nil || len(b.networks) > 0 {
			return
		}
		var u canon.URL
		want := ""
		if u.Parse(text) == nil && !u.IsAmbiguous() {
			want = slowly(b.names.entries, &u)
		}
		if got := entryOf(b.build(), text); got != want {
			t.Errorf("%q is on %q, want %q", text, got, want)
		}
	})
}

// slowly defines which entry a text is on: a whole text, then the longest name; of equal ones the
// one that reaches farthest, then the first.
func slowly(entries []entry, u *canon.URL) string {
	host, text := string(u.Host()), u.String()
	best, bestLength, bestReach := "", -1, wholeText
	for _, e := range entries {
		matches := e.key == text
		if !matches && e.reach >= atHost {
			matches = e.key == host
		}
		if !matches && e.reach == below {
			matches = strings.HasSuffix(host, "."+e.key) && !u.IsAddress() && len(e.key) <= longestName
		}
		if matches && (len(e.key) > bestLength || len(e.key) == bestLength && e.reach > bestReach) {
			best, bestLength, bestReach = e.written, len(e.key), e.reach
		}
	}
	return best
}

// A text in which programs see different hosts is on no list: one of them may be an attacker's.
func TestAmbiguousTextsAreOnNoList(t *testing.T) {
	list := build(t, "*.good.example\n")
	for text, want := range map[string]string{
		"https://www.good.example/login":        "*.good.example",
		"hxxps://user@good[.]example:8443/":     "*.good.example",
		"https://good.example@evil.test/":       "",
		"https://ai://good.example/login":       "",
		"git://good.example\\@evil.test/x":      "",
		"https://good.example\\@evil.test/":     "",
		"javascript://good.example/%0Aalert(1)": "",
		"data://good.example/,x":                "",
	} {
		if got := entryOf(list, text); got != want {
			t.Errorf("%q is on %q, want %q", text, got, want)
		}
	}
}

func TestNamesAreTheHostsOfAList(t *testing.T) {
	list := build(t, "www.A.com\n*.b.com\n.c.com\nd.com/login\n192.0.2.0/24\nb.com\ne.com:8080\n")
	got := make(map[string]bool)
	for name, below := range list.Names() {
		got[name] = below
	}
	want := map[string]bool{"a.com": false, "b.com": true, "c.com": true}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range list.Names() {
		break // it may
	}
}
