package listing

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// An Input is a log, a list of names, or scored records.
type Input struct {
	intake.Input
	Scored bool // it has what score printed
}

const (
	longestScored = 8*snowman.MaxLength + 4096 // bytes of the line of a scored record
	longestShown  = 80                         // of a text in a message
)

// Read collects what an input has. What is wrong with it is reported in whole lines, and what its
// format is taken for if that is guessed and no list.
func (j *Job) Read(ctx context.Context, in Input, report func([]byte)) error {
	source, err := intake.Open(ctx, in.Input)
	switch {
	case err != nil:
		return err
	case in.Scored:
		return j.readScored(ctx, source, true, report)
	case in.Format == nil && isScoredSample(source.Sample):
		source.Say(report, "has records of snowman score, whose names are scored anew; -format scored takes their levels as they are")
		return j.readScored(ctx, source, false, report)
	}
	counts, err := source.Read(ctx, report, func() intake.Worker { return j.newWorker() })
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts.Add(counts)
	return err
}

// A worker works on chunks. It belongs to one goroutine.
type worker struct {
	job   *Job
	judge *verdict.Judge
	url   canon.URL

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
	place               intake.Place
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

// Begin begins a chunk.
func (w *worker) Begin() {
	w.buffer, w.noted, w.failed, w.errors, w.counts = w.buffer[:0], w.noted[:0], w.failed[:0], w.errors[:0], Counts{}
	clear(w.found)
	w.found, w.fitting = w.found[:0], 0
}

// Line notes a line of a list.
func (w *worker) Line(at intake.Place, text string) {
	text, _ = strings.CutPrefix(text, "*.") // a wildcard is for the name and all below it
	w.addText(at, text)
}

// Record notes the names of a record.
func (w *worker) Record(at intake.Place, r *logs.Record) {
	for _, name := range r.Names {
		if err := intake.Parse(&w.url, name); err != nil {
			w.fail(at, string(name.Text), err)
		} else {
			w.note(at, string(name.Text), r.Repeats)
		}
	}
}

// addText notes a text from people.
func (w *worker) addText(at intake.Place, text string) {
	if err := w.url.Parse(text); err != nil {
		w.fail(at, text, err)
		return
	}
	w.note(at, text, false)
}

// note notes the text that was parsed.
func (w *worker) note(at intake.Place, written string, again bool) {
	start := len(w.buffer)
	w.buffer = append(w.buffer, w.url.Bytes()...)
	end := len(w.buffer)
	w.buffer = append(w.buffer, written...)
	w.noted = append(w.noted, noted{start, end, len(w.buffer), at, again})
}

func (w *worker) fail(at intake.Place, text string, err error) {
	w.failed = append(w.failed, text)
	w.complain(at, err.Error())
}

func (w *worker) complain(at intake.Place, wrong string) {
	w.errors = at.Append(w.errors, wrong)
}

// Finish scores what was noted in a chunk, and gives what reaches the level to the job.
func (w *worker) Finish() []byte {
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
	counts.Add(w.counts.Counts)
	counts.TooLong += w.counts.TooLong
	counts.URLs += w.counts.URLs
	return w.errors
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
func (w *worker) complainOfMisfit(at intake.Place) {
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
