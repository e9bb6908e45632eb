package blocklist

import (
	"slices"
	"strings"
)

// A row is what a format writes at once: an entry, or an exception.
type row struct {
	name    string
	entry   *Entry // nil for an exception, and for a name that is blocked since one above it is
	passes  bool   // the name stays
	isBelow bool   // all names below it do as well
}

// rows returns what a format writes of a list, in order, and what it leaves out.
func (f *Format) rows(l *List) ([]row, LeftOut) {
	leftOut := make(LeftOut)
	rows := make([]row, 0, len(l.entries))
	for i := range l.entries {
		entry := &l.entries[i]
		switch {
		case f.carries&entry.kind == 0:
			leftOut[notCarried[entry.kind]]++
		case f.longest > 0 && len(entry.Text) > f.longest:
			leftOut[tooLong]++
		default:
			rows = append(rows, row{name: entry.Text, entry: entry})
		}
	}
	if !f.below {
		return rows, leftOut
	}
	blocked := make(map[string]bool, len(rows)) // names
	for _, r := range rows {
		if r.entry.kind == name {
			blocked[r.name] = true
		}
	}
	exceptions := f.exceptions(l, blocked)
	open := make(map[string]bool, len(exceptions)) // names below which nothing is blocked
	for _, r := range exceptions {
		if r.isBelow {
			open[r.name] = true
		}
	}
	kept := rows[:0]
	for _, r := range rows {
		if r.entry.kind == name && isCovered(r.name, blocked, open) {
			leftOut[covered]++
			continue
		}
		kept = append(kept, r)
	}
	return merge(kept, exceptions), leftOut
}

// merge returns the rows of two lists in the order of their names. The lists have no name in
// common.
func merge(rows, others []row) []row {
	if len(others) == 0 {
		return rows
	}
	all := make([]row, 0, len(rows)+len(others))
	for _, other := range others {
		end, _ := slices.BinarySearchFunc(rows, other, func(a, b row) int { return strings.Compare(a.name, b.name) })
		all = append(append(all, rows[:end]...), other)
		rows = rows[end:]
	}
	return append(all, rows...)
}

// isCovered reports whether a name above one is blocked, with all below it. Such a name has no
// row: a zone in which it stood would not match its siblings any more (RFC 4592, section 3.3.1).
func isCovered(text string, blocked, open map[string]bool) bool {
	for above := parent(text); above != ""; above = parent(above) {
		switch {
		case open[above]:
			return false
		case blocked[above]:
			return true
		}
	}
	return false
}

// exceptions returns the rows of exceptions that lie below a blocked name. Where an exception may
// be for a name alone, each name between it and the blocked one gets a row too: a wildcard ends
// where another name begins.
func (f *Format) exceptions(l *List, blocked map[string]bool) (rows []row) {
	below := make(map[string]bool)
	for _, e := range l.exceptions {
		if e.Below || !f.exact {
			below[e.Name] = true
		}
	}
	for _, e := range l.exceptions {
		if f.longest > 0 && len(e.Name) > f.longest || blocked[e.Name] {
			continue
		}
		var names []string // between
		top := parent(e.Name)
		for ; top != "" && !blocked[top] && !below[top]; top = parent(top) {
			names = append(names, top)
		}
		if top == "" || below[top] {
			continue
		}
		rows = append(rows, row{name: e.Name, passes: true, isBelow: below[e.Name]})
		for _, text := range names {
			if f.exact {
				rows = append(rows, row{name: text})
			}
		}
	}
	// Where a name is an exception and lies between another and a blocked one, it is the former.
	slices.SortStableFunc(rows, func(a, b row) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return boolean(b.passes) - boolean(a.passes)
	})
	return slices.CompactFunc(rows, func(a, b row) bool { return a.name == b.name })
}

// parent returns the name above one, or "" above the last label.
func parent(text string) string {
	_, above, _ := strings.Cut(text, ".")
	return above
}

// names calls each with an entry's name, and with www. before it where that is meant as well.
func (e *Entry) names(each func(text string)) {
	each(e.Text)
	if e.WWW {
		each("www." + e.Text)
	}
}
