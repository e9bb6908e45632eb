// Package browsers_test holds the canonical form against browsers: Chromium, and Node, whose parser
// is another one with older tables.
//
// What a browser takes as a URL of the web must have the same canonical form as what the browser
// makes of it. What differs must be of a kind that stands in the table of kinds.
package browsers_test

import (
	"cmp"
	"flag"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
)

var (
	whole = flag.Bool("whole", false, "ask about all texts, not some thousands")
	show  = flag.String("show", "", "log some texts of this `kind`")
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

// isDisagreement reports whether there is something to explain. A URL of another scheme that has no
// host in a browser has none for us.
func (c comparison) isDisagreement() bool {
	switch c.relation() {
	case agree, bothRefuse:
		return false
	case notOfWeb:
		return c.hostname != "" || c.ours.err == nil
	}
	return true
}

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
// in a way that is not in the table of kinds, or where the canonical form of a form is another one.
func compareAll(t *testing.T, texts []string) {
	for _, o := range oracles(t) {
		t.Run(o.name, func(t *testing.T) {
			type row struct {
				relation relation
				kind     string
			}
			count := make(map[row]int)
			unknown := 0
			for part := range slices.Chunk(texts, chunk) {
				for _, c := range classify(t, o, part) {
					r := row{c.relation(), c.kind}
					count[r]++
					if again := read(c.ours.form); c.ours.err == nil && again != c.ours {
						t.Errorf("%q is %q, and that is %q %v", c.text, c.ours.form, again.form, again.err)
					}
					const shown = 20
					if c.kind != "" && c.kind == *show && count[r] <= shown {
						t.Logf("%s: %q\nwe:   %q %v\nthey: %q", r.relation, c.text, c.ours.form, c.ours.err, c.href)
					}
					if c.kind != "" || r.relation == notOfWeb || !c.isDisagreement() {
						continue
					}
					if unknown++; unknown <= shown {
						t.Errorf("%s: %q\nwe:   %q %v\nthey: %q, whose host is %q and canonical form is %q",
							r.relation, c.text, c.ours.form, c.ours.err, c.href, c.hostname, c.theirs.form)
					}
				}
			}
			if unknown > 0 {
				t.Errorf("%d of %d texts differ in no known way", unknown, len(texts))
			}
			for _, r := range slices.SortedFunc(maps.Keys(count), func(a, b row) int {
				return cmp.Or(cmp.Compare(a.relation, b.relation), cmp.Compare(count[b], count[a]), cmp.Compare(a.kind, b.kind))
			}) {
				t.Logf("%7d  %-22s  %s", count[r], r.relation, r.kind)
			}
		})
	}
}

// A classified comparison has the name of a kind where one explains the difference.
type classified struct {
	comparison
	kind string
}

// rounds is how many kinds may meet in one text.
const rounds = 3

// classify compares all texts. Some kinds say that we read a text as if it were written otherwise:
// the oracle is asked about those other texts as well, and must agree about one.
func classify(t *testing.T, o oracle, texts []string) []classified {
	t.Helper()
	// A rewriting is what the text with this number may be read as.
	type rewriting struct {
		number     int
		text, kind string
	}
	var open []rewriting
	all := make([]classified, len(texts))
	for i, a := range o.answers(t, texts) {
		all[i] = classified{comparison: compare(texts[i], a)}
		c := &all[i]
		if c.relation() == notOfWeb || !c.isDisagreement() {
			continue
		}
		if c.kind = explanation(c.comparison); c.kind == "" {
			open = append(open, rewriting{i, c.text, ""})
		}
	}
	for range rounds {
		var next []rewriting
		var others []string
		for _, r := range open {
			for _, k := range kinds {
				if all[r.number].kind != "" || k.readAs == nil {
					continue
				}
				for _, other := range k.readAs(r.text) {
					if other != r.text {
						next = append(next, rewriting{r.number, other, cmp.Or(r.kind, k.name)})
						others = append(others, other)
					}
				}
			}
		}
		open = next
		for i, a := range o.answers(t, others) {
			c := &all[open[i].number]
			other := compare(others[i], a)
			other.ours = c.ours
			if c.kind == "" && (!other.isDisagreement() || explanation(other) != "") {
				c.kind = open[i].kind
			}
		}
	}
	return all
}

// explanation returns the name of the first kind that explains a comparison.
func explanation(c comparison) string {
	for _, k := range kinds {
		if k.explains != nil && k.explains(c) {
			return k.name
		}
	}
	return ""
}
