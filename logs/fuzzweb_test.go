package logs

import (
	"bytes"
	"testing"
)

// FuzzWeb holds that nothing is lost of what proxies, web servers and lists have, whatever stands
// in it: the records together are the input, fields behind a record leave it as it is, and names
// are no longer than the record that they are in.
func FuzzWeb(f *testing.F) {
	formats := []string{"squid", "access", "haproxy", "envoy", "text", "hosts", "adblock", "rpz", "stix", "misp", "sysmon"}
	number := make(map[string]int)
	for i, name := range formats {
		number[name] = i
	}
	for _, sample := range append(webSamples, listSamples...) {
		f.Add(byte(number[sample.format]), firstLines(read(f, sample.file), 8))
	}
	for _, test := range webTraps {
		f.Add(byte(number[test.format]), []byte(test.line))
	}
	f.Add(byte(number["rpz"]), []byte("a.example CNAME .\n\n\t\n*.a.example CNAME ."))
	f.Fuzz(func(t *testing.T, which byte, input []byte) {
		format, err := Find(formats[int(which)%len(formats)])
		if err != nil {
			t.Fatal(err)
		}
		GuessFormat(input, true)
		reader, err := format.NewReader(bytes.NewReader(input), input, verdictFields)
		if err != nil {
			t.Skip()
		}
		values := [][]byte{[]byte("0.5"), []byte("low"), []byte("dga"), []byte("x")}
		var all, out []byte
		var r Record
		for reader.Scan() {
			record := reader.Bytes()
			all = append(all, record...)
			reader.Layout().Find(record, &r)
			total := 0
			for _, name := range r.Names {
				if len(name.Text) == 0 {
					t.Fatalf("%q has an empty name", record)
				}
				total += len(name.Text)
			}
			if most := 4*len(record) + 4; format.Sort == Records && total > most {
				t.Fatalf("%q has names of %d bytes", record, total)
			}
			if format.Sort != Records || bytes.HasPrefix(input, []byte("{")) {
				continue
			}
			out = reader.Layout().Append(out[:0], record, &r, values)
			line, end := cutEnd(record)
			if !bytes.HasPrefix(out, line) || !bytes.HasSuffix(out, end) {
				t.Fatalf("%q becomes %q", record, out)
			}
		}
		if format.flatten == nil && !bytes.Equal(all, input) {
			t.Fatalf("the records of %q are %q", input, all)
		}
	})
}
