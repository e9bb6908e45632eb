package canon

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func symbolsOf(t *testing.T, a *Alphabet, text string, limit int) []uint8 {
	t.Helper()
	var u URL
	if err := u.Parse(text); err != nil {
		t.Fatal(err)
	}
	return a.Append(nil, &u, limit)
}

func TestSymbolsKnowTheirSegment(t *testing.T) {
	a := DefaultAlphabet()
	symbols := symbolsOf(t, a, "ab.com:81/ab", 100)
	host, path := symbols[:9], symbols[9:]
	if !slices.Equal(host[:2], symbolsOf(t, a, "ab", 100)) {
		t.Errorf("the symbols of a host differ by what stands around it: %v", symbols)
	}
	if slices.Equal(host[:2], path[1:]) {
		t.Errorf("ab in host and path are the same symbols: %v", symbols)
	}
}

func TestSymbolsStayWithinTheAlphabet(t *testing.T) {
	a := DefaultAlphabet()
	for _, text := range []string{"a\xff.com/\xff ü", "[::1]:99/~", "a%00b.com"} {
		for _, symbol := range symbolsOf(t, a, text, 100) {
			if int(symbol) >= a.Symbols() || symbol <= End {
				t.Errorf("%q has the symbol %d, want 2 to %d", text, symbol, a.Symbols()-1)
			}
		}
	}
}

func TestTheHostIsNeverCut(t *testing.T) {
	a := DefaultAlphabet()
	host := symbolsOf(t, a, "evil.tld", 100)
	for _, test := range []struct {
		name, text string
		limit      int
		want       int
	}{
		{"a long path", "evil.tld/" + strings.Repeat("b", 500), 40, 40},
		{"a limit below the host", "evil.tld/b", 3, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := symbolsOf(t, a, test.text, test.limit)
			if len(got) != test.want {
				t.Errorf("%d symbols, want %d", len(got), test.want)
			}
			if !contains(got, host) {
				t.Errorf("the host is not among the symbols %v", got)
			}
		})
	}
}

func TestPositionsSayWhatIsRead(t *testing.T) {
	for _, test := range []struct {
		name, text string
		limit      int
		want       string // the canonical form, with a ~ for each byte that is not read
	}{
		{"a name", "evil.tld", 100, "evil.tld"},
		{"every part", "a.evil.tld:81/b?c#d", 100, "a.evil.tld:81/b?c~~"},
		{"a query behind no path", "evil.tld?c#d", 100, "evil.tld/?c~~"},
		{"a fragment behind no path", "evil.tld#d", 100, "evil.tld~~~"},
		{"a fragment behind a path", "evil.tld/b/#d", 100, "evil.tld/b/~~"},
		{"a long path", "evil.tld/abcdef", 12, "evil.tld/abc~~~"},
		{"a long path before a query", "evil.tld/abcdef?c#d", 12, "evil.tld/abc~~~~~~~"},
		{"a long query", "evil.tld/a?bcdef", 14, "evil.tld/a?bcd~~"},
		{"a limit below the host", "evil.tld/b", 3, "evil.tld~~"},
		{"a host below an operator's suffix", "d111111.cloudfront.net:81/x", 100, "~~~~~~~~cloudfront.net:81/x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			read := bytes.Repeat([]byte("~"), len(u.text))
			for _, at := range DefaultAlphabet().AppendPositions(nil, &u, test.limit) {
				read[at] = u.text[at]
			}
			if string(read) != test.want {
				t.Errorf("of %q is read %q, want %q", &u, read, test.want)
			}
		})
	}
}

// placeless is an alphabet in which a byte's symbol does not depend on its place.
func placeless(t testing.TB) *Alphabet {
	t.Helper()
	a, err := NewAlphabet([]Group{{segmentNames[:], printable}}, ownOperators(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkPositions compares the symbols of a placeless alphabet with the bytes at their positions.
func checkPositions(t *testing.T, a *Alphabet, u *URL, limit int) {
	t.Helper()
	symbols, positions := a.Append(nil, u, limit), a.AppendPositions(nil, u, limit)
	if len(symbols) != len(positions) {
		t.Fatalf("%q has %d symbols at %d positions", u, len(symbols), len(positions))
	}
	for i, at := range positions {
		if i > 0 && at <= positions[i-1] {
			t.Fatalf("%q: position %d follows %d", u, at, positions[i-1])
		}
		if want := a.table[userSegment][u.text[at]]; symbols[i] != want {
			t.Fatalf("%q: symbol %d is %d, that of byte %d is %d", u, i, symbols[i], at, want)
		}
	}
}

func TestAnAlphabetThatReadsTheFragment(t *testing.T) {
	var u URL
	if err := u.Parse("evil.tld#ab"); err != nil {
		t.Fatal(err)
	}
	if positions := placeless(t).AppendPositions(nil, &u, 11); len(positions) != len("evil.tld/#a") {
		t.Errorf("of %q are read the bytes %v, want the first 11", &u, positions)
	}
}

func contains(symbols, part []uint8) bool {
	return strings.Contains(string(symbols), string(part))
}

func TestAnAlphabetReadsBackEqual(t *testing.T) {
	written, err := json.Marshal(DefaultAlphabet())
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseAlphabet(written)
	if err != nil {
		t.Fatal(err)
	}
	text := "user@a.example.com:81/b?c#d"
	if got, want := symbolsOf(t, read, text, 100), symbolsOf(t, DefaultAlphabet(), text, 100); !slices.Equal(got, want) {
		t.Errorf("symbols are %v after reading back, %v before", got, want)
	}
}

func TestASplitHostHasDifferentSymbols(t *testing.T) {
	a, err := NewAlphabet([]Group{
		{[]string{"subdomain"}, "ab."}, {[]string{"domain", "port"}, "ab."}, {[]string{"suffix"}, "ab."},
		{[]string{"user", "path", "query", "fragment"}, "ab/"},
	}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := symbolsOf(t, a, "a.a.aa/a", 100)
	want := []uint8{3, 5, 7, 13, 11, 11, 17, 15}
	if !slices.Equal(got, want) {
		t.Errorf("symbols are %v, want %v", got, want)
	}
}

func TestNewAlphabetRefuses(t *testing.T) {
	rest := []string{"user", "subdomain", "domain", "suffix", "port", "path"}
	for _, test := range []struct {
		name   string
		groups []Group
		want   string
	}{
		{"no groups", nil, `no group has the segment "user"`},
		{"a segment missing", []Group{{rest, "ab"}}, `no group has the segment "query"`},
		{"a segment twice", []Group{{append(rest, "user"), "ab"}}, `segment "user" stands in two groups`},
		{"an unknown segment", []Group{{append(rest, "scheme"), "ab"}}, `unknown segment "scheme"`},
		{"a character twice", []Group{{rest, "aa"}}, "character 'a' stands twice"},
		{"a character beyond ASCII", []Group{{rest, "ü"}}, "is not ASCII"},
		{"too many symbols", []Group{{rest, printable}, {nil, printable}, {nil, printable}}, "more than 256 symbols"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewAlphabet(test.groups, nil, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}
