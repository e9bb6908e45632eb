package logs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestGuessFormat(t *testing.T) {
	rows := func(n int, line string) string { return strings.Repeat(line+"\n", n) }
	const event = `{"timestamp":"2026-11-28T00:55:51.766253+0000","event_type":"dns","dns":{"type":"query","rrname":"a.example"}}`
	for _, test := range []struct {
		name, sample string
		isFile       bool
		want         string
	}{
		{"nothing", "", true, "lines"},
		{"a list", "a.example\nb.example\n", true, "lines"},
		{"one line is too few", event + "\n", true, "lines"},
		{"two lines are enough", rows(2, event), false, "suricata"},
		{"half a line is none", event + "\n" + event[:50], false, "lines"},
		{"nine in ten fit", rows(9, event) + "a.example\n", false, "suricata"},
		{"eight in nine do not", rows(8, event) + "a.example\n", false, "lines"},
		{"blank lines are no lines", event + "\n\n\n\n" + event + "\n", false, "suricata"},
		{"JSON lines", rows(2, `{"time":"2026-11-28T00:55:51.1Z","host":"own.example","dns":{"question":{"name":"a.example"}}}`), false, "jsonl"},
		{"JSON without names", rows(2, `{"level":"info","msg":"started"}`), false, "lines"},
		{"a table in a file", "time,query\n1,a.example\n2,b.example\n", true, "csv"},
		{"a table in a stream", "time,query\n1,a.example\n2,b.example\n", false, "lines"},
		{"a table with tabs", "time\tquery\n1\ta.example\n2\tb.example\n", true, "tsv"},
		{"lines of CoreDNS, with commas", rows(3, `[INFO] 127.0.0.1:59274 - 11386 "A IN a.example. udp 44 false 1232" NOERROR qr,rd,ra 90 0.01s`), true, "coredns"},
		{"lines of Technitium, with commas", rows(3, `[2026-11-28 00:55:51 Local] [127.0.0.1:5353] [UDP] QNAME: a.example; QTYPE: A; RCODE: NoError, ANSWER: [1.2.3.4]`), true, "lines"},
		{"URLs with commas", "https://a.example/1,2\nhttps://b.example/3,4\n", true, "lines"},
		{"names with commas between them", "a.example,b.example\nc.example,d.example\n", true, "lines"},
		{"a hosts file", "0.0.0.0\ta.example\n0.0.0.0\tb.example\n", false, "hosts"},
		{"sentences in a stream", "Seen on Monday, a.example resolved.\nOn Tuesday, b.example did.\n", false, "lines"},
		{"sentences", "Seen on Monday, a.example resolved.\nOn Tuesday, b.example did.\n", true, "text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if guess := GuessFormat([]byte(test.sample), test.isFile); guess.Format.Name != test.want {
				t.Errorf("%s, %d of %d lines, want %s", guess.Format.Name, guess.Fit, guess.Sampled, test.want)
			}
		})
	}
}

func TestFormatsAreFound(t *testing.T) {
	for _, format := range Formats {
		if found, err := Find(format.Name); found != format || err != nil {
			t.Errorf("%s: %v", format.Name, err)
		}
		if format.Title == "" || (format.begin == nil && format.messages == nil) != (format == Lines) {
			t.Errorf("%s has no title, or cannot be read", format.Name)
		}
	}
	if _, err := Find("zek"); err == nil || !strings.Contains(err.Error(), `"zek": want one of lines, zeek`) {
		t.Errorf("%v, want the formats that there are", err)
	}
}

// Neither Find nor Append may allocate once their memory has grown.
func TestRecordsAllocateNothing(t *testing.T) {
	for _, sample := range samples {
		t.Run(sample.file, func(t *testing.T) {
			input := read(t, sample.file)
			format, err := Find(sample.format)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := format.NewReader(bytes.NewReader(input), input, verdictFields)
			if err != nil {
				t.Fatal(err)
			}
			type item struct {
				record []byte
				layout Layout
			}
			var items []item
			for reader.Scan() {
				if line := reader.Bytes(); line[0] != '#' && format.flatten == nil {
					items = append(items, item{bytes.Clone(line), reader.Layout()})
				}
			}
			items = items[len(items)/2:] // not the header of a table
			var r Record
			var out []byte
			values := [][]byte{[]byte("0.5"), []byte("low"), []byte("dga"), []byte("name")}
			if allocated := testing.AllocsPerRun(10, func() {
				out = out[:0]
				for _, item := range items {
					item.layout.Find(item.record, &r)
					out = item.layout.Append(out, item.record, &r, values)
				}
			}); allocated > 0 {
				t.Errorf("%d records take %v allocations", len(items), allocated)
			}
		})
	}
}

// FuzzFormats holds for every format and any input: nothing panics, and no name is empty or longer
// than what it stands in; without fields the records put together are the input; fields change
// nothing but that they are there, and a second run replaces them by the same.
func FuzzFormats(f *testing.F) {
	for _, sample := range samples {
		f.Add(sample.format, firstLines(read(f, sample.file), 8))
	}
	for _, test := range webTraps {
		f.Add(test.format, []byte(test.line))
	}
	f.Add("rpz", []byte("a.example CNAME .\n\n\t\n*.a.example CNAME ."))
	for _, format := range Formats {
		f.Add(format.Name, []byte("a,b\n\"x\ny\",\"z\n1,2\n"))
		f.Add(format.Name, []byte(`{"query":"\u00fc\ud83d\ude00\\xff","snowman":{},"a":[{"b":1}], "snowman":1 }`+"\n{ }\n{\"snowman\":2}\r\n"))
		f.Add(format.Name, []byte("\x00\x00k=v snowman_score=1 q=\"a\\\"b\"\n#separator ,\n#fields,query\n#types,string\na\\x2c\n"))
	}
	f.Fuzz(func(t *testing.T, name string, input []byte) {
		format, err := Find(name)
		if err != nil { // the name was changed
			format = Formats[len(name)%len(Formats)]
		}
		GuessFormat(input, true)
		if format.begin == nil {
			return
		}
		broken, lost := false, false
		through := func(input []byte, o Options) ([]byte, bool) {
			reader, err := format.NewReader(bytes.NewReader(input), input, o)
			if err != nil {
				return nil, false
			}
			var out []byte
			var r Record
			values := [][]byte{[]byte("0.5"), []byte("low"), []byte("d\"g\\a"), nil}[:len(o.Fields)]
			last := 0
			for reader.Scan() {
				if reader.Number() < last {
					t.Fatalf("line %d comes behind %d", reader.Number(), last)
				}
				last = reader.Number()
				record := reader.Bytes()
				reader.Layout().Find(record, &r)
				for _, name := range r.Names {
					if len(name.Text) == 0 || len(name.Text) > 4*len(record)+4 {
						t.Fatalf("%q has the name %q", record, name.Text)
					}
				}
				broken, lost = broken || r.Broken != "", lost || r.Lost
				if format.Sort != Records {
					out = append(out, record...)
					continue
				}
				out = reader.Layout().Append(out, record, &r, values)
			}
			if reader.Err() != nil {
				t.Fatal(reader.Err())
			}
			return out, true
		}
		out, ok := through(input, Options{})
		if ok && format.flatten == nil && !bytes.Equal(out, input) {
			t.Fatalf("%s without fields: %q, want %q", format.Name, out, input)
		}
		if format.Sort != Records {
			return
		}
		once, ok := through(input, verdictFields)
		if !ok {
			return
		}
		if lines, want := bytes.Count(once, []byte("\n")), bytes.Count(input, []byte("\n")); lines != want {
			t.Fatalf("%s: %d lines, want %d", format.Name, lines, want)
		}
		if broken {
			return // what was broken may be none with the columns that a header got
		}
		if twice, ok := through(once, verdictFields); ok && !isGeneric[format.Name] && !bytes.Equal(twice, once) {
			t.Fatalf("%s: %q is not replaced by the same: %q", format.Name, once, twice)
		}
	})
}

// isGeneric has the formats whose first line, with fields, may be taken for something else, or in
// which a quotation mark that never closes may take the fields in.
var isGeneric = map[string]bool{"umbrella": true, "paloalto": true, "jsonl": true, "csv": true, "tsv": true, "kv": true, "kibana": true, "splunk": true}

func BenchmarkFormats(b *testing.B) {
	for _, sample := range samples {
		format, err := Find(sample.format)
		if err != nil {
			b.Fatal(err)
		}
		input := read(b, sample.file)
		if len(input) < 4000 {
			continue
		}
		input = bytes.Repeat(input, 1+1_000_000/len(input))
		b.Run(sample.file, func(b *testing.B) {
			records := 0
			values := [][]byte{[]byte("0.50000"), []byte("low"), []byte("dga"), []byte("name.example")}
			var r Record
			var out []byte
			for b.Loop() {
				reader, err := format.NewReader(bytes.NewReader(input), input[:10_000], verdictFields)
				if err != nil {
					b.Fatal(err)
				}
				for reader.Scan() {
					reader.Layout().Find(reader.Bytes(), &r)
					out = reader.Layout().Append(out[:0], reader.Bytes(), &r, values)
					records++
				}
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
			b.SetBytes(int64(len(input)))
		})
	}
}

// BenchmarkFind measures Find alone, and Append, where BenchmarkFormats has the reader too.
func BenchmarkFind(b *testing.B) {
	for _, sample := range samples {
		format, err := Find(sample.format)
		if err != nil {
			b.Fatal(err)
		}
		if format.Sort != Records {
			continue
		}
		input := read(b, sample.file)
		reader, err := format.NewReader(bytes.NewReader(input), input, verdictFields)
		if err != nil {
			b.Fatal(err)
		}
		var records [][]byte
		var layouts []Layout
		bytesOf := 0
		for reader.Scan() {
			records, layouts = append(records, bytes.Clone(reader.Bytes())), append(layouts, reader.Layout())
			bytesOf += len(reader.Bytes())
		}
		found := make([]Record, len(records))
		b.Run(sample.file+"/find", func(b *testing.B) {
			for b.Loop() {
				for i, record := range records {
					layouts[i].Find(record, &found[i])
				}
			}
			b.SetBytes(int64(bytesOf))
			b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
		})
		b.Run(sample.file+"/append", func(b *testing.B) {
			values := [][]byte{[]byte("0.50000"), []byte("low"), []byte("dga"), []byte("name.example")}
			var out []byte
			for i, record := range records {
				layouts[i].Find(record, &found[i])
			}
			for b.Loop() {
				for i, record := range records {
					out = layouts[i].Append(out[:0], record, &found[i], values)
				}
			}
			b.SetBytes(int64(bytesOf))
			b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func ExampleFormat_NewReader() {
	log := []byte("#fields\tts\tquery\n#types\ttime\tstring\n1795827351.766\tzis32msdi3.com\n")
	format := GuessFormat(log, false).Format
	options := Options{Group: "snowman", Fields: []Field{{Name: "score", Type: Double}}}
	reader, err := format.NewReader(bytes.NewReader(log), log, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	var record Record
	var out []byte
	for reader.Scan() {
		reader.Layout().Find(reader.Bytes(), &record)
		values := make([][]byte, 1)
		for range record.Names {
			values[0] = []byte("0.98")
		}
		out = reader.Layout().Append(out, reader.Bytes(), &record, values)
	}
	fmt.Println(strings.ReplaceAll(strings.TrimSpace(string(out)), "\t", " "))
	// Output:
	// #fields ts query snowman_score
	// #types time string double
	// 1795827351.766 zis32msdi3.com 0.98
}
