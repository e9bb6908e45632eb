package lookalike

import (
	"math/bits"
	"strings"

	"github.com/snowman-ml/snowman/internal/swar"
)

// A glance is a quick look at a host. It says in which labels there may be something to find: in
// few labels of ordinary hosts, and in all in which visit finds something. It folds no letters and
// compares no words: it looks for hashes of parts in filters, so that no branch depends on how
// long a label is or what stands in it.
type glance struct {
	list          *List
	length        int    // of the host
	dots, hyphens uint64 // a bit for each byte of it
	sums          sums
}

// set looks at a host whose registered domain starts at index domain, and reports whether it can:
// the host is short and in ASCII.
func (g *glance) set(list *List, host []byte, domain int) bool {
	length := len(host)
	if length >= maxSummed || domain > 0 && host[domain-1] != '.' {
		return false
	}
	var dots, hyphens, all uint64
	sum := uint32(0)
	for i := 0; i <= length; i += 8 { // up to the sum of all
		word := swar.Load(host, i)
		all |= word
		dots |= swar.Bits(swar.Equal(word, '.')) << i
		hyphens |= swar.Bits(swar.Equal(word, '-')) << i
		sum = g.sums.add(i, sum, word)
	}
	g.list, g.length, g.dots, g.hyphens = list, length, dots, hyphens
	return all&swar.High == 0
}

// labelEnd returns where the label ends that starts at start.
func (g *glance) labelEnd(start int) int {
	return min(start+bits.TrailingZeros64(g.dots>>start), g.length)
}

// labelStart returns where the label starts that ends at end.
func (g *glance) labelStart(end int) int { return bits.Len64(g.dots & (1<<end - 1)) }

// mayFind reports whether there may be something to find in the label of the host that stands from
// start to end.
func (g *glance) mayFind(start, end int, isRegistered bool) bool {
	hyphens := g.hyphens & (1<<end - 1) >> start << start
	if hyphens>>start&0b1100 == 0b1100 {
		return true // an A-label
	}
	found := g.mayBe(start, end, isRegistered, !isRegistered)
	if hyphens == 0 {
		return found != 0
	}
	for ; hyphens != 0; hyphens &= hyphens - 1 {
		hyphen := bits.TrailingZeros64(hyphens)
		found |= g.mayBe(start, hyphen, isRegistered, true)
		start = hyphen + 1
	}
	return found|g.mayBe(start, end, isRegistered, true) != 0
}

// mayBe returns 1 if there may be something to find in a token, else 0.
func (g *glance) mayBe(start, end int, isRegistered, isPart bool) uint64 {
	known, ends, whole := &g.list.known, &g.list.ends, g.sums.hash(start, end)
	label := whole
	if isPart {
		label += part
	}
	found := known.has(label)
	if isRegistered {
		two, five := min(2, end-start), min(minCompanion, end-start)
		found |= known.has(whole+slip) |
			ends.has(endHash(g.sums.hash(start, start+two), g.sums.hash(start, start+five))) |
			ends.has(^endHash(g.sums.hash(end-two, end), g.sums.hash(end-five, end)))
	}
	return found
}

// What is added to hashes of parts of names, to tell what they are of. Nothing is added to that of
// the label of a name.
var (
	part = chance(256) // of the label of a name that may be mentioned, or imitated by a part
	slip = chance(257) // of the label of a name with one slip
)

// endHash returns the hash of how a name begins that stands in one word with a companion, given
// those of its first two and of its first minCompanion bytes. Of how it ends, the complement is the
// hash.
func endHash(two, five uint32) uint32 { return five + 3*two }

// appendSlips appends the hashes of all that isOneSlip takes for a folded name.
func appendSlips(hashes []uint32, whole uint32, folded string) []uint32 {
	hashes = append(hashes, whole+slip) // two letters swapped
	for c := byte('a'); c <= 'z'; c++ {
		hashes = append(hashes, whole+numbers[c]+slip)
	}
	for i := range len(folded) {
		c := folded[i]
		if strings.IndexByte(folded[:i], c) >= 0 {
			continue
		}
		without := whole - numbers[c] + slip
		hashes = append(hashes, without)
		for beside := neighbours[c]; beside != 0; beside &= beside - 1 {
			hashes = append(hashes, without+numbers['a'+bits.TrailingZeros32(beside)])
		}
	}
	return hashes
}

// appendEnds appends the hashes of how a folded name begins and ends, in any text that is folded to
// it: of two letters that look like one, there may be one or both.
func appendEnds(hashes []uint32, folded string) []uint32 {
	var letters []byte
	for i := range len(folded) {
		if pair, ok := pairOf[folded[i]]; ok {
			letters = append(letters, pair...)
		} else {
			letters = append(letters, folded[i])
		}
	}
	hash := func(part []byte) (hash uint32) {
		for _, c := range part {
			hash += numbers[c]
		}
		return hash
	}
	length, more := len(letters), len(letters)-len(folded)
	for two := 2; two <= 2+min(more, 2); two++ {
		for five := minCompanion; five <= min(minCompanion+min(more, minCompanion), length); five++ {
			hashes = append(hashes, endHash(hash(letters[:two]), hash(letters[:five])), ^endHash(hash(letters[length-two:]), hash(letters[length-five:])))
		}
	}
	return hashes
}
