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
	out := answer{service: s, w: w, r: r}
	defer out.free()
	err := s.withBody(w, r, maxScoreBody, func(body []byte) error {
		if err := s.work.enter(clientOf(w, r)); err != nil {
			return err
		}
		defer s.work.leave()
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
		return s.answerTexts(&out, w, r, texts)
	})
	if err != nil {
		w.refuseError(err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	if wantsTabs(r) {
		w.Header()["Content-Type"] = []string{tabType}
	}
	s.send(w, r, out.bytes)
}

// answerTexts makes the answer with the verdict on each text.
func (s *Service) answerTexts(out *answer, w *response, r *http.Request, values []textValue) error {
	start := time.Now()
	in, families := s.current.Load(), wantsFamilies(r)
	format, _ := in.lineFormat(r, families)
	isDocument := !wantsTabs(r) // else lines
	j := in.judge(families)
	defer j.free()
	texts := make([]string, len(values))
	for i, v := range values {
		if v.err == nil {
			texts[i] = v.text
		}
	}
	counted := s.newTally(w.id)
	out.bytes = make([]byte, 0, min(len(texts)*256, 128<<10))
	if isDocument {
		out.bytes = append(out.bytes, `{"verdicts":[`...)
	}
	room := out.count()
	for first := 0; first < len(texts) && room; first += pipeline.MaxItems {
		j.All(texts[first:min(first+pipeline.MaxItems, len(texts))], func(i int, r verdict.Record, err error) {
			value := values[first+i]
			if value.err != nil {
				err = value.err
			}
			counted.count(value.text, r.Verdict, err)
			if !room {
				return
			}
			if first+i > 0 && isDocument {
				out.bytes[len(out.bytes)-1] = ',' // the line end
			}
			if err != nil {
				out.bytes = format.AppendFailure(out.bytes, value.text, err)
			} else {
				out.bytes = format.AppendRecord(out.bytes, r)
			}
			room = out.count()
		})
	}
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	w.texts += counted.report()
	if isDocument {
		if len(texts) > 0 {
			out.bytes = out.bytes[:len(out.bytes)-len("\n")]
		}
		out.bytes = append(out.bytes, "]}\n"...)
	}
	if !room || !out.count() {
		return errBusy
	}
	return nil
}
