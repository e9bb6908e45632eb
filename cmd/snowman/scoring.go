package main

import (
	"context"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// rememberedBytes is what all workers together remember verdicts in.
const rememberedBytes = 12 << 20

// scoring is one run of score.
type scoring struct {
	model   *snowman.Model
	options verdict.Options
	format  render.Format // of the lines of lists and of names
	minimum snowman.Level
	recordFlags
	namesOnly bool                 // of a log, write names alone
	lines     lineJob              // lists
	records   map[bool]*enrich.Job // logs, by whether names are written alone
	begun     bool                 // the header is written

	mu      sync.Mutex
	highest snowman.Level
}

// run scores the texts and logs of an input, one source after the other.
func (j *scoring) run(ctx context.Context, s streams, in *textInput) error {
	j.highest, j.records = enrich.NoVerdict, make(map[bool]*enrich.Job)
	j.lines = lineJob{what: "scores", item: in.item(), newWorker: j.newWorker}
	w := newLineWriter(s, j.lines.what)
	err := j.runAll(ctx, s, w, in)
	summary := j.lines.failures.Summary(j.lines.item)
	if len(in.arguments) == 0 && j.lines.failures.AreSentences() {
		summary += "; -format text finds the names in them"
	}
	w.writeSummary(summary, err)
	for _, job := range j.records {
		counts, names := job.Counts()
		w.writeSummary(names.Summary("name"), err)
		for _, summary := range counts.Summaries() {
			w.writeSummary(summary, err)
		}
	}
	return err
}

func (j *scoring) runAll(ctx context.Context, s streams, w *lineWriter, in *textInput) error {
	if len(in.arguments) > 0 {
		return j.runLines(ctx, w, in.feedArguments(s))
	}
	if j.follow || len(in.files) == 1 && strings.HasPrefix(in.files[0], socketPrefix) {
		return j.runEndless(ctx, s, w, in.files[0])
	}
	inputs, closeInputs, err := in.openInputs(ctx, s)
	if err != nil {
		return err
	}
	defer closeInputs()
	for _, input := range inputs {
		if err := j.runInput(ctx, w, input); err != nil {
			return err
		}
	}
	return nil
}

// runLines scores the texts of a feed.
func (j *scoring) runLines(ctx context.Context, w *lineWriter, feed pipeline.Feed[pipeline.Line]) error {
	if err := j.begin(w); err != nil {
		return err
	}
	return pipeline.Run(ctx, feed, j.newWorker, writeChunks[pipeline.Line](w))
}

// begin writes the header of verdicts, once.
func (j *scoring) begin(w *lineWriter) error {
	if j.begun {
		return nil
	}
	j.begun = true
	return w.writeHeader(j.format.AppendHeader(nil))
}

// result returns the highest level, the number of texts, broken records included, and of those
// without a score. Of a run that was broken off it is that of what was scored until now.
func (j *scoring) result() (highest snowman.Level, texts, failed int) {
	j.mu.Lock()
	highest = j.highest
	j.mu.Unlock()
	texts, failed = j.lines.failures.Count()
	for _, job := range j.records {
		counts, names := job.Counts()
		moreTexts, moreFailed := names.Count()
		highest = max(highest, counts.Highest)
		texts, failed = texts+moreTexts+counts.Broken+counts.Damaged, failed+moreFailed+counts.Broken+counts.Damaged
	}
	return highest, texts, failed
}

// newWorker returns what one goroutine scores chunks with.
func (j *scoring) newWorker() func(*pipeline.Chunk[pipeline.Line]) {
	judge := verdict.New(j.model, j.options)
	var texts, failed []string
	return func(c *pipeline.Chunk[pipeline.Line]) {
		const verdictBytes = 24 // of a line, beside its text
		c.Output = make([]byte, 0, c.Bytes+len(c.Items)*verdictBytes)
		texts, failed = pipeline.AppendTexts(texts[:0], c.Items), failed[:0]
		highest := enrich.NoVerdict
		judge.All(texts, func(i int, r verdict.Record, err error) {
			if err != nil {
				j.lines.appendFailure(c, i, err)
				failed = append(failed, c.Items[i].Text)
				if j.minimum == snowman.None {
					c.Output = j.format.AppendFailure(c.Output, c.Items[i].Text, err)
				}
				return
			}
			highest = max(highest, r.Level)
			if r.Level >= j.minimum {
				c.Output = j.format.AppendRecord(c.Output, r)
			}
		})
		j.lines.failures.Add(len(c.Items), failed)
		j.mu.Lock()
		defer j.mu.Unlock()
		j.highest = max(j.highest, highest)
	}
}
