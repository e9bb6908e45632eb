//go:build linux

package servers_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/blocklist"
)

// zone is the longest name that a zone may have for which a list is made: 64 octets in a message.
const zone = "block-list-of-a-zone-whose-name-is.sixty-four-octets-with-dots"

// A scored record is what snowman score prints of a text.
type scored struct {
	Text  string  `json:"text"`
	Score float64 `json:"score"`
	Level string  `json:"level"`
	Kind  string  `json:"kind"`

	Imitates string `json:"imitates,omitempty"`
}

// hostile would get out of a comment, a field or a line.
const hostile = "\"]} ; # ' | \\\n$INCLUDE /etc/passwd\nout-of-kind.com CNAME .\r\n0.0.0.0 out-of-kind.com"

// Names of three lengths: the longest that fits into a zone, one more, and the longest of all.
var (
	longestInZone = strings.Repeat(strings.Repeat("z", 61)+".", 2) + strings.Repeat("y", 60) + ".org"
	tooLong       = strings.Repeat(strings.Repeat("z", 61)+".", 2) + strings.Repeat("y", 61) + ".org"
	longest       = strings.Repeat(strings.Repeat("n", 61)+".", 4) + "a.org"
)

// listedTexts are the records of the list. Those without a level reach it.
var listedTexts = []scored{
	{Text: "bad.com"},
	{Text: "www.seen.net"},
	{Text: "twice.org"}, {Text: "TWICE.org"}, {Text: "twice.ORG."}, {Text: "hxxp://twice[.]org/"},
	{Text: "below.twice.org"},
	{Text: "kind.net", Imitates: hostile}, {Text: "out-of-kind.net", Kind: hostile},
	{Text: "unsure.net", Score: .875},
	{Text: "lowly.net", Score: .5, Level: "low"},
	{Text: "passed.org"},
	{Text: strings.Repeat("l", 63) + ".com"},
	{Text: strings.Repeat("l", 64) + ".com"},
	{Text: strings.Repeat("n.", 127) + "n"},
	{Text: longestInZone}, {Text: tooLong}, {Text: longest},
	{Text: "bücher-für-alle.de"},
	{Text: "_x.under-score.net"},
	{Text: "-dash-.net"},
	{Text: "quote\".spoilt.org"}, {Text: "it's.spoilt.org"}, {Text: "semi;colon.spoilt.org"}, {Text: "hash#tag.spoilt.org"},
	{Text: "two spoilt.org"}, {Text: "line\nspoilt.org"}, {Text: "nul\x00.spoilt.org"}, {Text: "foo\\032bar.spoilt.org"},
	{Text: "x$y.spoilt.org"}, {Text: "$ORIGIN.spoilt.org"}, {Text: "*.spoilt.org"}, {Text: "empty..spoilt.org"}, {Text: "@"},
	{Text: "28.zz.fdd0.2a01.rpz-ip"}, {Text: "paypal-login-secure.rpz-ip"}, {Text: "spoilt.org.rpz-nsdname"},
	{Text: "co.uk"}, {Text: "localhost"}, {Text: "10.0.0.1"},
	{Text: "45.67.89.10"}, {Text: "[2a01:4f8::1]"},
	{Text: "https://host.example-of-urls.org/o'clock\\?q=\"1\"&b='] OR [url:value='x"},
	{Text: "host.example-of-urls.org/a;b"},
}

// listedExceptions are the allow list.
const listedExceptions = "passed.org\nok.bad.com\n*.deep.under.bad.com\nelsewhere.org\n"

// A probe says whether a name is refused, by formats of three kinds.
type probe struct {
	name  string
	zone  bool // where a name stands for all below it, and an exception may be for a name alone
	below bool // where a name and an exception stand for all below them
	alone bool // where names stand for themselves
}

var probes = []probe{
	{"bad.com", true, true, true},
	{"BaD.cOm", true, true, true},
	{"www.bad.com", true, true, false},
	{"a.b.bad.com", true, true, false},
	{"ok.bad.com", false, false, false},
	{"below.ok.bad.com", true, false, false},
	{"www.ok.bad.com", false, false, false},
	{"deep.under.bad.com", false, false, false},
	{"x.deep.under.bad.com", false, false, false},
	{"under.bad.com", true, true, false},
	{"other.under.bad.com", true, true, false},
	{"notbad.com", false, false, false},
	{"bad.com.net", false, false, false},
	{"elsewhere.org", false, false, false},
	{"passed.org", false, false, false},
	{"below.passed.org", false, false, false},
	{"seen.net", true, true, true},
	{"www.seen.net", true, true, true},
	{"twice.org", true, true, true},
	{"below.twice.org", true, true, true},
	{"kind.net", true, true, true},
	{"out-of-kind.net", false, false, false},
	{"out-of-kind.com", false, false, false},
	{"unsure.net", true, true, true},
	{"lowly.net", false, false, false},
	{strings.Repeat("l", 63) + ".com", true, true, true},
	{longestInZone, true, true, true},
	{tooLong, false, true, true},
	{longest, false, true, true},
	{"xn--bcher-fr-alle-wobg.de", true, true, true},
	{"_x.under-score.net", true, true, true},
	{"under-score.net", false, false, false},
	{"-dash-.net", true, true, true},
	{"spoilt.org", false, false, false},
	{"x.spoilt.org", false, false, false},
	{"tag.spoilt.org", false, false, false},
	{"it's.spoilt.org", false, false, false},
	{"co.uk", false, false, false},
	{"name.co.uk", false, false, false},
	{"host.example-of-urls.org", false, false, false},
}

// What formats hold beside the names of probes.
var (
	listedAddresses = []string{"2a01:4f8::1", "45.67.89.10"}
	stixURLs        = []string{
		"http://host.example-of-urls.org/a;b", "https://host.example-of-urls.org/a;b",
		"https://host.example-of-urls.org/o'clock/?q=%221%22&b=%27]%20OR%20[url:value=%27x",
	}
	mispURLs = []string{"host.example-of-urls.org/a;b", "https://host.example-of-urls.org/o'clock/?q=%221%22&b=%27]%20OR%20[url:value=%27x"}
)

// listsFolder returns a folder with the list in each format: snowman.FORMAT.
func listsFolder(t *testing.T) string {
	t.Helper()
	dir := publicFolder(t)
	var records bytes.Buffer
	out := json.NewEncoder(&records)
	write := func(r scored) {
		r.Score, r.Level, r.Kind = cmp.Or(r.Score, .996), cmp.Or(r.Level, "high"), cmp.Or(r.Kind, "dga")
		if err := out.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range listedTexts {
		write(r)
	}
	for i := range min(*madeNames, fewNames) {
		write(scored{Text: madeName(i)})
	}
	some := records.Len()
	for i := fewNames; i < *madeNames; i++ {
		write(scored{Text: madeName(i)})
	}
	for file, content := range map[string][]byte{"all.json": records.Bytes(), "some.json": records.Bytes()[:some], "allow.txt": []byte(listedExceptions)} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path, err := filepath.Abs(*program)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range blocklist.Formats {
		source := "all.json"
		if format.Name == "stix" || strings.HasPrefix(format.Name, "misp") {
			source = "some.json" // a reader takes milliseconds for each entry
		}
		command := exec.Command(path, "list", "-to", format.Name, "-f", source, "-format", "scored", "-allow", "allow.txt", "-o", "snowman."+format.Name)
		command.Dir = dir
		said, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("snowman list -to %s: %v\n%s", format.Name, err, said)
		}
		if lines := bytes.Split(bytes.TrimSpace(said), []byte("\n")); format.Name == "rpz" {
			t.Logf("%s", lines[len(lines)-1])
		}
	}
	return dir
}

// fewNames is how many made names are in lists whose readers are slow, and asked for.
const fewNames = 100

// madeName returns a name of those that make a list long.
func madeName(i int) string { return fmt.Sprintf("made-%07d.net", i) }

// sampleOf returns the texts of a list that is in a file, of the made names a few.
func sampleOf(t *testing.T, formatName, path string) (texts []string) {
	t.Helper()
	format, err := blocklist.Find(formatName)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := format.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, text := range all {
		if strings.HasPrefix(text, "made-") {
			if seen++; seen%(1+*madeNames/fewNames) != 0 {
				continue
			}
		}
		texts = append(texts, text)
	}
	if seen != *madeNames {
		t.Errorf("%s has %d of %d made names", formatName, seen, *madeNames)
	}
	return texts
}

// namesOf returns the names of probes that a kind of formats refuses, sorted, and the others.
func namesOf(refuses func(probe) bool) (refused, answered []string) {
	for _, p := range probes {
		if refuses(p) {
			refused = append(refused, p.name)
		} else {
			answered = append(answered, p.name)
		}
	}
	slices.Sort(refused)
	return refused, answered
}

func byZone(p probe) bool  { return p.zone }
func byBelow(p probe) bool { return p.below }
func byAlone(p probe) bool { return p.alone }

func TestProbesFitIntoMessages(t *testing.T) {
	for _, p := range probes {
		if n := len(wire(p.name)); n > 255 {
			t.Errorf("%q has %d bytes, and RFC 1035 allows 255", p.name, n)
		}
	}
	if n := len(wire("*." + longestInZone + "." + zone)); n != 255 {
		t.Errorf("the longest name in the zone has %d bytes, want 255", n)
	}
}
