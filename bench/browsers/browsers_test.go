// Package browsers_test holds the canonical form against browsers: Chromium, and Node, whose parser
// is another one with older tables.
//
// What a browser takes as a URL of the web must have the same canonical form as what the browser
// makes of it. What differs must be of a kind that stands in the table of kinds.
package browsers_test

import (
	"cmp"
	"flag"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
)

var (
	whole = flag.Bool("whole", false, "ask about all texts, not some thousands")
)

// A comparison is what we and a browser make of one text.
type comparison struct {
	text           string
	ours           reading
	taken          bool    // the browser takes the text as a URL of some scheme
	href, hostname string  // as the browser has them
	theirs         reading // what we make of href
}

// A reading is what Snowman makes of a text.
type reading struct {
	form, host string
	err        error
}

func read(text string) reading {
	var u canon.URL
	if err := u.Parse(text); err != nil {
		return reading{err: err}
	}
	return reading{form: u.String(), host: string(u.Host())}
}

func compare(text string, a answer) comparison {
	c := comparison{text: text, ours: read(text)}
	if a != nil {
		c.taken, c.href, c.hostname = true, a[href], a[hostname]
		c.theirs = read(c.href)
	}
	return c
}

// isOfWeb reports whether the browser takes the text as a URL of a scheme that has a host.
func (c comparison) isOfWeb() bool {
	scheme, _, _ := strings.Cut(c.href, ":")
	return c.taken && slices.Contains([]string{"http", "https", "ws", "wss", "ftp"}, scheme)
}

// A relation is how our reading and a browser's stand to each other.
type relation string

const (
	agree      relation = "agree"
	bothRefuse relation = "both refuse"
	notOfWeb   relation = "no URL of the web"
	differ     relation = "differ"
	onlyWeTake relation = "only Snowman takes"
	onlyTheyDo relation = "only the browser takes"
)

func (c comparison) relation() relation {
	switch {
	case c.taken && !c.isOfWeb():
		return notOfWeb
	case !c.taken && c.ours.err != nil:
		return bothRefuse
	case !c.taken:
		return onlyWeTake
	case c.ours.err != nil:
		return onlyTheyDo
	case c.ours.form == c.theirs.form && sameHost(c.ours.host, c.hostname):
		return agree
	}
	return differ
}

// sameHost reports whether our host is the browser's hostname, up to what our form leaves out and
// how it writes bytes.
func sameHost(ours, hostname string) bool {
	if address, err := netip.ParseAddr(strings.Trim(hostname, "[]")); err == nil {
		address = address.Unmap()
		if nat64 := netip.MustParsePrefix("64:ff9b::/96"); nat64.Contains(address) {
			address, _ = netip.AddrFromSlice(address.AsSlice()[12:])
		}
		got, err := netip.ParseAddr(strings.Trim(ours, "[]"))
		return err == nil && got == address
	}
	return plainHost(ours) == plainHost(hostname)
}

// plainHost decodes a host's escapes, and takes the dots around it and www. away.
func plainHost(host string) string {
	host = unescape(host)
	for {
		shorter := strings.TrimPrefix(strings.Trim(host, "."), "www.")
		if shorter == host {
			return host
		}
		host = shorter
	}
}

// TestMutatedURLs changes URLs at random.
func TestMutatedURLs(t *testing.T) {
	count := 4_000
	if *whole {
		count = 300_000
	}
	compareAll(t, mutated(count))
}

// TestEveryCodePoint puts each code point into a host.
func TestEveryCodePoint(t *testing.T) {
	step := 251
	if *whole {
		step = 1
	}
	compareAll(t, everyCodePoint(step))
}

// compareAll compares our reading of texts with that of each oracle, and fails where they disagree
// in a way that is not in the table of kinds.
func compareAll(t *testing.T, texts []string) {
	for _, o := range oracles(t) {
		t.Run(o.name, func(t *testing.T) {
			count := make(map[[2]string]int)
			unknown := 0
			for _, c := range classify(t, o, texts) {
				count[[2]string{string(c.relation()), c.kind}]++
				if c.kind != "" || c.relation() == agree || c.relation() == bothRefuse || c.relation() == notOfWeb {
					continue
				}
				const shown = 20
				if unknown++; unknown <= shown {
					t.Errorf("%s: %q\nwe:   %q %v\nthey: %q, whose host is %q and canonical form is %q",
						c.relation(), c.text, c.ours.form, c.ours.err, c.href, c.hostname, c.theirs.form)
				}
			}
			if unknown > 0 {
				t.Errorf("%d of %d texts differ in no known way", unknown, len(texts))
			}
			rows := make([][2]string, 0, len(count))
			for row := range count {
				rows = append(rows, row)
			}
			slices.SortFunc(rows, func(a, b [2]string) int {
				return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(count[b], count[a]), cmp.Compare(a[1], b[1]))
			})
			for _, row := range rows {
				t.Logf("%7d  %-22s  %s", count[row], row[0], row[1])
			}
		})
	}
}

// A classified comparison has the name of a kind where one explains the difference.
type classified struct {
	comparison
	kind string
}

// classify compares all texts. Some kinds say that we read a text as if it were written otherwise:
// the oracle is asked about those other texts as well, and must agree about one.
func classify(t *testing.T, o oracle, texts []string) []classified {
	t.Helper()
	type retry struct{ at, kind int }
	var retries []retry
	var others []string
	all := make([]classified, len(texts))
	for i, a := range o.answers(t, texts) {
		all[i] = classified{comparison: compare(texts[i], a)}
		c := &all[i]
		if r := c.relation(); r != differ && r != onlyWeTake && r != onlyTheyDo {
			continue
		}
		if k := slices.IndexFunc(kinds, func(k kind) bool { return k.explains != nil && k.explains(c.comparison) }); k >= 0 {
			c.kind = kinds[k].name
			continue
		}
		for k, kind := range kinds {
			if kind.readAs == nil {
				continue
			}
			for _, other := range kind.readAs(c.text) {
				if other != c.text {
					retries = append(retries, retry{i, k})
					others = append(others, other)
				}
			}
		}
	}
	for i, a := range o.answers(t, others) {
		c := &all[retries[i].at]
		if c.kind != "" {
			continue
		}
		other := compare(others[i], a)
		other.ours = c.ours
		if other.relation() == agree || slices.ContainsFunc(kinds, func(k kind) bool { return k.explains != nil && k.explains(other) }) {
			c.kind = kinds[retries[i].kind].name
		}
	}
	return all
}
