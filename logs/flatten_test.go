package logs

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func flattened(t testing.TB, text string) string {
	t.Helper()
	out, err := io.ReadAll(newFlattener(strings.NewReader(text), 1, "value", "type"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestFlatten(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"members before and behind others", `{"type":"a","x":{"value":1},"value":"b"}`, "{\"value\":1}\n{\"type\":\"a\",\"value\":\"b\"}\n"},
		{"several documents", `{"value":"a"}` + "\n" + `[{"value":"b"},{"value":null}]`, "{\"value\":\"a\"}\n{\"value\":\"b\"}\n{\"value\":null}\n"},
		{"escapes stay, and quotes do not end", `{"value":"a\"}\\","type":"\u00fc"}`, "{\"value\":\"a\\\"}\\\\\",\"type\":\"\\u00fc\"}\n"},
		{"line ends and blanks between tokens", "{\n  \"value\" :\t\"a\"\r\n}", "{\"value\":\"a\"}\n"},
		{"line ends in a string", "{\"value\":\"a\nb\"}", "{\"value\":\"a b\"}\n"},
		{"nothing wanted", `{"type":"a"} {} []`, ""},
		{"values that are no members", `{"value":["a"],"x":["value","b"]}`, ""},
		{"a value that is a key elsewhere", `{"x":"value","y":"value"}`, ""},
		{"a value that is too long", `{"value":"` + strings.Repeat("x", longestMember) + `","type":"a"}`, brokenLine},
		{"a long value", `{"value":"` + strings.Repeat("x", longestMember/2) + `"}`, `{"value":"` + strings.Repeat("x", longestMember/2) + "\"}\n"},
		{"a value that is too long, of a member that nobody keeps", `{"x":"` + strings.Repeat("x", longestMember) + `","value":"a"}`, "{\"value\":\"a\"}\n"},
		{"escapes in a key", `{"v\u0061lue":"a","\u0074ype":"b","val\u0055e":"c"}`, "{\"value\":\"a\",\"type\":\"b\"}\n"},
		{"a byte order mark between documents", "{\"value\":\"a\"}\n\ufeff{\"value\":\"b\"}", "{\"value\":\"a\"}\n{\"value\":\"b\"}\n"},
		{"a document that ends too early", `{"value":"a"`, brokenLine},
		{"a string that ends too early", `{"value":"a`, brokenLine},
		{"no JSON", "a.example\n", brokenLine},
		{"too many closing brackets", `}{"value":"a"}`, brokenLine + "{\"value\":\"a\"}\n"},
		{"nested too deep", strings.Repeat(`{"value":`, 2*mostNested) + `"a"` + strings.Repeat("}", 2*mostNested) + `{"value":"b"}`, brokenLine + "{\"value\":\"b\"}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := flattened(t, test.text); got != test.want {
				t.Errorf("got %.200q, want %q", got, test.want)
			}
		})
	}
}

func TestFlattenPassesErrorsOn(t *testing.T) {
	want := errors.New("broken disk")
	source := io.MultiReader(strings.NewReader(`{"value":"a"},`), iotest.ErrReader(want))
	out, err := io.ReadAll(newFlattener(source, 1, "value"))
	if !errors.Is(err, want) || string(out) != "{\"value\":\"a\"}\n" {
		t.Errorf("got %q and %v", out, err)
	}
}

// One line or many, the names are the same.
func TestDocumentsOnOneLine(t *testing.T) {
	for file, format := range map[string]string{"misp.json": "misp", "stix.json": "stix"} {
		text := string(read(t, file))
		line := strings.ReplaceAll(text, "\n", " ")
		if many, one := namesOf(t, format, text), namesOf(t, format, line); len(many) < 9 || strings.Join(many, " ") != strings.Join(one, " ") {
			t.Errorf("%s: found %q on one line, want %q", file, one, many)
		}
	}
}

// A bundle may be longer than a record.
func TestLongDocument(t *testing.T) {
	text := "[" + strings.Repeat(`{"type":"domain","value":"a.example","data":"`+strings.Repeat("x", 1000)+`"},`, 3000) + `{"type":"domain","value":"b.example"}]`
	if names := namesOf(t, "misp", text); len(names) != 3001 || names[3000] != "b.example" {
		t.Errorf("found %d names, want 3001", len(names))
	}
}

func TestFlattenTakesLittleMemory(t *testing.T) {
	value := `{"value":"` + strings.Repeat("x", longestMember/2) + `"`
	var text strings.Builder
	for depth := mostNested; depth > 0; depth -= 8 { // what is closed must leave nothing
		text.WriteString(strings.Repeat(`{"x":`, depth-1) + value + strings.Repeat("}", depth))
	}
	text.WriteString(strings.Repeat(value+`,"x":`, 16))
	f := newFlattener(strings.NewReader(text.String()), 1, "value")
	out, err := io.Copy(io.Discard, f)
	if err != nil {
		t.Fatal(err)
	}
	total := cap(f.out) + cap(f.string) + cap(f.key)
	for _, object := range f.open[:cap(f.open)] {
		total += cap(object.members)
	}
	if out == 0 || total > 16<<20 {
		t.Errorf("%d bytes out, %d bytes held", out, total)
	}
}

func FuzzFlatten(f *testing.F) {
	for _, file := range []string{"misp.json", "stix.json"} {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		out := flattened(t, string(text))
		for line := range bytes.Lines([]byte(out)) {
			if line[0] != '{' || line[len(line)-1] != '\n' || bytes.Count(line, []byte("\n")) > 1 {
				t.Fatalf("%q gives a line %q", text, line)
			}
		}
	})
}
