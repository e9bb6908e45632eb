package dataset

import "strconv"

// vetting finds registered domains that can be trusted to be benign: those that two independent
// sources have, of which people chose one (links, directories, warning lists) or which are lists of
// popular names years apart, and that no malicious row has. Raw lists of popular names are about
// 1 % bad, too much to measure a false positive rate of 1e-3. Two lists of one time vouch for
// nothing, since what is malicious ranks high in all of them. Addresses and names without a public
// suffix are vetted only by a source that is trusted, of which Recipe.Build takes care.
type vetting struct {
	sightings map[string][]sighting // of a registered domain in benign rows
	malicious map[string]bool
}

// A sighting says that one collection of sources has a registered domain.
type sighting struct {
	collection  string
	curated     bool
	first, last int16 // years in which a list of popular names had it; 0 if none had
}

func newVetting() vetting {
	return vetting{sightings: make(map[string][]sighting), malicious: make(map[string]bool)}
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
	year := source.ListYear
	if source.Dated && len(row.Date) >= len("2006") {
		year, _ = strconv.Atoi(row.Date[:len("2006")])
	}
	seen := sighting{source.collection(), source.Curated, int16(year), int16(year)}
	for i := range v.sightings[domain] {
		if s := &v.sightings[domain][i]; s.collection == seen.collection {
			s.join(seen)
			return
		}
	}
	v.sightings[domain] = append(v.sightings[domain], seen)
}

func (s *sighting) join(other sighting) {
	s.curated = s.curated || other.curated
	if other.first != 0 && (s.first == 0 || other.first < s.first) {
		s.first = other.first
	}
	s.last = max(s.last, other.last)
}

// has reports whether a registered domain is vetted, by lists that are at least years apart.
func (v vetting) has(domain string, years int) bool {
	return !v.malicious[domain] && (v.isChosen(domain) || v.isPopular(domain, years))
}

// isChosen reports whether two collections have a registered domain, one of them chosen by people.
func (v vetting) isChosen(domain string) bool {
	seen := v.sightings[domain]
	for _, s := range seen {
		if s.curated {
			return len(seen) > 1
		}
	}
	return false
}

// isPopular reports whether two lists that are at least years apart have a registered domain.
func (v vetting) isPopular(domain string, years int) bool {
	for _, one := range v.sightings[domain] {
		for _, other := range v.sightings[domain] {
			if one.collection != other.collection && one.first != 0 && int(other.last)-int(one.first) >= max(years, 1) {
				return true
			}
		}
	}
	return false
}
