package logs

import (
	"slices"
	"testing"
)

func TestOwnLines(t *testing.T) {
	const lines = `{"client":"192.0.2.1","name":"foo\\032b\\.ar.net","type":"A"}
{"client":"192.0.2.1","name":"foo\\032b\\.ar.net","type":"A","rcode":"NXDOMAIN"}
{"client":"192.0.2.1","name":"http://a.net/x\\y","type":"HTTP"}
`
	var found []string
	findEach(t, "snowman", lines, func(r *Record) {
		for _, name := range r.Names {
			if !r.Repeats {
				found = append(found, string(name.Text))
			}
			if name.DNS == (string(name.Text) == `http://a.net/x\y`) {
				t.Errorf("%s comes by the wrong door", name.Text)
			}
		}
	})
	if want := []string{`foo\032b\.ar.net`, `http://a.net/x\y`}; !slices.Equal(found, want) {
		t.Errorf("%q, want %q", found, want)
	}
}
