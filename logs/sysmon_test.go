package logs

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestSysmon(t *testing.T) {
	event := func(name string) string { return "<Event a='b'><Data Name='QueryName'>" + name + "</Data></Event>" }
	const broken = "broken: it is no event"
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"all on one line, as the event viewer exports", "\ufeff<?xml version='1.0'?><Events>" + event("a.example") + event("b.example") + "</Events>", []string{"a.example", "b.example"}},
		{"a name that looks like an event", event("&lt;/Event&gt;.example"), []string{"</Event>.example"}},
		{"references that are none", event("&#x110000;&#;&nbsp;&.example"), []string{"&#x110000;&#;&nbsp;&.example"}},
		{"an event that ends too early", event("a.example") + "<Event a='b'><Data Name='QueryName'>b", []string{"a.example", broken}},
		{"an event that is too long", event(strings.Repeat("x", longestEvent)) + event("a.example"), []string{broken, "a.example"}},
		{"no XML", "a.example\n", []string{broken}},
		{"nothing", "\r\n", nil},
		{"blanks in a tag", "<Event\ta='b'><Data\tName = \"QueryName\" >a.example</Data ></Event >" + event("b.example"), []string{"a.example", "b.example"}},
		{"another attribute before the name", "<Event><Data Type='x' Name='QueryName'>a.example</Data></Event>", []string{"a.example"}},
		{"references in an attribute", "<Event><Data Name='Query&#78;ame'>a.example</Data></Event>", []string{"a.example"}},
		{"prefixes", "<e:Events xmlns:e='x'><e:Event><e:Data Name='QueryName'>a.example</e:Data></e:Event><Event><e:Data e:Name='QueryName'>b.example</e:Data></Event></e:Events>", []string{"a.example", "b.example"}},
		{"sections of characters", event("<![CDATA[</Event>.a]]>.example"), []string{"</Event>.a.example"}},
		{"comments", "<!-- " + event("no.example") + "-->" + event("a<!-- </Event> -->.example") + event("<!-- </Data> -->b.example"), []string{"a.example", "b.example"}},
		{"an event that was cut before another", "<Event><Data Name='QueryName'>a" + event("b.example"), []string{broken, "b.example"}},
		{"an odd event that is broken", "<Event><Data Name = 'QueryName'>a.example</Event>" + event("b.example"), []string{broken, "b.example"}},
		{"a comment that never ends", event("a.example") + "<!-- " + event("b.example"), []string{"a.example", broken}},
		{"a comment that is too long", "<!-- " + strings.Repeat(" ", longestEvent) + event("b.example"), []string{"b.example"}},
		{"no event in a list of them", "<Events></Events>", []string{broken}},
		{"starts that are none", "<<Eve<EventData><<Event><Data Name=\"QueryName\">a.example</Data></Event>", []string{"a.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := namesOf(t, "sysmon", test.text); !slices.Equal(got, test.want) {
				t.Errorf("found %.200q, want %q", got, test.want)
			}
		})
	}
}

func FuzzSplitEvents(f *testing.F) {
	f.Add(read(f, "sysmon.xml"))
	f.Fuzz(func(t *testing.T, text []byte) {
		out, err := io.ReadAll(splitEvents(bytes.NewReader(text)))
		if err != nil {
			t.Fatal(err)
		}
		if events := bytes.Count(out, []byte("\n")); events > 1+bytes.Count(text, []byte("Event")) {
			t.Fatalf("%q gives %d events", text, events)
		}
	})
}
