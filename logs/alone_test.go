package logs

import (
	"strings"
	"testing"
)

func TestAlone(t *testing.T) {
	fields := []Field{{Name: "level", Words: []string{"none", "high"}}}
	for _, test := range []struct{ shows, format, column, record, name, want string }{
		{"a member", "jsonl", "dns.q", `{"dns":{"q":"a.com"}}`, "a.com", `{"dns":{"q":"a.com"},"snowman":{"level":"high"}}`},
		{"an object of several lines", "jsonl", "q", "{\n\"q\": \"a.com\"\n}", "a.com", "{\n\"q\": \"a.com\",\"snowman\":{\"level\":\"high\"}\n}"},
		{"a line end stays", "zeek", "", `{"query":"a.com"}` + "\n", "a.com", `{"query":"a.com","snowman":{"level":"high"}}` + "\n"},
		{"Zeek's headers mean nothing", "zeek", "", "#fields\tquery", "", ""},
		{"a pair", "kv", "q", "q=a.com b=1", "a.com", `q=a.com b=1 snowman_level="high"`},
		{"an event of Suricata", "suricata", "", `{"event_type":"dns","dns":{"type":"query","rrname":"a.com"}}`, "a.com", `{"event_type":"dns","dns":{"type":"query","rrname":"a.com"},"snowman":{"level":"high"}}`},
		{"nothing", "jsonl", "q", "", "", ""},
		{"blanks", "bind", "", " \t", "", " \t"},
		{"NULs", "suricata", "", "\x00\x00", "", "\x00\x00"},
	} {
		t.Run(test.shows, func(t *testing.T) {
			format, err := Find(test.format)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Group: "snowman", Fields: fields}
			if test.column != "" {
				o.Columns = []string{test.column}
			}
			layout, err := format.Alone(o)
			if err != nil {
				t.Fatal(err)
			}
			var r Record
			layout.Find([]byte(test.record), &r)
			var name string
			if len(r.Names) > 0 {
				name = string(r.Names[0].Text)
			}
			if name != test.name {
				t.Errorf("its name is %q, want %q (%+v)", name, test.name, r)
			}
			if r.Broken != "" {
				if test.want != "" {
					t.Errorf("it is broken: %s", r.Broken)
				}
				return
			}
			if got := string(layout.Append(nil, []byte(test.record), &r, [][]byte{[]byte("high")})); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// Every format says whether its records can come alone, and one that can takes any record.
func TestWhatComesAlone(t *testing.T) {
	var can []string
	for _, format := range Formats {
		o := Options{Fields: []Field{{Name: "level"}}}
		if format.AnyColumn {
			if _, err := format.Alone(o); err == nil {
				t.Errorf("%s needs no column", format.Name)
			}
			o.Columns = []string{"query"}
		}
		layout, err := format.Alone(o)
		if err != nil {
			continue
		}
		can = append(can, format.Name)
		var r Record
		for _, record := range []string{"", "\n", "{", "#", "a", "{}", "a.com", "\x00", "\ufeff", "\ufeff\n", "\"", "\n\n", "a\nb"} {
			layout.Find([]byte(record), &r)
			if r.Broken == "" {
				layout.Append(nil, []byte(record), &r, [][]byte{nil})
			}
		}
	}
	want := "zeek suricata pihole pihole-db dnsmasq unbound adguard bind powerdns dnsdist coredns knot-resolver windows-dns route53 zscaler ct fortinet paloalto umbrella squid access haproxy envoy hosts adblock snowman jsonl text kv"
	if got := strings.Join(can, " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzAlone holds that a record that got a verdict is one of its format still, with the same names.
func FuzzAlone(f *testing.F) {
	f.Add([]byte(`{"query":"a.com"}`))
	f.Add([]byte("\x00\n"))
	var layouts []Layout
	for _, format := range Formats {
		o := Options{Group: "snowman", Fields: []Field{{Name: "level"}}}
		if format.AnyColumn {
			o.Columns = []string{"query"}
		}
		if layout, err := format.Alone(o); err == nil {
			layouts = append(layouts, layout)
		}
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		for _, layout := range layouts {
			var r Record
			layout.Find(record, &r)
			if r.Broken != "" {
				continue
			}
			names := len(r.Names)
			out := layout.Append(nil, record, &r, [][]byte{[]byte("high")})
			if layout.Find(out, &r); r.Broken != "" || len(r.Names) != names {
				t.Errorf("%q has %d names, and with a verdict it is %q with %d, %s", record, names, out, len(r.Names), r.Broken)
			}
		}
	})
}
