package report

import (
	"strings"
	"testing"
)

func TestVisible(t *testing.T) {
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
			if got := visible(test.text); got != test.want {
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
			if short, characters := shorten(test.text, 3); short != test.short || characters != test.characters {
				t.Errorf("got %q and %d, want %q and %d", short, characters, test.short, test.characters)
			}
		})
	}
}
