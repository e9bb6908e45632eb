package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/snowman-ml/snowman/internal/record"
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
	if err := s.hard.enter(r.Context(), 1); err != nil {
		refuseError(w, err)
		return
	}
	defer s.hard.leave(1)
	start := time.Now()
	a := s.current.Load()
	x, err := a.model.Explain(*request.Text)
	explained := record.Record{Text: *request.Text, Verdict: x.Verdict}
	if err == nil && a.allow != nil {
		explained.Allow(a.allow.NewMatcher(), a.info.Kinds[0])
	}
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.addOne(w, explained.Text, explained.Verdict, err)
	if err != nil {
		refuseError(w, err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Write(append(a.encoder.AppendExplanation(nil, explained, x), '\n'))
}
