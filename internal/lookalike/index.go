package lookalike

import "math/bits"

// A filter is a set of hashes that may say yes to others, one in fifty at most. Each hash has two
// bits in one word.
type filter struct {
	words []uint64
	shift int
}

func newFilter(hashes []uint32) filter {
	size := max(bits.Len(uint(len(hashes)))+4, 14) - 6 // 16 bits to 32 for each hash, 2 KiB or more
	f := filter{make([]uint64, 1<<size), 32 - size}
	for _, hash := range hashes {
		f.words[hash>>f.shift] |= 1<<(hash&63) | 1<<(hash>>6&63)
	}
	return f
}

// has returns 1 if a hash may be in the set, else 0.
func (f *filter) has(hash uint32) uint64 {
	at := int(hash >> (f.shift & 31))
	if at >= len(f.words) {
		return 0 // the list is empty
	}
	return f.words[at] >> (hash & 63) & (f.words[at] >> (hash >> 6 & 63)) & 1
}

// place is a place for a hash in a table of a power of two.
func place(hash uint32, shift int) uint64 { return uint64(hash) * spread >> (shift & 63) }

const spread = 0xD6E8FEB86659FD93

// An index finds numbers of names by a hash. Those of one place stand side by side, in the order in
// which they were given. The zero value has none.
type index struct {
	starts  []uint32 // of each place among the entries, and where the last one ends
	entries []entry
	shift   int
}

// An entry of an index. Whoever finds one compares its hash.
type entry struct {
	hash   uint32
	number int32
}

func newIndex(entries []entry) index {
	size := max(bits.Len(uint(len(entries))), 1)
	x := index{make([]uint32, 1<<size+1), make([]entry, len(entries)), 64 - size}
	for _, e := range entries {
		x.starts[place(e.hash, x.shift)]++
	}
	end := uint32(0)
	for i, count := range x.starts {
		end += count
		x.starts[i] = end
	}
	for i := len(entries) - 1; i >= 0; i-- { // from the last, since each goes before those of its place
		p := place(entries[i].hash, x.shift)
		x.starts[p]--
		x.entries[x.starts[p]] = entries[i]
	}
	return x
}

// find returns the entries at the place of a hash: all that have the hash, and others.
func (x *index) find(hash uint32) []entry {
	place := place(hash, x.shift)
	if place+1 >= uint64(len(x.starts)) {
		return nil
	}
	return x.entries[x.starts[place]:x.starts[place+1]]
}

// A labelSet is the labels of names while a list is made: one more than the number of a name, at
// the place of the hash of its folded label or, if that is taken, behind it.
type labelSet struct {
	numbers []int32
	shift   int
}

func newLabelSet(most int) labelSet {
	size := bits.Len(uint(most)) + 1
	return labelSet{make([]int32, 1<<size), 64 - size}
}

// add adds a label, which will be that of the next name, and reports whether it is new.
func (s *labelSet) add(label string, hash uint32, names []listed) bool {
	at := place(hash, s.shift)
	for ; s.numbers[at] != 0; at = (at + 1) % uint64(len(s.numbers)) {
		if names[s.numbers[at]-1].label == label {
			return false
		}
	}
	s.numbers[at] = int32(len(names)) + 1
	return true
}
