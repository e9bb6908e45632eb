package logs

import (
	"fmt"
	"strings"
	"testing"
)

func TestJSONPaths(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       string // path=value of each hit, or broken
	}{
		{"a member", `{"query":"a"}`, `query="a"`},
		{"nested and not", `{"dns":{"question":{"name":"a"}},"dns.question.name":"b","dns.question":{"name":"c"},"dns":{"question.name":"d"}}`,
			`dns.question.name="a" dns.question.name="b" dns.question.name="c" dns.question.name="d"`},
		{"elements of arrays", `{"dns":[{"question":{"name":["a","b"]}},{"question":{"name":"c"}}]}`, `dns.question.name="a" dns.question.name="b" dns.question.name="c"`},
		{"keys that begin alike", `{"quer":"a","query2":"b","query.x":"c","dns.question.names":"d","query":{"x":"e"}}`, ``},
		{"a key within a string", `{"a":"\",\"query\":\"x","query":"b"}`, `query="b"`},
		{"backslashes before a quotation mark", `{"a":"\\","query":"\\\"b\\"}`, `query="\\\"b\\"`},
		{"white space", " { \"query\" :\t\"a\" , \"b\" : [ ] } ", `query="a"`},
		{"numbers and null", `{"query":1.5e3,"dns":{"question":null}, "b":[true,-1]}`, `query=1.5e3`},
		{"a key with escapes is what it spells", `{"qu\u0065ry":"a","dns":{"\u0071uestion":{"n\u0061me":"b"}},"dns\u002equestion.name":"c"}`,
			`query="a" dns.question.name="b" dns.question.name="c"`},
		{"a key with escapes that spells another", `{"qu\u0045ry":"a","query\n":"b","\query":"c"}`, ``},
		{"bytes that are no UTF-8", "{\"query\":\"a\xff\",\"\xfe\":1}", "query=\"a\xff\""},
		{"an empty key and object", `{"":{},"query":"a"}`, `query="a"`},
		{"NULs of a file that was cut", "\x00\x00{\"query\":\"a\"}", `query="a"`},
		{"deep", strings.Repeat(`{"a":`, 300) + `1` + strings.Repeat(`}`, 300), ``},
		{"too deep", `{"a":` + strings.Repeat(`[`, 600) + strings.Repeat(`]`, 600) + `}`, `broken`},
		{"deep where a path leads", `{"query":` + strings.Repeat(`[`, 60) + `"a"` + strings.Repeat(`]`, 60) + `}`, ``},
		{"half a record", `{"query":"a","b":"c`, `broken`},
		{"half a record behind a member", `{"query":"a"`, `broken`},
		{"two records", `{"query":"a"}{"query":"b"}`, `broken`},
		{"brackets that do not match", `{"a":[}]}`, `broken`},
		{"no object", `["query"]`, `broken`},
		{"a comma too many", `{"query":"a",}`, `broken`},
		{"no value", `{"query":}`, `broken`},
		{"a word", `query`, `broken`},
	} {
		t.Run(test.name, func(t *testing.T) {
			paths := newJSONPaths(Options{}, "query", "dns.question.name")
			var r Record
			paths.find([]byte(test.line), &r)
			var got []string
			for _, h := range r.hits {
				got = append(got, fmt.Sprintf("%s=%s", paths.paths[h.path], h.of([]byte(test.line))))
			}
			found := strings.Join(got, " ")
			if r.Broken != "" {
				found = "broken"
			}
			if found != test.want {
				t.Errorf("%s, want %s", found, test.want)
			}
		})
	}
}

func TestJSONMembers(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"behind the last", `{"a":1}`, `{"a":1,"s":{"x":2}}`},
		{"into an empty object", `{}`, `{"s":{"x":2}}`},
		{"with white space", "{ \"a\" : 1 }", "{ \"a\" : 1,\"s\":{\"x\":2} }"},
		{"into white space", `{ }`, `{"s":{"x":2} }`},
		{"the last is replaced", `{"a":1,"s":{"x":1}}`, `{"a":1,"s":{"x":2}}`},
		{"the first is replaced", `{"s":[1,{"b":2}], "a":1}`, `{"a":1,"s":{"x":2}}`},
		{"one between is replaced", `{"a":1 , "s":"" , "b":2}`, `{"a":1 , "b":2,"s":{"x":2}}`},
		{"the only one is replaced", `{"s":1}`, `{"s":{"x":2}}`},
		{"one whose key has escapes is replaced", `{"a":1,"\u0073":{"x":1},"b":2}`, `{"a":1,"b":2,"s":{"x":2}}`},
		{"all of several are", `{"s":1,"s":2,"a":3,"s":4,"s":5}`, `{"a":3,"s":{"x":2}}`},
		{"one that is deeper stays", `{"a":{"s":1}}`, `{"a":{"s":1},"s":{"x":2}}`},
		{"other bytes stay", "{\"a\":\"\\u00fc/\\/\xff\",\"b\":1.0e0}", "{\"a\":\"\\u00fc/\\/\xff\",\"b\":1.0e0,\"s\":{\"x\":2}}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Group: "s", Fields: []Field{{Name: "x", Type: Count}}}
			layout := Layout{zeekJSON{newJSONPaths(o, zeekColumns...), jsonMembers{o}}}
			var r Record
			layout.Find([]byte(test.line), &r)
			if got := string(layout.Append(nil, []byte(test.line), &r, [][]byte{[]byte("2")})); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestJSONText(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`a\"b\\c\/\b\f\n\r\t`, "a\"b\\c/\b\f\n\r\t"},
		{`\u00fc\ud83d\ude00`, "ü😀"},
		{`\ud83d`, "\ufffd"},
		{`\ud83dx\ud83d\u0041`, "\ufffdx\ufffdA"},
		{`\u12`, `\u12`},
		{`\q\`, `\q\`},
		{"\xff", "\xff"},
	} {
		if got := string(appendJSONText(nil, []byte(test.text))); got != test.want {
			t.Errorf("%s is %q, want %q", test.text, got, test.want)
		}
	}
	if got, want := string(appendJSONString(nil, []byte("a\"\\\x01\x7fü\xff"))), `"a\"\\\u0001\u007fü`+"\ufffd\""; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	const hidden = "a\u202eb\u200b\u0085\u2028\U000e0041\u4e2d😀"
	if got, want := string(appendJSONString(nil, []byte(hidden))), `"a\u202eb\u200b\u0085\u2028\udb40\udc41中😀"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
