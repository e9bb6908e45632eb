package lookalike

import (
	"unicode"
	"unicode/utf8"
)

// The scripts that may stand together in one name (UTS #39, section 5.2, level "highly
// restrictive").
const (
	latin = 1 << iota
	han
	hiragana
	katakana
	bopomofo
	hangul
)

var together = []struct {
	bit    int
	script *unicode.RangeTable
}{
	{latin, unicode.Latin}, {han, unicode.Han}, {hiragana, unicode.Hiragana},
	{katakana, unicode.Katakana}, {bopomofo, unicode.Bopomofo}, {hangul, unicode.Hangul},
}

// mixes reports whether a label in Unicode mixes scripts, other than those of Japanese, Chinese or
// Korean among themselves and with Latin. It uses the property Script, since Go has no
// Script_Extensions: a mark that some scripts share counts as one that all share.
func mixes(label []byte) bool {
	if isASCII(label) {
		return false
	}
	found := 0
	var other *unicode.RangeTable
runes:
	for len(label) > 0 {
		r, size := utf8.DecodeRune(label)
		label = label[size:]
		if unicode.In(r, unicode.Common, unicode.Inherited) || other != nil && unicode.Is(other, r) {
			continue
		}
		for _, s := range together {
			if unicode.Is(s.script, r) {
				found |= s.bit
				continue runes
			}
		}
		for _, script := range unicode.Scripts {
			if unicode.Is(script, r) {
				if other != nil {
					return true
				}
				other = script
				break
			}
		}
	}
	if other != nil {
		return found != 0
	}
	for _, allowed := range []int{latin | han | hiragana | katakana, latin | han | bopomofo, latin | han | hangul} {
		if found&^allowed == 0 {
			return false
		}
	}
	return true
}
