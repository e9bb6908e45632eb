package lookalike

import (
	"fmt"
	"strings"
)

const (
	// MaxNames is how many names a list may have.
	MaxNames = 20_000
	// MaxMisspelt is how many of them may be marked as misspelt: each letter costs memory.
	MaxMisspelt = 5_000

	// minName is the length of the shortest label on a list.
	minName = 2
	// longestMisspelt is the length of the longest label that is imitated with a slip.
	longestMisspelt = 32
)

// A Name is a popular registered domain. On a list it is written as the domain, then, behind a
// space, the letters m and e if they apply.
type Name struct {
	Domain    string
	Mentioned bool // m: who has it as a part mentions it; it is no ordinary word
	Misspelt  bool // e: what differs by one slip imitates it
}

// String returns the name as a list has it.
func (n Name) String() string {
	text := n.Domain + " "
	if n.Mentioned {
		text += "m"
	}
	if n.Misspelt {
		text += "e"
	}
	return strings.TrimSuffix(text, " ")
}

// ParseName reads a name of a list. The error says what a name looks like.
func ParseName(text string) (Name, error) {
	domain, uses, hasUses := strings.Cut(text, " ")
	name := Name{domain, strings.HasPrefix(uses, "m"), strings.HasSuffix(uses, "e")}
	if !CanBeListed(domain) || hasUses && uses != "m" && uses != "e" && uses != "me" {
		return Name{}, fmt.Errorf("name to imitate %q, want a domain in lower case with a label of %d to %d letters, digits and hyphens, and m or e behind a space", text, minName, maxLabel)
	}
	return name, nil
}

// CanBeListed reports whether a registered domain can stand on a list. Its first label must be of
// ASCII letters, digits and hyphens, and have a letter.
func CanBeListed(domain string) bool {
	length := strings.IndexByte(domain, '.') // of the label
	if length < minName || length > maxLabel || len(domain) > maxHost || length == len(domain)-1 || strings.HasPrefix(domain, "xn--") {
		return false
	}
	all, inLabel := uint8(listable), uint8(0)
	for i := range length {
		all &= listables[domain[i]]
		inLabel |= listables[domain[i]]
	}
	for i := length; i < len(domain); i++ {
		all &= listables[domain[i]]
	}
	return all != 0 && inLabel&letter != 0
}

// What a byte of a domain is.
const (
	listable = 1 << iota // may stand on a list
	letter
)

var listables = func() (listables [256]uint8) {
	for _, c := range "0123456789-." {
		listables[c] = listable
	}
	for c := 'a'; c <= 'z'; c++ {
		listables[c] = listable | letter
	}
	return listables
}()

// Check returns an error unless names are a list: at most MaxNames that ParseName reads, of which
// at most MaxMisspelt are marked as misspelt.
func Check(names []string) error {
	if len(names) > MaxNames {
		return fmt.Errorf("%d names to imitate, want at most %d", len(names), MaxNames)
	}
	misspelt := 0
	for _, text := range names {
		name, err := ParseName(text)
		if err != nil {
			return err
		}
		if name.Misspelt {
			misspelt++
		}
	}
	if misspelt > MaxMisspelt {
		return fmt.Errorf("%d names that others misspell, want at most %d", misspelt, MaxMisspelt)
	}
	return nil
}
