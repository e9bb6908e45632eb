package logs

import (
	"bytes"
	"strings"
	"testing"
)

// foundIn returns what describe says of the records of an input.
func foundIn(t *testing.T, format, input string, columns ...string) string {
	t.Helper()
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	var found bytes.Buffer
	enrich(t, f, []byte(input), Options{Columns: columns}, func(r *Record, number int) {
		described := found.Len()
		describe(&found, r, number)
		line := found.String()[described:]
		if before, _, cut := strings.Cut(line, " time "); cut { // what other tests are about
			found.Truncate(described)
			found.WriteString(before + "\n")
		}
	})
	return found.String()
}

func TestZeek(t *testing.T) {
	const dns = "#fields\tts\tquery\tnote\n#types\ttime\tstring\tstring\n"
	const http = "#fields\tts\tid.resp_p\thost\turi\n#types\ttime\tport\tstring\tstring\n"
	for _, test := range []struct{ name, input, want string }{
		{"escapes", dns + "1\ta\\x09b\\\\c\\xff\\x5cd\t-\n", `3 dns "a\tb\\\\c\xff\\\\d"` + "\n"},
		{"a name that is the unset field", dns + "1\t\\x2d\t-\n", `3 dns "-"` + "\n"},
		{"unset and empty", dns + "1\t-\t-\n1\t(empty)\t-\n", "3\n4\n"},
		{"raw UTF-8 and bytes", dns + "1\tü\xff.x\t-\n", `3 dns "ü\xff.x"` + "\n"},
		{"CRLF", "#fields\tts\tquery\r\n#types\ttime\tstring\r\n1\ta.x\r\n", `3 dns "a.x"` + "\n"},
		{"other separators", "#separator \\x7c\\x7c\n#unset_field||NULL\n#fields||query||b\n#types||string||string\na\tb||-\nNULL||-\n", `5 dns "a\tb"` + "\n6\n"},
		{"columns missing", dns + "1\ta.x\n", "3 broken: it has other columns than #fields\n"},
		{"no header", "1\ta.x\n", "1 broken: no #fields stand before it\n"},
		{"a bare header line", "ts\tuid\tquery\n1\tC1\ta.x\n", `2 dns "a.x"` + "\n"},
		{"a second header", dns + "1\ta.x\t-\n#close\tx\n#separator \\x09\n#fields\tquery\n#types\tstring\nb.x\n", `3 dns "a.x"` + "\n8 dns \"b.x\"\n"},
		{"JSON glued behind a table", dns + "1\ta.x\t-\n" + `{"ts":1,"query":"b\\xff\\c\u00fc"}` + "\n", `3 dns "a.x"` + "\n4 dns \"b\\xff\\\\\\\\cü\"\n"},
		{"a path", http + "1\t80\ta.x\t/p q\n1\t8080\ta.x\t/\n1\t443\ta.x\t/\n", `3 web "a.x/p q"` + "\n" + `4 web "a.x:8080/"` + "\n" + `5 web "a.x/"` + "\n"},
		{"to a proxy", http + "1\t3128\ta.x\thttp://b.x/p\n1\t3128\tb.x:443\tb.x:443\n", `3 web "http://b.x/p" web "a.x"` + "\n" + `4 web "b.x:443"` + "\n"},
		{"a host with a port, and IPv6", http + "1\t81\ta.x:81\t/\n1\t81\t2001:db8::1\t/\n1\t81\t[2001:db8::1]\t/\n", `3 web "a.x:81/"` + "\n" + `4 web "[2001:db8::1]:81/"` + "\n" + `5 web "[2001:db8::1]:81/"` + "\n"},
		{"a path without a host", http + "1\t80\t-\t/p\n", "3\n"},
		{"an address of one's own", "#fields\tts\thost\n#types\ttime\taddr\n1\t192.0.2.1\n", "3\n"},
		{"JSON null and a host without a path", `{"ts":null,"query":null,"host":"192.0.2.1"}` + "\n", "1\n"},
		{"JSON of http", `{"host":"a.x","uri":"/p","id.resp_p":81}` + "\n", `1 web "a.x:81/p"` + "\n"},
		{"a row that begins like JSON", "#fields\tnote\tquery\n#types\tstring\tstring\n{\"a\":\"\ta.x\n{\"query\":\"b.x\"}\n", `3 dns "a.x"` + "\n" + `4 dns "b.x"` + "\n"},
		{"a column twice", "#fields\tquery\tquery\n#types\tstring\tstring\na.x\tb.x\n", "1 broken: #fields has query twice\n2 broken: #fields has query twice\n3 broken: #fields has query twice\n"},
		{"a column twice, then a good header", "#fields\tquery\tquery\n" + dns + "1\ta.x\t-\n", "1 broken: #fields has query twice\n" + `4 dns "a.x"` + "\n"},
		{"a bare header with a column twice", "ts\tuid\tquery\tquery\n1\tC\ta\tb\n", "1 broken: #fields has query twice\n2 broken: #fields has query twice\n"},
		{"a query of another type", "#fields\tquery\n#types\taddr\na.x\n", `3 dns "a.x"` + "\n"},
		{"a separator of numbers", "#separator \\x30\n#fields0query\n#types0string\n#close0x\na.x\n", strings.Join([]string{"1", "2", "3", "5"}, " broken: its separator may stand in names and numbers\n") + " broken: its separator may stand in names and numbers\n"},
		{"a byte order mark where files were put together", dns + "1\ta.x\t-\n\ufeff#separator \\x09\n\ufeff" + dns + "2\tb.x\t-\n", `3 dns "a.x"` + "\n" + `7 dns "b.x"` + "\n"},
		{"the last record is half", dns + "1\ta.x", "3 broken: it has other columns than #fields\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := foundIn(t, "zeek", test.input); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSuricata(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"version 2", `{"dns":{"version":2,"type":"query","rrname":"a.x"}}`, `1 dns "a.x"`},
		{"version 3, several questions", `{"dns":{"version":3,"type":"request","queries":[{"rrname":"a.x"},{"rrname":"b.x"}]}}`, `1 dns "a.x" dns "b.x"`},
		{"an alert of version 2", `{"event_type":"alert","dns":{"query":[{"type":"query","rrname":"a.x"}]}}`, `1 dns "a.x"`},
		{"names in answers are none", `{"dns":{"version":2,"type":"answer","rrname":"a.x","answers":[{"rrname":"b.x","rdata":"c.x"}],"authorities":[{"rrname":"d.x"}]}}`, `1 dns "a.x"`},
		{"the root", `{"dns":{"version":2,"type":"query","rrname":""}}`, `1`},
		{"bytes", `{"dns":{"version":2,"rrname":"\\xff\"\\back\\xgü.x"}}`, `1 dns "\xff\"\\\\back\\\\xgü.x"`},
		{"tls and quic", `{"tls":{"sni":"a.x"},"quic":{"sni":"b.x"}}`, `1 web "a.x" web "b.x"`},
		{"http", `{"http":{"hostname":"a.x","http_port":8080,"url":"/p?q=\u0001"}}`, `1 web "a.x:8080/p?q=\x01"`},
		{"http, absolute", `{"http":{"hostname":"a.x","url":"http://b.x/"}}`, `1 web "http://b.x/" web "a.x"`},
		{"http, CONNECT", `{"http":{"hostname":"a.x","url":"a.x:443"}}`, `1 web "a.x:443"`},
		{"http, a target that is none", `{"http":{"hostname":"a.x","url":"b.x"}}`, `1 web "b.x" web "a.x"`},
		{"multicast", `{"event_type":"mdns","mdns":{"queries":[{"rrname":"p.local"}]}}`, `1 dns "p.local"`},
		{"half", `{"dns":{"version":2,"rrname":"a.x"`, `1 broken: it is no JSON object`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := foundIn(t, "suricata", test.input); got != test.want+"\n" {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// What the rest of a record says depends on whether it is a question.
func TestSuricataAnswers(t *testing.T) {
	const question = `{"flow_id":5,"src_ip":"192.0.2.1","dest_ip":"192.0.2.53","dest_port":53,"dns":{"version":3,"type":"request","id":9,"rcode":"NOERROR"}}`
	const answer = `{"flow_id":5,"src_ip":"192.0.2.53","dest_ip":"192.0.2.1","dest_port":4000,"dns":{"version":3,"type":"response","id":9,"rcode":"NXDOMAIN"}}`
	s, err := newSuricata([][]byte{[]byte(question)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var q, a Record
	s.layout(nil).find([]byte(question), &q)
	s.layout(nil).find([]byte(answer), &a)
	if q.Part != Question || a.Part != Answer || q.Key != a.Key || q.Key == 0 || q.Repeats || !a.Repeats {
		t.Errorf("question %+v, answer %+v", q, a)
	}
	if len(q.ResponseCode) > 0 || string(a.ResponseCode) != "NXDOMAIN" || string(q.Client) != "192.0.2.1" || string(a.Client) != "192.0.2.1" {
		t.Errorf("codes %q, %q, clients %q, %q", q.ResponseCode, a.ResponseCode, q.Client, a.Client)
	}
	alone, _ := newSuricata([][]byte{[]byte(answer)}, Options{})
	a.reset()
	if alone.layout(nil).find([]byte(answer), &a); a.Repeats {
		t.Error("an answer repeats a question that nobody logged")
	}
}

func TestZeekSeparators(t *testing.T) {
	format, _ := Find("zeek")
	for _, separator := range []string{" ", ":", "||", ",", ";", "\t", "(", "'"} {
		rows := strings.ReplaceAll("#fields|query|note\n#types|string|string\na.x|-\n", "|", separator)
		input := []byte("#separator " + separator + "\n" + rows)
		enriched := enrich(t, format, input, verdictFields, nil)
		_, last, _ := strings.Cut(string(enriched), "a.x"+separator)
		if cells := strings.Split(strings.TrimSpace(last), separator); len(cells) != 5 || cells[1] != "0.50000" || cells[2] != "low" {
			t.Errorf("separator %q: %q", separator, enriched)
		}
		if stripped := enrichWith(t, format, enriched, verdictFields, nil, true); !bytes.Equal(stripped, input) {
			t.Errorf("separator %q: without the fields it is %q", separator, stripped)
		}
		if again := enrich(t, format, enriched, verdictFields, nil); !bytes.Equal(again, enriched) {
			t.Errorf("separator %q: fields are not replaced: %q", separator, again)
		}
	}
}

func TestZeekEscapesWhatIsHidden(t *testing.T) {
	table := newZeekRows(newZeekTable(), Options{})
	if got, want := string(table.appendValue(nil, []byte("a\u202eb\u200b\u00fc\xff\t\\"))), `a\xe2\x80\xaeb\xe2\x80\x8b`+"\u00fc\xff"+`\x09\\`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
