package dataset

import "strconv"

// vetting finds registered domains that can be trusted to be benign: those on two independent lists
// of popular names years apart, or behind links that people chose, and on no malicious list. An
// address is never vetted, nor is a name without a public suffix. Raw lists of popular names are
// about 1 % bad, too much to measure a false positive rate of 1e-3.
type vetting struct {
	listings           map[string][]listing // of a registered domain
	curated, malicious map[string]bool
}

// A listing is the span of years in which one list held a registered domain.
type listing struct {
	list        string
	first, last int
}

func newVetting() vetting {
	return vetting{listings: make(map[string][]listing), curated: make(map[string]bool), malicious: make(map[string]bool)}
}

// note records what a row says about its registered domain.
func (v vetting) note(source Source, row Row, domain string, isRegistrable bool) {
	if row.Malicious {
		v.malicious[domain] = true
		return
	}
	if !isRegistrable {
		return
	}
	if source.Curated {
		v.curated[domain] = true
	}
	year := source.ListYear
	if source.Dated && len(row.Date) >= len("2006") {
		year, _ = strconv.Atoi(row.Date[:len("2006")])
	}
	if year == 0 {
		return
	}
	for i := range v.listings[domain] {
		if l := &v.listings[domain][i]; l.list == source.File {
			l.first, l.last = min(l.first, year), max(l.last, year)
			return
		}
	}
	v.listings[domain] = append(v.listings[domain], listing{source.File, year, year})
}

// has reports whether a registered domain is vetted, by lists that are at least years apart.
func (v vetting) has(domain string, years int) bool {
	return !v.malicious[domain] && (v.curated[domain] || v.isPopular(domain, years))
}

// isPopular reports whether two lists that are at least years apart have a registered domain.
func (v vetting) isPopular(domain string, years int) bool {
	for _, one := range v.listings[domain] {
		for _, other := range v.listings[domain] {
			if one.list != other.list && other.last-one.first >= max(years, 1) {
				return true
			}
		}
	}
	return false
}
