package listing

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/intake"
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

// read has a job read an input, and returns what was reported.
func read(t *testing.T, j *Job, content string, in Input) string {
	t.Helper()
	in.Reader = strings.NewReader(content)
	var said strings.Builder
	if err := j.Read(t.Context(), in, func(errors []byte) { said.Write(errors) }); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

// texts returns the texts of a list, those of URLs too.
func texts(t *testing.T, l *blocklist.List) []string {
	t.Helper()
	format, err := blocklist.Find("zeek-intel")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := format.Texts(l)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestWhatBecomesAnEntry(t *testing.T) {
	tests := []struct {
		name, input string
		options     Options
		format      string
		want        string
	}{
		{"names that reach the level", "a.org\nz.org\nq.org\nx.org\n", Options{Minimum: snowman.Medium}, "", "x.org z.org"},
		{"names once, whatever their case", "z.org\nZ.ORG\nz.org.\nhxxp://z[.]org/\n", Options{}, "", "z.org"},
		{"with www. as they were seen", "www.z.org\nhttps://www.z.net/\nz.com\n", Options{}, "", "www.z.net www.z.org z.com z.net z.org"},
		{"a URL, and its host that reaches the level", "http://z.org/a#b\n", Options{}, "", "z.org z.org/a"},
		{"a URL whose host does not", `{"text":"http://a.org/z","score":0.99,"level":"high","kind":"phishing"}` + "\n", Options{}, "scored", "a.org/z"},
		{"a URL with a port", "z.org:8080\n", Options{}, "", "z.org z.org:8080/"},
		{"a URL at a popular domain", `{"text":"http://a.paypal.com/z","score":0.99,"level":"high","kind":"phishing"}` + "\n", Options{}, "scored", "a.paypal.com/z"},
		{"a URL that was seen with www.", "https://www.z.org/a\n", Options{}, "", "www.z.org www.z.org/a z.org z.org/a"},
		{"a wildcard of a list", "*.z.org\n", Options{}, "", "z.org"},
		{"a list with comments", "# bad ones\nz.org # bad\nhttp://z.net/#a\n", Options{}, "", "z.net z.org"},
		{"a name that no list carries", "z%20z.org\n*.*.z.org\n", Options{}, "", ""},
		{"a URL at an operator's host", `{"text":"http://dz.cloudfront.net/z","score":0.99,"level":"high","kind":"phishing"}` + "\n", Options{}, "scored", "dz.cloudfront.net/z"},
		{"a URL at a public suffix", `{"text":"http://z.github.io/z","score":0.99,"level":"high","kind":"phishing"}` + "\n" + `{"text":"http://github.io/z","score":0.99,"level":"high","kind":"phishing"}` + "\n", Options{}, "scored", "github.io/z z.github.io z.github.io/z"},
		{"what is no public name", "z.local\nlocalhost\n10.0.0.1\nzz\n", Options{}, "", ""},
		{"names seen often enough", "z.org\nq.org\nz.org\n", Options{Seen: 2}, "", "z.org"},
		{"records as they were scored", "0.99000\thigh\tdga\ta.org\n0.00010\tnone\tbenign\tz.org\n\t\t\tno name\n", Options{}, "scored", "a.org"},
		{"records with families", "0.99000\thigh\tdga\tsuppobox\t0.8\ta.org\n", Options{}, "scored", "a.org"},
		{"records that nobody says are scored", "1\thigh\tphishing\tmail.google.com\n0.1\tlow\tdga\tz.org\n", Options{}, "", "z.org"},
		{"records with a kind that is no word", "0.9\thigh\tdga\\x00; x\ta.org\n0.9\thigh\t" + strings.Repeat("x", 41) + "\tb.org\n", Options{}, "scored", ""},
		{"a log", "#separator \\x09\n#fields\tts\tquery\n1\tz.org\n2\tfoo\\x20z.org\n3\ta.org\n", Options{}, "zeek", "z.org"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			job := NewJob(toy(t), test.options)
			var in Input
			if in.Scored = test.format == "scored"; test.format != "" && !in.Scored {
				in.Format, _ = logs.Find(test.format)
			}
			read(t, job, test.input, in)
			if got := strings.Join(texts(t, job.Result()), " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAllowListsComeLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ours.txt")
	if err := os.WriteFile(path, []byte("z.net\nok.z.org\n*.z.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	list, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	job := NewJob(toy(t), Options{Allow: list})
	read(t, job, "z.org\nz.net\nok.z.org\na.z.com\nother.z.net\n", Input{})
	format, _ := blocklist.Find("dnsmasq")
	var out bytes.Buffer
	leftOut, err := format.Write(&out, job.Result(), blocklist.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "# Snowman\nserver=/ok.z.org/#\naddress=/other.z.net/# # 0.95266 high malware\naddress=/z.org/# # 0.95266 high malware\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if got := job.Summaries(job.Result(), leftOut); !slices.Equal(got, []string{"2 entries; left out: 3 on an allow list"}) {
		t.Errorf("it says %q", got)
	}
}

func TestWhatIsReported(t *testing.T) {
	job := NewJob(toy(t), Options{})
	said := read(t, job, "z.org\ntwo words\nhttp://z.org/a\n", Input{Input: intake.Input{Name: "names.txt"}})
	if want := "snowman: names.txt, line 2: a space stands in the host: the text looks like several fields\n"; said != want {
		t.Errorf("it says %q, want %q", said, want)
	}
	said = read(t, job, "0.99000\thigh\tdga\ta.org\n0.99\tvery\tdga\ta.org\n", Input{Scored: true})
	if want := "snowman: line 2: the record is left out: not a record that snowman score printed\n"; said != want {
		t.Errorf("it says %q, want %q", said, want)
	}
	list := job.Result()
	hosts, _ := blocklist.Find("hosts")
	leftOut, err := hosts.Write(&bytes.Buffer{}, list, blocklist.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 of 3 names is no name or URL; it looks like several fields",
		"1 of 5 records are broken and left out",
		"2 entries; left out: 1 URL, which the format does not carry (its host is an entry of its own, if it reaches the level by itself)",
	}
	if got := job.Summaries(list, leftOut); !slices.Equal(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func TestScoredRecordsAreToldFromLogs(t *testing.T) {
	tests := []struct {
		name, sample string
		want         bool
	}{
		{"JSON lines", `{"text":"a.org","score":0.1,"level":"none","kind":"benign"}` + "\n", true},
		{"an error first", `{"text":"a b","error":"no"}` + "\n" + `{"text":"a.org","score":0.1,"level":"none","kind":"benign"}` + "\n", true},
		{"tabs", "0.10000\tnone\tbenign\ta.org\n", true},
		{"another log in JSON", `{"query":"a.org","level":"info"}` + "\n", false},
		{"a record of a log with a verdict", `{"query":"a.org","snowman":{"score":0.1}}` + "\n", false},
		{"another table", "0.1\tyes\tno\ta.org\n", false},
		{"a score above 1", "2\tnone\tbenign\ta.org\n", false},
		{"names", "a.org\nb.org\n", false},
		{"nothing", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := isScoredSample([]byte(test.sample)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

var today = time.Date(2026, 11, 28, 15, 0, 0, 0, time.UTC)

// runDay reads names on a day, and returns the list and its number.
func runDay(t *testing.T, state string, day, days int, names string) (list string, serial uint32) {
	t.Helper()
	job := NewJob(toy(t), Options{Seen: 1})
	s, err := OpenState(state, job, days, today.AddDate(0, 0, day))
	if err != nil {
		t.Fatal(err)
	}
	read(t, job, names, Input{})
	result := job.Result()
	s.Number(result, 0)
	if err := s.Write(state, job); err != nil {
		t.Fatal(err)
	}
	return strings.Join(texts(t, result), " "), s.Serial
}

func TestEntriesLeaveThatAreNotSeenAgain(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	for _, run := range []struct {
		name   string
		day    int
		days   int
		names  string
		want   string
		serial uint32
	}{
		{"the first list", 0, 2, "z.org\nwww.z.net\n", "www.z.net z.net z.org", 1},
		{"the same again", 0, 2, "z.org\n", "www.z.net z.net z.org", 1},
		{"one more", 2, 2, "z.com\n", "www.z.net z.com z.net z.org", 2},
		{"those not seen for three days are gone", 3, 2, "z.org\n", "z.com z.org", 3},
		{"what is seen stays", 5, 2, "z.org\n", "z.org", 4},
		{"without days, what is seen now", 5, 0, "z.com\n", "z.com", 5},
		{"a clock that was set back", -9999, 2, "z.net\n", "z.com z.net", 6},
		{"and is right again", 6, 2, "", "z.com", 7},
	} {
		list, serial := runDay(t, state, run.day, run.days, run.names)
		if list != run.want || serial != run.serial {
			t.Errorf("%s: got %q with serial %d, want %q with %d", run.name, list, serial, run.want, run.serial)
		}
	}
}

func TestAStateKeepsAllThatIsKnown(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	write := func(days int, text string) string {
		job := NewJob(toy(t), Options{})
		s, err := OpenState(state, job, days, today)
		if err != nil {
			t.Fatal(err)
		}
		read(t, job, text, Input{Scored: true})
		var out bytes.Buffer
		stix, _ := blocklist.Find("stix")
		if _, err := stix.Write(&out, job.Result(), blocklist.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(state, job); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := write(5, `{"text":"https://www.a.org/z","score":0.987654321,"level":"high","kind":"phishing","families":[{"name":"f","probability":1}],"imitates":"paypal.com","mixed_script":true}`+"\n")
	if second := write(5, ""); second != first {
		t.Errorf("got\n%safter\n%s", second, first)
	}
}

// What no list of the format has is not kept, so that a state cannot be filled with it.
func TestWhatIsNotKept(t *testing.T) {
	for hostsOnly, want := range map[bool]string{
		false: "2 entries; left out: 1 longer than a list can carry",
		true:  "1 entry; left out: 1 URL seen, which the format does not carry (a host that reaches the level by itself is an entry of its own), 1 longer than a list can carry",
	} {
		job := NewJob(toy(t), Options{HostsOnly: hostsOnly})
		read(t, job, "http://z.org/a\nhttp://z.org/"+strings.Repeat("a", 5000)+"\n", Input{})
		if got := job.Summaries(job.Result(), nil); !slices.Equal(got, []string{want}) {
			t.Errorf("it says %q, want %q", got, want)
		}
		if want := map[bool]int{false: 2, true: 1}[hostsOnly]; len(job.found) != want {
			t.Errorf("%d texts are kept, want %d", len(job.found), want)
		}
	}
}

func TestASerialThatIsGivenIsRemembered(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	for _, run := range []struct {
		names       string
		given, want uint32
	}{{"z.org\n", 0, 1}, {"z.org\n", 2_026_112_801, 2_026_112_801}, {"z.org\n", 0, 2_026_112_801}, {"z.net\n", 0, 2_026_112_802}} {
		job := NewJob(toy(t), Options{})
		s, err := OpenState(state, job, 0, today)
		if err != nil {
			t.Fatal(err)
		}
		read(t, job, run.names, Input{})
		if s.Number(job.Result(), run.given); s.Serial != run.want {
			t.Errorf("given %d: the serial is %d, want %d", run.given, s.Serial, run.want)
		}
		if err := s.Write(state, job); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASchemeThatAllHadIsWritten(t *testing.T) {
	for input, want := range map[string]string{
		"ftp://z.org/a\n":                    "[url:value = 'ftp://z.org/a']",
		"ftp://z.org/a\nftp://z.org/a\n":     "[url:value = 'ftp://z.org/a']",
		"ftp://z.org/a\nhttp://z.org/a\n":    "[url:value = 'http://z.org/a' OR url:value = 'https://z.org/a']",
		"https://z.org/a\nhxxps://z.org/a\n": "[url:value = 'https://z.org/a']",
	} {
		state := filepath.Join(t.TempDir(), "state")
		for _, content := range []string{input, ""} { // the second run has it of the state
			job := NewJob(toy(t), Options{})
			s, err := OpenState(state, job, 5, today)
			if err != nil {
				t.Fatal(err)
			}
			read(t, job, content, Input{})
			if err := s.Write(state, job); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			stix, _ := blocklist.Find("stix")
			if _, err := stix.Write(&out, job.Result(), blocklist.Options{}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), `"pattern":"`+want+`"`) {
				t.Errorf("%q: got %s, want %s", input, out.String(), want)
			}
		}
	}
}

func TestWhatIsRareExpiresFromAState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	const head = stateHeader + "\t1\ty\n"
	line := func(text string, day time.Time) string {
		return text + "\t" + day.Format(time.DateOnly) + "\t1\tfalse\t4\t0.9\thigh\tdga\t\t\n"
	}
	content := head + line("z1.org", today.AddDate(0, 0, -6)) + line("z2.org", today.AddDate(0, 0, -5)) + line("z3.org", today.AddDate(1, 0, 0))
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	job := NewJob(toy(t), Options{Seen: 2})
	s, err := OpenState(path, job, 5, today)
	if err != nil {
		t.Fatal(err)
	}
	read(t, job, "z2.org\n", Input{})
	if got := texts(t, job.Result()); !slices.Equal(got, []string{"z2.org"}) {
		t.Errorf("the list has %q", got)
	}
	if err := s.Write(path, job); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(got), "\n")
	var kept []string
	for row := range strings.Lines(rows) {
		name, rest, _ := strings.Cut(row, "\t")
		date, _, _ := strings.Cut(rest, "\t")
		kept = append(kept, name+" "+date)
	}
	day := today.Format(time.DateOnly)
	if !slices.Equal(kept, []string{"z2.org " + day, "z3.org 2027-11-28"}) {
		t.Errorf("the state has %q", rows)
	}
}

func TestAStateThatIsNone(t *testing.T) {
	const line = "z.org\t2026-11-28\t1\tfalse\t4\t0.9\thigh\tdga\t\t\n"
	for name, content := range map[string]string{
		"another file":    "z.org\n",
		"an empty file":   "",
		"no serial":       stateHeader + "\tx\ty\n",
		"too few fields":  stateHeader + "\t1\ty\nz.org\n",
		"no date":         stateHeader + "\t1\ty\n" + strings.Replace(line, "2026", "x", 1),
		"a bad number":    stateHeader + "\t1\ty\n" + strings.Replace(line, "\t1\t", "\t-1\t", 1),
		"a bad scheme":    stateHeader + "\t1\ty\n" + strings.Replace(line, "\t4\t", "\t16\t", 1),
		"a bad score":     stateHeader + "\t1\ty\n" + strings.Replace(line, "0.9", "NaN", 1),
		"an unknown word": stateHeader + "\t1\ty\n" + strings.Replace(line, "high", "huge", 1),
	} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenState(path, NewJob(toy(t), Options{}), 1, today); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestChanges(t *testing.T) {
	came, went := Changes([]string{"a", "b", "d"}, []string{"b", "c", "d", "e"})
	var out strings.Builder
	if err := WriteChanges(&out, came, went); err != nil {
		t.Fatal(err)
	}
	if want := "- a\n+ c\n+ e\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// FuzzScored: a record is read or refused, and what is read back from a state is what was written.
func FuzzScored(f *testing.F) {
	f.Add(`{"text":"z.org","score":0.99,"level":"high","kind":"dga","families":[{"name":"x","probability":1}]}`)
	f.Add("0.99\thigh\tdga\tz.org")
	f.Add("0.99\thigh\tdga\tf\t0.1\thttp://www.z.org/a")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parseScored(line)
		if err != nil {
			return
		}
		w := NewJob(snowman.Default(), Options{}).newWorker()
		w.Begin()
		if r.Text = strings.ToValidUTF8(r.Text, ""); w.url.Parse(r.Text) != nil {
			return
		}
		written := r.Text
		r.Text = w.url.String()
		w.find(&r, written, false)
		for _, c := range w.found {
			first := string(c.append(nil, 20_000))
			back, err := parseCandidate(strings.TrimSuffix(first, "\n"))
			if err != nil {
				t.Fatalf("%q: %v", first, err)
			}
			if second := string(back.append(nil, 0)); second != first {
				t.Fatalf("got %q, want %q", second, first)
			}
		}
	})
}

// Answers count only where no question does.
func TestAnswersCountWithoutQuestions(t *testing.T) {
	const log = `[1] unbound[1:0] query: 127.0.0.1 x.tests.net. A IN
[1] unbound[1:0] reply: 127.0.0.1 x.tests.net. A IN NXDOMAIN 0.1 0 9
[2] unbound[1:0] reply: 127.0.0.1 z.tests.net. A IN NXDOMAIN 0.1 0 9
[2] unbound[1:0] reply: 127.0.0.1 z.tests.net. A IN NXDOMAIN 0.1 0 9
`
	for seen, want := range map[int][]string{1: {"x.tests.net", "z.tests.net"}, 2: {"z.tests.net"}, 3: nil} {
		j := NewJob(toy(t), Options{Minimum: snowman.Low, Seen: seen})
		said := read(t, j, log, Input{Input: intake.Input{IsFile: true}})
		if got := texts(t, j.Result()); !slices.Equal(got, want) {
			t.Errorf("seen %d: %q, want %q; %s", seen, got, want, said)
		}
	}
}

// A popular domain is no entry, whatever another model or an earlier run said of it, nor is a host
// below it that its owner alone can make.
func TestPopularDomainsAreNoEntries(t *testing.T) {
	var records strings.Builder
	for _, text := range []string{"github.com", "account-verify.paypal.com", "paypal.com/login", "paypal.evil-name.com", "evil-name.github.io", "evil-name.blogspot.com"} {
		records.WriteString("0.99\thigh\tphishing\t" + text + "\n")
	}
	const always = "evil-name.blogspot.com evil-name.github.io paypal.com/login paypal.evil-name.com"
	for popular, want := range map[bool]string{false: always, true: "account-verify.paypal.com " + always} {
		j := NewJob(snowman.Default(), Options{Minimum: snowman.Low, Popular: popular})
		read(t, j, records.String(), Input{Scored: true})
		result := j.Result()
		if got := strings.Join(texts(t, result), " "); got != want {
			t.Errorf("with those below %v: %q, want %q", popular, got, want)
		}
		misp, _ := blocklist.Find("misp")
		var out bytes.Buffer
		if _, err := misp.Write(&out, result, blocklist.Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), `"to_ids":false`); got != 1 {
			t.Errorf("MISP exports all but %d to an IDS, want all but the URL at a popular domain", got)
		}
		if popular {
			continue
		}
		if got := j.Summaries(result, nil); !slices.Equal(got, []string{"4 entries; left out: 2 popular domains or hosts below them"}) {
			t.Errorf("it says %q", got)
		}
	}
}

// What no list can carry is told with its place.
func TestWhereMisfitsStand(t *testing.T) {
	const want = `line 2: no list can carry "z%20z.org": its host has other bytes than letters`
	for name, in := range map[string]struct {
		content string
		input   Input
	}{
		"of a list":     {"a.org\nz%20z.org\nz.org\n", Input{}},
		"scored before": {"0.9\thigh\tdga\ta.org\n0.9\thigh\tdga\tz%20z.org\n", Input{Scored: true}},
	} {
		if said := read(t, NewJob(toy(t), Options{}), in.content, in.input); strings.Count(said, "\n") != 1 || !strings.Contains(said, want) {
			t.Errorf("%s: it says %q, want %q", name, said, want)
		}
	}
}
