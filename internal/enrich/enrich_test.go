package enrich

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

func toy(t testing.TB) *snowman.Model {
	t.Helper()
	model, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// run returns what comes of an input, its errors, and the counts.
func run(t testing.TB, format, input string, o Options) (output, errors string, counts Counts) {
	t.Helper()
	f, err := logs.Find(format)
	if err != nil {
		t.Fatal(err)
	}
	sample, all := Sample(strings.NewReader(input), false)
	job := NewJob(toy(t), o)
	source, err := NewSource("", all, f, sample, job.Reading(nil))
	if err != nil {
		t.Fatal(err)
	}
	var out, failed bytes.Buffer
	if err := job.Run(t.Context(), source, func(c *pipeline.Chunk[Item], _ bool) error {
		out.Write(c.Output)
		failed.Write(c.Errors)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	counts, _ = job.Counts()
	return out.String(), failed.String(), counts
}

// A name out of DNS comes through its own door, one of the web through that of people.
func TestDoors(t *testing.T) {
	input := `{"query":"(x).\\xff.tests.net."}` + "\n" + `{"server_name":"(x.tests.net)"}` + "\n" + `{"server_name":"a b.net"}` + "\n"
	output, errors, counts := run(t, "zeek", input, Options{Names: render.Tabs.New(render.Options{})})
	var names []string
	for line := range strings.Lines(output) {
		names = append(names, strings.TrimSpace(line[strings.LastIndexByte(line, '\t'):]))
	}
	if got, want := fmt.Sprintf("%q", names), `["(x).\\255.tests.net" "(x.tests.net)" "a b.net"]`; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	if !strings.HasPrefix(errors, "snowman: line 3: ") || counts.Records != 3 || counts.Highest != snowman.Medium {
		t.Errorf("errors %q, counts %+v", errors, counts)
	}
}

func TestTheWorstNameOfARecordIsWritten(t *testing.T) {
	const event = `{"timestamp":"","event_type":"dns","dns":{"version":3,"type":"request","queries":[{"rrname":"a.tests.net"},{"rrname":"z.tests.net"},{"rrname":"x.tests.net"}]}`
	output, _, _ := run(t, "suricata", event+"}\n", Options{})
	if !strings.HasPrefix(output, event) || !strings.Contains(output, `"level":"high","kind":"malware","name":"z.tests.net"}}`) {
		t.Errorf("%s", output)
	}
}

// A line that is longer than a record comes out whole, and is one broken record.
func TestLongLines(t *testing.T) {
	long := `{"query":"` + strings.Repeat("a", 3*logs.MaxRecord) + `"}` + "\n"
	input := `{"query":"x.tests.net"}` + "\n" + long + `{"query":"q.tests.net"}`
	output, errors, counts := run(t, "zeek", input, Options{})
	if counts != (Counts{Records: 2, Broken: 1, Highest: snowman.Medium}) || strings.Count(errors, "\n") != 1 {
		t.Errorf("%+v, errors %.200q", counts, errors)
	}
	if !strings.Contains(output, "\n"+long) || !strings.HasSuffix(output, `"name":"q.tests.net"}}`) {
		t.Errorf("%d bytes come of %d", len(output), len(input))
	}
	if output, _, counts := run(t, "zeek", input, Options{Minimum: snowman.Medium}); counts.Broken != 1 || strings.Count(output, "\n") != 1 {
		t.Errorf("with a minimum %d bytes come, %+v", len(output), counts)
	}
}

// Chunks are used again: all records come out once and in order, and nothing is allocated for each.
func TestManyRecords(t *testing.T) {
	const records = 20 * pipeline.MaxItems
	var input, want, got []byte
	for i := range records {
		input = fmt.Appendf(input, "{\"query\":\"%d.tests.net\"}\n", i)
		want = fmt.Appendf(want, "%d.tests.net\n", i)
	}
	zeek, err := logs.Find("zeek")
	if err != nil {
		t.Fatal(err)
	}
	job := NewJob(toy(t), Options{Verdict: verdict.Options{Memory: 1 << 20}})
	run := func(write func(line []byte)) {
		source, err := NewSource("", bytes.NewReader(input), zeek, nil, job.Reading(nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(t.Context(), source, func(c *pipeline.Chunk[Item], _ bool) error {
			for line := range bytes.Lines(c.Output) {
				write(line)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	run(func(line []byte) {
		query, _, _ := bytes.Cut(line[len(`{"query":"`):], []byte(`"`))
		if name := fmt.Appendf(nil, `"name":"%s"}}`, query); !bytes.Contains(line, name) {
			t.Errorf("%s has no %s", line, name)
		}
		got = append(append(got, query...), '\n')
	})
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes of names come of %d, or in another order", len(got), len(want))
	}
	const most = records / 20 // of chunks and the run itself
	if allocated := testing.AllocsPerRun(3, func() { run(func([]byte) {}) }); allocated > most {
		t.Errorf("%d records take %v allocations, want at most %d", records, allocated, most)
	}
}

func TestSample(t *testing.T) {
	type read struct {
		text string
		err  error
	}
	for _, test := range []struct {
		name    string
		reads   []read
		mayWait bool
		want    string
	}{
		{"what is there before input pauses", []read{{"a\nb", nil}, {"c\n", nil}}, true, "a\nb"},
		{"a line at least", []read{{"a", nil}, {"b\n", nil}, {"c\n", nil}}, true, "ab\n"},
		{"all of a file", []read{{"a\nb", nil}, {"c\n", nil}}, false, "a\nbc\n"},
		{"two lines, of which the last has no end", []read{{"a\nb", nil}}, false, "a\nb\n"},
		{"three such lines", []read{{"a\nb\nc", nil}}, false, "a\nb\nc"},
		{"nothing", nil, true, ""},
		{"what stands before damage", []read{{"a\n", nil}, {"b", io.ErrUnexpectedEOF}}, false, "a\nb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rest := test.reads
			sample, all := Sample(readerFunc(func(p []byte) (int, error) {
				if len(rest) == 0 {
					return 0, io.EOF
				}
				first := rest[0]
				rest = rest[1:]
				return copy(p, first.text), first.err
			}), test.mayWait)
			if string(sample) != test.want {
				t.Errorf("%q, want %q", sample, test.want)
			}
			var whole string
			var failure error
			for _, r := range test.reads {
				whole, failure = whole+r.text, r.err
			}
			if got, err := io.ReadAll(all); string(got) != whole || err != failure {
				t.Errorf("all is %q, %v, want %q, %v", got, err, whole, failure)
			}
		})
	}
}

func TestAppendName(t *testing.T) {
	for _, test := range []struct {
		text string
		dns  bool
		want string
	}{
		{"a.tests.net.", true, "a.tests.net"},
		{".", true, "."},
		{`a\.`, true, `a\.`},
		{`a\\.`, true, `a\\`},
		{`foo\.bar.net`, true, `foo\.bar.net`},
		{`foo\032bar\"\(.net.`, true, `foo bar"(.net`},
		{`\195\188\255\000.net`, true, `ü\255\000.net`},
		{"\xff\t.net", true, `\255\009.net`},
		{"a.net/b\\c.", false, "a.net/b\\c."},
		{"a.net/\n\u0085", false, `a.net/\010\194\133`},
	} {
		if got := string(AppendName(nil, logs.Name{Text: []byte(test.text), DNS: test.dns})); got != test.want {
			t.Errorf("%q is %q, want %q", test.text, got, test.want)
		}
	}
}
