package visible

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"what can be seen stays", "Bösewicht 例え.テスト नमस्ते אבג 🙂", "Bösewicht 例え.テスト नमस्ते אבג 🙂"},
		{"controls", "a\x00\t\n\x1b[2J", `a\x00\t\n\x1b[2J`},
		{"direction", "\u202ea\u2067b\u200f", `\u202ea\u2067b\u200f`},
		{"no width", "\u200b\u200d\ufeff\u00ad\u2060", `\u200b\u200d\ufeff\u00ad\u2060`},
		{"blank letters and symbols", "\u3164\u115f\uffa0\u2800", `\u3164\u115f\uffa0\u2800`},
		{"variations and tags", "\ufe0f\U000e0101\U000e0041", `\ufe0f\U000e0101\U000e0041`},
		{"spaces of other kinds", "\u00a0\u2003\u3000", `\u00a0\u2003\u3000`},
		{"no UTF-8", "\xc3(\xff", `\xc3(\xff`},
		{"the mark of what was no UTF-8", "\ufffd", "\ufffd"},
		{"a letter with marks", "e\u0301\u0302", "e\u0301\u0302"},
		{"a pile of marks", "e" + strings.Repeat("\u0301", 5), "e\u0301\u0301\u0301" + `\u0301\u0301`},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		name, text, short string
		characters        int
	}{
		{"shorter", "ab", "ab", 2},
		{"as long", "äöü", "äöü", 3},
		{"longer", "äöüß", "äöü", 4},
		{"no UTF-8", "\xff\xff\xff\xff\xff", "\xff\xff\xff", 5},
		{"nothing", "", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if short, characters := Shorten(test.text, 3); short != test.short || characters != test.characters {
				t.Errorf("got %q and %d, want %q and %d", short, characters, test.short, test.characters)
			}
		})
	}
}

func TestWhatEachReaderGets(t *testing.T) {
	const text = "a\u202e\tb\n\xff"
	tests := []struct{ name, got, want string }{
		{"a screen, one line", Text(text), `a\u202e\tb\n\xff`},
		{"a screen, lines", Lines(text), "a" + `\u202e\tb` + "\n" + `\xff`},
		{"a field", string(AppendField(nil, text)), `a\u202e\tb\n\xff`},
		{"a label", Label("a\u202ebc", 4), `a\u2…`},
		{"a label that fits", Label("abc", 3), "abc"},
		{"JSON", string(AppendJSON(nil, text)), `"a\u202e\tb\n\ufffd"`},
		{"JSON as it is", string(AppendJSON(nil, "<&>")), `"<&>"`},
		{"JSON that cannot be", string(AppendJSONValue(nil, func() {})), `""`},
		{"an error message", Abbreviate("äöü", 3), "ä..."},
		{"an error message that is short", Abbreviate("äöü", 6), "äöü"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %q, want %q", test.got, test.want)
			}
		})
	}
}

func TestAppendField(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"ASCII", `hxxp://a[.]b/"\x1b?c=d e`, `hxxp://a[.]b/"\x1b?c=d e`},
		{"letters of other scripts", "bücher.de 例え.テスト نامه\u200cای.ایران ישראל 🙂", "bücher.de 例え.テスト نامه\u200cای.ایران ישראל 🙂"},
		{"what has no width, and steers nothing", "a\u200b\u200d\ufeff\u00ad", "a\u200b\u200d\ufeff\u00ad"},
		{"a pile of marks", "e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301\u0301"},
		{"the mark of what was no UTF-8", "\ufffd", "\ufffd"},
		{"C0", "a\x00\t\r\n\x1b[2J\x7f", `a\x00\t\r\n\x1b[2J\x7f`},
		{"C1", "a\u009b31m\u0085", `a\u009b31m\u0085`},
		{"C1 as Latin-1", "a\x9b31m\xfc", `a\x9b31m\xfc`},
		{"direction", "\u202ea\u2067b\u200f\u061c", `\u202ea\u2067b\u200f\u061c`},
		{"line ends of Unicode", "a\u2028b\u2029", `a\u2028b\u2029`},
		{"a rune cut short", "a\xe4\xbe", `a\xe4\xbe`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const before = "0.5\t"
			if got := string(AppendField([]byte(before), test.text)); got != before+test.want {
				t.Errorf("got %q, want %q", got, before+test.want)
			}
		})
	}
}

func TestAppendLines(t *testing.T) {
	const lines = "a\tb\x1b[2J\r\nc\rd\n\ne\xff"
	if got, want := string(AppendLines(nil, []byte(lines))), "a\tb\\x1b[2J\r\nc\\rd\n\ne\\xff"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAppendFieldAllocatesNothing(t *testing.T) {
	out := make([]byte, 0, 1<<10)
	for _, text := range []string{"zis32msdi3.com", "bücher.de", "a\x1b[2J\xff\u202e"} {
		if n := testing.AllocsPerRun(100, func() { out = AppendField(out[:0], text) }); n != 0 {
			t.Errorf("%q costs %v allocations", text, n)
		}
	}
}

// FuzzAppendField holds that a field is UTF-8 without anything that steers, and that a text of
// which this is true stays as it is.
func FuzzAppendField(f *testing.F) {
	for _, seed := range []string{"", "q.com", "a\x1b[2J", "\u009b", "\x9b", "a\u202e\xff\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		field := string(AppendField(nil, text))
		if !utf8.ValidString(field) || strings.ContainsFunc(field, steers) {
			t.Errorf("%q becomes %q", text, field)
		}
		if utf8.ValidString(text) && !strings.ContainsFunc(text, steers) && field != text {
			t.Errorf("%q becomes %q, though nothing in it steers", text, field)
		}
	})
}

// FuzzAppendJSON holds that a string is JSON that reads back the same, but for bytes that are no
// UTF-8, and that only visible characters reach a terminal.
func FuzzAppendJSON(f *testing.F) {
	for _, seed := range []string{"", "q.com", `"\`, "\x00\x1b[2J\x7f", "\u202e\u200b", "bücher.de", "\xff\xc3", "\U000e0001", "<script>", "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := AppendJSON(nil, text)
		var read string
		if err := json.Unmarshal(line, &read); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if utf8.ValidString(text) && read != text {
			t.Errorf("%q reads back as %q", text, read)
		}
		for _, r := range string(line) {
			if !isVisible(r) {
				t.Errorf("%q holds %q", line, r)
			}
		}
	})
}

// FuzzText holds that nothing without ink is left in a text for a screen.
func FuzzText(f *testing.F) {
	f.Add("a\u202e\xff\u3164")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range Text(text) {
			if !isVisible(r) {
				t.Errorf("%q holds %q", Text(text), r)
			}
		}
	})
}
