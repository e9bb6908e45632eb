package logs

import (
	"slices"
	"strings"
	"testing"
)

func TestTheMachineThatWritesIsNotChosen(t *testing.T) {
	const own, asked = "proxy01.corp.example", "a.example b.example c.example"
	for _, test := range []struct{ own, asked string }{
		{"Hostname", "Requested Domain"},
		{"hostname", "dst_domain"},
		{"Hostname", "Site"},
		{"host", "Destination Host"},
		{"user domain", "Destination Domain"},
		{"Sender Domain", "Link URL"},
		{"src_host", "dest_host"},
		{"host.name", "domain"},
		{"computer", "name"},
	} {
		for _, columns := range [][]string{{test.own, test.asked}, {test.asked, test.own}} {
			values := make([][][]byte, len(columns))
			for i, column := range columns {
				for _, name := range strings.Fields(asked) {
					if column == test.own {
						name = own
					}
					values[i] = append(values[i], []byte(name))
				}
			}
			if got := likeliestColumn(columns, values); got != slices.Index(columns, test.asked) {
				t.Errorf("of %q column %d is chosen, want %q", columns, got, test.asked)
			}
		}
	}
}
