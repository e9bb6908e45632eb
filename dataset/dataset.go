// Package dataset makes labelled rows of files: it reads, cleans, merges, splits and weighs them.
//
// A [Reader] yields the rows of one file as they are. A [Recipe] says which files make a data set
// and what to do with each. [Recipe.Build] reads the files into a [Set]:
//
//	files -> canonical rows -> merged -> split by registered domain and date -> sampled -> Set
//
// The same recipe and files give the same set. Its [Account] has the numbers of what was done, and
// the checksums of the files. Rows that share a registered domain are never in two parts.
package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/provenance"
)

// The kinds of text in labelled data. A malicious row of unknown kind has the empty kind.
const (
	Benign   = "benign"
	DGA      = "dga"
	Phishing = "phishing"
	Malware  = "malware"
)

// A Row is one labelled text.
type Row struct {
	Text      string // in canonical form if the row is in a Set
	Malicious bool
	Kind      string // Benign, DGA, Phishing, Malware, another name, or empty for malicious of unknown kind
	Family    string // or brand, or tag, as in the source
	Date      string // first seen: YYYY-MM-DD, YYYY-MM, YYYY or empty
	Source    string
	Weight    float32 // in the training loss
}

// IsURL reports whether the text of a row in a Set has a path or a query. A fragment alone makes no
// URL of a name.
func (r Row) IsURL() bool {
	_, path, found := strings.Cut(r.Text, "/")
	return found && !strings.HasPrefix(path, "#")
}

// Month returns the month in which the row was first seen: YYYY-MM, or as much as is known.
func (r Row) Month() string { return r.Date[:min(len(r.Date), len("2006-01"))] }

// A Part is one of the four disjoint sets of rows, each with a purpose of its own.
type Part int

// The parts.
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

// isSetApart reports whether the part is not trained on.
func (p Part) isSetApart() bool { return p > Train && p < parts }

// A Set is labelled rows in four parts.
type Set struct {
	Kinds       []string // benign first
	Parts       [parts][]Row
	Vetted      []Vetted          // taken before sampling; thresholds are measured on them
	Imitated    []string          // popular names in descending order, as lookalike.ParseName reads them
	FamilyNames map[string]string // the recipe's
	Groups      map[string]string // the group of each source's benign rows, by Row.Source; a source may have none
	Account     Account
}

// A Vetted text is a benign name or URL that independent sources vouch for. It is a public name:
// what is none has no level.
type Vetted struct {
	Text   string
	Domain string // its registered domain
	Group  string // of the first source that has it, in the order of the recipe
	Part   Part   // sampling may have left it out of Train, but not all rows of its domain

	Popular bool // two lists of popular names, years apart, have its domain
}

// IsURL reports whether the text has a path.
func (v Vetted) IsURL() bool { return Row{Text: v.Text}.IsURL() }

// An Account is the numbers of a build, which the model file carries.
type Account = provenance.Account

// A SourceAccount is one file's part of an Account.
type SourceAccount = provenance.Source

// kindName is the name of a row's kind in an Account.
func kindName(r Row) string {
	if r.Kind == "" {
		return "malicious"
	}
	return r.Kind
}

// hash is 64-bit FNV-1a with a finaliser that spreads the last bytes over all bits. It makes
// choices that look random and are the same in every run.
func hash(seed uint64, text string) uint64 {
	h := 14695981039346656037 ^ seed
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// sortByHash orders rows at random, in the same order each time.
func sortByHash(seed uint64, rows []*Row) {
	type hashed struct {
		hash uint64
		row  *Row
	}
	keys := make([]hashed, len(rows))
	for i, row := range rows {
		keys[i] = hashed{hash(seed, row.Text), row}
	}
	slices.SortFunc(keys, func(a, b hashed) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Compare(a.row.Text, b.row.Text) // only now: it waits for memory
	})
	for i, key := range keys {
		rows[i] = key.row
	}
}
