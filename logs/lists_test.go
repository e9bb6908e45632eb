package logs

import (
	"bytes"
	"testing"
)

// listSamples are the files of testdata that are no logs.
var listSamples = []struct{ file, format string }{
	{"hosts.txt", "hosts"}, {"adblock.txt", "adblock"}, {"rpz.zone", "rpz"}, {"rpz-origin.zone", "rpz"},
	{"stix.json", "stix"}, {"misp.json", "misp"},
}

func TestListSamples(t *testing.T) {
	for _, sample := range listSamples {
		t.Run(sample.file, func(t *testing.T) {
			input := read(t, sample.file)
			guess := GuessFormat(input, false)
			if guess.Format.Name != sample.format {
				t.Fatalf("%s is guessed, %d of %d lines, want %s", guess.Format.Name, guess.Fit, guess.Sampled, sample.format)
			}
			if guess.Format.Sort != Names {
				t.Errorf("the sort is %d, want that of names", guess.Format.Sort)
			}
			reader, err := guess.Format.NewReader(bytes.NewReader(input), input, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var found bytes.Buffer
			var r Record
			for reader.Scan() {
				reader.Layout().Find(reader.Bytes(), &r)
				describe(&found, &r, reader.Number())
			}
			golden(t, sample.file+".names", found.Bytes())
		})
	}
}

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
