// Package listing makes entries of block lists out of names, logs and scored records: what is said
// of a name decides whether it is an entry, allow lists have the last word.
//
//	job := listing.NewJob(model, listing.Options{Minimum: snowman.High, Allow: list})
//	err := job.Read(ctx, listing.Input{Reader: file, IsFile: true}, report)
//	result := job.Result()
//
// What formats of lists know stands in package blocklist, what those of logs know in package logs.
package listing

import (
	"fmt"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/render"
)

// Options say what becomes an entry.
type Options struct {
	Minimum snowman.Level // entries reach it; default: all texts are entries
	Seen    int           // entries were seen at least this often; default: once
	Allow   *allow.List   // what is on it is no entry, and stays below one; default: no list
}

// mostEntries is how many texts are kept: some 200 bytes each.
const mostEntries = 5_000_000

// A Job collects entries. One Read may run at a time.
type Job struct {
	model    *snowman.Model
	options  Options
	failures render.Failures

	mu     sync.Mutex
	found  map[string]*candidate // by the canonical form
	counts Counts
}

// A candidate is a text that reaches the level.
type candidate struct {
	entry   blocklist.Entry
	level   snowman.Level
	seen    int
	schemes schemes
	day     int // when it was last seen; 0 where that is now
}

// schemes are those that a URL was seen with.
type schemes uint8

const (
	withHTTP schemes = 1 << iota
	withHTTPS
	withOther // or without
)

func (s schemes) String() string {
	switch s {
	case withHTTP:
		return "http"
	case withHTTPS:
		return "https"
	}
	return ""
}

// Counts say what was read, and what came of it.
type Counts struct {
	Records  int // headers, comments and blank lines are none; of a list, its lines
	Nameless int // of them, those without a name
	Broken   int // beside them, those that are no records of the format
	Popular  int // names seen that reach the level and are popular domains themselves
	TooMany  int // texts that are no entries since there are too many
	Allowed  int // texts that reach the level and are on an allow list
	Rare     int // texts that reach the level and were not seen often enough
}

// NewJob returns a Job.
func NewJob(model *snowman.Model, o Options) *Job {
	return &Job{model: model, options: o, found: make(map[string]*candidate)}
}

// Counts returns what was read so far, and the failures of the names.
func (j *Job) Counts() (Counts, *render.Failures) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts, &j.failures
}

// Result returns the list of what was found.
func (j *Job) Result() *blocklist.List {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts.Allowed, j.counts.Rare = 0, 0
	var exceptions []blocklist.Exception
	allowed := func(string) bool { return false }
	if list := j.options.Allow; list != nil {
		matcher := list.NewMatcher()
		allowed = func(text string) bool {
			_, ok := matcher.Match(text)
			return ok
		}
		for name, below := range list.Names() {
			exceptions = append(exceptions, blocklist.Exception{Name: name, Below: below})
		}
	}
	entries := make([]blocklist.Entry, 0, len(j.found))
	for _, c := range j.found {
		switch {
		case c.level < j.options.Minimum:
		case c.seen < j.options.Seen:
			j.counts.Rare++
		case allowed(c.entry.Text):
			j.counts.Allowed++
		default:
			e := c.entry
			e.Scheme = c.schemes.String()
			entries = append(entries, e)
		}
	}
	return blocklist.New(entries, exceptions)
}

// add adds candidates. The verdict of what is known already is replaced by the newer one, unless
// both are of this run: then the higher score stays, in whatever order they came.
func (j *Job) add(all []candidate) {
	for _, c := range all {
		known := j.found[c.entry.Text]
		switch {
		case known != nil:
			known.seen += c.seen
			known.schemes |= c.schemes
			c.entry.WWW = c.entry.WWW || known.entry.WWW
			if known.day != 0 || isAbove(c.entry, known.entry) {
				known.entry, known.level = c.entry, c.level
			}
			known.entry.WWW, known.day = c.entry.WWW, c.day
		case len(j.found) == mostEntries:
			j.counts.TooMany++
		default:
			c.entry.Text = strings.Clone(c.entry.Text)
			j.found[c.entry.Text] = &c
		}
	}
}

// isAbove orders the verdicts on one text.
func isAbove(a, b blocklist.Entry) bool {
	if a.Score != b.Score {
		return a.Score > b.Score
	}
	return a.Level+a.Kind+a.Family+a.Reason > b.Level+b.Kind+b.Family+b.Reason
}

// Summaries say what came of all that was read, a line each: the entries of a list, and what is not
// in it or in what a format wrote of it.
func (j *Job) Summaries(l *blocklist.List, leftOut blocklist.LeftOut) (lines []string) {
	counts, names := j.Counts()
	if summary := names.Summary("name"); summary != "" {
		lines = append(lines, summary)
	}
	if counts.Nameless+counts.Broken > 0 {
		lines = append(lines, fmt.Sprintf("of %d records %d have no name; %d more are broken", counts.Records, counts.Nameless, counts.Broken))
	}
	all := l.LeftOut()
	written := l.Len()
	for reason, count := range leftOut {
		all[reason] += count
		written -= count
	}
	for _, reason := range []struct {
		count int
		why   string
	}{
		{counts.Allowed, "on an allow list"}, {counts.Rare, "not seen often enough"}, {counts.Popular, "seen that are popular domains themselves"},
		{counts.TooMany, fmt.Sprintf("beyond the first %d", mostEntries)},
	} {
		if reason.count > 0 {
			all[reason.why] = reason.count
		}
	}
	summary := "1 entry"
	if written != 1 {
		summary = fmt.Sprintf("%d entries", written)
	}
	if len(all) > 0 {
		summary += "; left out: " + all.String()
	}
	return append(lines, summary)
}
