package logs

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// verdictFields are those that the program writes.
var verdictFields = Options{Group: "snowman", Fields: []Field{{Name: "score", Type: Double}, {Name: "level", Words: []string{"low"}}, {Name: "kind"}, {Name: "name"}}}

// samples are the files of testdata, by the format that is to be guessed for them.
var samples = []struct{ file, format string }{
	{"zeek-dns.log", "zeek"}, {"zeek-dns.json", "zeek"}, {"zeek-http.log", "zeek"}, {"zeek-http.json", "zeek"}, {"zeek-ssl.log", "zeek"}, {"zeek-ssl.json", "zeek"},
	{"zeek-baseline-dns-original-case.log", "zeek"}, {"zeek-baseline-dns-unanswered-flip.log", "zeek"}, {"zeek-baseline-escape-empty.log", "zeek"},
	{"zeek-baseline-escape-set-separator.log", "zeek"}, {"zeek-baseline-escape-unset.log", "zeek"}, {"zeek-baseline-http-odd-url.log", "zeek"},
	{"zeek-baseline-tsv-no-meta.log", "zeek"}, {"zeek-baseline-utf8.log", "zeek"}, {"suricata-7.json", "suricata"}, {"suricata-8.json", "suricata"},
	{"route53.json", "route53"}, {"fortinet.log", "fortinet"}, {"umbrella.csv", "umbrella"}, {"zscaler.json", "zscaler"}, {"paloalto.log", "paloalto"},
	{"pihole.log", "pihole"}, {"pihole-db.tsv", "pihole-db"}, {"dnsmasq.log", "dnsmasq"}, {"dnsmasq-extra.log", "dnsmasq"},
	{"unbound.log", "unbound"}, {"unbound-tags.log", "unbound"}, {"adguard.json", "adguard"},
	{"bind-query.log", "bind"}, {"bind-iso8601.log", "bind"}, {"bind-responses.log", "bind"}, {"bind-rpz.log", "bind"},
	{"powerdns-pairs.log", "powerdns"}, {"powerdns-text.log", "powerdns"},
	{"dnsdist-logaction.log", "dnsdist"}, {"dnsdist-logresponse.log", "dnsdist"}, {"dnsdist-verbose.log", "dnsdist"},
	{"coredns.log", "coredns"}, {"knot-resolver.log", "knot-resolver"}, {"windows-dns.log", "windows-dns"},
	{"squid-native.log", "squid"}, {"squid-combined.log", "squid"}, {"squid-custom.log", "squid"},
	{"nginx-combined.log", "access"}, {"nginx-host.log", "access"}, {"nginx.json", "access"}, {"apache-proxy.log", "access"}, {"apache-vhost.log", "access"},
	{"haproxy.log", "haproxy"}, {"envoy.log", "envoy"}, {"envoy.json", "envoy"}, {"istio.log", "envoy"},
	{"hosts.txt", "hosts"}, {"adblock.txt", "adblock"}, {"rpz.zone", "rpz"}, {"rpz-origin.zone", "rpz"},
	{"snowman-pcap.json", "snowman"},
	{"stix.json", "stix"}, {"misp.json", "misp"}, {"sysmon.xml", "sysmon"},
}

// tooShort are the samples of one line, or of a format that is told apart by nothing.
var tooShort = map[string]bool{"pihole-db": true, "zscaler": true, "paloalto": true}

func TestSamples(t *testing.T) {
	for _, sample := range samples {
		t.Run(sample.file, func(t *testing.T) {
			input := read(t, sample.file)
			if guess := GuessFormat(input, false); guess.Format.Name != sample.format && !tooShort[sample.format] {
				t.Errorf("%s is guessed, %d of %d lines, want %s", guess.Format.Name, guess.Fit, guess.Sampled, sample.format)
			}
			format, err := Find(sample.format)
			if err != nil {
				t.Fatal(err)
			}
			var found bytes.Buffer
			enriched := enrich(t, format, input, verdictFields, func(r *Record, number int) { describe(&found, r, number) })
			golden(t, sample.file+".names", found.Bytes())
			if format.Sort != Records {
				return
			}
			golden(t, sample.file+".enriched", firstLines(enriched, 12))

			if stripped := enrichWith(t, format, enriched, verdictFields, nil, true); !bytes.Equal(stripped, input) {
				t.Errorf("without the fields it is not the input:\n%s", firstDifference(stripped, input))
			}
			if guess := GuessFormat(enriched, false); guess.Format.Name != sample.format && !tooShort[sample.format] {
				t.Errorf("with the fields in it %s is guessed, %d of %d lines", guess.Format.Name, guess.Fit, guess.Sampled)
			}
			if again := enrich(t, format, enriched, verdictFields, nil); !bytes.Equal(again, enriched) {
				t.Errorf("fields that a record has are not replaced:\n%s", firstDifference(again, enriched))
			}
		})
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	input, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// findEach calls a function with each record of a text that has a format.
func findEach(t testing.TB, name, text string, each func(*Record)) {
	t.Helper()
	format, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := format.NewReader(strings.NewReader(text), []byte(text), verdictFields)
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	for reader.Scan() {
		reader.Layout().Find(reader.Bytes(), &r)
		each(&r)
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
}

// namesOf returns the names in a text that has a format.
func namesOf(t testing.TB, format, text string) []string {
	t.Helper()
	var names []string
	findEach(t, format, text, func(r *Record) {
		if r.Broken != "" {
			names = append(names, "broken: "+r.Broken)
		}
		for _, name := range r.Names {
			names = append(names, string(name.Text))
		}
	})
	return names
}

// describe writes what was found in a record.
func describe(out *bytes.Buffer, r *Record, number int) {
	switch {
	case r.Broken != "":
		fmt.Fprintf(out, "%d broken: %s\n", number, r.Broken)
	case r.Header:
	default:
		fmt.Fprintf(out, "%d", number)
		for _, name := range r.Names {
			door := "web"
			if name.DNS {
				door = "dns"
			}
			fmt.Fprintf(out, " %s %q", door, name.Text)
		}
		fmt.Fprintf(out, " time %s client %s", r.Time, r.Client)
		if r.Lost {
			fmt.Fprint(out, " lost")
		}
		if len(r.ResponseCode) > 0 {
			fmt.Fprintf(out, " code %s", r.ResponseCode)
		}
		if part := []string{"", " question", " answer"}[r.Part]; part != "" {
			fmt.Fprintf(out, "%s repeats=%v", part, r.Repeats)
		}
		fmt.Fprintln(out)
	}
}

// enrich returns the records of an input with fields in them, and calls each with every record.
func enrich(t testing.TB, format *Format, input []byte, o Options, each func(*Record, int)) []byte {
	t.Helper()
	return enrichWith(t, format, input, o, each, false)
}

// enrichWith is enrich, or, where the fields are to be removed, the opposite.
func enrichWith(t testing.TB, format *Format, input []byte, o Options, each func(*Record, int), remove bool) []byte {
	t.Helper()
	reader, err := format.NewReader(bytes.NewReader(input), input, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	var r Record
	for reader.Scan() {
		layout := reader.Layout()
		layout.Find(reader.Bytes(), &r)
		if each != nil {
			each(&r, reader.Number())
		}
		if format.Sort == Names {
			continue
		}
		if remove {
			out = append(out, removed(layout, reader.Bytes(), &r, o)...)
			continue
		}
		values := [][]byte{[]byte("0.50000"), []byte("low"), []byte("dga"), []byte(fmt.Sprintf("name %d \\ \",", len(r.Names)))}
		if len(r.Names) == 0 {
			values = make([][]byte, 4)
		}
		out = layout.Append(out, reader.Bytes(), &r, values)
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// removed returns a record without the fields: what Append writes in front of the new ones.
func removed(l Layout, record []byte, r *Record, o Options) []byte {
	none := make([][]byte, len(o.Fields))
	appended := string(l.Append(nil, record, r, none))
	line, end := cutEnd([]byte(appended))
	if of, ok := l.of.(recursor); ok {
		l.of = of.text
		if isRecursorPairs(line) {
			l.of = of.pairs
		}
	}
	switch of := l.of.(type) {
	case *zeekRows:
		return append(bytes.TrimSuffix(line, bytes.Repeat(append(bytes.Clone(of.between), of.unset...), len(o.Fields))), end...)
	case zeekHeader:
		if of.table.fields != nil {
			for range o.Fields {
				line = line[:bytes.LastIndex(line, of.table.between)]
			}
		}
	case interface{ cut([]byte, *Record) []byte }: // it embeds tabbed
		if !r.Header {
			line = bytes.TrimSuffix(line, bytes.Repeat([]byte("\t"), len(o.Fields)))
		}
	case *delimited:
		if !r.Header {
			line = bytes.TrimSuffix(line, bytes.Repeat([]byte{of.delimiter}, len(o.Fields)))
		}
	case delimitedHeader:
		for range o.Fields {
			line = line[:bytes.LastIndexByte(line, of.delimiter)]
		}
	}
	return append(line, end...)
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", file)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: go test ./logs -update writes it anew:\n%s", path, firstDifference(got, want))
	}
}

func firstLines(text []byte, most int) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	return bytes.Join(lines[:min(len(lines), most)], nil)
}

func firstDifference(got, want []byte) string {
	gotLines, wantLines := strings.SplitAfter(string(got), "\n"), strings.SplitAfter(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "nothing", "nothing"
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			return fmt.Sprintf("line %d is %.600q\nwant      %.600q", i+1, g, w)
		}
	}
	return ""
}

// countedLines counts how often a stream is asked whether a record goes on.
type countedLines struct {
	constant
	asked int
}

func (c *countedLines) isOpen([]byte, bool) bool {
	c.asked++
	return true
}

func TestARecordThatNeverEndsIsNotReadAgainForEachLine(t *testing.T) {
	const lines = 100_000
	counted := &countedLines{constant: constant{blank{}}}
	reader := newReader(strings.NewReader(strings.Repeat("a\",\"\n", lines)), counted)
	records := 0
	for reader.Scan() {
		records++
	}
	if records != lines || counted.asked > 2*lines {
		t.Errorf("%d records, %d times asked, want %d and not many more", records, counted.asked, lines)
	}
}

func TestWithoutRoot(t *testing.T) {
	for _, test := range []struct {
		text, want string
		isOfDNS    bool
	}{
		{"a.org.", "a.org", true},
		{"a.org", "a.org", true},
		{".", ".", true},
		{"", "", true},
		{`a\.`, `a\.`, true}, // a dot within a label
		{`a\\.`, `a\\`, true},
		{"a.org.", "a.org.", false},
	} {
		if got := string(Name{Text: []byte(test.text), DNS: test.isOfDNS}.WithoutRoot()); got != test.want {
			t.Errorf("%q, out of DNS %v: got %q, want %q", test.text, test.isOfDNS, got, test.want)
		}
	}
}
