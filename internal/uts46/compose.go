package uts46

import (
	"cmp"
	"slices"
)

// A composition says that two characters are the same as a third.
type composition struct{ first, second, composite rune }

// Hangul syllables are composed by arithmetic (The Unicode Standard, section 3.12).
const (
	leadBase, vowelBase, trailBase, syllableBase = 0x1100, 0x1161, 0x11A7, 0xAC00
	leadCount, vowelCount, trailCount            = 19, 21, 28
	syllableCount                                = leadCount * vowelCount * trailCount
)

// compose returns a mapped label in NFC (UAX #15). No mapped label holds a character that NFC takes
// apart for good, so the compositions are all that it needs.
func compose(label []rune) []rune {
	var memory [usual]rune
	characters := memory[:0]
	for _, r := range label {
		characters = appendDecomposed(characters, r)
	}
	orderMarks(characters)

	composed := label[:0]
	starter, before := -1, uint16(0) // the last starter in composed, and the class of what stands before r
	for _, r := range characters {
		class := combiningClass(r)
		if combines(r) && starter >= 0 && (starter == len(composed)-1 || before < class) {
			if composite, ok := composeTwo(composed[starter], r); ok {
				composed[starter] = composite
				continue
			}
		}
		if class == 0 {
			starter = len(composed)
		}
		before = class
		composed = append(composed, r)
	}
	return composed
}

// combines reports whether a character of a mapped label can change or compose with what stands
// before it.
func combines(r rune) bool { return lookUp(r) >= mark }

func combiningClass(r rune) uint16 {
	if !combines(r) {
		return 0
	}
	return lookUp(r) - mark
}

// appendDecomposed appends what a character is composed of.
func appendDecomposed(characters []rune, r rune) []rune {
	if syllable := r - syllableBase; syllable >= 0 && syllable < syllableCount {
		characters = append(characters,
			leadBase+syllable/(vowelCount*trailCount),
			vowelBase+syllable%(vowelCount*trailCount)/trailCount)
		if trail := syllable % trailCount; trail > 0 {
			characters = append(characters, trailBase+trail)
		}
		return characters
	}
	if r < compositions[0].composite {
		return append(characters, r)
	}
	i, found := slices.BinarySearchFunc(compositions[:], r, func(c composition, r rune) int {
		return cmp.Compare(c.composite, r)
	})
	if !found {
		return append(characters, r)
	}
	return append(appendDecomposed(characters, compositions[i].first), compositions[i].second)
}

// orderMarks sorts the marks behind each starter by combining class.
func orderMarks(characters []rune) {
	for start := 0; start < len(characters); start++ {
		end := start
		for end < len(characters) && combiningClass(characters[end]) > 0 {
			end++
		}
		if end-start > 1 {
			slices.SortStableFunc(characters[start:end], func(a, b rune) int {
				return cmp.Compare(combiningClass(a), combiningClass(b))
			})
		}
		start = end
	}
}

// composeTwo returns the character that NFC puts in place of two.
func composeTwo(first, second rune) (rune, bool) {
	lead, vowel := first-leadBase, second-vowelBase
	if lead >= 0 && lead < leadCount && vowel >= 0 && vowel < vowelCount {
		return syllableBase + (lead*vowelCount+vowel)*trailCount, true
	}
	syllable, trail := first-syllableBase, second-trailBase
	if syllable >= 0 && syllable < syllableCount && syllable%trailCount == 0 && trail > 0 && trail < trailCount {
		return first + trail, true
	}
	i, found := slices.BinarySearchFunc(byPair[:], [2]rune{first, second}, func(i uint16, pair [2]rune) int {
		c := compositions[i]
		return cmp.Or(cmp.Compare(c.first, pair[0]), cmp.Compare(c.second, pair[1]))
	})
	if !found {
		return 0, false
	}
	return compositions[byPair[i]].composite, true
}
