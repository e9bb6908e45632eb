package lookalike

import "math/bits"

// A filter is a set of hashes that may say yes to others, one in twenty at most. Nearly every look
// at a host ends at some of its bits.
type filter struct {
	bits  []uint64
	shift int
}

func newFilter(hashes []uint64) filter {
	const least = 14 // 2 KiB
	size := max(bits.Len(uint(len(hashes)))+4, least)
	f := filter{make([]uint64, 1<<(size-6)), 64 - size}
	for _, hash := range hashes {
		place := place(hash, f.shift)
		f.bits[place/64] |= 1 << (place % 64)
	}
	return f
}

// place is a place for a hash in a table of a power of two.
func place(hash uint64, shift int) uint64 { return hash * 0xD6E8FEB86659FD93 >> (shift & 63) }

// mayHave reports whether a hash may be in the set.
func (f *filter) mayHave(hash uint64) bool {
	place := place(hash, f.shift)
	return place/64 < uint64(len(f.bits)) && f.bits[place/64]&(1<<(place%64)) != 0
}

// An index finds numbers of names by a hash. Those of one place stand side by side, in the order in
// which they were given. The zero value has none.
type index struct {
	starts  []uint32 // of each place among the entries, and where the last one ends
	entries []entry
	shift   int
}

// An entry of an index. Its mark is a part of the hash: whoever finds an entry compares it.
type entry struct {
	mark   uint32
	number int32
}

// A key is what an index is made of.
type key struct {
	hash   uint64
	number int32
}

func newIndex(keys []key) index {
	size := max(bits.Len(uint(len(keys))), 1)
	x := index{make([]uint32, 1<<size+1), make([]entry, len(keys)), 64 - size}
	for _, k := range keys {
		x.starts[place(k.hash, x.shift)]++
	}
	end := uint32(0)
	for i, count := range x.starts {
		end += count
		x.starts[i] = end
	}
	for i := len(keys) - 1; i >= 0; i-- { // from the last, since each goes before those of its place
		k := keys[i]
		p := place(k.hash, x.shift)
		x.starts[p]--
		x.entries[x.starts[p]] = entry{uint32(k.hash), k.number}
	}
	return x
}

// find returns the entries at the place of a hash: all that have the hash, and others.
func (x *index) find(hash uint64) []entry {
	place := place(hash, x.shift)
	if place+1 >= uint64(len(x.starts)) {
		return nil
	}
	return x.entries[x.starts[place]:x.starts[place+1]]
}

// hashText returns a hash of a text.
func hashText[T string | []byte](text T) uint64 {
	hash := uint64(len(text))
	for i := range len(text) {
		hash = (hash ^ uint64(text[i])) * multiplier
	}
	return hash ^ hash>>32
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
func (s *labelSet) add(label string, hash uint64, names []listed) bool {
	at := place(hash, s.shift)
	for ; s.numbers[at] != 0; at = (at + 1) % uint64(len(s.numbers)) {
		if names[s.numbers[at]-1].label == label {
			return false
		}
	}
	s.numbers[at] = int32(len(names)) + 1
	return true
}
