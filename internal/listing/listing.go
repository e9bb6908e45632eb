// Package listing makes entries of block lists out of names, logs and scored records: what is said
// of a name decides whether it is an entry, allow lists have the last word.
//
//	job := listing.NewJob(model, listing.Options{Minimum: snowman.High, Allow: list})
//	err := job.Read(ctx, listing.Input{Input: intake.Input{Reader: file, IsFile: true}}, report)
//	result := job.Result()
//
// What formats of lists know stands in package blocklist, what those of logs know in package logs.
package listing

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/render"
)

// Options say what becomes an entry.
type Options struct {
	Minimum snowman.Level // entries reach it; default: all texts are entries
	Seen    int           // entries were seen at least this often; default: once
	Allow   *allow.List   // what is on it is no entry, and stays below one; default: no list
	Popular bool          // hosts below popular domains are entries too

	HostsOnly bool // URLs are no entries, since the format does not carry them
}

// How many texts are kept, of some 100 bytes each, 300 while a list is made; and how many bytes of
// all of them, since a URL may be longer.
const (
	mostEntries = 5_000_000
	mostBytes   = 256 << 20
)

// A Job collects entries. One Read may run at a time.
type Job struct {
	model    *snowman.Model
	options  Options
	failures render.Failures

	mu     sync.Mutex
	found  map[string]remembered // by the canonical form
	bytes  int                   // of the texts
	words  words
	counts Counts
}

// A candidate is a text that reaches the level.
type candidate struct {
	entry   blocklist.Entry
	level   snowman.Level
	seen    int // by records that tell of it first, such as questions
	again   int // by records of which one before may have told, such as answers
	schemes schemes
	day     int  // when earlier runs saw it last; 0 where they did not
	isNow   bool // this run has seen it
}

// remembered is what a Job keeps of a candidate beside its text. There may be millions.
type remembered struct {
	score                float64
	kind, family, reason word
	seen, again, day     int32
	level                snowman.Level
	schemes              schemes
	www, isNow           bool
}

// A word is the number of a text that many candidates share.
type word uint32

// words are all of them. Word 0 is the empty one.
type words struct {
	texts   []string
	numbers map[string]word
}

// mostWords is how many words are kept; a word more is empty. A model says some thousand.
const mostWords = 1_000_000

func (w *words) number(text string) word {
	n, known := w.numbers[text]
	if !known && len(w.texts) < mostWords {
		n, text = word(len(w.texts)), strings.Clone(text)
		w.texts = append(w.texts, text)
		w.numbers[text] = n
	}
	return n
}

// times returns how often a candidate counts as seen: answers count where there is no question.
func times(seen, again int) int {
	if seen == 0 {
		return again
	}
	return seen
}

func (j *Job) remember(c *candidate) remembered {
	return remembered{
		score: c.entry.Score, kind: j.words.number(c.entry.Kind), family: j.words.number(c.entry.Family), reason: j.words.number(c.entry.Reason),
		seen: int32(min(c.seen, math.MaxInt32)), again: int32(min(c.again, math.MaxInt32)), day: int32(c.day), level: c.level, schemes: c.schemes, www: c.entry.WWW, isNow: c.isNow,
	}
}

func (j *Job) recall(text string, r remembered) candidate {
	return candidate{level: r.level, seen: int(r.seen), again: int(r.again), schemes: r.schemes, day: int(r.day), isNow: r.isNow, entry: blocklist.Entry{
		Text: text, WWW: r.www, Score: r.score, Level: r.level.String(),
		Kind: j.words.texts[r.kind], Family: j.words.texts[r.family], Reason: j.words.texts[r.reason],
	}}
}

// schemes are those that a URL was seen with.
type schemes uint8

const (
	withHTTP schemes = 1 << iota
	withHTTPS
	withOther // or without
	withFTP
)

func (s schemes) String() string {
	switch s {
	case withHTTP:
		return "http"
	case withHTTPS:
		return "https"
	case withFTP:
		return "ftp"
	}
	return ""
}

// Counts say what was read, and what came of it.
type Counts struct {
	intake.Counts
	Popular int // texts that reach the level and are popular domains or hosts below them
	TooMany int // texts that are no entries since there are too many
	TooLong int // texts that reach the level and are longer than any list can carry
	URLs    int // URLs seen that reach the level, where they are no entries
	Allowed int // texts that reach the level and are on an allow list
	Rare    int // texts that reach the level and were not seen often enough
}

// NewJob returns a Job.
func NewJob(model *snowman.Model, o Options) *Job {
	return &Job{model: model, options: o, found: make(map[string]remembered), words: words{texts: []string{""}, numbers: map[string]word{"": 0}}}
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
	j.counts.Allowed, j.counts.Rare, j.counts.Popular = 0, 0, 0
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
	var u canon.URL
	for text, r := range j.found {
		switch fame := j.fameOf(&u, text); {
		case r.level < j.options.Minimum:
		case times(int(r.seen), int(r.again)) < j.options.Seen:
			j.counts.Rare++
		case fame == popularDomain, fame == popularHost && !j.options.Popular:
			j.counts.Popular++
		case allowed(text):
			j.counts.Allowed++
		default:
			e := j.recall(text, r).entry
			e.Scheme, e.Popular = r.schemes.String(), fame == popularURL
			entries = append(entries, e)
		}
	}
	return blocklist.New(entries, exceptions)
}

// A fame says what a text has to do with a popular domain.
type fame int

const (
	unknown       fame = iota
	popularDomain      // it is one
	popularHost        // it is a host below one, which only the domain's owner can make
	popularURL         // it is a URL at one
)

// fameOf returns the fame of a text. A state, or the verdicts of another model, do not say it.
// Below a suffix of free hosting or of an operator, a host is not the suffix's own.
func (j *Job) fameOf(u *canon.URL, text string) fame {
	if u.Parse(text) != nil || !j.model.IsPopular(text) {
		return unknown
	}
	switch {
	case len(u.RegisteredDomain()) == len(text):
		return popularDomain
	case u.IsHosted(), u.IsOperators():
		return unknown
	case len(u.Host()) == len(text):
		return popularHost
	}
	return popularURL
}

// add adds candidates. The verdict of what is known already is replaced by the newer one, unless
// both are of this run: then the higher score stays, in whatever order they came.
func (j *Job) add(all []candidate) {
	for i := range all {
		c := &all[i]
		r, isKnown := j.found[c.entry.Text]
		switch {
		case isKnown:
			known := j.recall(c.entry.Text, r)
			c.seen += known.seen
			c.again += known.again
			c.schemes |= known.schemes
			www := c.entry.WWW || known.entry.WWW
			if known.isNow && !isAbove(c.entry, known.entry) {
				c.entry, c.level = known.entry, known.level
			}
			c.day, c.isNow = max(c.day, known.day), c.isNow || known.isNow
			c.entry.WWW = www
			j.found[c.entry.Text] = j.remember(c)
		case len(j.found) == mostEntries, j.bytes+len(c.entry.Text) > mostBytes:
			j.counts.TooMany++
		default:
			j.bytes += len(c.entry.Text)
			j.found[strings.Clone(c.entry.Text)] = j.remember(c)
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
	read := enrich.Counts{Records: counts.Records, Nameless: counts.Nameless, Broken: counts.Broken}
	lines = append(lines, read.SummariesOfRead()...)
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
		{counts.Allowed, "on an allow list"}, {counts.Rare, "not seen often enough"}, {counts.Popular, either(counts.Popular, "popular domain or host below one", "popular domains or hosts below them")},
		{counts.TooMany, fmt.Sprintf("beyond the first %d, or %d MiB", mostEntries, mostBytes>>20)}, {counts.TooLong, "longer than a list can carry"},
		{counts.URLs, either(counts.URLs, "URL", "URLs") + " seen, which the format does not carry (a host that reaches the level by itself is an entry of its own)"},
	} {
		if reason.count > 0 {
			all[reason.why] = reason.count
		}
	}
	summary := fmt.Sprintf("%d %s", written, either(written, "entry", "entries"))
	if len(all) > 0 {
		summary += "; left out: " + all.String()
	}
	return append(lines, summary)
}

// either returns the word for one, or that for several.
func either(count int, one, several string) string {
	if count == 1 {
		return one
	}
	return several
}
