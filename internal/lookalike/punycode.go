package lookalike

import (
	"bytes"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/uts46"
)

// decode returns a label in Unicode: an A-label decoded into buffer, another label as it is. It
// returns nothing if the label is too long for DNS, or if no text is encoded as this label.
func decode(buffer, label []byte) []byte {
	switch {
	case len(label) > maxLabel:
		return nil
	case !bytes.HasPrefix(label, []byte("xn--")):
		return label
	}
	var memory [maxLabel]rune
	characters, ok := uts46.AppendDecoded(memory[:0], label)
	if !ok {
		return nil
	}
	for _, r := range characters {
		buffer = utf8.AppendRune(buffer, r)
	}
	return buffer
}
