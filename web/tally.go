package web

import (
	"context"
	"log/slog"

	"github.com/snowman-ml/snowman"
)

// A tally counts what is said of texts of one request. It belongs to one goroutine, and may outlive
// the response, as a stream's do that a client has left.
type tally struct {
	service  *Service
	id       string // of the request
	levels   [snowman.High + 1]int
	failures int
	drift    driftTally
}

func (s *Service) newTally(id string) tally {
	return tally{service: s, id: id, drift: driftTally{model: s.metrics.drift.model.Load()}}
}

// count counts one text, and logs it if the operator asked for that.
func (t *tally) count(text string, verdict snowman.Verdict, err error) {
	if err != nil {
		t.failures++
	} else {
		t.levels[verdict.Level]++
		t.drift.count(&verdict)
	}
	options := &t.service.options
	if !options.LogTexts || options.Log == nil {
		return
	}
	attributes := []slog.Attr{slog.String("id", t.id), slog.String("text", text)}
	if err != nil {
		attributes = append(attributes, slog.String("error", err.Error()))
	} else {
		attributes = append(attributes, slog.Float64("score", verdict.Score),
			slog.String("level", verdict.Level.String()), slog.String("kind", verdict.Kind))
	}
	options.Log.LogAttrs(context.Background(), slog.LevelInfo, "text", attributes...)
}

// report adds the tally to the metrics, and returns the number of its texts.
func (t *tally) report() (texts int) {
	m := t.service.metrics
	m.drift.add(&t.drift)
	for level, n := range t.levels {
		if n > 0 {
			m.texts[level].Add(float64(n))
		}
		texts += n
	}
	if t.failures > 0 {
		m.failures.Add(float64(t.failures))
	}
	return texts + t.failures
}

// countOne counts the one text of a request.
func (s *Service) countOne(w *response, text string, verdict snowman.Verdict, err error) {
	counted := s.newTally(w.id)
	counted.count(text, verdict, err)
	w.texts += counted.report()
}
