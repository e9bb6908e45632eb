// Package overview reads logs into the rankings of package ranking: the names in their records are
// scored on all cores, and what comes of them is added up.
//
//	job := overview.NewJob(model, overview.Options{Allow: list})
//	err := job.Read(ctx, overview.Input{Reader: file, IsFile: true}, report)
//	result := job.Result(20)
//
// What formats know stands in package logs, what is said of a name in internal/verdict. A name
// counts by the door that its format says: one out of DNS is taken as it is.
package overview

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

// Options say how logs are read. The zero value reads all that is there.
type Options struct {
	Allow *allow.List // what is on it is left out before anything is added up; default: no list
	Now   time.Time   // gives times without a year theirs; default: when the job was made
}

// A Job adds up the names of logs. One Read may run at a time.
type Job struct {
	model    *snowman.Model
	options  verdict.Options
	kinds    []string
	now      time.Time
	failures render.Failures

	mu     sync.Mutex
	table  *ranking.Table
	counts Counts

	misfits logs.Misfits // of the source that is read
}

// Counts say what was in records.
type Counts struct {
	Records  int // headers, comments and blank lines are none; of a list, its lines
	Nameless int // of them, those without a name
	Broken   int // those that are no records of the format
}

// rememberedBytes is what all workers together remember verdicts in.
const rememberedBytes = 12 << 20

// NewJob returns a Job.
func NewJob(model *snowman.Model, o Options) *Job {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	j := &Job{model: model, kinds: model.Kinds(), now: o.Now, options: verdict.Options{
		Allow: o.Allow, Families: len(model.FamilyNames()) > 0, Minimum: snowman.Low,
		Memory: rememberedBytes / runtime.GOMAXPROCS(0),
	}}
	j.table = ranking.New(ranking.Options{Levels: Levels(model), Kinds: j.kinds})
	return j
}

// Levels returns the levels of a model for package ranking.
func Levels(model *snowman.Model) (levels []ranking.Level) {
	for _, t := range model.Info().Thresholds {
		levels = append(levels, ranking.Level{Name: t.Level.String(), Rate: t.FalsePositiveRate})
	}
	return levels
}

// Result returns the rankings of at most n domains and clients.
func (j *Job) Result(n int) ranking.Result {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.table.Result(n)
}

// Counts returns what was in the records so far, and the failures of the names.
func (j *Job) Counts() (Counts, *render.Failures) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts, &j.failures
}

// readLines adds the lines of a list.
func (j *Job) readLines(ctx context.Context, feed pipeline.Feed[pipeline.Line], report func([]byte)) error {
	return pipeline.Run(ctx, feed, func() func(*pipeline.Chunk[pipeline.Line]) {
		w := j.newWorker()
		return func(c *pipeline.Chunk[pipeline.Line]) {
			w.begin()
			for i, line := range c.Items {
				w.counts.Records++
				c.Errors = w.addText(c.Errors, place{c.Source, "line", c.First + i}, line.Text, ranking.Observation{})
			}
			c.Errors = w.finish(c.Errors)
		}
	}, writer[pipeline.Line](report))
}

// readRecords adds the names in the records of a log.
func (j *Job) readRecords(ctx context.Context, feed pipeline.Feed[enrich.Item], report func([]byte)) error {
	return pipeline.Run(ctx, feed, func() func(*pipeline.Chunk[enrich.Item]) {
		w := j.newWorker()
		return func(c *pipeline.Chunk[enrich.Item]) {
			w.begin()
			for _, item := range c.Items {
				c.Errors = w.addRecord(c.Errors, c.Source, item)
			}
			j.misfits.Add(w.misfit, w.misfits)
			c.Errors = w.finish(c.Errors)
		}
	}, writer[enrich.Item](report))
}

// writer reports the errors of chunks.
func writer[T any](report func([]byte)) func(*pipeline.Chunk[T], bool) error {
	return func(c *pipeline.Chunk[T], _ bool) error {
		report(c.Errors)
		return nil
	}
}

// A worker works on chunks. It belongs to one goroutine.
type worker struct {
	job    *Job
	judge  *verdict.Judge
	url    canon.URL
	times  timeParser
	record logs.Record

	buffer       []byte // canonical names, clients
	names        []found
	texts        []string
	observations []ranking.Observation
	failed       []string
	counts       Counts
	misfits      []logs.MisfitRecord // as many of the last as are kept
	misfit       int
}

// A found name is where it lies in the buffer: its text, the registered domain in it, its client.
type found struct {
	start, domain, host, end, client int
	place                            place
	observation                      ranking.Observation
}

func (j *Job) newWorker() *worker {
	return &worker{job: j, judge: verdict.New(j.model, j.options), times: timeParser{now: j.now}}
}

// begin begins a chunk.
func (w *worker) begin() {
	w.buffer, w.names, w.failed, w.counts = w.buffer[:0], w.names[:0], w.failed[:0], Counts{}
	w.misfits, w.misfit = w.misfits[:0], 0
}

// addRecord notes the names of a record.
func (w *worker) addRecord(errors []byte, source string, item enrich.Item) []byte {
	r := &w.record
	item.Layout.Find(item.Record, r)
	at := place{source, item.Format.Numbered(), item.Number}
	switch {
	case r.Continues || r.Header:
		return errors
	case r.Broken != "":
		w.counts.Broken++
		w.addMisfit(item)
		return at.append(errors, "the record is broken and left out: "+r.Broken)
	}
	w.counts.Records++
	if len(r.Names) == 0 {
		w.counts.Nameless++
		if !r.Lost {
			w.addMisfit(item)
		}
	}
	o := ranking.Observation{
		Time: w.times.parse(r.Time), Response: responseOf(r.ResponseCode), Part: parts[r.Part],
		Client: textOf(clientOf(r.Client)), // until addName copies it
	}
	for _, name := range r.Names {
		if !name.DNS {
			errors = w.addText(errors, at, string(name.Text), o)
			continue
		}
		if err := w.url.ParseName(textOf(withoutFinalDot(name.Text))); err != nil {
			errors = w.fail(errors, at, string(name.Text), err)
			continue
		}
		w.addName(at, o)
	}
	return errors
}

// addMisfit keeps a record that has no name, or is broken.
func (w *worker) addMisfit(item enrich.Item) {
	w.misfit++
	if len(w.misfits) == logs.MostMisfits {
		w.misfits = w.misfits[:copy(w.misfits, w.misfits[1:])]
	}
	w.misfits = append(w.misfits, logs.MisfitRecord{Record: item.Record, Number: item.Number})
}

var parts = [...]ranking.Part{logs.Whole: ranking.Whole, logs.Question: ranking.Question, logs.Answer: ranking.Answer}

// addText notes a text from people.
func (w *worker) addText(errors []byte, at place, text string, o ranking.Observation) []byte {
	if err := w.url.Parse(text); err != nil {
		return w.fail(errors, at, text, err)
	}
	w.addName(at, o)
	return errors
}

// addName notes the name that was parsed.
func (w *worker) addName(at place, o ranking.Observation) {
	text := w.url.Bytes()
	if len(text) == 0 { // the root
		return
	}
	f := found{start: len(w.buffer), place: at, observation: o}
	f.host = f.start + len(w.url.Host())
	f.domain = f.host - len(w.url.RegisteredDomain())
	w.buffer = append(w.buffer, text...)
	f.end = len(w.buffer)
	w.buffer = append(w.buffer, o.Client...)
	f.client = len(w.buffer)
	w.names = append(w.names, f)
}

func (w *worker) fail(errors []byte, at place, text string, err error) []byte {
	w.failed = append(w.failed, text)
	return at.append(errors, err.Error())
}

// finish scores what was noted in a chunk, and adds it to the table.
func (w *worker) finish(errors []byte) []byte {
	all := string(w.buffer)
	w.texts, w.observations = w.texts[:0], w.observations[:0]
	for _, f := range w.names {
		w.texts = append(w.texts, all[f.start:f.end])
	}
	allowed, notPublic, refused := 0, 0, len(w.failed)
	w.judge.All(w.texts, func(i int, r verdict.Record, err error) {
		f := &w.names[i]
		switch {
		case err != nil:
			errors = w.fail(errors, f.place, r.Text, err)
			return
		case r.Allowed != nil:
			allowed++
			return
		case r.NotPublic != "":
			notPublic++
			return
		}
		o := f.observation
		o.Name, o.Domain, o.Client = w.texts[i], all[f.domain:f.host], all[f.end:f.client]
		o.Score, o.Level, o.Kind = r.Score, int(r.Level), slices.Index(w.job.kinds, r.Kind)
		if len(r.Families) > 0 {
			o.Family = r.Families[0].Name
		}
		w.observations = append(w.observations, o)
	})
	w.job.failures.Add(len(w.names)+refused, w.failed)
	w.job.mu.Lock()
	defer w.job.mu.Unlock()
	w.job.table.LeaveOut(allowed, notPublic)
	for _, o := range w.observations {
		w.job.table.Add(o)
	}
	counts := &w.job.counts
	counts.Records += w.counts.Records
	counts.Nameless += w.counts.Nameless
	counts.Broken += w.counts.Broken
	return errors
}

// textOf returns bytes as a text, which holds as long as they do.
func textOf(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
