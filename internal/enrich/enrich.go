// Package enrich scores the names in records of logs, and writes the verdicts into the records, or
// alone.
//
//	sample, all := enrich.Sample(input, true)
//	guess := logs.GuessFormat(sample, false)
//	job := enrich.NewJob(model, options)
//	source, err := enrich.NewSource("", all, guess.Format, sample, job.Reading(nil))
//	err = job.Run(ctx, source, write)
//
// What formats know stands in package logs, what is said of a name in internal/verdict.
package enrich

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

// Options say what is written. The zero value writes each record with its verdict.
type Options struct {
	Verdict verdict.Options
	Minimum snowman.Level // write records, or names, that reach it alone, and headers; default: all
	ECS     bool          // write the fields of the Elastic Common Schema that Elastic's rules read
	Names   render.Format // write a line a name, and no record; default: records
	Defang  bool          // the names that are written into records
	Place   Place         // write before each line of a name where it stands; default: nothing

	MaxRecord int         // bytes of a record that is read; a longer one is broken; default: logs.MaxRecord
	MaxNames  int         // of a record; one that has more is broken; default: any number
	Quiet     bool        // say nothing of single records in a chunk's errors
	Desk      func() Desk // called for each chunk; default: a Judge of each worker's own
}

// A Desk is what one chunk is judged with.
type Desk struct {
	Judge *verdict.Judge
	Each  func(r verdict.Record, err error) // is told what is said of each text
	Leave func()                            // is called when the chunk is done
}

// A Job scores records on all cores.
type Job struct {
	model   *snowman.Model
	options Options
	dga     int // index of the kind, or -1
	names   render.Failures
	seed    maphash.Seed
	told    *told // nil unless Options.Names

	mu      sync.Mutex
	counts  Counts
	reasons map[string]int // why records are broken
	misfits logs.Misfits   // of the source that is read

	workers []*worker
	busy    int // of them
}

// Counts say what was in records.
type Counts struct {
	Records  int // headers, comments and blank lines are none
	Nameless int // of them, those without a name
	Lost     int // of them, those whose log did not keep all of their name
	Repeats  int // of them, those whose names Options.Names leaves out: an earlier record told of them
	Headers  int // beside them, headers, comments and blank lines
	Damaged  int // beside them, packets and frames that could not be read: nothing comes of them
	Broken   int // beside them, lines that are no records of the format: they pass unchanged
	Highest  snowman.Level
}

// NoVerdict is Counts.Highest where nothing has a score.
const NoVerdict = snowman.None - 1

// NewJob returns a Job.
func NewJob(model *snowman.Model, o Options) *Job {
	j := &Job{model: model, options: o, dga: -1, counts: Counts{Highest: NoVerdict}}
	for i, kind := range model.Kinds() {
		if kind == snowman.DGA {
			j.dga = i
		}
	}
	if o.Names != nil {
		j.seed, j.told = maphash.MakeSeed(), new(told)
	}
	if o.ECS {
		j.options.Verdict.Probabilities = true
	}
	return j
}

// Counts returns what was in the records so far, and the failures of the names.
func (j *Job) Counts() (Counts, *render.Failures) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts, &j.names
}

// Reasons returns why records are broken, and how many for each.
func (j *Job) Reasons() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.reasons)
}

// The fields that are written. Their order is that of appendValues.
var (
	verdictFields = []logs.Field{{Name: "score", Type: logs.Double}, {Name: "level", Words: []string{"none", "low", "medium", "high"}}, {Name: "kind"}, {Name: "name"}}
	ecsFields     = []logs.Field{
		{Name: "event.risk_score", Type: logs.Double}, {Name: "dns.question.registered_domain"},
		{Name: "ml_is_dga.malicious_probability", Type: logs.Double}, {Name: "ml_is_dga.malicious_prediction", Type: logs.Count},
		{Name: "threat.technique.id", Words: []string{string(technique), ""}},
	}
)

// kindField is the place of the kind in verdictFields: the kinds are the model's.
const kindField = 2

// Reading returns the options of a reader of records for this job. Columns are where names stand,
// if the format does not know.
func (j *Job) Reading(columns []string) logs.Options {
	switch {
	case j.options.Names != nil:
		return logs.Options{Columns: columns}
	case j.options.ECS:
		return logs.Options{Columns: columns, Fields: ecsFields}
	}
	fields := slices.Clone(verdictFields)
	fields[kindField].Words = append(j.model.Kinds(), "")
	return logs.Options{Columns: columns, Group: "snowman", Fields: fields}
}

// A worker works on chunks. It belongs to one goroutine.
type worker struct {
	job    *Job
	judge  *verdict.Judge
	url    canon.URL
	found  []logs.Record // of each item
	texts  []string      // to be scored, of all items
	owners []owner       // of each text
	buffer []byte        // the texts
	ends   []int         // of each text in it
	best   []best        // of each item
	shown  []byte
	value  [5][]byte
	digits []byte
	failed []string
	counts Counts
	broken map[string]int // by why
	misfit []int          // items without names, and broken ones
}

// An owner says where a text is from.
type owner struct{ item, name int }

// best is what is said of the worst name of a record.
type best struct {
	name        int // of the record; -1 where none has a score
	score       float64
	level       snowman.Level
	kind        string
	probability float64 // that the name is generated
}

// Run scores the records of a source and calls write with one chunk after the other, as
// pipeline.Run does, after which the chunk is used again. After an error the job is done for.
func (j *Job) Run(ctx context.Context, source *Source, write func(c *pipeline.Chunk[Item], idle bool) error) error {
	j.misfits.Reset()
	if err := pipeline.Run(ctx, source.Feed, j.NewWorker, func(c *pipeline.Chunk[Item], idle bool) error {
		j.LeaveRepeatsOut(c)
		err := write(c, idle)
		source.reuse(c)
		return err
	}); err != nil {
		return err
	}
	j.busy = 0
	return nil
}

// Misfits says how many records of the source that was read last do not fit its format, and what
// they look like, or "" if there is nothing to be said.
func (j *Job) Misfits(format *logs.Format) string { return j.misfits.Message(format) }

// NewWorker returns what one goroutine scores chunks with. A worker of an earlier run is used
// again, with what it remembers.
func (j *Job) NewWorker() func(*pipeline.Chunk[Item]) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.busy == len(j.workers) {
		w := &worker{job: j, broken: make(map[string]int)}
		if j.options.Desk == nil {
			w.judge = verdict.New(j.model, j.options.Verdict)
		}
		j.workers = append(j.workers, w)
	}
	j.busy++
	return j.workers[j.busy-1].work
}

// work scores the names of a chunk and writes its records.
func (w *worker) work(c *pipeline.Chunk[Item]) {
	o := &w.job.options
	judge, each := w.judge, func(verdict.Record, error) {}
	if o.Desk != nil {
		desk := o.Desk()
		defer desk.Leave()
		judge, each = desk.Judge, desk.Each
	}
	w.counts = Counts{Highest: NoVerdict}
	w.failed = w.failed[:0]
	clear(w.broken)
	w.findNames(c)
	const fieldBytes = 64
	c.Output = slices.Grow(c.Output, c.Bytes+len(c.Items)*fieldBytes)
	judge.All(w.texts, func(i int, r verdict.Record, err error) {
		each(r, err)
		owner := w.owners[i]
		name := w.found[owner.item].Names[owner.name]
		if err != nil {
			w.complain(c, owner.item, err.Error())
			w.failed = append(w.failed, r.Text)
			if o.Names != nil && o.Minimum == snowman.None {
				before := len(c.Output)
				c.Output = o.Place.append(c.Output, c.Items[owner.item].Number, &w.found[owner.item])
				start := len(c.Output)
				c.Output = o.Names.AppendFailure(c.Output, string(o.Place.appendName(nil, name)), err)
				o.Place.join(c.Output, before, start)
				c.Items[owner.item].said.end = len(c.Output)
			}
			return
		}
		w.counts.Highest = max(w.counts.Highest, r.Level)
		if o.Names != nil {
			if r.Level >= o.Minimum {
				w.shown = o.Place.appendName(w.shown[:0], name)
				r.Text = unsafe.String(unsafe.SliceData(w.shown), len(w.shown))
				before := len(c.Output)
				c.Output = o.Place.append(c.Output, c.Items[owner.item].Number, &w.found[owner.item])
				start := len(c.Output)
				c.Output = o.Names.AppendRecord(c.Output, r)
				o.Place.join(c.Output, before, start)
				c.Items[owner.item].said.end = len(c.Output)
			}
			return
		}
		w.weigh(owner, &r)
	})
	if o.Names == nil {
		for i := range c.Items {
			w.appendRecord(c, i)
		}
	}
	w.job.add(w)
}

// weigh keeps what is said of a name if it is the worst of its record.
func (w *worker) weigh(owner owner, r *verdict.Record) {
	if b := &w.best[owner.item]; b.name < 0 || r.Level > b.level || r.Level == b.level && r.Score > b.score {
		*b = best{name: owner.name, score: r.Score, level: r.Level, kind: r.Kind}
		if w.job.dga >= 0 && !r.Probabilities.IsZero() {
			b.probability = r.Probabilities.Values[w.job.dga]
		}
	}
}

// findNames finds the names in all records of a chunk.
func (w *worker) findNames(c *pipeline.Chunk[Item]) {
	for len(w.found) < len(c.Items) {
		w.found = append(w.found, logs.Record{})
	}
	w.texts, w.owners, w.buffer, w.ends, w.best = w.texts[:0], w.owners[:0], w.buffer[:0], w.ends[:0], w.best[:0]
	w.misfit = w.misfit[:0]
	for i, item := range c.Items {
		r := &w.found[i]
		w.find(item, r)
		w.best = append(w.best, best{name: -1})
		switch {
		case r.Continues:
		case r.Broken != "":
			if item.Format.Sort == logs.Messages {
				w.counts.Damaged++
				w.complain(c, i, r.Broken)
				break
			}
			w.counts.Broken++
			w.broken[r.Broken]++
			w.misfit = append(w.misfit, i)
			w.complain(c, i, "the record is broken and stays as it is: "+r.Broken)
		case r.Header:
			w.counts.Headers++
		default:
			w.counts.Records++
			if len(r.Names) > 0 {
				break
			}
			w.counts.Nameless++
			if r.Lost {
				w.counts.Lost++
			} else {
				w.misfit = append(w.misfit, i)
			}
		}
		for n, name := range r.Names {
			w.buffer = w.appendText(w.buffer, name)
			w.ends = append(w.ends, len(w.buffer))
			w.owners = append(w.owners, owner{i, n})
		}
		c.Items[i].said.repeats = r.Repeats
	}
	if len(w.misfit) > 0 {
		var last [logs.MostMisfits]logs.MisfitRecord
		n := 0
		for _, i := range w.misfit[max(0, len(w.misfit)-len(last)):] {
			last[n] = logs.MisfitRecord{Record: c.Items[i].Record, Number: c.Items[i].Number}
			n++
		}
		w.job.misfits.Add(len(w.misfit), last[:n])
	}
	all := string(w.buffer)
	start := 0
	for _, end := range w.ends {
		w.texts = append(w.texts, all[start:end])
		start = end
	}
	if w.job.told != nil {
		w.hashNames(c.Items)
	}
}

// find finds the names of a record, unless it has more than the options allow.
func (w *worker) find(item Item, r *logs.Record) {
	o := &w.job.options
	item.Layout.Find(item.Record, r)
	switch {
	case r.Broken != "":
	case o.MaxRecord > 0 && len(item.Record) > o.MaxRecord:
		*r = logs.Record{Broken: fmt.Sprintf("it is longer than %d bytes", o.MaxRecord)}
	case o.MaxNames > 0 && len(r.Names) > o.MaxNames:
		*r = logs.Record{Broken: fmt.Sprintf("it has more than %d names", o.MaxNames)}
	}
}

// appendText appends the text that a name is scored as. That of a name out of DNS is its canonical
// form, in which nobody would take anything away from it.
func (w *worker) appendText(out []byte, name logs.Name) []byte {
	if !name.DNS {
		return append(out, name.Text...)
	}
	text := name.WithoutRoot()
	if w.url.ParseName(unsafe.String(unsafe.SliceData(text), len(text))) != nil {
		return append(out, text...) // it is too long, which scoring says
	}
	return append(out, w.url.Bytes()...)
}

// appendRecord appends a record with what is said of its names.
func (w *worker) appendRecord(c *pipeline.Chunk[Item], i int) {
	r, b := &w.found[i], &w.best[i]
	isUnder := !r.Header && w.job.options.Minimum > snowman.None && (b.name < 0 || b.level < w.job.options.Minimum)
	if isUnder {
		return
	}
	c.Output = c.Items[i].Layout.Append(c.Output, c.Items[i].Record, r, w.values(r, b))
}

// values returns the values of the fields, which hold until the next call.
func (w *worker) values(r *logs.Record, b *best) [][]byte {
	w.value = [len(w.value)][]byte{}
	if b.name < 0 {
		return w.value[:]
	}
	name := r.Names[b.name]
	w.digits = strconv.AppendFloat(w.digits[:0], b.score, 'f', 5, 64)
	w.value[0] = w.digits
	if w.job.options.ECS {
		w.setECS(name, b)
		return w.value[:len(ecsFields)]
	}
	w.shown = AppendName(w.shown[:0], name)
	if w.job.options.Defang {
		w.shown = append(w.shown[:0], render.Defang(string(w.shown))...)
	}
	w.value[1], w.value[2], w.value[3] = bytesOf(b.level.String()), bytesOf(b.kind), w.shown
	return w.value[:len(verdictFields)]
}

var (
	one       = []byte("1")
	technique = []byte("T1568.002") // Dynamic Resolution: Domain Generation Algorithms, of MITRE ATT&CK
)

// setECS sets the values of ecsFields behind the first.
func (w *worker) setECS(name logs.Name, b *best) {
	if name.DNS {
		w.shown = w.appendText(w.shown[:0], name)
		if w.url.Parse(unsafe.String(unsafe.SliceData(w.shown), len(w.shown))) == nil && !w.url.IsAddress() {
			if domain := w.url.RegisteredDomain(); len(domain) > 0 {
				w.value[1] = domain
			}
		}
	}
	scoreDigits := len(w.digits)
	w.digits = strconv.AppendFloat(w.digits, b.probability, 'f', 5, 64)
	w.value[0], w.value[2] = w.digits[:scoreDigits], w.digits[scoreDigits:]
	minimum := w.job.options.Minimum
	if minimum == snowman.None {
		minimum = snowman.Medium
	}
	if b.kind == snowman.DGA && b.level >= minimum {
		w.value[3], w.value[4] = one, technique
	}
}

// bytesOf returns the bytes of a text that nobody changes.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// add adds what a worker counted in a chunk.
func (j *Job) add(w *worker) {
	j.names.Add(len(w.texts), w.failed)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts.Records += w.counts.Records
	j.counts.Nameless += w.counts.Nameless
	j.counts.Lost += w.counts.Lost
	j.counts.Damaged += w.counts.Damaged
	j.counts.Headers += w.counts.Headers
	j.counts.Broken += w.counts.Broken
	j.counts.Highest = max(j.counts.Highest, w.counts.Highest)
	if j.reasons == nil {
		j.reasons = make(map[string]int)
	}
	for reason, count := range w.broken {
		j.reasons[reason] += count
	}
}

// complain says what is wrong with an item of a chunk.
func (w *worker) complain(c *pipeline.Chunk[Item], item int, problem string) {
	if w.job.options.Quiet {
		return
	}
	c.Errors = append(c.Errors, "snowman: "...)
	if c.Source != "" {
		c.Errors = fmt.Appendf(c.Errors, "%s, ", c.Source)
	}
	c.Errors = fmt.Appendf(c.Errors, "%s %d: %s\n", c.Items[item].Format.Numbered(), c.Items[item].Number, problem)
}

// Summaries say what there was beside verdicts, a line each.
func (c Counts) Summaries() []string { return c.summaries("stay as they are") }

// SummariesOfRead are Summaries where no record is written: broken ones are left out.
func (c Counts) SummariesOfRead() []string { return c.summaries("left out") }

func (c Counts) summaries(brokenOnes string) []string {
	var all []string
	switch {
	case c.Records > 0 && c.Nameless == c.Records:
		all = append(all, "no name in "+many(c.Records, "record"))
	case c.Nameless > c.Lost:
		all = append(all, fmt.Sprintf("no name in %d of %s", c.Nameless-c.Lost, many(c.Records, "record")))
	}
	if c.Lost > 0 {
		all = append(all, fmt.Sprintf("%d of %s got no verdict: the log did not keep all of the name", c.Lost, many(c.Records, "record")))
	}
	if c.Damaged > 0 {
		all = append(all, many(c.Damaged, "packet or frame")+" could not be read, beside "+many(c.Records, "message"))
	}
	if c.Broken > 0 {
		all = append(all, fmt.Sprintf("%d of %s are broken and %s", c.Broken, many(c.Records+c.Broken, "record"), brokenOnes))
	}
	return all
}

func many(count int, what string) string {
	if count == 1 {
		return "1 " + what
	}
	if before, behind, ok := strings.Cut(what, " or "); ok {
		return fmt.Sprintf("%d %ss or %ss", count, before, behind)
	}
	return fmt.Sprintf("%d %ss", count, what)
}
