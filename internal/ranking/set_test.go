package ranking

import (
	"hash/maphash"
	"math"
	"strconv"
	"testing"
)

func TestASetIsExactUntilItIsThinned(t *testing.T) {
	seed := maphash.MakeSeed()
	for _, distinct := range []int{0, 1, few - 1, few, few + 1, 24, 25, 1000, 50_000} {
		var s set
		grown := 0
		for range 3 {
			for i := range distinct {
				grown += s.add(maphash.String(seed, strconv.Itoa(i)))
			}
		}
		if got := s.total(); got != (Count{Value: distinct}) || grown != distinct {
			t.Errorf("of %d keys the set has %v and grew by %d", distinct, got, grown)
		}
		seen := 0
		s.each(func(uint64) { seen++ })
		if seen != distinct {
			t.Errorf("of %d keys each gives %d", distinct, seen)
		}
	}
}

func TestAKeyMayBeZero(t *testing.T) {
	for _, others := range []int{0, 3, few - 1, few, 100} {
		var s set
		for i := range others {
			s.add(uint64(i+1) << 32)
		}
		if s.add(0) != 1 || s.add(0) != 0 || int(s.count) != others+1 {
			t.Errorf("beside %d others 0 is counted otherwise: %d", others, s.count)
		}
		for i := range 100 {
			s.add(uint64(i+1000) << 32)
		}
		s.thin(50)
		if s.add(0) != 0 {
			t.Errorf("beside %d others 0 is lost", others)
		}
	}
}

func TestAThinnedSetEstimatesWithinItsError(t *testing.T) {
	const distinct, limit = 100_000, 1024
	outside := 0
	const tries = 40
	for range tries {
		seed := maphash.MakeSeed()
		var s set
		held := 0
		for i := range distinct {
			held += s.add(maphash.String(seed, strconv.Itoa(i)))
			held -= s.thin(limit)
		}
		if held != int(s.count) || held > limit {
			t.Fatalf("the set holds %d keys and says %d, want at most %d", s.count, held, limit)
		}
		total := s.total()
		if math.Abs(float64(total.Value)-distinct) > 2*total.Error*distinct {
			outside++
		}
	}
	if outside > 6 { // some 2 are to be expected
		t.Errorf("%d of %d estimates are off by more than two standard errors", outside, tries)
	}
}
