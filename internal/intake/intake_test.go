package intake

import (
	"fmt"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/logs"
)

// A listener is a worker that writes down what it is given.
type listener struct{ heard *[]string }

func (l listener) Begin()         {}
func (l listener) Finish() []byte { return nil }

func (l listener) Line(at Place, text string) {
	*l.heard = append(*l.heard, fmt.Sprintf("%s %d: %s", at.Item, at.Number, text))
}

func (l listener) Record(at Place, r *logs.Record) {
	var u canon.URL
	for _, name := range r.Names {
		if err := Parse(&u, name); err != nil {
			*l.heard = append(*l.heard, err.Error())
			continue
		}
		*l.heard = append(*l.heard, fmt.Sprintf("%s %d: %s", at.Item, at.Number, u.Bytes()))
	}
}

func TestRead(t *testing.T) {
	const eve = `{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"dns","dns":{"type":"query","id":1,"rrname":"b.tests.net","rrtype":"A"}}` + "\n"
	for _, test := range []struct {
		name, input string
		in          Input
		heard       string // with / between lines
		said        string // likewise
		counts      Counts
	}{
		{"a list", "a.org\nb.org\n", Input{}, "line 1: a.org/line 2: b.org", "", Counts{Records: 2}},
		{"a list with comments", "# ours\na.org # mail\n", Input{}, "line 2: a.org",
			"the input is read as a list with comments behind #; -format lines reads a name a line", Counts{Records: 1}},
		{"a list as it stands", "# ours\n", Input{Format: logs.Lines}, "line 1: # ours", "", Counts{Records: 1}},
		{"a log, guessed", "#fields\tts\tquery\n1.0\ta.tests.net\n1.0\t-\n", Input{Name: "dns.log", IsFile: true}, "line 2: a.tests.net",
			"dns.log is read as Zeek log: 3 of its first 3 lines are that; -format lines reads a name a line", Counts{Records: 2, Nameless: 1}},
		{"the dot of the root", strings.Replace(eve, "b.tests.net", "b.tests.net.", 1), Input{Format: formatOf(t, "suricata")}, "line 1: b.tests.net", "", Counts{Records: 1}},
		{"a broken record", eve + "{\n", Input{Format: formatOf(t, "suricata")}, "line 1: b.tests.net",
			"line 2: the record is broken and left out: it is no JSON object", Counts{Records: 1, Broken: 1}},
		{"another log behind it", "#fields\tts\tquery\n1.0\ta.tests.net\n" + eve + eve, Input{Format: formatOf(t, "zeek")}, "line 2: a.tests.net",
			"the input has 2 records that do not fit Zeek log; the last of them look like Suricata EVE: read each log by itself", Counts{Records: 3, Nameless: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.Reader = strings.NewReader(test.input)
			source, err := Open(t.Context(), test.in)
			if err != nil {
				t.Fatal(err)
			}
			var heard []string
			var said strings.Builder
			counts, err := source.Read(t.Context(), func(lines []byte) { said.Write(lines) }, func() Worker { return listener{&heard} })
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(heard, "/"); got != test.heard {
				t.Errorf("the worker was given %q, want %q", got, test.heard)
			}
			if got := strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(said.String(), "snowman: ", ""), "\n", "/"), "/"); got != test.said {
				t.Errorf("said %q, want %q", got, test.said)
			}
			if counts != test.counts {
				t.Errorf("counts %+v, want %+v", counts, test.counts)
			}
		})
	}
}

func formatOf(t *testing.T, name string) *logs.Format {
	t.Helper()
	format, err := logs.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return format
}

func TestPlaces(t *testing.T) {
	for _, test := range []struct {
		place Place
		want  string
	}{
		{Place{"", "line", 3}, "snowman: line 3: it is long\n"},
		{Place{"a.pcap", "packet", 1}, "snowman: a.pcap, packet 1: it is long\n"},
	} {
		if got := string(test.place.Append(nil, "it is long")); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
