package canon

import (
	"slices"
	"testing"
)

func TestViews(t *testing.T) {
	for _, test := range []struct {
		name, text                    string
		registeredDomain, host, whole string // as texts that are read alike; empty: the view before it
		isFree                        bool
	}{
		{"a registered domain", "evil.com", "evil.com", "", "", false},
		{"a host below it", "a.evil.co.uk", "evil.co.uk", "a.evil.co.uk", "", false},
		{"a path", "evil.com/a?b", "evil.com", "", "evil.com/a?b", false},
		{"all three", "a.evil.com/b", "evil.com", "a.evil.com", "a.evil.com/b", false},
		{"a fragment", "a.evil.com#b", "evil.com", "a.evil.com", "", false},
		{"a port", "a.evil.com:81", "evil.com", "a.evil.com", "a.evil.com:81", false},
		{"an address", "192.0.2.1:8080/b", "192.0.2.1", "", "192.0.2.1:8080/b", false},
		{"free hosting", "a.evil.github.io/b", "evil.github.io", "a.evil.github.io", "a.evil.github.io/b", false},
		{"a public suffix", "github.io/b", "github.io", "", "github.io/b", false},
		{"a name below no public suffix", "a.b.internal/c", "a.b.internal", "", "a.b.internal/c", false},
		{"below an operator's suffix", "d111111.cloudfront.net/a", "cloudfront.net", "", "d1.cloudfront.net/a", true},
		{"an operator's suffix", "cloudfront.net", "cloudfront.net", "", "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			symbols, views := DefaultAlphabet().AppendViews([]uint8{9}, &u, 100)
			if views.IsPaid == test.isFree {
				t.Errorf("paid for: %v", views.IsPaid)
			}
			start := 1
			for i, want := range []string{test.registeredDomain, test.host, test.whole} {
				view := symbols[start:views.Ends[i]]
				if want == "" && len(view) != 0 || want != "" && !slices.Equal(view, symbolsOf(t, DefaultAlphabet(), want, 100)) {
					t.Errorf("view %d has the symbols %v, want those of %q", i, view, want)
				}
				start = views.Ends[i]
			}
		})
	}
}

func TestTheWholeViewIsWhatAppendReads(t *testing.T) {
	for _, a := range []*Alphabet{DefaultAlphabet(), placeless(t)} {
		for _, text := range []string{"evil.com", "a.evil.com:81/b?c#d", "evil.com/abcdefgh", "[::1]/a", ".", "a.b.cloudfront.net#c"} {
			var u URL
			if err := u.Parse(text); err != nil {
				t.Fatal(err)
			}
			symbols, views := a.AppendViews(nil, &u, 12)
			start := 0 // of the last view with symbols of its own
			for i := 1; i < viewCount; i++ {
				if views.Ends[i] > views.Ends[i-1] {
					start = views.Ends[i-1]
				}
			}
			if got, want := symbols[start:], a.Append(nil, &u, 12); !slices.Equal(got, want) {
				t.Errorf("%q: the whole view is %v, Append reads %v", text, got, want)
			}
		}
	}
}
