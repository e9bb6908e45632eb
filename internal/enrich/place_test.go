package enrich

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

// A place stands before each name, and is part of its object.
func TestPlaces(t *testing.T) {
	long := strings.Repeat("9", 100)
	input := `{"ts":1.5,"id.orig_h":"10.0.0.1","query":"x.tests.net"}` + "\n" + `{"id.orig_h":"\t` + long + `","server_name":"a b.net"}` + "\n"
	tabs, _, _ := run(t, "zeek", input, Options{Names: render.Tabs.New(render.Options{}), Place: TabPlace})
	if lines := strings.Split(tabs, "\n"); !strings.HasPrefix(lines[0], "1\t10.0.0.1\t1.5\t0.") || !strings.HasPrefix(lines[1], "2\t\\t"+long[:63]+"\t\t\t\t\ta b.net") {
		t.Errorf("%q", tabs)
	}
	objects, _, _ := run(t, "zeek", input, Options{Names: render.JSONLines.New(render.Options{}), Place: ObjectPlace})
	if lines := strings.Split(objects, "\n"); !strings.HasPrefix(lines[0], `{"line":1,"client":"10.0.0.1","time":"1.5","text":"x.tests.net","score":`) ||
		!strings.HasPrefix(lines[1], `{"line":2,"client":"\t`+long[:63]+`","text":"a b.net","error":"`) {
		t.Errorf("%q", objects)
	}
}

func TestWhatIsTooMuchIsBroken(t *testing.T) {
	input := `{"query":"x.tests.net","answers":["` + strings.Repeat("a", 1000) + `"]}` + "\n" + `{"query":"q.tests.net"}` + "\n"
	output, _, counts := run(t, "zeek", input, Options{MaxRecord: 100})
	if counts.Records != 1 || counts.Broken != 1 || !strings.HasPrefix(output, input[:strings.IndexByte(input, '\n')+1]) {
		t.Errorf("%+v, %q", counts, output)
	}
	format, _ := logs.Find("text")
	job := NewJob(toy(t), Options{MaxNames: 2, Names: render.Tabs.New(render.Options{})})
	source, err := NewSource("", strings.NewReader("a.com b.com\na.com b.com c.com\n"), format, nil, job.Reading(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context(), source, func(*pipeline.Chunk[Item], bool) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if reasons := job.Reasons(); len(reasons) != 1 || reasons["it has more than 2 names"] != 1 {
		t.Errorf("%v", reasons)
	}
}

// A text of people comes back as it was, where it can be written so.
func TestTextsInObjects(t *testing.T) {
	input := "{\"server_name\":\"q\\u0000.net\"}\n{\"query\":\"q\\u0000.net\"}\n"
	output, _, _ := run(t, "zeek", input, Options{Names: render.JSONLines.New(render.Options{}), Place: ObjectPlace})
	if !strings.Contains(output, `{"line":1,"text":"q\u0000.net"`) || !strings.Contains(output, `{"line":2,"text":"q\\000.net"`) {
		t.Errorf("%s", output)
	}
}

// A desk serves one chunk, and hears of each text.
func TestDesk(t *testing.T) {
	said := 0
	output, _, _ := run(t, "zeek", `{"query":"x.tests.net"}`+"\n", Options{Desk: func() Desk {
		return Desk{
			Judge: verdict.New(toy(t), verdict.Options{}),
			Each:  func(r verdict.Record, err error) { said++ },
			Leave: func() { said += 10 },
		}
	}})
	if said != 11 || !strings.Contains(output, `"name":"x.tests.net"`) {
		t.Errorf("%d, %q", said, output)
	}
}

// A log that comes in parts gives what it gives in one.
func TestParts(t *testing.T) {
	const header = "note,query\n"
	var all strings.Builder
	all.WriteString(header)
	for i := range 300 {
		fmt.Fprintf(&all, "\"two\nlines %d\",n%d.tests.net\n", i, i)
	}
	input := []byte(all.String())
	format, _ := logs.Find("csv")
	read := func(part []byte, skip int, open bool) (string, Counts, Rest) {
		job := NewJob(toy(t), Options{Names: render.Tabs.New(render.Options{}), Place: TabPlace})
		sample, whole := Sample(bytes.NewReader(part), false)
		source, err := NewSource("", whole, format, sample, job.Reading(nil))
		if err != nil {
			t.Fatal(err)
		}
		source.Skip, source.Open = skip, open
		var out bytes.Buffer
		if err := job.Run(t.Context(), source, func(c *pipeline.Chunk[Item], _ bool) error {
			out.Write(c.Output)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		counts, _ := job.Counts()
		return out.String(), counts, source.Rest()
	}
	want, counts, rest := read(input, 0, false)
	if counts.Records != 300 || counts.Headers != 1 || rest.Lines != 601 || rest.Unread != 0 || rest.Sample != 99 {
		t.Errorf("%+v, %+v", counts, rest)
	}
	for _, size := range []int{5000, 5001, 5023, 9999} { // within a line, behind one, within quotation marks
		var got strings.Builder
		var begun []byte
		lines, skip := 0, 0
		for left := input; len(left) > 0; {
			part := left[:min(size, len(left))]
			output, _, rest := read(append(bytes.Clone(begun), part...), skip, len(part) < len(left))
			for line := range strings.Lines(output) {
				number, other, _ := strings.Cut(line, "\t")
				var n int
				fmt.Sscan(number, &n)
				fmt.Fprintf(&got, "%d\t%s", n+lines, other)
			}
			if begun == nil {
				end := 0
				for range rest.Sample {
					end += bytes.IndexByte(input[end:], '\n') + 1
				}
				begun, skip = input[:end], rest.Sample
			}
			lines += rest.Lines
			left = left[len(part)-rest.Unread:]
		}
		if got.String() != want {
			t.Errorf("parts of %d bytes give %d bytes, want %d", size, got.Len(), len(want))
		}
	}
}

// The lines of comment behind the beginning are told of: they may name other columns.
func TestHeadersOfAPart(t *testing.T) {
	format, _ := logs.Find("zeek")
	input := "#fields\tts\tuid\tquery\n" + strings.Repeat("1\tC\ta.com\n", 200) + "#close\n#fields\tquery\tts\n"
	job := NewJob(toy(t), Options{})
	source, err := NewSource("", strings.NewReader(input), format, []byte(input), job.Reading(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context(), source, func(*pipeline.Chunk[Item], bool) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if rest := source.Rest(); fmt.Sprint(rest.Headers) != "[202 203]" || rest.Sample != 100 {
		t.Errorf("%+v", rest)
	}
}
