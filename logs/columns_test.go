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

func TestAddressesAreNotChosenBesideNames(t *testing.T) {
	addresses, names := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, []string{"a.example", "b.example", "b.example"}
	for _, test := range []struct {
		addresses, beside string
		want              int
	}{
		{"src", "asked_for", 1}, {"src_ip", "qry", 1}, {"client", "asked_for", 1}, {"ClientIP", "target", 1},
		{"ip", "qry", 1}, {"remote", "qry", 1}, {"addr", "asked_for", 1}, {"source_address", "target", 1},
		{"dst", "qry", 1}, {"address", "qry", 1}, {"1", "2", 1}, // without a header
		{"ioc", "reference", 0}, {"dst_ip", "src_host", 0},
	} {
		var values [2][][]byte
		for i := range addresses {
			values[0] = append(values[0], []byte(addresses[i]))
			values[1] = append(values[1], []byte(names[i]))
		}
		if got := likeliestColumn([]string{test.addresses, test.beside}, values[:]); got != test.want {
			t.Errorf("addresses in %q, names in %q: column %d is chosen, want %d", test.addresses, test.beside, got, test.want)
		}
	}
}
