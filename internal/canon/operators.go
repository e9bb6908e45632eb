package canon

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman/internal/visible"
)

//go:embed operators.txt
var operatorsFile string

// ownOperators are the suffixes of operators.txt.
var ownOperators = sync.OnceValue(func() []string {
	var suffixes []string
	for line := range strings.Lines(operatorsFile) {
		line, _, _ = strings.Cut(line, "#")
		if suffix := strings.TrimSpace(line); suffix != "" {
			suffixes = append(suffixes, suffix)
		}
	}
	return suffixes
})

// Limits of newOperators, which may get its list from anybody's model file.
const (
	maxOperators   = 1000
	shortestSuffix = 8
)

// operators finds the suffix of an operator in a host. It keeps suffixes by their last eight bytes.
// The zero value has no suffixes.
type operators struct {
	byEnding map[uint64][]string
	filter   endings
}

// endings is a set of endings of eight bytes that may say yes to others: a look into it instead of
// one into a map, for nearly every host.
type endings [1 << endingBits / 64]uint64

const endingBits = 13

func (e *endings) add(ending uint64) {
	place := ending * 0x9E3779B97F4A7C15 >> (64 - endingBits)
	e[place/64] |= 1 << (place % 64)
}

// mayHave reports whether an ending may be in the set.
func (e *endings) mayHave(ending uint64) bool {
	place := ending * 0x9E3779B97F4A7C15 >> (64 - endingBits)
	return e[place/64]>>(place%64)&1 != 0
}

// newOperators returns a look-up of suffixes, which are names in canonical form, in ascending
// order. A label of a suffix may be *, which stands for any one label, but not the first label, and
// not within the last eight bytes.
func newOperators(suffixes []string) (*operators, error) {
	if len(suffixes) > maxOperators {
		return nil, fmt.Errorf("%d operator suffixes, want at most %d", len(suffixes), maxOperators)
	}
	found := &operators{byEnding: make(map[uint64][]string)}
	for i, suffix := range suffixes {
		if err := checkOperator(suffix); err != nil {
			return nil, fmt.Errorf("operator suffix %q: %w", visible.Abbreviate(suffix, longestShown), err)
		}
		if i > 0 && suffix <= suffixes[i-1] {
			return nil, fmt.Errorf("operator suffix %q follows %q, want ascending order", suffix, suffixes[i-1])
		}
		key := lastBytes([]byte(suffix))
		found.byEnding[key] = append(found.byEnding[key], suffix)
		found.filter.add(key)
	}
	return found, nil
}

// longestName is the length of the longest name in DNS (RFC 1035, section 2.3.4).
const longestName = 255

func checkOperator(suffix string) error {
	var u URL
	if err := u.Parse(suffix); err != nil {
		return err
	}
	if string(u.Host()) != suffix || u.isAddress {
		return errors.New("not a name in canonical form")
	}
	labels := strings.Split(suffix, ".")
	if len(labels) < 2 || len(suffix) < shortestSuffix || len(suffix) > longestName {
		return fmt.Errorf("want two labels or more, of %d to %d bytes", shortestSuffix, longestName)
	}
	for i, label := range labels {
		if i == 0 && label == "*" {
			return errors.New("a * must not be the first label")
		}
	}
	if strings.Contains(suffix[len(suffix)-shortestSuffix:], "*") {
		return fmt.Errorf("a * within the last %d bytes", shortestSuffix)
	}
	return nil
}

// lastBytes returns the last eight bytes of a name that is not shorter.
func lastBytes(name []byte) uint64 {
	return binary.LittleEndian.Uint64(name[len(name)-shortestSuffix:])
}

// find returns where in a host the longest matching suffix of an operator starts, or 0 and false.
func (o *operators) find(host []byte) (start int, found bool) {
	if len(host) < shortestSuffix {
		return 0, false
	}
	key := lastBytes(host)
	if !o.filter.mayHave(key) {
		return 0, false
	}
	for _, suffix := range o.byEnding[key] {
		if at, ok := cutSuffix(host, suffix); ok && (!found || at < start) {
			start, found = at, true
		}
	}
	return start, found
}

// cutSuffix returns where a suffix starts in a host that ends in it, label by label.
func cutSuffix(host []byte, suffix string) (start int, ok bool) {
	start = len(host)
	for i := len(suffix) - 1; i >= 0; i-- {
		if suffix[i] == '*' {
			start = bytes.LastIndexByte(host[:start], '.') + 1
			continue
		}
		if start == 0 || host[start-1] != suffix[i] {
			return 0, false
		}
		start--
	}
	return start, start == 0 || host[start-1] == '.'
}

// IsOperators reports whether the host is a suffix of operators.txt, or a name below one.
func (u *URL) IsOperators() bool {
	_, found := ownLookUp().find(u.Host())
	return found
}
