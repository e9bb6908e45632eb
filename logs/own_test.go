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

// What Pi-hole blocks is an answer to a question of its own name, or to none.
func TestPiholeBlocksWhatNobodyAskedFor(t *testing.T) {
	const lines = `Nov 28 00:55:53 dnsmasq[1]: query[A] a.example from 192.0.2.1
Nov 28 00:55:53 dnsmasq[1]: gravity blocked a.example is 0.0.0.0
Nov 28 00:55:54 dnsmasq[1]: query[A] b.example from 192.0.2.1
Nov 28 00:55:54 dnsmasq[1]: reply b.example is <CNAME>
Nov 28 00:55:54 dnsmasq[1]: reply c.example is 192.0.2.9
Nov 28 00:55:54 dnsmasq[1]: gravity blocked d.example is NODATA
Nov 28 00:55:55 dnsmasq[1]: 7 192.0.2.1/53 regex denied e.example is 0.0.0.0
`
	var counted []string
	findEach(t, "pihole", lines, func(r *Record) {
		for _, name := range r.Names {
			if !r.Repeats {
				counted = append(counted, string(name.Text))
			}
		}
	})
	if want := []string{"a.example", "b.example", "d.example", "e.example"}; !slices.Equal(counted, want) {
		t.Errorf("counted %q, want %q", counted, want)
	}
}
