// Package labelling makes labelled rows of tables in which somebody has said of each text what it
// is.
//
//	job := labelling.NewJob(labelling.Options{Today: "2026-11-28", IsPopular: model.IsPopular})
//	err := job.Read("verdicts.csv", file, report)
//	err = job.Merge(before) // the rows of an earlier run
//	err = labelling.Write(w, job.Rows())
//
// A word that nobody knows, a text without a canonical form, and what is said in two ways cost
// their own rows alone, and are reported. What a model says of a text is never taken for somebody's
// word.
package labelling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/visible"
)

// Options say how tables are read.
type Options struct {
	Text  string // the name of the column with the texts; default: one of textColumns
	Word  string // the name of the column with the words; default: one of wordColumns
	Date  string // the name of the column with the dates; default: one of dateColumns
	Today string // the date of a row that tells none: YYYY-MM-DD; default: none

	// IsPopular reports whether the registered domain of a text is popular. A name of such a domain
	// that is called malicious is told of. Default: none is popular.
	IsPopular func(text string) bool

	own map[string]meant // words of AddWord
}

// What is kept is bounded by these.
const (
	mostRows       = 500_000
	mostCharacters = 256 << 20 // of texts
)

// errTooMuch says that there are more rows than are kept.
var errTooMuch = fmt.Errorf("more than %d rows or %d MiB of texts; label takes the words of people, and train a folder of files", mostRows, mostCharacters>>20)

// A place is where a row stands.
type place struct {
	file string // empty if there is one file
	line int
}

func (p place) String() string {
	if p.file == "" {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("%s, line %d", p.file, p.line)
}

// An entry is what is said of one text.
type entry struct {
	row      dataset.Row // with the text in canonical form
	first    place
	against  place // the first row that says the contrary; no line if none does
	twoKinds bool

	before    dataset.Row // of an earlier run
	hasBefore bool
}

func (e *entry) contradicts() bool { return e.against.line > 0 }

// Counts say what came of the rows that were read.
type Counts struct {
	Read       int // rows that were read
	Wordless   int // of them, those of which nobody says anything
	Duplicates int // those that repeat what another says
	TwoKinds   int // texts called malicious of two kinds, which are of none now

	OtherDates     int // rows that are kept, though their dates are not known
	Broken         int // rows that cannot be read
	Unknown        int // rows with a word that is not known
	NoName         int // rows whose text is no name or URL
	NotPublic      int // rows whose text is no public name
	Ambiguous      int // rows whose text programs read as several hosts
	Contradictions int // texts that are called both, and are left out
}

// Refused returns how many rows and texts were left out for what they are.
func (c Counts) Refused() int {
	return c.Broken + c.Unknown + c.NoName + c.NotPublic + c.Ambiguous + c.Contradictions
}

// A Job collects rows. It belongs to one goroutine.
type Job struct {
	options    Options
	known      map[string]*entry // by the canonical text
	characters int
	counts     Counts
	unknown    map[string]int // how often each word stood there that is not known
	otherDate  string         // the first date that is not known, with its place
	u          canon.URL
}

// NewJob returns a Job.
func NewJob(o Options) *Job {
	return &Job{options: o, known: make(map[string]*entry), unknown: make(map[string]int)}
}

// Counts returns what came of the rows so far.
func (j *Job) Counts() Counts { return j.counts }

// A said is what a row of a table says.
type said struct {
	text, word, kind, family, date string
}

// add adds a row. An error with reported set is the row's alone.
func (j *Job) add(s said, column string, at place) (reported, err error) {
	j.counts.Read++
	if s.text == "" && strings.TrimSpace(s.word) == "" {
		j.counts.Wordless++
		return nil, nil
	}
	meant, known := j.options.meaning(s.word, column)
	if !known {
		j.counts.Unknown++
		j.countUnknown(visible.Abbreviate(s.word, 60))
		return fmt.Errorf("%v: the word %q is not known", at, visible.Abbreviate(s.word, 60)), nil
	}
	if !meant.says {
		j.counts.Wordless++
		return nil, nil
	}
	if err := j.u.Parse(s.text); err != nil {
		j.counts.NoName++
		return fmt.Errorf("%v: %w", at, err), nil
	}
	if reason := j.u.NotPublic(); reason != canon.Public {
		j.counts.NotPublic++
		return fmt.Errorf("%v: %q is no public name (%v), so no model gives it a level", at, visible.Abbreviate(s.text, 100), reason), nil
	}
	if j.u.IsAmbiguous() {
		j.counts.Ambiguous++
		return fmt.Errorf("%v: programs do not agree on the host of %q", at, visible.Abbreviate(s.text, 100)), nil
	}
	row := dataset.Row{Text: j.u.String(), Malicious: meant.malicious, Kind: meant.kind, Date: dateOf(s.date)}
	if row.Date == "" && strings.TrimSpace(s.date) != "" {
		if j.counts.OtherDates++; j.otherDate == "" {
			j.otherDate = fmt.Sprintf("%q in %v", visible.Abbreviate(s.date, 40), at)
		}
	}
	if row.Malicious {
		row.Kind = cmp.Or(row.Kind, ownKind(s.kind))
		row.Family = nameOf(s.family)
	} else {
		row.Kind = dataset.Benign
	}
	row.Date = cmp.Or(row.Date, j.options.Today)
	return nil, j.merge(row, at)
}

const mostUnknown = 1000 // different words that are counted

// countUnknown counts a word that is not known.
func (j *Job) countUnknown(word string) {
	if _, isCounted := j.unknown[word]; isCounted || len(j.unknown) < mostUnknown {
		j.unknown[word]++
	}
}

// merge adds a row to what is known of its text.
func (j *Job) merge(row dataset.Row, at place) error {
	e := j.known[row.Text]
	if e == nil {
		if j.characters += len(row.Text) + len(row.Family); len(j.known) == mostRows || j.characters > mostCharacters {
			return errTooMuch
		}
		j.known[row.Text] = &entry{row: row, first: at}
		return nil
	}
	switch {
	case e.row.Malicious != row.Malicious:
		if !e.contradicts() {
			e.against = at
			j.counts.Contradictions++
		}
		return nil
	case e.twoKinds:
	case e.row.Kind == "":
		e.row.Kind, e.row.Family = row.Kind, cmp.Or(row.Family, e.row.Family)
	case row.Kind != "" && row.Kind != e.row.Kind:
		e.row.Kind, e.row.Family, e.twoKinds = "", "", true
		j.counts.TwoKinds++
	}
	if e.row.Date == "" || row.Date != "" && row.Date < e.row.Date {
		e.row.Date = row.Date
	}
	j.counts.Duplicates++
	return nil
}

// Merge adds the rows of an earlier run, each text once. Where both say something of a text, the
// word of this run stays, and so does the earlier date if the word is the same. A text of which
// this run says two things stays as it was. Merge comes after all calls of Read.
func (j *Job) Merge(before []dataset.Row) error {
	for _, row := range before {
		e := j.known[row.Text]
		if e == nil {
			if err := j.merge(row, place{}); err != nil {
				return err
			}
			e = j.known[row.Text]
		}
		e.before, e.hasBefore = row, true
		if e.contradicts() || e.row.Malicious != row.Malicious {
			continue
		}
		if e.row.Kind == "" && !e.twoKinds {
			e.row.Kind = row.Kind
		}
		if e.row.Kind == row.Kind {
			e.row.Family = cmp.Or(e.row.Family, row.Family)
		}
		if row.Date != "" && (e.row.Date == "" || row.Date < e.row.Date) {
			e.row.Date = row.Date
		}
	}
	return nil
}

// Rows returns the labelled rows in the order of their texts. What is called both is not among
// them, but as it was before.
func (j *Job) Rows() []dataset.Row {
	rows := make([]dataset.Row, 0, len(j.known))
	for _, e := range j.known {
		switch {
		case !e.contradicts():
			rows = append(rows, e.row)
		case e.hasBefore:
			rows = append(rows, e.before)
		}
	}
	slices.SortFunc(rows, func(a, b dataset.Row) int { return cmp.Compare(a.Text, b.Text) })
	return rows
}

// ownKind returns the kind that a table tells of a malicious text, or none if it is none that
// datasets have.
func ownKind(kind string) string {
	kind = strings.ToLower(strings.TrimSpace(kind))
	if slices.Contains([]string{dataset.DGA, dataset.Phishing, dataset.Malware}, kind) {
		return kind
	}
	return ""
}

const longestName = 80 // bytes

// nameOf returns the name of a kind or family so that it can stand in a row: without what cannot be
// seen, or none if it is too long.
func nameOf(name string) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name))
	if len(name) > longestName {
		return ""
	}
	return name
}
