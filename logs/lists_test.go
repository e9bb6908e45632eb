package logs

import "testing"

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
