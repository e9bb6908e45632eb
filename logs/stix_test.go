package logs

import (
	"slices"
	"strings"
	"testing"
)

func TestSTIX(t *testing.T) {
	const one = `[domain-name:value = 'a.example']`
	indicator := func(pattern string) string { return `{"type":"indicator","pattern":"` + pattern + `"}` }
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"a pattern", indicator(one), []string{"a.example"}},
		{"a long pattern", indicator(strings.Repeat("[x:y = 'z'] OR ", 10_000) + one), []string{"a.example"}},
		{"a pattern that is too long", indicator(strings.Repeat(" ", longestMember)+one) + indicator(one), []string{"broken: " + notJSON, "a.example"}},
		{"escapes in a key", `{"type":"indicator","p\u0061ttern":"` + one + `"}`, []string{"a.example"}},
		{"marks of quotation in comments", indicator(`[domain-name:value /* ' */ = // '\n 'a.example'] /*`), []string{"a.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := namesOf(t, "stix", test.text); !slices.Equal(got, test.want) {
				t.Errorf("found %.200q, want %q", got, test.want)
			}
		})
	}
}
