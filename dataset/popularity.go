package dataset

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// popularity finds the names worth imitating. What counts is the label that somebody registered,
// whatever the suffix: companies have many, and lists of popular names do not hold them all.
//
// A label can be imitated if it is vetted, by the rule for registered domains. How much it is
// imitated, malicious names say: many hold it as a part (paypal-login.example). So labels are
// ordered by the logarithms of how often each source of benign rows has them, and of how many
// malicious registered domains do.
type popularity struct {
	vetted   vetting              // by label; malicious rows are left out: anybody can register another suffix
	mentions map[string][]mention // of a label
	abused   map[string]int       // registered domains of malicious rows, by a part of the first host seen of each
	domains  map[string]*usage    // registered domains
}

// A mention is how many rows of one source of benign ones have a label.
type mention struct {
	source string
	rows   int
}

// usage is how many rows a registered domain has.
type usage struct {
	benign  int
	named   int // malicious ones that are the domain and nothing else
	hosting int // other malicious ones: something below it is bad
}

func newPopularity() *popularity {
	return &popularity{
		vetted:   newVetting(),
		mentions: make(map[string][]mention),
		abused:   make(map[string]int),
		domains:  make(map[string]*usage),
	}
}

// note takes down what a row, whose text u holds, says about its registered domain.
func (p *popularity) note(source Source, row Row, domain string, u *canon.URL) {
	if row.Kind == DGA || !u.IsRegistrable() {
		return // no algorithm imitates
	}
	known := p.domains[domain]
	if known == nil {
		known = new(usage)
		p.domains[domain] = known
	}
	label, _, _ := strings.Cut(domain, ".")
	if row.Malicious {
		if known.named+known.hosting == 0 {
			p.noteParts(u.Host()[:len(u.Host())-len(domain)+len(label)])
		}
		if len(u.Bytes()) == len(domain) {
			known.named++
		} else {
			known.hosting++
		}
		return
	}
	if u.IsHosted() {
		return // storage.googleapis.com: one customer, or machine, of many
	}
	known.benign++
	if !lookalike.CanBeImitated(domain) {
		return
	}
	p.vetted.note(source, row, label, true)
	mentions := p.mentions[label]
	for i := range mentions {
		if mentions[i].source == source.File {
			mentions[i].rows++
			return
		}
	}
	p.mentions[label] = append(mentions, mention{source.File, 1})
}

// noteParts counts the parts of a malicious host before its public suffix.
func (p *popularity) noteParts(host []byte) {
	parts := bytes.FieldsFunc(host, func(c rune) bool { return c == '.' || c == '-' })
	for i, part := range parts {
		if !slices.ContainsFunc(parts[:i], func(other []byte) bool { return bytes.Equal(other, part) }) {
			p.abused[string(part)]++
		}
	}
}

// imitated returns the registered domains, one for each label, that are worth most to imitate, as
// many as are wanted or as there are. The lists of a vetted one must lie so many years apart.
func (p *popularity) imitated(wanted, years int) []string {
	best := make(map[string]string) // domain of each label
	for domain := range p.domains {
		label, _, _ := strings.Cut(domain, ".")
		if len(p.mentions[label]) == 0 || p.standing(domain) == 0 || !lookalike.CanBeImitated(domain) {
			continue
		}
		other, found := best[label]
		if !found || cmp.Or(cmp.Compare(p.standing(domain), p.standing(other)), cmp.Compare(other, domain)) > 0 {
			best[label] = domain
		}
	}
	type candidate struct {
		domain string
		worth  float64
	}
	var candidates []candidate
	for label, domain := range best {
		if !p.vetted.has(label, years) {
			continue
		}
		worth := math.Log2(1 + float64(p.abused[label]))
		for _, m := range p.mentions[label] {
			worth += math.Log2(1 + float64(m.rows))
		}
		candidates = append(candidates, candidate{domain, worth})
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.domain, b.domain))
	})
	var domains []string
	for _, c := range candidates[:min(wanted, len(candidates))] {
		domains = append(domains, c.domain)
	}
	return domains
}

// standing says how likely a registered domain is the one that people mean by its label, 0 if
// malicious lists call it by name more often than benign ones. Most companies' first is .com, which
// some of the sources leave out: of its rows each counts tenfold, those of malicious guests too.
func (p *popularity) standing(domain string) int {
	known := p.domains[domain]
	switch {
	case known.named > known.benign:
		return 0
	case strings.Count(domain, ".") == 1 && strings.HasSuffix(domain, ".com"):
		return 10 * (known.benign + known.hosting)
	}
	return known.benign
}
