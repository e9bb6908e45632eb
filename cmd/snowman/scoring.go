package main

import (
	"context"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// rememberedBytes is what all workers together remember verdicts in.
const rememberedBytes = 12 << 20

// noVerdict is the highest level where nothing has a score.
const noVerdict = snowman.None - 1

// scoring is one run of score.
type scoring struct {
	model   *snowman.Model
	options verdict.Options
	format  render.Format
	minimum snowman.Level
	lines   lineJob

	mu      sync.Mutex
	highest snowman.Level
}

// run scores the texts of a feed, which errors call items.
func (j *scoring) run(ctx context.Context, s streams, item string, feed pipeline.Feed[pipeline.Line]) error {
	j.highest = noVerdict
	j.lines = lineJob{what: "scores", item: item, header: j.format.AppendHeader(nil), newWorker: j.newWorker}
	return j.lines.run(ctx, s, feed)
}

// newWorker returns what one goroutine scores chunks with.
func (j *scoring) newWorker() func(*pipeline.Chunk[pipeline.Line]) {
	judge := verdict.New(j.model, j.options)
	var texts, failed []string
	return func(c *pipeline.Chunk[pipeline.Line]) {
		const verdictBytes = 24 // of a line, beside its text
		c.Output = make([]byte, 0, c.Bytes+len(c.Items)*verdictBytes)
		texts, failed = pipeline.AppendTexts(texts[:0], c.Items), failed[:0]
		highest := noVerdict
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
