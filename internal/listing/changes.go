package listing

import (
	"bufio"
	"cmp"
	"io"
	"slices"
	"strings"
)

// Changes returns the texts that came and went between two lists of a format, sorted.
func Changes(before, after []string) (came, went []string) {
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(before) == 0 || len(after) > 0 && after[0] < before[0]:
			came, after = append(came, after[0]), after[1:]
		case len(after) == 0 || before[0] < after[0]:
			went, before = append(went, before[0]), before[1:]
		default:
			before, after = before[1:], after[1:]
		}
	}
	return came, went
}

// WriteChanges writes what came, behind +, and what went, behind -, in the order of the texts.
func WriteChanges(w io.Writer, came, went []string) error {
	type change struct{ sign, text string }
	var all []change
	for _, text := range came {
		all = append(all, change{"+ ", text})
	}
	for _, text := range went {
		all = append(all, change{"- ", text})
	}
	slices.SortFunc(all, func(a, b change) int {
		return cmp.Or(strings.Compare(a.text, b.text), strings.Compare(a.sign, b.sign))
	})
	out := bufio.NewWriter(w)
	for _, c := range all {
		out.WriteString(c.sign + c.text + "\n")
	}
	return out.Flush()
}
