package helper

import (
	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// plainLines are texts, a line each, answered as the verb score does.
type plainLines struct{ format render.Format }

func beginLines(Options) (protocol, error) {
	return plainLines{render.Tabs.New(render.Options{})}, nil
}

func (plainLines) ask(q *question, b *batch) { b.add(q.raw) }

func (l plainLines) answer(out []byte, _ *question, worst *said) []byte {
	if !worst.isScored {
		return l.format.AppendFailure(out, worst.text, nil)
	}
	return l.format.AppendRecord(out, verdict.Record{
		Text: worst.text, Verdict: snowman.Verdict{Score: worst.score, Level: worst.level, Kind: worst.kind},
	})
}
