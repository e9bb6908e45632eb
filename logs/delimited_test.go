package logs

import (
	"strings"
	"testing"
)

func TestTables(t *testing.T) {
	const header = "time,query,note\n"
	const taken, open, other = "a quotation mark in it takes in rows below", "a quotation mark in it is never closed", "it has other columns than the first line"
	for _, test := range []struct{ name, input, want string }{
		{"a row that begins with # below a header", "# made today\n" + header + "#1,a.example,x\n", `3 dns "a.example"`},
		{"a comment below a header", header + "1,a.example,x\n# 1 row\n", `2 dns "a.example"|3 broken: ` + other},
		{"a row that begins with # and has a line end in it", header + "#1,a.example,\"x\ny\"\n", `2 dns "a.example"`},
		{"comments and rows that begin with # without a header", "# made today\n1,a.example\n#2,b.example\n# 2 rows\n", `2 web "a.example"|3 web "b.example"`},
		{"a line that says the delimiter", "sep=;\ntime;query;note\n1;a.example;x,y,z\n", `3 dns "a.example"`},
		{"one in quotation marks", "\"sep=|\"\r\ntime|query\r\n1|a.example\r\n", `3 dns "a.example"`},
		{"one that says a tab", "sep=\t\ntime\tquery\n1\t\"a.example\"\n", `3 dns "a.example"`},
		{"a byte order mark where files were put together", header + "1,a.example,x\n\ufeff" + header + "2,b.example,x\n", `2 dns "a.example"|4 dns "b.example"`},
		{"a cell of several lines", header + "1,a.example,\"x\ny, z\"\n2,b.example,x\n", `2 dns "a.example"|4 dns "b.example"`},
		{"a first cell of several lines", "note,query\n\"two\nlines\",a.example\n", `2 dns "a.example"`},
		{"several names in a cell", header + "1,c.example,x\n2,\"a.example\nb.example\",x\n", `2 dns "c.example"|3 dns "a.example" dns "b.example"`},
		{"in a last cell", "time,query\n1,c.example\n2,\"a.example\nb.example\nd.example\"\n", `2 dns "c.example"|3 dns "a.example" dns "b.example" dns "d.example"`},
		{"a quotation mark that takes the end of a row", header + "1,\"a.example,x\n2,\",x\n3,c.example,x\n", "2 broken: " + taken + `|4 dns "c.example"`},
		{"one that takes rows", header + "1,\"a,x\n2,b.example,x\n3,\",x\n4,d.example,x\n", "2 broken: " + taken + `|5 dns "d.example"`},
		{"one that takes rows from another column", header + "1,a.example,\"x\n2,b.example,\"\n3,c.example,x\n", "2 broken: " + taken + `|4 dns "c.example"`},
		{"one that takes the name behind it", "note,query\n\"x,a.example\n\",b.example\nx,c.example\n", "2 broken: " + taken + `|4 dns "c.example"`},
		{"one that takes a row and its quotation marks", header + "1,\"a,x\n2,\"b.example\",x\n", "2 broken: " + taken},
		{"one that never closes", header + "1,\"a.example,x\n2,b.example,x\n", "2 broken: " + open + `|3 dns "b.example"`},
		{"one that never closes, without a header", "1,a.example\n2,\"b.example\n3,c.example\n", `1 web "a.example"|2 broken: ` + open + `|3 web "c.example"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.TrimSuffix(foundIn(t, "csv", test.input), "\n"); got != strings.ReplaceAll(test.want, "|", "\n") {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func TestTheLineThatSaysTheDelimiter(t *testing.T) {
	const input = "\ufeffsep=;\r\ntime;domain\r\n1;a.example\r\n"
	if guess := GuessFormat([]byte(input), true); guess.Format.Name != "csv" {
		t.Errorf("%s is guessed", guess.Format.Name)
	}
	format, _ := Find("csv")
	if all, found := format.Columns([]byte(input)); strings.Join(all, "|") != "time|domain" || strings.Join(found, "|") != "domain" {
		t.Errorf("columns %q, of which %q", all, found)
	}
	const want = "\ufeffsep=;\r\ntime;domain;snowman_score\r\n1;a.example;0.50000\r\n"
	o := Options{Group: "snowman", Fields: []Field{{Name: "score", Type: Double}}}
	if got := enrich(t, format, []byte(input), o, nil); string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	o := Options{Group: "s", Fields: []Field{{Name: "score", Type: Double}, {Name: "name"}}}
	d := &delimited{Options: o, delimiter: ',', isQuoted: true, host: -1, uri: -1, client: -1, time: -1, code: -1}
	for _, test := range []struct{ name, want string }{
		{"a.example", "a.example"},
		{"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{"+1", "'+1"}, {"-a.example", "'-a.example"}, {"@a", "'@a"}, {"  =a", "'  =a"}, {"＝a", "'＝a"}, {"éa", "éa"},
		{`="a",b`, `"'=""a"",b"`},
		{"a.example/;=b", `a.example/\x3b=b`},
		{"a\u202eb\u200b;\xff", `a\u202eb\u200b\x3b` + "\xff"},
		{"", ""},
	} {
		var r Record
		d.find([]byte("1"), &r)
		if got := string(d.append(nil, []byte("1"), &r, [][]byte{[]byte("-0.5"), []byte(test.name)})); got != "1,-0.5,"+test.want {
			t.Errorf("%q becomes %s, want %s", test.name, got, test.want)
		}
	}
}
