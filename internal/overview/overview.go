// Package overview reads logs into the rankings of package ranking: the names in their records are
// scored on all cores, and what comes of them is added up.
//
//	job := overview.NewJob(model, overview.Options{Allow: list})
//	err := job.Read(ctx, intake.Input{Reader: file, IsFile: true}, report)
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
	"github.com/snowman-ml/snowman/internal/intake"
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
	counts intake.Counts
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
func (j *Job) Counts() (intake.Counts, *render.Failures) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts, &j.failures
}

// Read adds a log, or a list. What is wrong with its records is reported in whole lines.
func (j *Job) Read(ctx context.Context, in intake.Input, report func([]byte)) error {
	source, err := intake.Open(ctx, in)
	if err != nil {
		return err
	}
	counts, err := source.Read(ctx, report, func() intake.Worker {
		return &worker{job: j, judge: verdict.New(j.model, j.options), times: timeParser{now: j.now}}
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
	times timeParser

	buffer       []byte // canonical names, clients
	names        []found
	texts        []string
	observations []ranking.Observation
	failed       []string
	errors       []byte
}

// A found name is where it lies in the buffer: its text, the registered domain in it, its client.
type found struct {
	start, domain, host, end, client int
	place                            intake.Place
	observation                      ranking.Observation
}

// Begin begins a chunk.
func (w *worker) Begin() {
	w.buffer, w.names, w.failed, w.errors = w.buffer[:0], w.names[:0], w.failed[:0], w.errors[:0]
}

// Line notes a line of a list.
func (w *worker) Line(at intake.Place, text string) {
	if err := w.url.Parse(text); err != nil {
		w.fail(at, text, err)
	} else {
		w.note(at, ranking.Observation{})
	}
}

// Record notes the names of a record.
func (w *worker) Record(at intake.Place, r *logs.Record) {
	o := ranking.Observation{
		Time: w.times.parse(r.Time), Response: responseOf(r.ResponseCode), Part: parts[r.Part],
		Client: textOf(clientOf(r.Client)), // until note copies it
	}
	for _, name := range r.Names {
		if err := intake.Parse(&w.url, name); err != nil {
			w.fail(at, string(name.Text), err)
		} else {
			w.note(at, o)
		}
	}
}

var parts = [...]ranking.Part{logs.Whole: ranking.Whole, logs.Question: ranking.Question, logs.Answer: ranking.Answer}

// note notes the name that was parsed.
func (w *worker) note(at intake.Place, o ranking.Observation) {
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

func (w *worker) fail(at intake.Place, text string, err error) {
	w.failed = append(w.failed, text)
	w.errors = at.Append(w.errors, err.Error())
}

// Finish scores what was noted in a chunk, and adds it to the table.
func (w *worker) Finish() []byte {
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
			w.fail(f.place, r.Text, err)
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
	return w.errors
}

// textOf returns bytes as a text, which holds as long as they do.
func textOf(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
