package ranking

import "math"

// A set is a sample of the distinct keys that were added: all of them until there are more than a
// limit, then those below a threshold that is halved each time there are too many. A key is a hash
// whose first bits are random, so a sampled key stands for 2^halvings others.
//
// This is adaptive sampling: P. Flajolet, "On adaptive sampling", Computing 43 (1990). Unlike a
// HyperLogLog, it is exact while it is small, and counts parts of what was added as well.
type set struct {
	keys     []uint64 // few: as they came; more: a hash table with linear probing, in which 0 is empty
	count    int32    // of keys
	halvings uint8
	hasZero  bool // in a table, which cannot hold it
}

// few is how many keys are searched one by one.
const few = 8

// add adds a key, and returns by how much the number of keys grew.
func (s *set) add(key uint64) int {
	if s.halvings > 0 && key>>(64-s.halvings) != 0 {
		return 0
	}
	if !s.isTable() {
		for _, known := range s.keys {
			if known == key {
				return 0
			}
		}
		if s.count < few {
			if s.keys == nil {
				s.keys = make([]uint64, 0, 1)
			}
			s.keys = append(s.keys, key)
			s.count++
			return 1
		}
		s.rebuild(4*few, s.keys)
	}
	if !s.insert(key) {
		return 0
	}
	if int(s.count)*4 > len(s.keys)*3 {
		s.rebuild(2*len(s.keys), s.keys)
	}
	return 1
}

// insert inserts a key into the table.
func (s *set) insert(key uint64) bool {
	if key == 0 {
		isNew := !s.hasZero
		s.hasZero = true
		if isNew {
			s.count++
		}
		return isNew
	}
	mask := uint64(len(s.keys) - 1)
	for i := (key * 0x9e3779b97f4a7c15) >> 32 & mask; ; i = (i + 1) & mask {
		switch s.keys[i] {
		case key:
			return false
		case 0:
			s.keys[i] = key
			s.count++
			return true
		}
	}
}

// isTable reports whether the keys are a table.
func (s *set) isTable() bool { return len(s.keys) > few }

// rebuild makes a table of a size, a power of two, of keys.
func (s *set) rebuild(size int, keys []uint64) {
	wasTable := s.isTable()
	hadZero := s.hasZero
	s.keys, s.count, s.hasZero = make([]uint64, size), 0, false
	for _, key := range keys {
		if key != 0 || !wasTable {
			s.insert(key)
		}
	}
	if hadZero {
		s.insert(0)
	}
}

// each calls do with every key of the sample.
func (s *set) each(do func(key uint64)) {
	if s.hasZero {
		do(0)
	}
	for _, key := range s.keys {
		if key != 0 || !s.isTable() {
			do(key)
		}
	}
}

// thin halves the threshold until there are at most limit keys, and returns by how much their
// number shrank.
func (s *set) thin(limit int) int {
	before := s.count
	for int(s.count) > limit {
		s.halvings++
		var kept []uint64
		s.each(func(key uint64) {
			if key>>(64-s.halvings) == 0 {
				kept = append(kept, key)
			}
		})
		s.keys, s.count, s.hasZero = nil, 0, false
		if len(kept) <= few {
			s.keys, s.count = kept, int32(len(kept))
			continue
		}
		size := 4 * few
		for 3*size < 4*len(kept) {
			size *= 2
		}
		s.rebuild(size, kept)
	}
	return int(before - s.count)
}

// weight is how many keys one of the sample stands for.
func (s *set) weight() float64 { return math.Ldexp(1, int(s.halvings)) }

// total returns how many distinct keys were added.
func (s *set) total() Count { return s.part(int(s.count)) }

// part returns how many of the distinct keys are of a sort that n keys of the sample are of.
func (s *set) part(n int) Count {
	if s.halvings == 0 {
		return Count{Value: n}
	}
	return Count{Value: int(math.Round(float64(n) * s.weight())), Error: 1.2 / math.Sqrt(float64(max(n, 1)))}
}

// A Count is a number of distinct things. Error is its relative standard error, 0 where the count
// is exact.
type Count struct {
	Value int     `json:"count"`
	Error float64 `json:"error,omitempty"`
}
