package listing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// An Input is a log, a list of names, or scored records.
type Input struct {
	Name    string // for messages; may be empty
	Reader  io.Reader
	Format  *logs.Format // nil where it is to be guessed
	Scored  bool         // it has what score printed
	IsFile  bool         // more formats are guessed of a file
	Columns []string     // where names stand, if the format does not know
}

// The longest lines of lists and of scored records, in bytes. One more tells that there are more.
const (
	longestText   = snowman.MaxLength + 1
	longestScored = 8*snowman.MaxLength + 4096
	longestShown  = 80 // of a text in a message
)

// Read collects what an input has. What is wrong with it is reported in whole lines, and what its
// format is taken for if that is guessed and no list.
func (j *Job) Read(ctx context.Context, in Input, report func([]byte)) error {
	sample, err := inputfile.Await(ctx, func() (sample []byte, _ error) {
		sample, in.Reader = enrich.Sample(in.Reader, false) // nothing comes out before the end, so nobody waits
		return sample, nil
	})
	if err != nil {
		return err
	}
	format, isScored := in.Format, in.Scored
	isTrusted := isScored
	if format == nil && !isScored {
		if isScored = isScoredSample(sample); !isScored {
			format = j.guess(in, sample, report)
		} else {
			in.say(report, "has records of snowman score, whose names are scored anew; -format scored takes their levels as they are")
		}
	}
	if !isScored {
		if in.Format != logs.Lines {
			advice := logs.Advise(sample, format, in.IsFile)
			if advice.Refused {
				return errors.New(in.title() + " " + advice.Text())
			}
			in.say(report, advice.Text())
		}
		in.say(report, format.Missing(sample, in.Columns))
	}
	switch {
	case isScored:
		return j.readScored(ctx, pipeline.Lines(longestScored, pipeline.Source{Name: in.Name, Input: in.Reader}), isTrusted, report)
	case format.Sort == logs.Lists:
		return j.readLines(ctx, pipeline.Lines(longestText, pipeline.Source{Name: in.Name, Input: in.Reader}), report)
	}
	source, err := enrich.NewSource(in.Name, in.Reader, format, sample, logs.Options{Columns: in.Columns})
	if err != nil {
		return err
	}
	return run(ctx, j, source.Feed, report, func(w *worker, c *pipeline.Chunk[enrich.Item]) {
		for _, item := range c.Items {
			w.addRecord(c, item)
		}
	})
}

func (j *Job) guess(in Input, sample []byte, report func([]byte)) *logs.Format {
	guess := logs.GuessFormat(sample, in.IsFile || len(in.Columns) > 0)
	if guess.Format == logs.Lines && logs.HasComments(sample) {
		in.say(report, "is read as a list with comments behind #; -format lines reads a name a line")
		return logs.List
	}
	if guess.Format != logs.Lines {
		var found []string
		if len(in.Columns) == 0 {
			_, found = guess.Format.Columns(sample)
		}
		in.say(report, guess.Message(found))
	}
	return guess.Format
}

// say reports a predicate of the input, unless it is empty.
func (in Input) say(report func([]byte), predicate string) {
	if predicate != "" {
		report(fmt.Appendf(nil, "snowman: %s %s\n", in.title(), visible.Text(predicate)))
	}
}

func (in Input) title() string {
	if in.Name == "" {
		return "the input"
	}
	return in.Name
}

// readLines collects the lines of a list.
func (j *Job) readLines(ctx context.Context, feed pipeline.Feed[pipeline.Line], report func([]byte)) error {
	return run(ctx, j, feed, report, func(w *worker, c *pipeline.Chunk[pipeline.Line]) {
		for i, line := range c.Items {
			w.counts.Records++
			name, _ := strings.CutPrefix(line.Text, "*.") // a wildcard is for the name and all below it
			w.addText(place{c.Source, "line", c.First + i}, name, false)
		}
	})
}

// run has the chunks of a feed worked on by workers, each of which notes the texts of a chunk.
func run[T any](ctx context.Context, j *Job, feed pipeline.Feed[T], report func([]byte), note func(*worker, *pipeline.Chunk[T])) error {
	return pipeline.Run(ctx, feed, func() func(*pipeline.Chunk[T]) {
		w := j.newWorker()
		return func(c *pipeline.Chunk[T]) {
			w.begin()
			note(w, c)
			w.finish()
			c.Errors = append(c.Errors, w.errors...)
		}
	}, func(c *pipeline.Chunk[T], _ bool) error {
		report(c.Errors)
		return nil
	})
}

// A place is where something stands, for messages.
type place struct {
	source, item string
	number       int
}

// A worker works on chunks. It belongs to one goroutine.
type worker struct {
	job    *Job
	judge  *verdict.Judge
	url    canon.URL
	record logs.Record

	buffer  []byte
	noted   []noted
	texts   []string
	found   []candidate
	fitting int // of found, those that were looked at by complainOfMisfit
	failed  []string
	errors  []byte
	counts  Counts
}

// A noted text is where it lies in the buffer: in canonical form, and as it was written.
type noted struct {
	start, end, written int
	place               place
	again               bool // another record may have told of it
}

// rememberedBytes is what all workers together remember verdicts in.
const rememberedBytes = 12 << 20

func (j *Job) newWorker() *worker {
	return &worker{job: j, judge: verdict.New(j.model, verdict.Options{
		Families: len(j.model.FamilyNames()) > 0, Minimum: max(j.options.Minimum, snowman.Low),
		Memory: rememberedBytes / runtime.GOMAXPROCS(0),
	})}
}

// begin begins a chunk.
func (w *worker) begin() {
	w.buffer, w.noted, w.failed, w.errors, w.counts = w.buffer[:0], w.noted[:0], w.failed[:0], w.errors[:0], Counts{}
	clear(w.found)
	w.found, w.fitting = w.found[:0], 0
}

// addRecord notes the names of a record.
func (w *worker) addRecord(c *pipeline.Chunk[enrich.Item], item enrich.Item) {
	r := &w.record
	item.Layout.Find(item.Record, r)
	at := place{c.Source, item.Format.Numbered(), item.Number}
	switch {
	case r.Continues || r.Header:
		return
	case r.Broken != "":
		w.counts.Broken++
		w.complain(at, "the record is broken and left out: "+r.Broken)
		return
	}
	w.counts.Records++
	if len(r.Names) == 0 {
		w.counts.Nameless++
	}
	for _, name := range r.Names {
		text := string(name.Text)
		if !name.DNS {
			w.addText(at, text, r.Repeats)
		} else if err := w.url.ParseName(text); err != nil {
			w.fail(at, text, err)
		} else {
			w.note(at, text, r.Repeats)
		}
	}
}

// addText notes a text from people.
func (w *worker) addText(at place, text string, again bool) {
	if err := w.url.Parse(text); err != nil {
		w.fail(at, text, err)
		return
	}
	w.note(at, text, again)
}

// note notes the text that was parsed.
func (w *worker) note(at place, written string, again bool) {
	start := len(w.buffer)
	w.buffer = append(w.buffer, w.url.Bytes()...)
	end := len(w.buffer)
	w.buffer = append(w.buffer, written...)
	w.noted = append(w.noted, noted{start, end, len(w.buffer), at, again})
}

func (w *worker) fail(at place, text string, err error) {
	w.failed = append(w.failed, text)
	w.complain(at, err.Error())
}

func (w *worker) complain(at place, wrong string) {
	w.errors = append(w.errors, "snowman: "...)
	if at.source != "" {
		w.errors = append(append(w.errors, at.source...), ", "...)
	}
	w.errors = fmt.Appendf(w.errors, "%s %d: %s\n", at.item, at.number, wrong)
}

// finish scores what was noted in a chunk, and gives what reaches the level to the job.
func (w *worker) finish() {
	all, refused := string(w.buffer), len(w.failed)
	w.texts = w.texts[:0]
	for _, n := range w.noted {
		w.texts = append(w.texts, all[n.start:n.end])
	}
	w.judge.All(w.texts, func(i int, r verdict.Record, err error) {
		n := &w.noted[i]
		if err != nil {
			w.fail(n.place, r.Text, err)
			return
		}
		w.find(&r, all[n.end:n.written], n.again)
		w.complainOfMisfit(n.place)
	})
	w.judgeHosts()
	w.found = slices.DeleteFunc(w.found, w.isTooMuch)
	w.job.failures.Add(len(w.noted)+refused, w.failed)
	w.job.mu.Lock()
	defer w.job.mu.Unlock()
	w.job.add(w.found)
	counts := &w.job.counts
	counts.Records += w.counts.Records
	counts.Nameless += w.counts.Nameless
	counts.Broken += w.counts.Broken
	counts.TooLong += w.counts.TooLong
	counts.URLs += w.counts.URLs
}

// isTooMuch reports whether no list would have a candidate, so that nothing is kept of it.
func (w *worker) isTooMuch(c candidate) bool {
	switch {
	case len(c.entry.Text) > blocklist.Longest:
		w.counts.TooLong++
	case w.job.options.HostsOnly && isURL(c.entry.Text):
		w.counts.URLs++
	default:
		return false
	}
	return true
}

// find keeps a text that reaches the level. Again says that another record may have told of it.
func (w *worker) find(r *verdict.Record, written string, again bool) {
	if r.NotPublic != "" || r.Level < w.job.options.Minimum || r.Level == snowman.None {
		return
	}
	text, _, _ := strings.Cut(r.Text, "#") // no server sees a fragment
	c := candidate{level: r.Level, seen: 1, isNow: true, schemes: schemeOf(written), entry: blocklist.Entry{
		Text: text, WWW: hasWWW(written, text), Score: r.Score, Level: r.Level.String(), Kind: r.Kind, Reason: reasonOf(r),
	}}
	if again {
		c.seen, c.again = 0, 1
	}
	if len(r.Families) > 0 {
		c.entry.Family = r.Families[0].Name
	}
	w.found = append(w.found, c)
}

// complainOfMisfit says where a text stands that was found last, if no list can carry it.
func (w *worker) complainOfMisfit(at place) {
	if n := len(w.found); n > w.fitting {
		if text := w.found[n-1].entry.Text; !blocklist.Fits(text) {
			w.complain(at, fmt.Sprintf("no list can carry %q: its host has other bytes than letters, digits, - and _, or a label that is empty or too long", visible.Abbreviate(text, longestShown)))
		}
		w.fitting = n
	}
}

// judgeHosts finds out which hosts of the URLs that were found reach the level by themselves.
func (w *worker) judgeHosts() {
	w.texts = w.texts[:0]
	var written []string
	var again []bool
	for i := range w.found {
		c := &w.found[i]
		if !strings.ContainsAny(c.entry.Text, "/?:") || w.url.Parse(c.entry.Text) != nil || len(w.url.Host()) == len(c.entry.Text) {
			continue
		}
		host := string(w.url.Host())
		w.texts = append(w.texts, host)
		www := ""
		if c.entry.WWW {
			www = "www."
		}
		written = append(written, www+host)
		again = append(again, c.seen == 0)
	}
	w.judge.All(w.texts, func(i int, r verdict.Record, err error) {
		if err == nil {
			w.find(&r, written[i], again[i])
		}
	})
}

// schemeOf returns the scheme that a text was written with.
func schemeOf(written string) schemes {
	scheme, _, _ := strings.Cut(written[:min(len(written), len("https://"))], "://")
	switch strings.ToLower(scheme) {
	case "http", "hxxp":
		return withHTTP
	case "https", "hxxps":
		return withHTTPS
	case "ftp":
		return withFTP
	}
	return withOther
}

// hasWWW reports whether a text was written with www. before the host of its canonical form.
func hasWWW(written, text string) bool {
	const longestScheme = len("https://www.")
	host := text
	if end := strings.IndexAny(text, "/:?"); end >= 0 {
		host = text[:end]
	}
	start := strings.Index(strings.ToLower(written[:min(len(written), longestScheme)]), "www.")
	return start >= 0 && !strings.HasPrefix(host, "www.") && len(written) > start+len("www.")
}

// reasonOf returns why a text looks malicious, where more is known than its kind.
func reasonOf(r *verdict.Record) string {
	var reasons []string
	if r.Imitates != "" {
		reasons = append(reasons, "imitates "+r.Imitates)
	}
	if r.Mentions != "" {
		reasons = append(reasons, "mentions "+r.Mentions)
	}
	if r.MixedScript {
		reasons = append(reasons, "mixes scripts")
	}
	return strings.Join(reasons, " and ")
}
