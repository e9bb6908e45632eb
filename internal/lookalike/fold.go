package lookalike

import (
	"bytes"
	"math/bits"
)

// A word is a label, folded: what looks alike is one letter, so that words of one skeleton are
// equal. It has the hashes of all its beginnings, of which those of all its parts follow.
type word struct {
	raw       [maxLabel]byte
	rawLength int
	length    int // of folded
	hasHyphen bool
	folded    [maxLabel]byte
	at        [maxLabel + 1]uint8  // where each folded letter starts in raw
	prefix    [maxLabel + 1]uint64 // hash of the first letters
}

// fold has the letter that each byte is folded to.
var fold = func() (fold [256]byte) {
	for c := range fold {
		fold[c] = byte(c)
	}
	for digit, letter := range map[byte]byte{'0': 'o', '1': 'l', 'i': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g'} {
		fold[digit] = letter
	}
	return fold
}()

// set folds a label of at most maxLabel bytes. Two letters that look like one are that letter.
func (w *word) set(raw []byte) {
	copy(w.raw[:], raw)
	w.rawLength, w.hasHyphen = len(raw), false
	n, hash := 0, uint64(0)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		w.at[n] = uint8(i)
		if i+1 < len(raw) {
			switch next := raw[i+1]; {
			case c == 'r' && next == 'n':
				c = 'm'
				i++
			case c == 'v' && next == 'v':
				c = 'w'
				i++
			case c == 'c' && fold[next] == 'l':
				c = 'd'
				i++
			}
		}
		c = fold[c]
		if c == '-' {
			w.hasHyphen = true
		}
		w.folded[n] = c
		hash = hash*base + uint64(c)
		n++
		w.prefix[n] = hash
	}
	w.at[n], w.length = uint8(len(raw)), n
}

// Hashes are polynomials modulo 2^64. Whoever makes two words of one hash gains nothing, since
// words are compared.
const base = 0x9E3779B97F4A7C15 | 4 | 1

// powers are those of base.
var powers = func() (powers [maxLabel + 1]uint64) {
	powers[0] = 1
	for i := 1; i < len(powers); i++ {
		powers[i] = powers[i-1] * base
	}
	return powers
}()

// hash returns the hash of a part of the word.
func (w *word) hash(start, end int) uint64 {
	return w.prefix[end] - w.prefix[start]*powers[end-start]
}

// hashWithout returns the hash of a part of the word without the letter at i.
func (w *word) hashWithout(start, end, i int) uint64 {
	return w.hash(start, i)*powers[end-i-1] + w.hash(i+1, end)
}

// halves returns hashes of how a part of the word begins and ends, in the halves of a token of size
// letters. A slip changes at most two letters side by side, so a token and what it is but for one
// slip have one half in common.
func (w *word) halves(start, end, size int) (beginning, ending uint64) {
	half, mark := (size-1)/2, uint64(size)<<56
	return w.hash(start, start+half) ^ mark, ^(w.hash(end-half, end) ^ mark)
}

// looksLike reports whether a part of the word differs from a name of the same folded letters by
// what a reader overlooks: i for l and l for i, a digit for a letter, l for 1 and o for 0, or two
// letters for one.
func (w *word) looksLike(start, end int, name *listed) bool {
	if string(w.folded[start:end]) != name.folded {
		return false
	}
	raw, label := w.raw[w.at[start]:w.at[end]], name.label
	digits := 0
	i, j := 0, 0
	for n := start; n < end; n++ {
		size := int(w.at[n+1] - w.at[n])
		pair := 1
		if j+1 < len(label) && size <= 2 {
			switch {
			case label[j] == 'r' && label[j+1] == 'n', label[j] == 'v' && label[j+1] == 'v', label[j] == 'c' && fold[label[j+1]] == 'l':
				pair = 2
			}
		}
		if size < pair {
			return false // modem does not imitate modern
		}
		if size == pair {
			for k := range size {
				c, want := raw[i+k], label[j+k]
				switch {
				case c == want:
				case c >= '0' && c <= '9':
					digits++
				case want == '0' || want == '1' || c == 'i' && want == 'l' || c == 'l' && want == 'i':
				default:
					return false
				}
			}
		}
		i, j = i+size, j+pair
	}
	return 2*digits <= end-start
}

// isMostlyDigits reports whether a part of the word is digits by more than half.
func (w *word) isMostlyDigits(start, end int) bool {
	digits := 0
	for _, c := range w.raw[w.at[start]:w.at[end]] {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return 2*digits > end-start
}

// hasCompanion reports whether a part of the word between hyphens is a companion.
func (w *word) hasCompanion() bool {
	part, rest, more := bytes.Cut(w.raw[:w.rawLength], hyphen)
	for more && !companions[string(part)] {
		part, rest, more = bytes.Cut(rest, hyphen)
	}
	return companions[string(part)]
}

var hyphen = []byte("-")

// neighbours has the letters beside each letter on a keyboard, as bits, and those that look alike.
var neighbours = func() (neighbours [256]uint32) {
	bit := func(c byte) uint32 { return 1 << (c - 'a') }
	join := func(a, b byte) {
		a, b = fold[a], fold[b]
		neighbours[a] |= bit(b)
		neighbours[b] |= bit(a)
	}
	rows := []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}
	for r, row := range rows {
		for i := range len(row) {
			if i > 0 {
				join(row[i-1], row[i])
			}
			if r > 0 { // the row above stands half a key to the left
				join(row[i], rows[r-1][i])
				if i+1 < len(rows[r-1]) {
					join(row[i], rows[r-1][i+1])
				}
			}
		}
	}
	for _, pair := range []string{"uv", "mn", "ij", "lj", "qg", "ce", "ao", "ae", "ei", "ou", "ck", "sz", "kq"} {
		join(pair[0], pair[1])
	}
	return neighbours
}()

// isOneSlip reports whether a folded token is a folded name with one slip: a letter doubled, added
// or left out, two swapped, or one beside the right one on a keyboard. At the end only a doubled
// letter counts: region is no slip of regions, nor advanced of advance.
func isOneSlip(token []byte, name string) bool {
	start := 0
	for start < len(token) && start < len(name) && token[start] == name[start] {
		start++
	}
	a, b := token[start:], name[start:]
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	isLetter := func(c byte) bool { return c >= 'a' && c <= 'z' }
	switch {
	case len(a) == 1 && len(b) == 0:
		return isLetter(a[0]) && (start < len(name) || a[0] == name[start-1])
	case len(a) == 0 && len(b) == 1:
		return start > 0 && start < len(token) && isLetter(b[0])
	case len(a) == 1 && len(b) == 1:
		return start > 0 && isLetter(a[0]) && isLetter(b[0]) && neighbours[a[0]]&(1<<(b[0]-'a')) != 0
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	}
	return false
}

// A filter is a set of hashes that may say yes to others, one in twenty. Nearly every look at a
// host ends at some of its bits.
type filter struct {
	bits  []uint64
	shift int
}

func newFilter(hashes []uint64) filter {
	size := max(bits.Len(uint(len(hashes)))+4, 6)
	f := filter{make([]uint64, 1<<(size-6)), 64 - size}
	for _, hash := range hashes {
		place := f.place(hash)
		f.bits[place/64] |= 1 << (place % 64)
	}
	return f
}

func (f *filter) place(hash uint64) uint64 { return hash * 0xD6E8FEB86659FD93 >> (f.shift & 63) }

// mayHave reports whether a hash may be in the set.
func (f *filter) mayHave(hash uint64) bool {
	place := f.place(hash)
	return place/64 < uint64(len(f.bits)) && f.bits[place/64]&(1<<(place%64)) != 0
}

// An index finds numbers of names by a hash.
type index map[uint64][]int32

// A key is an entry of an index.
type key struct {
	hash   uint64
	number int32
}

// longestChain is how many names of one hash an index has: a file made for it could have more.
const longestChain = 8

func newIndex(keys []key) index {
	x := make(index, len(keys))
	for _, k := range keys {
		chain := x[k.hash]
		if len(chain) > 0 && chain[len(chain)-1] == k.number || len(chain) >= longestChain {
			continue
		}
		x[k.hash] = append(chain, k.number)
	}
	return x
}

// companions are words that stand in one word with names, mostly in phishing.
var companions = func() map[string]bool {
	set := make(map[string]bool)
	for _, word := range []string{
		"access", "account", "accounts", "airdrop", "alert", "alerts", "app", "assistance", "auth", "bank",
		"billing", "bireysel", "bonus", "card", "check", "claim", "client", "com", "confirm", "connect", "contact",
		"destek", "device", "drop", "event", "free", "gift", "giris", "giveaway", "help", "helpcenter", "helpdesk",
		"helps", "id", "info", "live", "login", "manage", "my", "new", "nft", "notice", "notification", "official",
		"online", "pay", "payee", "payment", "payments", "portal", "promo", "recovery", "refund", "restore", "review", "reward",
		"rewards", "safe", "secure", "secured", "security", "server", "service", "services", "signin", "support", "supports",
		"swap", "sync", "team", "token", "tracking", "update", "user", "validation", "verif", "verification",
		"verified", "verify", "vip", "wallet", "web", "web3",
	} {
		set[word] = true
	}
	return set
}()

// IsCompanion reports whether a word is one that stands beside names, mostly in phishing: no name.
func IsCompanion(word string) bool { return companions[word] }

// isCompanion reports whether a text is a companion, or up to four digits behind a name.
func isCompanion(text []byte, isBehind bool) bool {
	if isBehind && len(text) <= 4 {
		digits := 0
		for _, c := range text {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		if digits == len(text) {
			return true
		}
	}
	return companions[string(text)]
}
