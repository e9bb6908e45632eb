package logs

import (
	"slices"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a name a line", "a.com\r\n\n  b.com \n# comment\nc.com", "a.com b.com c.com"},
		{"what is no name has its line", "bad:host\nT1059.001\nprinter\n127.0.0.1\nsvchost.exe\n", "bad:host T1059.001 printer 127.0.0.1 svchost.exe"},
		{"words without a name", "two words\n---\n", ""},
		{"a heading", "domain\na.com\ndomain\n", "a.com domain"},
		{"a heading below a comment", "# made today\nurl\na.com\n", "a.com"},
		{"comments", "a.com # from c.com\n  # only d.com\nb.com/#e\n", "a.com b.com/#e"},
		{"words before a comment", "C2 # evil.com\n", "evil.com"},
		{"a sentence", "See hxxps://evil[.]com/login, for details.\n(also <b.com>, or 'c.com').\n", "hxxps://evil[.]com/login b.com c.com"},
		{"signs around a name", "\"a.com\",\n<https://b.com/x>\n[2001:db8::1]\n", "a.com https://b.com/x [2001:db8::1]"},
		{"names with commas between them", "a.com,b.com\nc.com,d.com\n", "a.com b.com c.com d.com"},
		{"signs within a word", "=cmd!a1.com\nq.com/;=1+1\nq.com/\",\u202e\nq.com/\"><img/src=x>\npay\u200bpal.com\n", "=cmd!a1.com q.com/;=1+1 q.com/\",\u202e q.com/\"><img/src=x> pay\u200bpal.com"},
		{"a link in Markdown", "[evil](https://a.com/x)\n", "https://a.com/x"},
		{"a line of JSON", "{\"domain\":\"a.com\"}\n", "a.com"},
		{"an array in JSON", "[\n  \"a.com\",\n  \"b.com\"\n]\n", "a.com b.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, want := namesOf(t, "list", test.text), strings.Fields(test.want); !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	for _, test := range []struct{ name, format, sample, all, found string }{
		{"a table with a header", "csv", "time,domain,note\n1,a.com,x\n", "time|domain|note", "domain"},
		{"a table without one", "csv", "1,a.com\n2,b.com\n", "1|2", "2"},
		{"names that stand twice, or for no column", "csv", "host,host,,7\na.com,b.com,x,y\n", "host|2|3|4", "host"},
		{"requests", "csv", "ts,host,uri\n1,a.com,/x\n", "ts|host|uri", "host|uri"},
		{"semicolons", "csv", "rank;site\n1;a.com\n", "rank|site", "site"},
		{"tabs", "tsv", "rank\tsite\n1\ta.com\n", "rank|site", "site"},
		{"members", "jsonl", `{"time":"x","dns":{"question":{"name":"a.com"}}}` + "\n", "dns.question.name|time", "dns.question.name"},
		{"keys", "kv", "level=info qname=a.com\n", "level|qname", "qname"},
		{"nothing", "csv", "", "", ""},
		{"a format that knows", "suricata", `{"event_type":"dns"}` + "\n", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, err := Find(test.format)
			if err != nil {
				t.Fatal(err)
			}
			all, found := format.Columns([]byte(test.sample))
			if test.format == "jsonl" {
				slices.Sort(all)
			}
			if strings.Join(all, "|") != test.all || strings.Join(found, "|") != test.found {
				t.Errorf("%q, of them %q, want %q and %q", all, found, test.all, test.found)
			}
			if len(found) == 0 {
				return
			}
			for _, column := range all { // each can be asked for
				if _, err := format.NewReader(strings.NewReader(test.sample), []byte(test.sample), Options{Columns: []string{column}}); err != nil {
					t.Errorf("%s: %v", column, err)
				}
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         bool // of the last record
	}{
		{"a line end", "a,b\n1,a.com\n", false},
		{"none", "a,b\n1,a.com", true},
		{"open quotation marks", "a,b\n1,\"a.com\n", true},
		{"quotation marks that never close", "a,b\n1,\"a.com\n" + strings.Repeat("x\n", longestOpen), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, _ := Find("csv")
			reader, err := format.NewReader(strings.NewReader(test.source), []byte(test.source), Options{Columns: []string{"2"}})
			if err != nil {
				t.Fatal(err)
			}
			isCut := false
			for reader.Scan() {
				isCut = reader.Cut()
			}
			if isCut != test.want {
				t.Errorf("%v, want %v", isCut, test.want)
			}
		})
	}
}
