package enrich

import (
	"unsafe"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

// A Said is what is said of one record.
type Said struct {
	Record []byte // with the verdict; of one that is broken, as it is
	Broken string // why it is no record of its format; else empty
	Lost   bool   // it has a name of which the log did not keep all bytes
	Failed error  // why none of its names has a score; nil if one has, or there is none

	HasVerdict bool
	Name       string // the worst name, as AppendName writes it
	Score      float64
	Level      snowman.Level
	Kind       string
}

// A Clerk scores records that come by themselves, such as the messages of a queue. It belongs to
// one goroutine, remembers verdicts on its own, and keeps no counts.
type Clerk struct {
	worker *worker
	judge  *verdict.Judge
	chunk  pipeline.Chunk[Item]
	failed []error   // of each item, why its first name has no score
	worst  logs.Name // of the record that is told of
}

// NewClerk returns a Clerk for a model. Of the options Verdict, ECS, Defang, MaxRecord and MaxNames
// count.
func NewClerk(model *snowman.Model, o Options) *Clerk {
	o.Quiet, o.Names = true, nil
	job := NewJob(model, o)
	return &Clerk{worker: &worker{job: job, broken: make(map[string]int)}, judge: verdict.New(model, job.options.Verdict)}
}

// Score calls each with what is said of every record, in their order, which holds until the call
// returns.
func (c *Clerk) Score(items []Item, each func(i int, said *Said)) {
	w, chunk := c.worker, &c.chunk
	chunk.Items, chunk.Output, chunk.Errors = items, chunk.Output[:0], chunk.Errors[:0]
	clear(w.broken)
	w.failed = w.failed[:0]
	w.findNames(chunk)
	c.failed = append(c.failed[:0], make([]error, len(items))...)
	c.judge.All(w.texts, func(i int, r verdict.Record, err error) {
		owner := w.owners[i]
		if err == nil {
			w.weigh(owner, &r)
		} else if c.failed[owner.item] == nil {
			c.failed[owner.item] = err
		}
	})
	var said Said
	for i := range items {
		r, best := &w.found[i], &w.best[i]
		said = Said{Broken: r.Broken, Lost: r.Lost}
		chunk.Output = chunk.Output[:0]
		w.appendRecord(chunk, i)
		said.Record = chunk.Output
		if best.name >= 0 {
			name := r.Names[best.name]
			w.shown = AppendName(w.shown[:0], name)
			said.Name, said.HasVerdict = unsafe.String(unsafe.SliceData(w.shown), len(w.shown)), true
			said.Score, said.Level, said.Kind = best.score, best.level, best.kind
			c.worst = name
		} else {
			said.Failed = c.failed[i]
		}
		each(i, &said)
	}
}

// Domain returns the registered domain of the worst name of the record that each is being told of,
// which has a verdict. It holds until the next call. It is empty where nobody registered anything,
// as of an address.
func (c *Clerk) Domain() []byte {
	w := c.worker
	w.buffer = w.appendText(w.buffer[:0], c.worst)
	if w.url.Parse(unsafe.String(unsafe.SliceData(w.buffer), len(w.buffer))) != nil || w.url.IsAddress() {
		return nil
	}
	return w.url.RegisteredDomain()
}
