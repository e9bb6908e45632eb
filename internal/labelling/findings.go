package labelling

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/visible"
)

// Findings are what is odd about the rows, a line each, and the counts of what is odd about many.
type Findings struct {
	Contradictions []string // texts that are called both, and are left out
	Changed        []string // texts that were called the contrary in an earlier run
	BothSides      []string // registered domains of which one name is called benign and another malicious; they are kept
	Popular        []string // names of popular domains that are called malicious; they are kept
	Shared         int      // registered domains with a URL on one side at least, as on shared hosting; they are kept
}

// Findings looks at all rows.
func (j *Job) Findings() Findings {
	var f Findings
	type sides struct{ names, urls [2]string } // a text of each label
	domains := make(map[string]*sides)
	for _, row := range j.Rows() {
		if j.u.Parse(row.Text) != nil {
			continue // rows are canonical
		}
		domain := string(j.u.RegisteredDomain())
		if domains[domain] == nil {
			domains[domain] = new(sides)
		}
		side := 0
		if row.Malicious {
			side = 1
		}
		texts := &domains[domain].names
		if row.IsURL() {
			texts = &domains[domain].urls
		}
		if texts[side] == "" {
			texts[side] = row.Text
		}
		if row.Malicious && !row.IsURL() && j.options.IsPopular != nil && j.options.IsPopular(row.Text) {
			f.Popular = append(f.Popular, fmt.Sprintf("%s is called malicious, and its domain is popular", shown(row.Text)))
		}
	}
	for domain, s := range domains {
		switch {
		case s.names[0] != "" && s.names[1] != "":
			f.BothSides = append(f.BothSides, fmt.Sprintf("%s is on both sides: %s is called benign, %s malicious", domain, shown(s.names[0]), shown(s.names[1])))
		case s.names[0]+s.urls[0] != "" && s.names[1]+s.urls[1] != "":
			f.Shared++
		}
	}
	for text, e := range j.known {
		switch {
		case e.contradicts():
			f.Contradictions = append(f.Contradictions, fmt.Sprintf("%s is called %s in %v and %s in %v",
				shown(text), labelOf(e.row.Malicious), e.first, labelOf(!e.row.Malicious), e.against))
		case e.hasBefore && e.before.Malicious != e.row.Malicious:
			f.Changed = append(f.Changed, fmt.Sprintf("%s is called %s now, and was called %s", shown(text), labelOf(e.row.Malicious), labelOf(e.before.Malicious)))
		}
	}
	slices.Sort(f.Contradictions)
	slices.Sort(f.Changed)
	slices.Sort(f.BothSides)
	return f
}

func shown(text string) string { return visible.Text(visible.Abbreviate(text, 100)) }

func labelOf(malicious bool) string {
	if malicious {
		return "malicious"
	}
	return dataset.Benign
}

// Summaries say what came of all that was read, a line each.
func (j *Job) Summaries(f Findings) (lines []string) {
	c := j.counts
	var leftOut []string
	for _, reason := range []struct {
		count        int
		one, several string
	}{
		{c.Unknown, "row with a word that is not known", "rows with words that are not known"},
		{c.Contradictions, "text that is called both", "texts that are called both"},
		{c.NoName, "row without a name or URL", "rows without a name or URL"},
		{c.NotPublic, "row with what is no public name", "rows with what is no public name"},
		{c.Ambiguous, "row whose host is ambiguous", "rows whose hosts are ambiguous"},
		{c.Broken, "row that cannot be read", "rows that cannot be read"},
	} {
		if reason.count > 0 {
			leftOut = append(leftOut, count(reason.count, reason.one, reason.several))
		}
	}
	if len(leftOut) > 0 {
		lines = append(lines, "left out: "+strings.Join(leftOut, ", "))
	}
	if c.Unknown > 1 {
		lines = append(lines, "words that are not known: "+j.unknownWords()+"; -means WORD=benign makes one known")
	}
	if c.OtherDates > 0 {
		lines = append(lines, fmt.Sprintf("%s not known or can be read in two ways, as %s: %s dated %s", count(c.OtherDates, "date is", "dates are"), j.otherDate,
			map[bool]string{true: "its row is", false: "their rows are"}[c.OtherDates == 1], cmp.Or(j.options.Today, "not at all")))
	}
	if f.Shared > 0 {
		lines = append(lines, count(f.Shared, "registered domain is", "registered domains are")+" on both sides with a URL, as on shared hosting; all rows are kept")
	}
	rows := j.Rows()
	bad := 0
	for _, row := range rows {
		if row.Malicious {
			bad++
		}
	}
	added := 0
	for _, e := range j.known {
		if !e.contradicts() && !e.hasBefore {
			added++
		}
	}
	summary := fmt.Sprintf("%s: %d benign, %d malicious", count(len(rows), "row", "rows"), len(rows)-bad, bad)
	if before := len(rows) - added; before > 0 {
		summary += fmt.Sprintf("; %d of them new", added)
	}
	for _, more := range []struct {
		count        int
		one, several string
	}{
		{c.Wordless, "row of a table has no word", "rows of tables have no word"},
		{c.Duplicates, "repeats another", "repeat others"},
		{c.TwoKinds, "is of two kinds, and so of none", "are of two kinds, and so of none"},
	} {
		if more.count > 0 {
			summary += "; " + count(more.count, more.one, more.several)
		}
	}
	return append(lines, summary)
}

// unknownWords tells the words that are not known, the most frequent first.
func (j *Job) unknownWords() string {
	const mostShown = 10
	words := slices.SortedFunc(maps.Keys(j.unknown), func(a, b string) int {
		return cmp.Or(cmp.Compare(j.unknown[b], j.unknown[a]), cmp.Compare(a, b))
	})
	var told []string
	for _, word := range words[:min(len(words), mostShown)] {
		told = append(told, fmt.Sprintf("%q (%d)", visible.Text(word), j.unknown[word]))
	}
	if more := len(words) - mostShown; more > 0 {
		told = append(told, fmt.Sprintf("%d more", more))
	}
	return strings.Join(told, ", ")
}

func count(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
