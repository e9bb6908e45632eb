package blocklist

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// entries are of every kind, and hold what could end a field.
var entries = []Entry{
	{Text: "Bad.com", WWW: true, Score: .99876, Level: "high", Kind: "dga", Family: "suppobox"},
	{Text: "bad.com", Score: .5, Level: "low", Kind: "dga"},
	{Text: "www.bad.com", Score: .25, Level: "low", Kind: "dga"},
	{Text: "below.bad.com", Score: .9, Level: "medium", Kind: "phishing", Reason: "imitates paypal.com"},
	{Text: "a.b.worse.net", Score: 1, Level: "high", Kind: "phishing"},
	{Text: "x_y.worse.net", Score: .75, Level: "low", Kind: "malware", Reason: "a \" \n; # \t\x00 ' | $ORIGIN\x7fü"},
	{Text: "45.67.89.10", Score: .9, Level: "medium", Kind: "malware"},
	{Text: "[2a01:4f8::1]", Score: .9, Level: "medium", Kind: "malware"},
	{Text: "https://good.org/o'clock\\?q=\"1\"#part", Scheme: "https", Score: .9, Level: "medium", Kind: "phishing"},
	{Text: "hxxp://bad[.]com:8080", Score: .9, Level: "medium", Kind: "malware"},
	{Text: "http://good.org?x", Scheme: "http", Score: .9, Level: "medium", Kind: "malware"},
	{Text: "www.worse.net/login", WWW: true, Score: .9, Level: "medium", Kind: "phishing"},
	{Text: "ftp://worse.net/drop", Scheme: "ftp", Score: .9, Level: "medium", Kind: "malware"},
	{Text: "https://github.com/login/a", Popular: true, Scheme: "https", Score: .9, Level: "medium", Kind: "phishing"},
	{Text: "bücher.de", Score: 2, Level: "high", Kind: "malware"},
	{Text: "two words.com"},
	{Text: "co.uk"},
	{Text: "github.io"},
	{Text: "localhost"},
	{Text: "10.0.0.1"},
	{Text: "d111111abcdef8.cloudfront.net"},
	{Text: strings.Repeat("a", 64) + ".com"},
	{Text: "28.zz.fdd0.2a01.rpz-ip"},
	{Text: "bad.com.rpz-nsdname"},
	{Text: strings.Repeat("a.", 100) + "com", Score: .9, Level: "low", Kind: "dga"},
}

var exceptions = []Exception{{"ok.bad.com", false}, {"deep.under.bad.com", true}, {"x.deep.under.bad.com", false}, {"elsewhere.org", true}, {"bad.com", false}, {"32.1.2.3.4.rpz-ip", false}}

func TestFormats(t *testing.T) {
	list := New(slices.Clone(entries), exceptions)
	for _, f := range Formats {
		t.Run(f.Name, func(t *testing.T) {
			var out bytes.Buffer
			leftOut := write(t, f, list, &out)
			fmt.Fprintf(&out, "left out: %s\n", leftOut)
			golden := filepath.Join("testdata", f.Name+".golden")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", out.Bytes(), want)
			}
		})
	}
}

// write writes a list into one stream: the files of a folder one behind the other.
func write(t testing.TB, f *Format, l *List, out *bytes.Buffer) LeftOut {
	t.Helper()
	o := Options{Serial: 7}
	leftOut, err := f.WriteFolder("feed", func(file string, write func(io.Writer) error) error {
		fmt.Fprintf(out, "== %s\n", filepath.ToSlash(file))
		return write(out)
	}, l, o)
	if f.Main == "" {
		leftOut, err = f.Write(out, l, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return leftOut
}

func TestNewSaysWhatItLeavesOut(t *testing.T) {
	want := "4 no public name, 3 with bytes or labels that no list can carry, 1 no name, address or URL, 1 of an operator of infrastructure, whose label says nothing"
	if got := New(slices.Clone(entries), nil).LeftOut().String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOrderOfEntriesDoesNotMatter(t *testing.T) {
	turned := slices.Clone(entries)
	slices.Reverse(turned)
	for _, f := range Formats {
		var first, second bytes.Buffer
		write(t, f, New(slices.Clone(entries), exceptions), &first)
		write(t, f, New(slices.Clone(turned), exceptions), &second)
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: got other bytes for another order", f.Name)
		}
	}
	if New(slices.Clone(entries), exceptions).Digest() != New(slices.Clone(turned), exceptions).Digest() {
		t.Error("got another digest for another order")
	}
	if New(slices.Clone(entries), exceptions).Digest() == New(slices.Clone(entries), nil).Digest() {
		t.Error("got the same digest for other exceptions")
	}
}

func TestExceptions(t *testing.T) {
	tests := []struct {
		name       string
		blocked    string
		exceptions []Exception
		want       string
	}{
		{"of no name of the list", "bad.com", []Exception{{"other.com", true}, {"com", true}}, "bad.com blocks"},
		{"of the name itself", "bad.com", []Exception{{"bad.com", true}}, "bad.com blocks"},
		{"of a name alone, and its www.", "bad.com", []Exception{{"ok.bad.com", false}}, "bad.com blocks, ok.bad.com passes but below, www.ok.bad.com passes but below"},
		{"written with www.", "bad.com", []Exception{{"www.ok.bad.com", false}}, "bad.com blocks, ok.bad.com passes but below, www.ok.bad.com passes but below"},
		{"with all below", "bad.com", []Exception{{"ok.bad.com", true}}, "bad.com blocks, ok.bad.com passes"},
		{"both", "bad.com", []Exception{{"ok.bad.com", false}, {"ok.bad.com", true}}, "bad.com blocks, ok.bad.com passes"},
		{"names between", "bad.com", []Exception{{"a.b.c.bad.com", true}}, "a.b.c.bad.com passes, b.c.bad.com blocks, bad.com blocks, c.bad.com blocks"},
		{"one below another", "bad.com", []Exception{{"ok.bad.com", true}, {"a.ok.bad.com", false}}, "bad.com blocks, ok.bad.com passes"},
		{"one below a name alone", "bad.com", []Exception{{"ok.bad.com", false}, {"a.ok.bad.com", false}}, "a.ok.bad.com passes but below, bad.com blocks, ok.bad.com passes but below, www.a.ok.bad.com passes but below, www.ok.bad.com passes but below"},
		{"a blocked name below a name alone", "bad.com x.y.ok.bad.com", []Exception{{"ok.bad.com", false}}, "bad.com blocks, ok.bad.com passes but below, www.ok.bad.com passes but below"},
		{"a blocked name below all", "bad.com x.ok.bad.com", []Exception{{"ok.bad.com", true}}, "bad.com blocks, ok.bad.com passes, x.ok.bad.com blocks"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var blocked []Entry
			for _, text := range strings.Fields(test.blocked) {
				blocked = append(blocked, Entry{Text: text})
			}
			rows, _ := Formats[0].rows(New(blocked, test.exceptions))
			var got []string
			for _, r := range rows {
				does := "blocks"
				if r.passes {
					does = "passes"
					if !r.isBelow {
						does = "passes but below"
					}
				}
				got = append(got, r.name+" "+does)
			}
			if joined := strings.Join(got, ", "); joined != test.want {
				t.Errorf("got %q, want %q", joined, test.want)
			}
		})
	}
}

func TestExceptionsAreNotReadAsEntries(t *testing.T) {
	for _, f := range Formats {
		if f.below {
			list := New([]Entry{{Text: "bad.com"}}, []Exception{{"ok.bad.com", false}, {"deep.under.bad.com", true}})
			if texts, err := f.Texts(list); err != nil || !slices.Equal(texts, []string{"bad.com"}) {
				t.Errorf("%s: got %q, %v, want bad.com alone", f.Name, texts, err)
			}
		}
	}
}

func TestReadRefusesWhatIsForeign(t *testing.T) {
	tests := map[string][]string{
		"rpz":              {"bad.com. CNAME .\n", "bad.com A 192.0.2.1\n", "bad.com CNAME .", "$INCLUDE /etc/passwd\n", "bad..com CNAME .\n", "bad.com CNAME . ; \x1b\n"},
		"hosts":            {"127.0.0.1 bad.com\n", "0.0.0.0 bad name.com\n", "0.0.0.0\tbad.com\n"},
		"adblock":          {"||bad.com\n", "bad.com##div\n", "||*.bad.com^\n"},
		"dnsmasq":          {"address=/bad.com/192.0.2.1\n", "conf-file=/etc/passwd\n", "address=/a/b/#\n"},
		"unbound":          {`local-zone: "bad.com" redirect` + "\n", "include: x\n"},
		"zeek-intel":       {"bad.com\tIntel::DOMAIN\tother\tx\n", "bad.com\tIntel::EMAIL\tsnowman\tx\n", "a b\tIntel::URL\tsnowman\tx\n"},
		"suricata-dataset": {"bad.com\n", "Yg==\n\n"},
		"suricata-datarep": {"YmFkLmNvbQ==\n", "YmFkLmNvbQ==,2000\n"},
		"stix":             {"{}", `{"type":"bundle","id":"x","objects":[{"type":"malware"}]}`, `{"type":"bundle","id":"x","objects":[]}{}`},
		"misp":             {"{}", "[]", `{"Event":{"uuid":"x"}}`},
		"plain":            {"bad name.com\n", "# comment\n", "192.0.2.1/24\n"},
	}
	for _, f := range Formats {
		for _, text := range tests[f.Name] {
			if texts, err := f.Read(strings.NewReader(text)); err == nil {
				t.Errorf("%s: %q: got %q, want an error", f.Name, text, texts)
			}
		}
	}
}

// TestLongestLines holds that lines stay within what their readers take: dnsmasq 1,024 bytes, and
// ours what it writes.
func TestLongestLines(t *testing.T) {
	long := strings.Repeat("x", 5000)
	name := strings.Repeat("a."+strings.Repeat("b", 60)+".", 4)[:longestName-4] + ".com"
	l := New([]Entry{
		{Text: name, Level: long, Kind: long, Family: long, Reason: long},
		{Text: "bad.com/?" + strings.Repeat(`\`, 4000), WWW: true, Level: long, Kind: long, Family: long, Reason: long},
	}, nil)
	if l.Len() != 2 {
		t.Fatalf("left out: %v", l.LeftOut())
	}
	for _, f := range Formats {
		if f.Main != "" {
			continue
		}
		var out bytes.Buffer
		write(t, f, l, &out)
		if f.Name == "dnsmasq" {
			for line := range bytes.Lines(out.Bytes()) {
				if len(line) > 1000 {
					t.Errorf("a line of dnsmasq has %d bytes", len(line))
				}
			}
		}
		if texts, err := f.Read(&out); err != nil || len(texts) == 0 && f.longest == 0 {
			t.Errorf("%s: read back as %d texts, %v", f.Name, len(texts), err)
		}
	}
}

func TestMistakes(t *testing.T) {
	if _, err := Find("nothing"); err == nil || !strings.Contains(err.Error(), `unknown format "nothing": want one of rpz, `) {
		t.Errorf("got %v", err)
	}
	for _, f := range Formats {
		l := New(slices.Clone(entries), nil)
		var err error
		if f.Main == "" {
			_, err = f.WriteFolder("", nil, l, Options{})
		} else {
			_, err = f.Write(io.Discard, l, Options{})
		}
		if err == nil {
			t.Errorf("%s: got no error for one file in place of several, or the reverse", f.Name)
		}
		if f.Main == "" {
			if _, err := f.Write(failing{}, l, Options{}); err == nil {
				t.Errorf("%s: got no error of a writer that fails", f.Name)
			}
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// FuzzFormats: whatever an entry holds, each format has lines of its own alone, and those read back
// are the entries that it carries.
func FuzzFormats(f *testing.F) {
	for _, e := range entries {
		f.Add(e.Text, e.Kind, e.Family, e.Reason, e.Level, e.Scheme, e.Score, e.WWW)
	}
	f.Add("bad.com", "\"]}", "x\ny.com CNAME .", "\r\nz", "\\", "javascript", math.NaN(), true)
	f.Add(`foo\032bar.com`, "", "", "", "", "", math.Inf(1), true)
	f.Add("http://bad.com/'] OR [url:value='x", "'", "\x00", "\u2028", "\xff", "http", -1., true)
	f.Fuzz(func(t *testing.T, text, kind, family, reason, level, scheme string, score float64, www bool) {
		hostile := Entry{Text: text, WWW: www, Scheme: scheme, Score: score, Level: level, Kind: kind, Family: family, Reason: reason}
		list := New([]Entry{hostile, {Text: "first.com"}}, []Exception{{Name: text}, {Name: "ok.first.com"}, {Name: family, Below: true}})
		for _, format := range Formats {
			var out bytes.Buffer
			if format.Main != "" {
				continue // the event is the same, and the test of its own
			}
			leftOut := write(t, format, list, &out)
			for i, c := range out.Bytes() {
				if (c < ' ' || c > '~') && c != '\n' && c != '\t' {
					t.Fatalf("%s: byte %#x at %d of %q", format.Name, c, i, out.Bytes())
				}
			}
			got, err := format.Read(&out)
			if err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
			want := make(map[string]bool)
			for _, i := range list.entries {
				if format.carries&i.kind == 0 || format.longest > 0 && len(i.Text) > format.longest {
					continue
				}
				switch {
				case strings.HasPrefix(format.Name, "misp"):
					i.mispValues(func(_, value string) { want[value] = true })
				case format.Name == "zeek-intel" && i.kind == url:
					i.paths(func(text string) { want[text] = true })
				case format.below || format.Name == "stix":
					want[i.Text] = true
				default:
					i.names(func(text string) { want[text] = true })
				}
			}
			wanted := slices.Sorted(maps.Keys(want))
			if format.below { // what is covered is not there, names between an exception and a blocked one are
				for _, text := range got {
					if !want[text] && !strings.HasSuffix(text, ".first.com") {
						t.Fatalf("%s: %q is in the list", format.Name, text)
					}
				}
				if leftOut[covered] == 0 && !contains(got, wanted) {
					t.Fatalf("%s: got %q, want %q", format.Name, got, wanted)
				}
				continue
			}
			if !slices.Equal(got, wanted) {
				t.Fatalf("%s: got %q, want %q", format.Name, got, wanted)
			}
		}
	})
}

func contains(all, some []string) bool {
	for _, text := range some {
		if _, ok := slices.BinarySearch(all, text); !ok {
			return false
		}
	}
	return true
}
