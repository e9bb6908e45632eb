package logs

import (
	"strings"
	"testing"
)

func TestAdvice(t *testing.T) {
	const (
		event = `{"timestamp":"2026-11-28T00:55:51.766253+0000","event_type":"dns","dns":{"type":"query","rrname":"a.example"}}` + "\n"
		query = "Nov 28 00:55:51 dnsmasq[8719]: query[A] a.example from 192.0.2.1\n"
		row   = "1795827351.766253\tCHhAvVGS1DHFjwGM9\t192.0.2.1\t53\ta.example\n"
	)
	for _, test := range []struct {
		name, sample, format string // lines: that none is guessed
		isStream             bool
		want                 string
	}{
		{name: "nothing", format: "lines"},
		{name: "a name", sample: "a.example\n", format: "lines"},
		{name: "a URL with a comma", sample: "https://a.example/x,y\n", format: "lines"},
		{name: "a list", sample: "a.example\nb.example\n", format: "lines", isStream: true},
		{name: "one record", sample: event, format: "lines", want: "looks like Suricata EVE: -format suricata"},
		{name: "one line of a hosts file", sample: "0.0.0.0 a.example\n", format: "lines", want: "looks like hosts file: -format hosts"},
		{name: "one sentence", sample: "We saw the name a.example today.\n", format: "lines", want: "looks like names in text: -format text"},
		{name: "most lines of a log", sample: event + event + "a.example\n", format: "lines", want: "has lines of Suricata EVE, 2 of the first 3: -format suricata"},
		{name: "a table in a stream", sample: "time,query\n1,a.example\n2,b.example\n", format: "lines", isStream: true, want: "looks like comma-separated values: -format csv"},
		{name: "pairs", sample: "a=1 b=2 c=a.example\na=1 b=2 c=b.example\n", format: "lines", want: "looks like pairs key=value: -format kv, and -field KEY for the pair with names"},
		{name: "two names in a line of a list", sample: "a.example\nb.example\nc.example, d.example\n", format: "lines", want: "has lines with names among words: -format list"},
		{name: "names among words of a log", sample: "10:00:01 allowed 1 a.example 7\n10:00:02 allowed 1 b.example 7\n", format: "lines", want: "has lines with names among words: -format text"},
		{name: "comments in a list", sample: "# from x.example, today\na.example # of b.example\nc.example\n", format: "lines"},
		{name: "a table with a strange delimiter", sample: "when~src~query\n1~192.0.2.1~a.example\n2~192.0.2.2~b.example\n", format: "lines", want: "looks like a table with ~ between its cells, which csv does not know: put the line \"sep=~\" before the first, and -format csv"},
		{name: "such a table as csv", sample: "when^query\n1^a.example\n2^b.example\n", format: "csv", want: "looks like a table with ^ between its cells, which csv does not know: put the line \"sep=^\" before the first, and -format csv"},
		{name: "homes in URLs", sample: "a.example/~bob\nb.example/~eve\n", format: "lines"},
		{name: "two logs", sample: event + event + query + query, format: "lines", want: "has lines of Suricata EVE, 2 of the first 4, and of dnsmasq log, 2: read each log by itself, with -format suricata and -format dnsmasq"},
		{name: "an object over several lines", sample: "{\n  \"query\": \"a.example\"\n}\n", format: "lines", want: "looks like JSON over several lines: jq -c . writes each object on a line"},
		{name: "such objects, of which the last is cut", sample: "{\n  \"query\": \"a.example\"\n}\n{\n  \"que", format: "jsonl", want: "looks like JSON over several lines: jq -c . writes each object on a line"},
		{name: "an array", sample: "[{\"query\":\"a.example\"},\n{\"query\":\"b.example\"}]\n", format: "lines", want: "looks like a JSON array: jq -c '.[]' writes each of its values on a line"},
		{name: "an array of texts", sample: `["a.example"]`, format: "lines", want: "looks like a JSON array of texts: jq -r '.[]' writes each on a line"},
		{name: "brackets that are no JSON", sample: "[00000.00][plan] x\n[::1]\n", format: "lines"},
		{name: "rows of Zeek without a header", sample: row + row, format: "zeek", want: "looks like rows of a Zeek log without their #fields: give the log from its beginning, or -format tsv -column NUMBER"},
		{name: "records of the format that was given", sample: event, format: "suricata"},
		{name: "JSON in lists of names", sample: "{\n  \"type\": \"bundle\"\n}\n", format: "stix"},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, err := Find(test.format)
			if err != nil {
				t.Fatal(err)
			}
			if got := Advise([]byte(test.sample), format, !test.isStream).Text(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestAdviceOnDatabases(t *testing.T) {
	advice := Advise([]byte("SQLite format 3\x00\x10\x00"), Lines, true)
	if !advice.Refused || !strings.Contains(advice.Text(), "-format pihole-db") || advice.Query() != advice.Text() {
		t.Errorf("%+v", advice)
	}
	if advice := Advise([]byte("a=1 b=2 c=3\n"), Lines, true); advice.Query() != "looks like pairs key=value: format=kv, and column=KEY for the pair with names" {
		t.Errorf("as parameters: %q", advice.Query())
	}
}

func TestMissingColumns(t *testing.T) {
	sample := []byte(`{"a":{"b":"x.example"},"c":["y.example"],"d":1}` + "\n")
	format, err := Find("jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]string{
		"a.b": "", "c": "", "d": "",
		"query": "has no query in its first records; there are a.b, c",
	} {
		if got := format.Missing(sample, []string{column}); got != want {
			t.Errorf("%s: %q, want %q", column, got, want)
		}
	}
	if got := someOf(strings.Fields(strings.Repeat("a ", 22))); !strings.HasSuffix(got, "a, a and 2 more") {
		t.Errorf("of many columns %q", got)
	}
}

func TestMisfits(t *testing.T) {
	const event = `{"timestamp":"2026-11-28T00:55:51.766253+0000","event_type":"dns","dns":{"rrname":"a.example"}}` + "\n"
	for _, test := range []struct{ name, format, line, want string }{
		{"another log", "zeek", event, "has 40 records that do not fit Zeek log; the last of them look like Suricata EVE: read each log by itself"},
		{"a list", "zeek", "a.example\n", "has 40 records that do not fit Zeek log; the last of them look like a list of names: read each log by itself"},
		{"the same", "suricata", event, ""},
		{"what nobody knows", "zeek", "x y z\n", ""},
		{"lines of names alone", "hosts", event, ""},
		{"another name of the same", "pihole", "Nov 28 00:55:53 dnsmasq[8716]: started\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, err := Find(test.format)
			if err != nil {
				t.Fatal(err)
			}
			var m Misfits
			m.Add(1, []MisfitRecord{{[]byte("one at the start\n"), 1}})
			for i := range 39 { // chunks come in any order
				number := 2 + (i*7)%39
				m.Add(1, []MisfitRecord{{[]byte(test.line), number}})
			}
			if got := m.Message(format); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			m.Reset()
			if got := m.Message(format); got != "" {
				t.Errorf("of nothing %q", got)
			}
		})
	}
}
