package overview

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/logs"
)

// toy is a model in which a q in the host is low and dga, an x medium and phishing, a z high and
// malware.
func toy(tb testing.TB) *snowman.Model {
	tb.Helper()
	model, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		tb.Fatal(err)
	}
	return model
}

// read returns the rankings of a log, and what was reported.
func read(t *testing.T, content string, in intake.Input, o Options) (ranking.Result, string) {
	t.Helper()
	job := NewJob(toy(t), o)
	in.Reader, in.IsFile = strings.NewReader(content), true
	var said strings.Builder
	if err := job.Read(t.Context(), in, func(errors []byte) { said.Write(errors) }); err != nil {
		t.Fatal(err)
	}
	return job.Result(20), said.String()
}

const table = `ts	client	query	rcode
1795824000	192.0.2.1	www.a.org	NOERROR
1795824060	192.0.2.1:5353	evil-z.com.	NXDOMAIN
1795824120	192.0.2.2	sub.evil-z.com	3
1795824180	192.0.2.2	printer.local	NXDOMAIN
`

func TestALogIsAddedUp(t *testing.T) {
	format, err := logs.Find("tsv")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := read(t, table, intake.Input{Format: format, Columns: []string{"query"}}, Options{})
	if r.Queries != 3 || r.Names.Value != 3 || r.Domains.Value != 2 || r.NotPublic != 1 {
		t.Errorf("the result is %+v", r)
	}
	if len(r.TopDomains) != 1 || r.TopDomains[0].Domain != "evil-z.com" || r.TopDomains[0].Level != "high" || r.TopDomains[0].Kinds["malware"] != 2 {
		t.Errorf("the domains are %+v", r.TopDomains)
	}
}

func TestZeeksLogHasClientsTimesAndResponses(t *testing.T) {
	const log = "#separator \\x09\n#fields\tts\tid.orig_h\tquery\trcode_name\n" +
		"1795824000.5\t192.0.2.1\twww.a.org\tNOERROR\n" +
		"1795824060.5\t192.0.2.1\tevil-z.com\tNXDOMAIN\n"
	r, said := read(t, log, intake.Input{}, Options{})
	if !strings.Contains(said, "is read as Zeek log") {
		t.Errorf("it says %q", said)
	}
	if len(r.TopClients) != 1 || r.TopClients[0].Client != "192.0.2.1" || r.TopClients[0].Both.Value != 1 || !r.Answers {
		t.Errorf("the clients are %+v", r.TopClients)
	}
	if want := time.Date(2026, 11, 28, 0, 0, 0, 5e8, time.UTC); !r.First.Equal(want) {
		t.Errorf("the first time is %v, want %v", r.First, want)
	}
}

func TestAllowListsApplyBeforeAnythingIsAddedUp(t *testing.T) {
	path := t.TempDir() + "/allow.txt"
	if err := os.WriteFile(path, []byte("*.evil-z.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	list, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := read(t, "evil-z.com\nb.evil-z.com\nz.org\n", intake.Input{}, Options{Allow: list})
	if r.Allowed != 2 || r.Queries != 1 || r.Domains.Value != 1 || len(r.TopDomains) != 1 || r.TopDomains[0].Domain != "z.org" {
		t.Errorf("the result is %+v", r)
	}
}

func TestAListsBadLinesAreReported(t *testing.T) {
	r, said := read(t, "z.org\n\"no name;\na.org\n", intake.Input{}, Options{})
	if r.Queries != 2 || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "snowman: line 2: ") {
		t.Errorf("it says %q of %+v", said, r)
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"1795824000":                   "2026-11-28T00:00:00Z",
		"1795824000.250":               "2026-11-28T00:00:00.25Z",
		"1795824000250":                "2026-11-28T00:00:00.25Z",
		"1795824000250000":             "2026-11-28T00:00:00.25Z",
		"1795824000250000000":          "2026-11-28T00:00:00.25Z",
		"2026-11-28T01:00:00.5+0100":   "2026-11-28T00:00:00.5Z",
		"2026-11-28T00:00:00Z":         "2026-11-28T00:00:00Z",
		"2026-11-28 00:00:01,5":        "2026-11-28T00:00:01.5Z",
		"28-Nov-2026 00:55:51.763":     "2026-11-28T00:55:51.763Z",
		"[28/Nov/2026:00:55:51 +0000]": "2026-11-28T00:55:51Z",
		"Nov 28 00:55:51":              "2026-11-28T00:55:51Z",
		"Dec  5 00:55:51":              "2025-12-05T00:55:51Z",
		"":                             "",
		"XXXXXXXXXX.XXXXXX":            "",
		"12":                           "",
		"NaN":                          "",
		"0001-01-01T00:00:00Z":         "",
		"a text that is too long for times that logs have": "",
	} {
		p := timeParser{now: now}
		got := ""
		if at := p.parse([]byte(text)); at != 0 {
			got = time.UnixMicro(at).UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestClientsHaveNoPort(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:53": "192.0.2.1", "192.0.2.1#53": "192.0.2.1", "192.0.2.1/53": "192.0.2.1",
		"2001:db8::1": "2001:db8::1", "[2001:db8::1]:53": "2001:db8::1", "[": "[", "": "", "host-7": "host-7",
	} {
		if got := string(clientOf([]byte(text))); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestResponses(t *testing.T) {
	for text, want := range map[string]ranking.Response{
		"NOERROR": ranking.Exists, "NoError": ranking.Exists, "0": ranking.Exists, "NXDOMAIN": ranking.NXDomain, "nxdomain": ranking.NXDomain,
		"3": ranking.NXDomain, "SERVFAIL": ranking.Unknown, "": ranking.Unknown, "200": ranking.Unknown, "a long response code": ranking.Unknown,
	} {
		if got := responseOf([]byte(text)); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// FuzzRead holds that any input is read to its end, that no more is counted than is there, and that
// reading it twice gives the same numbers.
func FuzzRead(f *testing.F) {
	model := toy(f)
	f.Add([]byte(table))
	f.Add([]byte("z.org\nq.com\n"))
	for _, path := range []string{"zeek-dns.log", "suricata-8.json", "route53.json", "fortinet.log"} {
		content, err := os.ReadFile("../../logs/testdata/" + path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content[:min(len(content), 4<<10)])
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var said [2]string
		for i := range said {
			job := NewJob(model, Options{Now: time.Unix(1795824000, 0)})
			err := job.Read(t.Context(), intake.Input{Reader: strings.NewReader(string(content)), IsFile: true}, func([]byte) {})
			if err != nil {
				t.Skip(err)
			}
			r := job.Result(5)
			if r.Queries > len(content) || r.Names.Value < r.Domains.Value || len(r.TopClients) > 5 {
				t.Fatalf("of %d bytes: %+v", len(content), r)
			}
			said[i] = fmt.Sprintf("%+v", r)
		}
		if said[0] != said[1] {
			t.Fatalf("once %s, then %s", said[0], said[1])
		}
	})
}

// FuzzTime holds that a time that is read is one since 1970, whatever was read before.
func FuzzTime(f *testing.F) {
	for _, text := range append([]string{"1795824000.5", "[28/Nov/2026:00:55:51 +0000]"}, layouts...) {
		f.Add(text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, last uint8) {
		now := time.Unix(1795824000, 0)
		first, second := timeParser{now: now}, timeParser{now: now, last: int(last) % len(layouts)}
		a, b := first.parse([]byte(text)), second.parse([]byte(text))
		if a < 0 || b < 0 || (a == 0) != (b == 0) {
			t.Errorf("%q is %d and %d", text, a, b)
		}
	})
}
