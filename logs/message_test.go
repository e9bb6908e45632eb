package logs

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// messageSamples are the files of testdata that hold messages.
var messageSamples = []struct{ file, format string }{
	{"dnstap-bind", "dnstap"}, {"dnstap-coredns", "dnstap"}, {"dnstap-dnsdist", "dnstap"}, {"dnstap-knot-auth", "dnstap"},
	{"dnstap-knot-resolver", "dnstap"}, {"dnstap-pdns-recursor-outgoing", "dnstap"}, {"dnstap-unbound", "dnstap"},
	{"dns.pcap", "pcap"}, {"http-tls.pcap", "pcap"}, {"http-tls.pcapng", "pcap"},
}

func TestMessages(t *testing.T) {
	for _, sample := range messageSamples {
		t.Run(sample.file, func(t *testing.T) {
			input := unpacked(t, sample.file)
			if guess := GuessFormat(input[:100], false); guess.Format.Name != sample.format {
				t.Errorf("%s is guessed, want %s", guess.Format.Name, sample.format)
			}
			format, err := Find(sample.format)
			if err != nil {
				t.Fatal(err)
			}
			var found bytes.Buffer
			enriched := enrich(t, format, input, verdictFields, func(r *Record, number int) { describe(&found, r, number) })
			golden(t, sample.file+".names", found.Bytes())
			golden(t, sample.file+".enriched", firstLines(enriched, 12))
			for line := range bytes.Lines(enriched) {
				if !json.Valid(line) {
					t.Errorf("it is no JSON line: %q", line)
				}
			}
			if slow := enrichFrom(t, format, iotest.OneByteReader(bytes.NewReader(input))); !bytes.Equal(slow, enrichFrom(t, format, bytes.NewReader(input))) {
				t.Error("what comes byte by byte is read otherwise")
			}
		})
	}
}

func unpacked(t testing.TB, file string) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(read(t, file+".gz")))
	if err != nil {
		t.Fatal(err)
	}
	input, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// enrichFrom returns the JSON lines of a source, without verdicts.
func enrichFrom(t testing.TB, format *Format, source io.Reader) []byte {
	t.Helper()
	reader, err := format.NewReader(source, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	var r Record
	for reader.Scan() {
		reader.Layout().Find(reader.Bytes(), &r)
		out = reader.Layout().Append(out, reader.Bytes(), &r, nil)
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A toldMessage is a JSON line of a message.
type toldMessage struct{ Time, Client, Name, Type, Rcode string }

func tellMessages(t testing.TB, name string, input []byte) []toldMessage {
	t.Helper()
	format, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	var told []toldMessage
	for line := range bytes.Lines(enrichFrom(t, format, bytes.NewReader(input))) {
		var m toldMessage
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		told = append(told, m)
	}
	return told
}

// TestDnstapIsWhatDnstapReadSays compares with what BIND's program says of the first 60 messages.
func TestDnstapIsWhatDnstapReadSays(t *testing.T) {
	line := regexp.MustCompile(`^(\S+ \S+) (.)(.) ([^ ]+):\d+ (?:->|<-) .* (?:UDP|TCP) \d+b (.*)/[^/]+/([^/]+)$`)
	for _, sample := range messageSamples {
		if sample.format != "dnstap" {
			continue
		}
		t.Run(sample.file, func(t *testing.T) {
			told := tellMessages(t, "dnstap", unpacked(t, sample.file))
			for i, said := range strings.Split(strings.TrimSpace(string(read(t, sample.file+".txt"))), "\n") {
				parts := line.FindStringSubmatch(said)
				if parts == nil {
					t.Fatalf("line %d is not understood: %q", i+1, said)
				}
				at, err := time.Parse("02-Jan-2006 15:04:05.000", parts[1])
				if err != nil {
					t.Fatal(err)
				}
				want := toldMessage{Time: at.Format("2006-01-02T15:04:05.000"), Client: parts[4], Name: parts[5], Type: parts[6]}
				if parts[2] == "R" || parts[2] == "F" {
					want.Client = "" // it is the server
				}
				got := told[i]
				got.Time = got.Time[:len(want.Time)]
				if isAnswer := parts[3] == "R"; isAnswer != (got.Rcode != "") {
					t.Errorf("message %d is an answer: %v, and has the code %q", i+1, isAnswer, got.Rcode)
				}
				if got.Rcode = ""; got != want {
					t.Errorf("message %d is %+v, want %+v", i+1, got, want)
				}
			}
		})
	}
}

// inTshark returns a name as tshark shows it, which has dots within labels like those between them.
func inTshark(name string) string {
	if name == "." {
		return "<Root>"
	}
	var raw []byte
	for i := 0; i < len(name); i++ {
		if name[i] != '\\' {
			raw = append(raw, name[i])
			continue
		}
		if value := 0; name[i+1] >= '0' && name[i+1] <= '9' {
			fmt.Sscanf(name[i+1:i+4], "%d", &value)
			raw = append(raw, byte(value))
			i += 3
			continue
		}
		i++
		raw = append(raw, name[i])
	}
	var shown strings.Builder
	for len(raw) > 0 {
		character, size := []rune(string(raw))[0], len(string([]rune(string(raw))[:1]))
		if character == '\ufffd' {
			size = 1
		}
		switch raw = raw[size:]; character {
		case '\t':
			shown.WriteString(`\t`)
		case '\n':
			shown.WriteString(`\n`)
		case '\r':
			shown.WriteString(`\r`)
		case 0, 0x7f:
			fmt.Fprintf(&shown, `\%03o`, character)
		default:
			shown.WriteRune(character)
		}
	}
	return shown.String()
}

func TestCaptureIsWhatTsharkSaysOfDNS(t *testing.T) {
	input := unpacked(t, "dns.pcap")
	numbers := make(map[string]string)
	for number, name := range recordTypes {
		if name != "" {
			numbers[name] = fmt.Sprint(number)
		}
	}
	var want []string
	for _, line := range strings.Split(strings.TrimRight(string(read(t, "dns.tshark.tsv")), "\n"), "\n") {
		cells := strings.Split(line, "\t")
		for i, name := range strings.Split(cells[3], ",") {
			if cells[3] == "comma,x.example.com" {
				name = cells[3]
			}
			if recordTypes := strings.Split(cells[4], ","); recordTypes[0] != "" && (i < len(recordTypes)) {
				want = append(want, strings.Join([]string{cells[0], name, recordTypes[i], cells[5]}, " "))
			}
		}
	}
	var got []string
	for _, m := range tellMessages(t, "pcap", input) {
		at, err := time.Parse(time.RFC3339Nano, m.Time)
		if err != nil {
			t.Fatal(err)
		}
		number, ok := numbers[m.Type]
		if !ok {
			number = strings.TrimPrefix(m.Type, "TYPE")
		}
		code := slices.IndexFunc(responseCodes[:], func(c []byte) bool { return string(c) == m.Rcode })
		shown := ""
		if code >= 0 {
			shown = fmt.Sprint(code)
		}
		got = append(got, fmt.Sprintf("%d.%09d %s %s %s", at.Unix(), at.Nanosecond(), inTshark(m.Name), number, shown))
	}
	compareLines(t, got, want)
}

// compareLines compares two lists of lines.
func compareLines(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) < 50 || !slices.Equal(got, want) {
		t.Errorf("of %d and %d lines, %s", len(got), len(want), firstDifference([]byte(strings.Join(got, "\n")), []byte(strings.Join(want, "\n"))))
	}
}

func TestCaptureIsWhatTsharkSaysOfTheWeb(t *testing.T) {
	var want []string
	for i, line := range strings.Split(strings.TrimSuffix(string(read(t, "http-tls.tshark.tsv")), "\n"), "\n") {
		cells, number := strings.Split(line, "\t"), i+1
		name := cells[2]
		switch {
		case cells[0] != "":
			name = cells[0]
		case strings.HasPrefix(cells[2], "/"):
			name = cells[1] + cells[2]
		case number == 40: // tshark does not look into the tunnel that CONNECT makes
			name = "login.microsoftonline.com"
		case number == 43:
			name = "zis32msdi3.com"
		case name == "":
			continue // no message
		}
		want = append(want, fmt.Sprintf("%d %s", number, name))
	}
	for _, file := range []string{"http-tls.pcap", "http-tls.pcapng"} {
		t.Run(file, func(t *testing.T) {
			var got []string
			format, err := Find("pcap")
			if err != nil {
				t.Fatal(err)
			}
			enrich(t, format, unpacked(t, file), Options{}, func(r *Record, number int) {
				got = append(got, fmt.Sprintf("%d %s", number, replaceBytes(string(r.Names[0].Text))))
			})
			compareLines(t, got, want)
		})
	}
}

// replaceBytes returns a text as tshark shows it, with U+FFFD for each byte that is not ASCII.
func replaceBytes(text string) string {
	var shown strings.Builder
	for _, c := range []byte(text) {
		if c < 0x80 {
			shown.WriteByte(c)
		} else {
			shown.WriteRune('\ufffd')
		}
	}
	return shown.String()
}

func TestCaptureInOtherForms(t *testing.T) {
	input := unpacked(t, "dns.pcap")
	plain := tellMessages(t, "pcap", input)
	nano, big := make([]byte, 0, len(input)), make([]byte, 0, len(input))
	swap := func(out, numbers []byte) []byte {
		for ; len(numbers) > 0; numbers = numbers[4:] {
			out = binary.BigEndian.AppendUint32(out, binary.LittleEndian.Uint32(numbers))
		}
		return out
	}
	nano = append(append(nano, 0x4d, 0x3c, 0xb2, 0xa1), input[4:24]...)
	big = append(swap(big, input[:4]), 0, 2, 0, 4)
	big = swap(big, input[8:24])
	for rest := input[24:]; len(rest) > 0; {
		header, length := rest[:16], binary.LittleEndian.Uint32(rest[8:])
		nano = append(nano, header[:4]...)
		nano = binary.LittleEndian.AppendUint32(nano, binary.LittleEndian.Uint32(header[4:])*1000)
		nano = append(nano, header[8:]...)
		big = swap(big, header)
		nano, big = append(nano, rest[16:16+length]...), append(big, rest[16:16+length]...)
		rest = rest[16+length:]
	}
	if got := tellMessages(t, "pcap", big); !slices.Equal(got, plain) {
		t.Error("with the other byte order it says something else")
	}
	// What a connection said is said once, also where the second file repeats it.
	if got := tellMessages(t, "pcap", slices.Concat(input, input)); len(got) <= len(plain)*3/2 || !slices.Equal(got[:len(plain)], plain) {
		t.Errorf("a file behind another gives %d messages, and one alone %d", len(got), len(plain))
	}
	got := tellMessages(t, "pcap", nano)
	for i := range got {
		if !strings.HasSuffix(got[i].Time, "000Z") {
			t.Fatalf("time %s is not in nanoseconds", got[i].Time)
		}
		got[i].Time = strings.TrimSuffix(got[i].Time, "000Z") + "Z"
	}
	if !slices.Equal(got, plain) {
		t.Error("in nanoseconds it says something else")
	}
}

// TestCutMessages cuts sources at many bytes: what stands before is read, and the rest is said to
// be damaged.
// What a source is packed in may end in the middle, which is no half of a message.
func TestMessagesInDamagedPacking(t *testing.T) {
	for _, sample := range messageSamples {
		t.Run(sample.file, func(t *testing.T) {
			format, err := Find(sample.format)
			if err != nil {
				t.Fatal(err)
			}
			damage := fmt.Errorf("reading gzip: %w", io.ErrUnexpectedEOF)
			source := io.MultiReader(bytes.NewReader(unpacked(t, sample.file)[:1000]), iotest.ErrReader(damage))
			reader, err := format.NewReader(source, nil, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for reader.Scan() {
			}
			if err := reader.Err(); !errors.Is(err, damage) {
				t.Errorf("%v, want %v", err, damage)
			}
		})
	}
}

func TestCutMessages(t *testing.T) {
	for _, sample := range messageSamples {
		t.Run(sample.file, func(t *testing.T) {
			input := unpacked(t, sample.file)
			format, err := Find(sample.format)
			if err != nil {
				t.Fatal(err)
			}
			const first, last, step = 100, 4000, 117
			broken, most := 0, 0
			for end := first; end < last; end += step {
				reader, err := format.NewReader(bytes.NewReader(input[:end]), nil, Options{})
				if err != nil {
					t.Fatal(err)
				}
				var r Record
				count, isBroken := 0, false
				for reader.Scan() {
					if isBroken {
						t.Fatalf("cut at %d: something stands behind the end", end)
					}
					reader.Layout().Find(reader.Bytes(), &r)
					if isBroken = r.Broken != ""; !isBroken {
						count++
					}
				}
				if err := reader.Err(); err != nil {
					t.Fatalf("cut at %d: %v", end, err)
				}
				if isBroken {
					broken++
				}
				if count < most {
					t.Fatalf("cut at %d: %d messages, fewer than before", end, count)
				}
				most = count
			}
			if broken < (last-first)/step*9/10 || most < 5 {
				t.Errorf("of %d only %d are damaged at their end; %d messages", (last-first)/step, broken, most)
			}
		})
	}
}

func TestRepeatedMessages(t *testing.T) {
	// Each exchange counts once, though of some only one half is there. CoreDNS tells of what it
	// asks others too, pdns-recursor of that alone.
	want := map[string]int{
		"dnstap-bind": 62, "dnstap-coredns": 30, "dnstap-dnsdist": 60, "dnstap-knot-auth": 60, "dnstap-knot-resolver": 61,
		"dnstap-pdns-recursor-outgoing": 54, "dnstap-unbound": 62, "dns.pcap": 247,
	}
	got := make(map[string]int)
	for file := range want {
		input := unpacked(t, file)
		format := GuessFormat(input, true).Format
		enrich(t, format, input, Options{}, func(r *Record, _ int) {
			if !r.Repeats && r.Broken == "" {
				got[file]++
			}
		})
	}
	if !maps.Equal(got, want) {
		t.Errorf("what does not repeat anything is %v, want %v", got, want)
	}
}

// FuzzMessages holds that nothing in a binary source makes its reader fail, and that what it says
// is JSON.
func FuzzMessages(f *testing.F) {
	for _, sample := range messageSamples {
		f.Add(unpacked(f, sample.file)[:2000])
	}
	nano := unpacked(f, "dns.pcap")[:200]
	copy(nano, "\x4d\x3c\xb2\xa1")
	f.Add(nano)
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, format := range Formats {
			if format.messages == nil || !format.isMagic(input) {
				continue
			}
			reader, err := format.NewReader(bytes.NewReader(input), nil, verdictFields)
			if err != nil {
				t.Fatal(err)
			}
			var r Record
			last := 0
			for reader.Scan() {
				layout := reader.Layout()
				layout.Find(reader.Bytes(), &r)
				line := layout.Append(nil, reader.Bytes(), &r, [][]byte{[]byte("0.5"), nil, nil, []byte("x")})
				if r.Broken == "" && (!json.Valid(line) || !bytes.HasSuffix(line, []byte("}\n"))) || r.Broken != "" && len(line) > 0 {
					t.Errorf("broken %q: %q", r.Broken, line)
				}
				if last > reader.Number() {
					t.Errorf("%d stands behind %d", reader.Number(), last)
				}
				last = reader.Number()
			}
		}
	})
}

// TestMessagesAllocateNothing holds that for records of which memory is at hand.
func TestMessagesAllocateNothing(t *testing.T) {
	for _, sample := range messageSamples {
		format, err := Find(sample.format)
		if err != nil {
			t.Fatal(err)
		}
		reader, err := format.NewReader(bytes.NewReader(unpacked(t, sample.file)), nil, verdictFields)
		if err != nil {
			t.Fatal(err)
		}
		var r Record
		var out []byte
		values := [][]byte{[]byte("0.5"), nil, nil, []byte("x")}
		next := func() {
			if reader.Scan() {
				layout := reader.Layout()
				layout.Find(reader.Bytes(), &r)
				out = layout.Append(out[:0], reader.Bytes(), &r, values)
			}
		}
		for range 60 {
			next()
		}
		if allocated := testing.AllocsPerRun(40, next); allocated > 0 && sample.file != "http-tls.pcap" && sample.file != "http-tls.pcapng" {
			t.Errorf("%s: %v allocations a message", sample.file, allocated)
		}
	}
}

func BenchmarkMessages(b *testing.B) {
	for _, sample := range messageSamples {
		b.Run(sample.file, func(b *testing.B) {
			input := unpacked(b, sample.file)
			format, err := Find(sample.format)
			if err != nil {
				b.Fatal(err)
			}
			begin := 0
			if binary.LittleEndian.Uint32(input) == 0xa1b2c3d4 {
				begin = 24 // the header stands once
			}
			input = append(input[:len(input):len(input)], bytes.Repeat(input[begin:], 200)...)
			var r Record
			var out []byte
			values := [][]byte{[]byte("0.5"), nil, nil, []byte("x")}
			for count := 0; count < b.N; {
				reader, err := format.NewReader(bytes.NewReader(input), nil, verdictFields)
				if err != nil {
					b.Fatal(err)
				}
				before := count
				for reader.Scan() {
					layout := reader.Layout()
					layout.Find(reader.Bytes(), &r)
					out = layout.Append(out[:0], reader.Bytes(), &r, values)
					count++
				}
				if reader.Err() != nil || count == before {
					b.Fatalf("%d messages, %v", count-before, reader.Err())
				}
			}
		})
	}
}
