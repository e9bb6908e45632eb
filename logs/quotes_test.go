package logs

import (
	"strings"
	"testing"
)

// Whatever stands before and behind a text, its end is where a reader of single bytes finds it.
func TestQuotedEnd(t *testing.T) {
	check := func(line string, from int) {
		want := -1
		for i := from; i < len(line); i++ {
			if line[i] == '"' {
				want = i + 1
				break
			}
			if line[i] == '\\' {
				i++
			}
		}
		if got := quotedEnd([]byte(line), from); got != want {
			t.Fatalf("%q from %d ends at %d, want %d", line, from, got, want)
		}
	}
	var extend func(text string, more int)
	extend = func(text string, more int) {
		for _, before := range []int{0, 5, 8, 29, 40} {
			for _, behind := range []string{"", `":1`, `\","b":"c"}` + "\xa2\xdc\x00\x01"} {
				line := strings.Repeat("!#[]", 10)[:before] + text + behind
				check(line, 0)
				check(line, len(line))
			}
		}
		if more > 0 {
			for _, next := range []string{"a", `"`, `\`, "\x80"} {
				extend(text+next, more-1)
			}
		}
	}
	extend("", 6)
}

func TestKeySet(t *testing.T) {
	long := strings.Repeat("k", 300)
	var set keySet
	for _, key := range []string{"", "score", long} {
		set.add(key)
	}
	for _, test := range []struct {
		key  string
		want bool
	}{
		{"", true}, {"score", true}, {"stone", true}, {"scores", false}, {"core", false}, {"s", false}, {long, true}, {long[1:], true}, {long[:62], false},
	} {
		if got := set.mayHave([]byte(test.key)); got != test.want {
			t.Errorf("%.20q: %v", test.key, got)
		}
	}
}
