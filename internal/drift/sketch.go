package drift

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
)

// A judged text is one that counts, and what was said of it.
type judged struct {
	text      string // in canonical form; what a sample keeps of it is cut
	hash      uint64
	score     float64
	level     snowman.Level
	kind      uint8 // index
	popular   bool
	looksLike bool // it imitates or mentions a popular name
	again     bool // a record before may have told of it
	times     int  // how often texts of its registered domain came, in a sample
}

// hashOf returns a hash that is the same in every run: so are results.
func hashOf(text string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	hash := uint64(offset)
	for i := range len(text) {
		hash = (hash ^ uint64(text[i])) * prime
	}
	hash ^= hash >> 33 // the last bytes move all bits (MurmurHash3's finalizer)
	hash *= 0xff51afd7ed558ccd
	hash ^= hash >> 33
	hash *= 0xc4ceb9fe1a85ec53
	return hash ^ hash>>33
}

const (
	sampledDomains = 1 << 17 // at least as many are kept of more, and at most twice
	sampledBytes   = 256     // of a text
	upperTexts     = 1 << 18 // likewise, of the highest scores
)

// A sample keeps one text of each registered domain: that with the lowest hash, whatever the order.
// Of too many domains it keeps those with the lowest hashes, a fair part of them.
type sample struct {
	texts map[uint64]judged // by the domain's hash
	above uint64            // domains from this hash on are left out; 0 for none
}

func (s *sample) add(domain uint64, j *judged) {
	if s.above != 0 && domain >= s.above {
		return
	}
	known, found := s.texts[domain]
	times := known.times + 1
	if !found || j.hash < known.hash {
		known = *j
		known.text = strings.Clone(known.text[:min(len(known.text), sampledBytes)])
	}
	known.times = times
	if s.texts == nil {
		s.texts = make(map[uint64]judged)
	}
	s.texts[domain] = known
	if found {
		return
	}
	if len(s.texts) == 2*sampledDomains {
		hashes := slices.Sorted(maps.Keys(s.texts))
		s.above = hashes[sampledDomains]
		maps.DeleteFunc(s.texts, func(hash uint64, _ judged) bool { return hash >= s.above })
	}
}

// all returns the texts, in the order of their domains' hashes.
func (s *sample) all() []judged {
	texts := make([]judged, 0, len(s.texts))
	for _, hash := range slices.Sorted(maps.Keys(s.texts)) {
		texts = append(texts, s.texts[hash])
	}
	return texts
}

// An upper keeps the texts of the highest scores, each once, with how often it came. A text that
// was dropped never comes back, since what is kept only rises: so counts are exact.
type upper struct {
	texts map[uint64]high // by the text's hash
	floor rank            // what is not above it is dropped
}

type high struct {
	score       float64
	seen, again int
	popular     bool
}

// A rank orders texts: by score, and those of one score by hash.
type rank struct {
	score float64
	hash  uint64
}

func (r rank) compare(other rank) int {
	return cmp.Or(cmp.Compare(r.score, other.score), cmp.Compare(r.hash, other.hash))
}

func (u *upper) add(j *judged) {
	if (rank{j.score, j.hash}).compare(u.floor) <= 0 {
		return
	}
	if u.texts == nil {
		u.texts = make(map[uint64]high)
	}
	h := u.texts[j.hash]
	h.score, h.popular = j.score, j.popular
	if j.again {
		h.again++
	} else {
		h.seen++
	}
	u.texts[j.hash] = h
	if len(u.texts) == 2*upperTexts {
		ranks := make([]rank, 0, len(u.texts))
		for hash, h := range u.texts {
			ranks = append(ranks, rank{h.score, hash})
		}
		slices.SortFunc(ranks, rank.compare)
		u.floor = ranks[upperTexts-1]
		maps.DeleteFunc(u.texts, func(hash uint64, h high) bool { return (rank{h.score, hash}).compare(u.floor) <= 0 })
	}
}

// descending returns the texts, the highest scores first.
func (u *upper) descending() []high {
	return slices.SortedFunc(maps.Values(u.texts), func(a, b high) int { return cmp.Compare(b.score, a.score) })
}
