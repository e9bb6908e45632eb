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
	err := s.withBody(r, maxBody, func(body []byte) error {
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
	out, err := s.explanation(w, r, *text)
	if err != nil {
		w.refuseError(err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Write(out)
}

// explanation returns the answer about one text. It leaves the gate before the answer is written,
// which takes as long as the client likes.
func (s *Service) explanation(w *response, r *http.Request, text string) ([]byte, error) {
	if err := s.slow.enter(); err != nil {
		return nil, err
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
		return nil, err
	}
	return append(in.encoder.AppendExplanation(nil, explained, x), '\n'), nil
}
