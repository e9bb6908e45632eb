// Package drift holds what comes in against what a model was made for: it reads logs in constant
// memory, says whether the model still fits them, and sets levels by them.
//
//	job := drift.NewJob(model, drift.Options{})
//	err := job.Read(ctx, intake.Input{Reader: file, IsFile: true}, report)
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
	"github.com/snowman-ml/snowman/internal/intake"
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
}

// Counts say what was read.
type Counts struct {
	intake.Counts
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

// Read adds a log, or a list. What is wrong with its records is reported in whole lines.
func (j *Job) Read(ctx context.Context, in intake.Input, report func([]byte)) error {
	source, err := intake.Open(ctx, in)
	if err != nil {
		return err
	}
	counts, err := source.Read(ctx, report, func() intake.Worker {
		return &worker{job: j, judge: verdict.New(j.model, j.options)}
	})
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

	buffer             []byte // canonical forms
	noted              []noted
	texts              []string
	failed             []string
	errors             []byte
	allowed, notPublic int
}

// A noted text is where it lies in the buffer, and what comes of it.
type noted struct {
	start, end int
	place      intake.Place
	domain     uint64 // the hash of its registered domain
	judged     judged
	isURL, out bool // out: it does not count
	again      bool
}

// Begin begins a chunk.
func (w *worker) Begin() {
	w.buffer, w.noted, w.failed, w.errors = w.buffer[:0], w.noted[:0], w.failed[:0], w.errors[:0]
	w.allowed, w.notPublic = 0, 0
}

// Line notes a line of a list.
func (w *worker) Line(at intake.Place, text string) {
	if err := w.url.Parse(text); err != nil {
		w.fail(at, text, err)
	} else {
		w.note(at, false)
	}
}

// Record notes the names of a record.
func (w *worker) Record(at intake.Place, r *logs.Record) {
	for _, name := range r.Names {
		if err := intake.Parse(&w.url, name); err != nil {
			w.fail(at, string(name.Text), err)
		} else {
			w.note(at, r.Repeats)
		}
	}
}

// note notes the text that was parsed. Again says that another record may have told of it.
func (w *worker) note(at intake.Place, again bool) {
	if len(w.url.Bytes()) == 0 { // the root
		return
	}
	start := len(w.buffer)
	w.buffer = append(w.buffer, w.url.Bytes()...)
	w.noted = append(w.noted, noted{start: start, end: len(w.buffer), place: at, domain: hashOf(textOf(w.url.RegisteredDomain())), isURL: w.url.IsURL(), again: again})
}

func (w *worker) fail(at intake.Place, text string, err error) {
	w.failed = append(w.failed, text)
	w.errors = at.Append(w.errors, err.Error())
}

// Finish scores what was noted in a chunk, and gives it to the job.
func (w *worker) Finish() []byte {
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
			w.allowed++
		case r.NotPublic != "":
			w.notPublic++
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
	j.counts.Allowed += w.allowed
	j.counts.NotPublic += w.notPublic
	return w.errors
}

// textOf returns bytes as a text, which holds as long as they do.
func textOf(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
