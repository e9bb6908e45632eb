package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"
)

// explain answers with what the score of one text is made of.
func (s *Service) explain(w *response, r *http.Request) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		w.refuse(http.StatusUnsupportedMediaType, fmt.Sprintf(`Content-Type is %q, want application/json for {"text": "..."}`,
			abbreviate(r.Header.Get("Content-Type"))))
		return
	}
	var text *string // nil if it is missing
	err := s.withBody(w, r, 6*maxExplained+1<<10, func(body []byte) error {
		err := readJSON(body, `{"text": "example.com"}`, func(d *document) members {
			return members{"text": d.string(func(given string) { text = &given })}
		})
		if err == nil && text == nil {
			return errors.New(`text is missing: send {"text": "example.com"}`)
		}
		return err
	})
	if err != nil {
		w.refuseError(err)
		return
	}
	if len(*text) > maxExplained {
		w.refuseError(tooLargeError{fmt.Sprintf("the text is longer than %d bytes", maxExplained)})
		return
	}
	out := answer{service: s, w: w, r: r}
	defer out.free()
	if err := s.explanation(&out, w, r, *text); err != nil {
		w.refuseError(err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	s.send(w, r, out.bytes)
}

// maxExplained is the longest text that is explained. The answer has some fifty bytes for each of
// its characters.
const maxExplained = 8 << 10

// explanation makes the answer about one text.
func (s *Service) explanation(out *answer, w *response, r *http.Request, text string) error {
	if err := s.slow.enter(clientOf(w, r)); err != nil {
		return err
	}
	defer s.slow.leave()
	start := time.Now()
	in := s.current.Load()
	j := in.judge(wantsFamilies(r))
	defer j.free()
	explained, x, err := j.Explain(text)
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.countOne(w, text, explained.Verdict, err)
	if err != nil {
		return err
	}
	out.bytes = append(in.encoder.AppendExplanation(nil, explained, x), '\n')
	if !out.count() {
		return errBusy
	}
	return nil
}
