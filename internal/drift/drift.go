// Package drift holds what comes in against what a model was made for: it reads logs in constant
// memory, says whether the model still fits them, and sets levels by them.
//
//	job := drift.NewJob(model, drift.Options{})
//	err := job.Read(ctx, drift.Input{Reader: file, IsFile: true}, report)
//	result := drift.Compare(job, nil, time.Now())
//	changes, err := drift.SetLevels(&file.Metadata, job, drift.Wanted{Alarms: [3]float64{0, 50, 5}})
//
// Of the names of a registered domain a job keeps one, so that a thousand hosts of one network do
// not count a thousand times, and of all registered domains a fair part. Of the highest scores it
// keeps all that a level may be set by. What is no public name, or on an allow list, reaches no
// level and is left out.
package drift

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

// Options say how logs are read.
type Options struct {
	Allow *allow.List // what is on it is left out; default: no list
}

// A Job collects the names of logs. One Read may run at a time.
type Job struct {
	model    *snowman.Model
	options  verdict.Options
	kinds    []string
	failures render.Failures

	mu          sync.Mutex
	names, urls traffic
	counts      Counts

	misfits logs.Misfits // of the source that is read
}

// Counts say what was read.
type Counts struct {
	Records   int // headers, comments and blank lines are none; of a list, its lines
	Nameless  int // of them, those without a name
	Broken    int // those that are no records of the format
	Allowed   int // names on an allow list
	NotPublic int // names that are no public names
}

// traffic is what came of names, or of URLs.
type traffic struct {
	seen   int // as often as they came, by records that tell of them first, such as questions
	again  int // by records of which one before may have told, such as answers
	sample sample
	upper  upper
}

// rememberedBytes is what all workers together remember verdicts in.
const rememberedBytes = 12 << 20

// NewJob returns a Job.
func NewJob(model *snowman.Model, o Options) *Job {
	return &Job{model: model, kinds: model.Kinds(), options: verdict.Options{
		Allow: o.Allow, Memory: rememberedBytes / runtime.GOMAXPROCS(0),
	}}
}

// Counts returns what was read so far, and the failures of the names.
func (j *Job) Counts() (Counts, *render.Failures) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts, &j.failures
}

// Seen returns how many names and how many URLs came, as often as they did.
func (j *Job) Seen() (names, urls int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return times(j.names.seen, j.names.again), times(j.urls.seen, j.urls.again)
}

// times returns how often something came: answers count where there is no question.
func times(seen, again int) int {
	if seen == 0 {
		return again
	}
	return seen
}

// readLines adds the lines of a list.
func (j *Job) readLines(ctx context.Context, feed pipeline.Feed[pipeline.Line], report func([]byte)) error {
	return run(ctx, j, feed, report, func(w *worker, c *pipeline.Chunk[pipeline.Line]) {
		for i, line := range c.Items {
			w.counts.Records++
			w.addText(place{c.Source, "line", c.First + i}, line.Text)
		}
	})
}

// readRecords adds the names in the records of a log.
func (j *Job) readRecords(ctx context.Context, feed pipeline.Feed[enrich.Item], report func([]byte)) error {
	return run(ctx, j, feed, report, func(w *worker, c *pipeline.Chunk[enrich.Item]) {
		for _, item := range c.Items {
			w.addRecord(c.Source, item)
		}
		j.misfits.Add(w.misfit, w.misfits)
	})
}

// run has the chunks of a feed worked on by workers, each of which notes the texts of a chunk.
func run[T any](ctx context.Context, j *Job, feed pipeline.Feed[T], report func([]byte), note func(*worker, *pipeline.Chunk[T])) error {
	return pipeline.Run(ctx, feed, func() func(*pipeline.Chunk[T]) {
		w := &worker{job: j, judge: verdict.New(j.model, j.options)}
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

// A worker works on chunks. It belongs to one goroutine.
type worker struct {
	job    *Job
	judge  *verdict.Judge
	url    canon.URL
	record logs.Record

	buffer  []byte // canonical forms
	noted   []noted
	texts   []string
	failed  []string
	errors  []byte
	counts  Counts
	misfits []logs.MisfitRecord // as many of the last as are kept
	misfit  int
	again   bool // a record before may have told of what this one tells
}

// A noted text is where it lies in the buffer, and what comes of it.
type noted struct {
	start, end int
	place      place
	domain     uint64 // the hash of its registered domain
	judged     judged
	isURL, out bool // out: it does not count
	again      bool
}

// begin begins a chunk.
func (w *worker) begin() {
	w.buffer, w.noted, w.failed, w.errors, w.counts = w.buffer[:0], w.noted[:0], w.failed[:0], w.errors[:0], Counts{}
	w.misfits, w.misfit, w.again = w.misfits[:0], 0, false
}

// addRecord notes the names of a record.
func (w *worker) addRecord(source string, item enrich.Item) {
	r := &w.record
	item.Layout.Find(item.Record, r)
	at := place{source, item.Format.Numbered(), item.Number}
	switch {
	case r.Continues || r.Header:
		return
	case r.Broken != "":
		w.counts.Broken++
		w.addMisfit(item)
		w.errors = at.append(w.errors, "the record is broken and left out: "+r.Broken)
		return
	}
	w.counts.Records++
	if len(r.Names) == 0 {
		w.counts.Nameless++
		if !r.Lost {
			w.addMisfit(item)
		}
	}
	w.again = r.Repeats
	for _, name := range r.Names {
		if !name.DNS {
			w.addText(at, string(name.Text))
		} else if err := w.url.ParseName(textOf(withoutFinalDot(name.Text))); err != nil {
			w.fail(at, string(name.Text), err)
		} else {
			w.note(at)
		}
	}
}

// addMisfit keeps a record that has no name, or is broken.
func (w *worker) addMisfit(item enrich.Item) {
	w.misfit++
	if len(w.misfits) == logs.MostMisfits {
		w.misfits = w.misfits[:copy(w.misfits, w.misfits[1:])]
	}
	w.misfits = append(w.misfits, logs.MisfitRecord{Record: item.Record, Number: item.Number})
}

// addText notes a text from people.
func (w *worker) addText(at place, text string) {
	if err := w.url.Parse(text); err != nil {
		w.fail(at, text, err)
		return
	}
	w.note(at)
}

// note notes the text that was parsed.
func (w *worker) note(at place) {
	if len(w.url.Bytes()) == 0 { // the root
		return
	}
	start := len(w.buffer)
	w.buffer = append(w.buffer, w.url.Bytes()...)
	w.noted = append(w.noted, noted{start: start, end: len(w.buffer), place: at, domain: hashOf(textOf(w.url.RegisteredDomain())), isURL: w.url.IsURL(), again: w.again})
}

func (w *worker) fail(at place, text string, err error) {
	w.failed = append(w.failed, text)
	w.errors = at.append(w.errors, err.Error())
}

// finish scores what was noted in a chunk, and gives it to the job.
func (w *worker) finish() {
	all, refused := string(w.buffer), len(w.failed)
	w.texts = w.texts[:0]
	for _, n := range w.noted {
		w.texts = append(w.texts, all[n.start:n.end])
	}
	w.judge.All(w.texts, func(i int, r verdict.Record, err error) {
		n := &w.noted[i]
		n.out = true
		switch {
		case err != nil:
			w.fail(n.place, r.Text, err)
		case r.Allowed != nil:
			w.counts.Allowed++
		case r.NotPublic != "":
			w.counts.NotPublic++
		default:
			n.out = false
			n.judged = judged{
				text: w.texts[i], hash: hashOf(w.texts[i]), again: n.again, score: r.Score, level: r.Level, popular: r.Popular,
				kind: uint8(max(slices.Index(w.job.kinds, r.Kind), 0)), looksLike: r.Imitates != "" || r.Mentions != "",
			}
		}
	})
	j := w.job
	j.failures.Add(len(w.noted)+refused, w.failed)
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range w.noted {
		n := &w.noted[i]
		if n.out {
			continue
		}
		of := &j.names
		if n.isURL {
			of = &j.urls
		}
		if n.again {
			of.again++
		} else {
			of.seen++
		}
		of.sample.add(n.domain, &n.judged)
		of.upper.add(&n.judged)
	}
	j.counts.Records += w.counts.Records
	j.counts.Nameless += w.counts.Nameless
	j.counts.Broken += w.counts.Broken
	j.counts.Allowed += w.counts.Allowed
	j.counts.NotPublic += w.counts.NotPublic
}

// textOf returns bytes as a text, which holds as long as they do.
func textOf(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
