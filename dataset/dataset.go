// Package dataset makes labelled rows from files: it reads, cleans, merges, splits and weighs them.
//
// A [Reader] yields the rows of one file as they stand there. A [Recipe] says which files make a
// data set and what to do with each; [Recipe.Build] reads them all into a [Set]:
//
//	files -> canonical rows -> merged -> split by registered domain and date -> sampled -> Set
//
// The same recipe and files give the same set, and its [Account] says, in numbers, what was done
// and with which bytes. Rows that share a registered domain never stand on two sides of the split.
package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/provenance"
)

// The kinds of text that labelled data tell apart. A malicious row of no known kind has the empty
// one.
const (
	Benign   = "benign"
	DGA      = "dga"
	Phishing = "phishing"
	Malware  = "malware"
)

// A Row is one labelled text.
type Row struct {
	Text      string // in canonical form once it stands in a Set
	Malicious bool
	Kind      string // Benign, DGA, Phishing, Malware, another name, or empty for malicious of unknown kind
	Family    string // or brand, or tag, as the source has it
	Date      string // first seen: YYYY-MM-DD, YYYY-MM, YYYY or empty
	Source    string
	Weight    float32 // its share of the training loss
}

// IsURL reports whether the text of a row in a Set has a path.
func (r Row) IsURL() bool { return strings.Contains(r.Text, "/") }

// Month returns the row's month of first sight, YYYY-MM, or what is known of it.
func (r Row) Month() string { return r.Date[:min(len(r.Date), len("2006-01"))] }

// A Part is one of the four disjoint sets of rows. None serves two purposes.
type Part int

// The parts, by what they are for.
const (
	Train     Part = iota // to train on
	Choose                // to choose an epoch and a recipe
	Calibrate             // to fit the temperature and measure the thresholds
	Report                // to report figures
	parts
)

var partNames = [parts]string{"train", "choose", "calibrate", "report"}

// String returns the part's name, as ParsePart reads it.
func (p Part) String() string { return partNames[p] }

// ParsePart returns the part of this name.
func ParsePart(name string) (Part, bool) {
	i := slices.Index(partNames[:], name)
	return Part(max(i, 0)), i >= 0
}

// MarshalText returns the part's name.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a part's name.
func (p *Part) UnmarshalText(name []byte) error {
	part, known := ParsePart(string(name))
	if !known {
		return fmt.Errorf("unknown part %q, want one of %s", name, strings.Join(partNames[:], ", "))
	}
	*p = part
	return nil
}

// isSetApart reports whether the part is one of those that are not trained on.
func (p Part) isSetApart() bool { return p > Train && p < parts }

// A Set is labelled rows in four parts.
type Set struct {
	Kinds       []string // what the rows are divided into, benign first
	Parts       [parts][]Row
	Vetted      []Vetted          // before sampling: the base of thresholds
	Imitated    []string          // the registered domains that are worth most to imitate, those first
	FamilyNames map[string]string // the recipe's
	Account     Account
}

// A Vetted text is a name or a URL that can be trusted to be benign.
type Vetted struct {
	Text   string
	Domain string // its registered domain
	Part   Part   // in which it is; not all of Train is trained on, but rows of the same domain may be

	Popular bool // its domain stands on lists of popular names years apart, and not only behind a link
}

// IsURL reports whether the text has a path.
func (v Vetted) IsURL() bool { return Row{Text: v.Text}.IsURL() }

// An Account is what a build did, written beside the model.
type Account = provenance.Account

// A SourceAccount is one file's share.
type SourceAccount = provenance.Source

// kindName is what an Account calls a row's kind.
func kindName(r Row) string {
	if r.Kind == "" {
		return "malicious"
	}
	return r.Kind
}

// hash is 64-bit FNV-1a with a finaliser that spreads its last bytes over all bits. It decides what
// must look random and stay the same from run to run.
func hash(seed uint64, text string) uint64 {
	h := 14695981039346656037 ^ seed
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// byHash orders rows at random, the same way each time.
func byHash(seed uint64) func(a, b *Row) int {
	return func(a, b *Row) int {
		return cmp.Or(cmp.Compare(hash(seed, a.Text), hash(seed, b.Text)), cmp.Compare(a.Text, b.Text))
	}
}
