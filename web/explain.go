package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"
)

// explain says what the score of one text is made of.
func (s *Service) explain(w http.ResponseWriter, r *http.Request) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, fmt.Sprintf(`Content-Type is %q, want application/json for {"text": "..."}`,
			abbreviate(r.Header.Get("Content-Type"))))
		return
	}
	var request struct {
		Text *string `json:"text"`
	}
	err := s.withBody(r, maxBody, func(body []byte) error {
		if err := json.Unmarshal(body, &request); err != nil {
			return fmt.Errorf("reading the request as JSON: %w", err)
		}
		if request.Text == nil {
			return errors.New(`text is missing: send {"text": "example.com"}`)
		}
		return nil
	})
	if err != nil {
		refuseError(w, err)
		return
	}
	out, err := s.explanation(w, r, *request.Text)
	if err != nil {
		refuseError(w, err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Write(out)
}

// explanation returns the answer about one text. Few are made at a time; they are written, which takes as
// long as the client likes, when others have their turn.
func (s *Service) explanation(w http.ResponseWriter, r *http.Request, text string) ([]byte, error) {
	if err := s.hard.enter(); err != nil {
		return nil, err
	}
	defer s.hard.leave()
	start := time.Now()
	a := s.current.Load()
	j := a.judge(wantsFamilies(r))
	defer j.free()
	explained, x, err := j.Explain(text)
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.addOne(w, text, explained.Verdict, err)
	if err != nil {
		return nil, err
	}
	return append(a.encoder.AppendExplanation(nil, explained, x), '\n'), nil
}
