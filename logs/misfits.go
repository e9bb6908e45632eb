package logs

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Misfits keep the last records of a source that have no names or are broken, to tell of a log with
// another one behind it. They are safe for any number of goroutines. The zero value is ready for
// use.
type Misfits struct {
	mu    sync.Mutex
	count int
	last  []misfit // those with the highest numbers, in order
}

type misfit struct {
	number int
	line   []byte
}

const (
	// MostMisfits is how many records are kept.
	MostMisfits    = 32
	longestMisfit  = 2 << 10 // bytes
	leastOfAnother = 2       // records of a second log
)

// A MisfitRecord is one of Misfits.
type MisfitRecord struct {
	Record []byte // is copied
	Number int    // of its line
}

// Add adds a number of records, of which last are the last, at most MostMisfits.
func (m *Misfits) Add(count int, last []MisfitRecord) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count += count
	for _, record := range last {
		line, _ := cutEnd(record.Record)
		if len(line) > longestMisfit || isBlank(line) {
			continue
		}
		var memory []byte
		if len(m.last) == MostMisfits {
			if record.Number < m.last[0].number {
				continue
			}
			memory = m.last[0].line[:0]
			m.last = m.last[:copy(m.last, m.last[1:])]
		}
		at, _ := slices.BinarySearchFunc(m.last, record.Number, func(one misfit, number int) int { return cmp.Compare(one.number, number) })
		m.last = slices.Insert(m.last, at, misfit{record.Number, append(memory, line...)})
	}
}

// Reset forgets all records.
func (m *Misfits) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count, m.last = 0, m.last[:0]
}

// Message says how many records of a source did not fit its format, and of which other the last of
// them are, as a predicate. It is empty if these are of no other.
func (m *Misfits) Message(format *Format) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if format.Sort != Records || len(m.last) < leastOfAnother {
		return ""
	}
	lines := make([][]byte, len(m.last))
	names := 0
	for i, one := range m.last {
		if lines[i] = one.line; len(bytes.Fields(one.line)) == 1 && looksLikeName(one.line) {
			names++
		}
	}
	guess := GuessFormat(append(bytes.Join(lines, []byte("\n")), '\n'), false)
	what := guess.Format.Title
	switch {
	case guess.Format == Lines && names < len(lines):
		return ""
	case guess.Format == Lines:
		what = "a list of names"
	case isKin(guess.Format, format), format.fits != nil && format.fits(lines) >= guess.Fit:
		return ""
	}
	return fmt.Sprintf("has %d records that do not fit %s; the last of them look like %s: read each log by itself", m.count, format.Title, what)
}

// isKin reports whether two formats are of the same program.
func isKin(a, b *Format) bool {
	of := func(f *Format) string {
		if f.Name == "pihole" {
			return "dnsmasq"
		}
		return f.Name
	}
	return of(a) == of(b)
}
