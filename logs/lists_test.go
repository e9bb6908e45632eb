package logs

import (
	"strings"
	"testing"
)

// What is a list of names today stays one.
func TestListsThatAreGuessedToBeOthers(t *testing.T) {
	for text, want := range map[string]string{
		"# a list\na.example\nb.example\n":                            "lines",
		"192.0.2.1 a.example\n192.0.2.2 b.example\n":                  "lines",
		"a.example CNAME b.example.\nc.example CNAME d.example.\n":    "lines",
		"0.0.0.0 a.example\n0.0.0.0 b.example\n":                      "hosts",
		"||a.example^\n||b.example^\n":                                "adblock",
		"! a comment\nb.example\n":                                    "lines",
		"a.example CNAME .\n*.a.example CNAME .\nb.example CNAME .\n": "rpz",
	} {
		if got := GuessFormat([]byte(text), false); got.Format.Name != want {
			t.Errorf("%q: guessed %s, want %s", text, got.Format.Name, want)
		}
	}
}

// What a zone's writer may do without hiding a name, and what is said where it cannot be read.
func TestNamesOfZones(t *testing.T) {
	const soa = "@ SOA a. b. 1 2 3 4 5\n"
	long := strings.Repeat("a", longestZoneName)
	for _, test := range []struct{ name, zone, names, broken string }{
		{"another record before", "evil.com TXT x\nevil.com CNAME .\n", "evil.com", ""},
		{"a passthru before", "evil.com CNAME rpz-passthru.\nevil.com CNAME .\n", "evil.com", ""},
		{"the owner of the record before", "evil.com IN TXT x\n  IN CNAME .\n", "evil.com", ""},
		{"twice", "evil.com CNAME .\n*.evil.com CNAME .\n  A 1.2.3.4\n", "evil.com", ""},
		{"parentheses", "evil.com ( CNAME . )\n", "evil.com", ""},
		{"quotes", "\"evil.com\" CNAME .\n", "evil.com", ""},
		{"a parenthesis that stays open", "x TXT (\n" + strings.Repeat("a\n", mostOpenLines) + "evil.com CNAME .\n", "evil.com", "its parenthesis is not closed"},
		{"another file", "$INCLUDE more.zone\nevil.com CNAME .\n", "evil.com", "$INCLUDE is not read"},
		{"a long origin", "$ORIGIN " + long + "\nevil.com CNAME .\n$ORIGIN r.\nbad.com CNAME .\n", "bad.com", "its $ORIGIN is too long"},
		{"a long origin piece by piece", strings.Repeat("$ORIGIN "+long[:400]+"\n", 3) + "evil.com.r. CNAME .\n", "evil.com", "its $ORIGIN is too long"},
		{"a long name", long + "a CNAME .\nevil.com CNAME .\n", "evil.com", "its name is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			names, broken := []string{}, ""
			findEach(t, "rpz", "$ORIGIN r.\n"+soa+test.zone, func(r *Record) {
				broken += r.Broken
				for _, name := range r.Names {
					names = append(names, string(name.Text))
				}
			})
			if got := strings.Join(names, " "); got != test.names || !strings.HasPrefix(broken, test.broken) || (test.broken == "") != (broken == "") {
				t.Errorf("names %q, broken %.100q, want %q and %q", got, broken, test.names, test.broken)
			}
		})
	}
}
