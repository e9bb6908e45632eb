package lookalike

import (
	"bytes"
)

// A word is a label, folded: what looks alike is one letter, so that words of one skeleton are
// equal.
type word struct {
	length    int // of folded
	hasHyphen bool
	hasPairs  bool // two letters were folded to one
	folded    [maxLabel + 1]byte
	starts    [maxLabel + 1]uint8 // where each folded letter starts in the label, if hasPairs
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

// What set must know of a byte beside its fold. The bits of a pair's second letter are those of the
// first, shifted.
const (
	firstOfRN = 1 << (iota + 8)
	firstOfVV
	firstOfCL
	isHyphen
	secondOfRN
	secondOfVV
	secondOfCL
	isDot

	secondShift = 4
	second      = secondOfRN | secondOfVV | secondOfCL
)

// folds has the fold of each byte, and those bits.
var folds = func() (folds [256]uint16) {
	for c, letter := range fold {
		folds[c] = uint16(letter)
		if letter == 'l' {
			folds[c] |= secondOfCL
		}
	}
	folds['r'] |= firstOfRN
	folds['n'] |= secondOfRN
	folds['v'] |= firstOfVV | secondOfVV
	folds['c'] |= firstOfCL
	folds['-'] |= isHyphen
	folds['.'] |= isDot
	return folds
}()

// set folds the first label of a host, and returns its length in bytes. Two letters that look like
// one are that letter. A label of more than maxLabel bytes is not folded.
func (w *word) set(host []byte) int {
	label := host[:min(len(host), maxLabel+1)]
	folded := w.folded[:len(label)]
	length := len(label)
	var last, all, pairs uint16
	for i, c := range label {
		f := folds[c]
		if f&isDot != 0 {
			length = i
			break
		}
		folded[i] = byte(f)
		all |= f
		pairs |= last << secondShift & f
		last = f
	}
	w.length, w.hasHyphen, w.hasPairs = length, all&isHyphen != 0, pairs&second != 0
	if w.hasPairs && length <= maxLabel {
		w.setPairs(label[:length])
	}
	return length
}

// setPairs is set for a label with two letters that look like one.
func (w *word) setPairs(label []byte) {
	n := 0
	for i := 0; i < len(label); i++ {
		c := label[i]
		w.starts[n] = uint8(i)
		if i+1 < len(label) {
			switch next := label[i+1]; {
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
		w.folded[n] = fold[c]
		n++
	}
	w.starts[n], w.length = uint8(len(label)), n
}

// at returns where a folded letter starts in the label.
func (w *word) at(i int) int {
	if w.hasPairs {
		return int(w.starts[i])
	}
	return i
}

// halves returns hashes of how a part of the word begins and ends, in the halves of a token of size
// letters, given the sums of the label. A slip changes at most two letters side by side, so a token
// and what it is but for one slip have one half in common.
func (w *word) halves(sums []uint32, start, end, size int) (first, last uint32) {
	half, mark := (size-1)/2, chance(uint32(size))
	return sums[w.at(start+half)] - sums[w.at(start)] + mark, sums[w.at(end)] - sums[w.at(end-half)] - mark
}

// looksLike reports whether a part of the word differs from a name of the same folded letters by
// what a reader overlooks: i for l and l for i, a digit for a letter, l for 1 and o for 0, or two
// letters for one.
func (w *word) looksLike(raw []byte, start, end int, name *listed) bool {
	if string(w.folded[start:end]) != name.folded {
		return false
	}
	raw, label := raw[w.at(start):w.at(end)], name.label
	digits := 0
	i, j := 0, 0
	for n := start; n < end; n++ {
		size := w.at(n+1) - w.at(n)
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

// isMostlyDigits reports whether a part of a label is digits by more than half of its folded
// letters.
func isMostlyDigits(part []byte, letters int) bool {
	digits := 0
	for _, c := range part {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return 2*digits > letters
}

// hasCompanion reports whether a part of a label between hyphens is a companion.
func hasCompanion(label []byte) bool {
	part, rest, more := bytes.Cut(label, hyphen)
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

// slipOrder is where a name comes among those that a folded token is but for one slip: first those
// of which the token lacks a letter, then by the first letter without which the token is the name,
// or the name without a letter.
func slipOrder(token []byte, name string) int {
	if len(name) > len(token) {
		return 0
	}
	var buffer [maxLabel]byte
	for i := range token {
		if i > 0 && token[i] == token[i-1] {
			continue
		}
		switch rest := append(append(buffer[:0], token[:i]...), token[i+1:]...); {
		case string(rest) == name:
			return 1 + 2*i
		case len(name) == len(token) && lacksOne(rest, name):
			return 2 + 2*i
		}
	}
	return 2 + 2*len(token)
}

// lacksOne reports whether a token is a name without one of its letters.
func lacksOne(token []byte, name string) bool {
	at := 0
	for at < len(token) && token[at] == name[at] {
		at++
	}
	return string(token[at:]) == name[at+1:]
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

// companionLengths has a bit for the length of each companion, by its first letter.
var companionLengths = func() (lengths [256]uint32) {
	for word := range companions {
		lengths[word[0]] |= 1 << len(word)
	}
	return lengths
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
	return len(text) > 0 && companionLengths[text[0]]>>len(text)&1 != 0 && companions[string(text)]
}
