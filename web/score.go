package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// What one request in JSON may hold. Of lines there may be any number.
const (
	maxScoreBody = 4 << 20
	maxTexts     = 10_000
)

// score scores the texts of a JSON document, or any number of lines.
func (s *Service) score(w *response, r *http.Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch mediaType {
	case "application/json":
		s.scoreTexts(w, r)
	case "text/plain":
		s.scoreLines(w, r, plainText)
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines":
		s.scoreLines(w, r, textOfJSON)
	default:
		w.refuse(http.StatusUnsupportedMediaType, fmt.Sprintf(
			`Content-Type is %q, want application/json for {"texts": [...]}, text/plain for one text a line, or application/x-ndjson for one JSON value a line`,
			abbreviate(r.Header.Get("Content-Type"))))
	}
}

// scoreTexts scores the texts of a JSON document.
func (s *Service) scoreTexts(w *response, r *http.Request) {
	err := s.withBody(r, maxScoreBody, func(body []byte) error {
		var texts []textValue // nil if they are missing
		err := readJSON(body, `{"texts": ["example.com", ...]}`, func(d *document) members {
			return members{"texts": func() error { return d.texts(&texts) }}
		})
		if err != nil {
			return err
		}
		if texts == nil {
			return errors.New(`texts is missing: send {"texts": ["example.com", ...]}`)
		}
		s.answerTexts(w, r, texts)
		return nil
	})
	if err != nil {
		w.refuseError(err)
	}
}

// answerTexts answers with the verdict on each text.
func (s *Service) answerTexts(w *response, r *http.Request, values []textValue) {
	start := time.Now()
	in := s.current.Load()
	j := in.judge(wantsFamilies(r))
	defer j.free()
	texts := make([]string, len(values))
	for i, v := range values {
		if v.err == nil {
			texts[i] = v.text
		}
	}
	counted := s.newTally(w.id)
	w.Header()["Content-Type"] = jsonType
	out := append(make([]byte, 0, min(len(texts)*256, 128<<10)), `{"verdicts":[`...)
	for first := 0; first < len(texts); first += pipeline.MaxItems {
		j.All(texts[first:min(first+pipeline.MaxItems, len(texts))], func(i int, r verdict.Record, err error) {
			value := values[first+i]
			if value.err != nil {
				err = value.err
			}
			if first+i > 0 {
				out = append(out, ',')
			}
			if err != nil {
				out = verdict.AppendError(out, value.text, err)
			} else {
				out = in.encoder.Append(out, r)
			}
			counted.count(value.text, r.Verdict, err)
		})
		if len(out) > 60<<10 {
			if _, err := w.Write(out); err != nil {
				break // the client has left
			}
			out = out[:0]
		}
	}
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	w.texts += counted.report()
	w.Write(append(out, "]}\n"...))
}
