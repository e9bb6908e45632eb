package canon

import (
	"strings"
	"testing"
)

func TestHostsOutsideASCII(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"capital sharp s is no double s", "sparkaẞe.de", "xn--sparkae-5va.de"},
		{"escaped", "m%C3%BCnchen%E3%80%82de", "xn--mnchen-3ya.de"},
		{"one bad label leaves the others", "http://ü.\xff.münchen.de/", "xn--tda.%FF.xn--mnchen-3ya.de"},
		{"ignored characters before any limit", strings.Repeat("\u200B", 5000) + "pay\u3164pal.com", "paypal.com"},
		{"an address in fullwidth digits", "http://１２７。１/", "127.0.0.1"},
		{"www in fullwidth letters", "ｗｗｗ．google.com", "google.com"},
		{"a slash that is no delimiter", "google.com／evil", "google.com%EF%BC%8Fevil"},
		{"a long label", strings.Repeat("ü", 400) + ".de", "xn--tda" + strings.Repeat("a", 399) + ".de"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u, again URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			if u.String() != test.want {
				t.Errorf("%+q is %s, want %s", test.text, &u, test.want)
			}
			if err := again.Parse(u.String()); err != nil || again.String() != u.String() {
				t.Errorf("%s is %s, %v", &u, &again, err)
			}
		})
	}
}

func TestHostsOutsideASCIIAllocateNothing(t *testing.T) {
	var u URL
	for _, text := range []string{"münchen.de", "http://пример.рф/", "https://例え.jp/a"} {
		if n := testing.AllocsPerRun(10, func() {
			if u.Parse(text) != nil {
				t.Fatal(text)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}
