package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// What one request in JSON may hold. Whoever has more sends lines, of which there may be any number.
const (
	maxScoreBody = 4 << 20
	maxTexts     = 10_000
)

// score scores the texts of a JSON document, or of as many lines as the client likes.
func (s *Service) score(w http.ResponseWriter, r *http.Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		refuse(w, http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Encoding is %q, want none", abbreviate(encoding)))
		return
	}
	switch mediaType {
	case "application/json":
		s.scoreTexts(w, r)
	case "text/plain":
		s.scoreLines(w, r, plainText)
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines":
		s.scoreLines(w, r, textOfJSON)
	default:
		refuse(w, http.StatusUnsupportedMediaType, fmt.Sprintf(
			`Content-Type is %q, want application/json for {"texts": [...]}, text/plain for one text a line, or application/x-ndjson for one JSON value a line`,
			abbreviate(r.Header.Get("Content-Type"))))
	}
}

// A textValue is an element of texts: a string, or the reason why it is none.
type textValue struct {
	text string
	err  error
}

var errNoString = errors.New("a text must be a string")

func (v *textValue) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		v.text, v.err = string(data), errNoString
		return nil
	}
	return json.Unmarshal(data, &v.text)
}

// A list is an array of at most maxTexts elements: of more, no more are read.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(data []byte) error {
	*l = list[T]{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return fmt.Errorf("%s is no array", abbreviate(string(data)))
	}
	for decoder.More() {
		if len(*l) == maxTexts {
			return tooLargeError{fmt.Sprintf("there are more than %d elements; send texts as lines, text/plain", maxTexts)}
		}
		var element T
		if err := decoder.Decode(&element); err != nil {
			return err
		}
		*l = append(*l, element)
	}
	return nil
}

// scoreTexts scores the texts of a JSON document.
func (s *Service) scoreTexts(w http.ResponseWriter, r *http.Request) {
	err := s.withBody(r, maxScoreBody, func(body []byte) error {
		var request struct {
			Texts *list[textValue] `json:"texts"`
		}
		if err := json.Unmarshal(body, &request); err != nil {
			return fmt.Errorf("reading the request as JSON: %w", err)
		}
		if request.Texts == nil {
			return errors.New(`texts is missing: send {"texts": ["example.com", ...]}`)
		}
		s.answerTexts(w, r, *request.Texts)
		return nil
	})
	if err != nil {
		refuseError(w, err)
	}
}

// answerTexts answers with the verdict on each text.
func (s *Service) answerTexts(w http.ResponseWriter, r *http.Request, values []textValue) {
	start := time.Now()
	a := s.current.Load()
	j := a.judge(wantsFamilies(r))
	defer j.free()
	texts := make([]string, len(values))
	for i, v := range values {
		if v.err == nil {
			texts[i] = v.text
		}
	}
	var levels [snowman.High + 1]int
	failures, id := 0, requestID(w)
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
				failures++
				out = verdict.AppendError(out, value.text, err)
			} else {
				levels[r.Verdict.Level]++
				out = a.encoder.Append(out, r)
			}
			s.logText(id, value.text, r.Verdict, err)
		})
		if len(out) > 60<<10 {
			if _, err := w.Write(out); err != nil {
				break // nobody reads it
			}
			out = out[:0]
		}
	}
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.metrics.add(levels, failures)
	counted(w, len(texts))
	w.Write(append(out, "]}\n"...))
}
