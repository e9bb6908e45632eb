package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/snowman-ml/snowman"
)

// rounding is how far an answer may be from a score that was printed with five decimals.
const rounding = 0.51e-5

// An oracle knows texts, and the verdicts of both models on them. It is immutable.
type oracle struct {
	samples []sample
	probe   *sample // a name by whose score one can tell the models apart
}

// A sample is a text and the verdicts of the models on it.
type sample struct {
	text     string
	refused  bool // no URL or name, whatever the model
	verdicts [2]snowman.Verdict
}

// oddTexts are what a service meets beside names. None holds a newline or ends in a space.
var oddTexts = []string{
	"http://user:password@example.com:8080/path?query=1;2&3#fragment", "bücher.de", "xn--bcher-kva.de", `quote"and\backslash.com`,
	"<script>alert(1)</script>.com", "пример.рф/путь", "1.2.3.4/a.exe", "http://[::1]/", "emoji-\U0001f480.com", "line\u2028separator.com",
	"/index.html", "http://", "http://[::1",
}

func newOracle(paths [2]string, samples int) (*oracle, error) {
	o := new(oracle)
	for i := range uint32(samples) {
		o.samples = append(o.samples, sample{text: name(i)})
	}
	for _, text := range oddTexts {
		for range 1 + samples/500 { // one line in forty
			o.samples = append(o.samples, sample{text: text})
		}
	}
	for m, path := range paths {
		model, err := snowman.Open(path)
		if err != nil {
			return nil, err
		}
		for i := range o.samples {
			s := &o.samples[i]
			verdict, err := model.Classify(s.text)
			s.refused, s.verdicts[m] = err != nil, verdict
		}
	}
	difference := func(s *sample) float64 { return math.Abs(s.verdicts[0].Score - s.verdicts[1].Score) }
	o.probe = &o.samples[0]
	for i := range samples {
		if difference(&o.samples[i]) > difference(o.probe) {
			o.probe = &o.samples[i]
		}
	}
	if difference(o.probe) < 0.01 {
		return nil, fmt.Errorf("%q and %q cannot be told apart by what they say of %d names", paths[0], paths[1], samples)
	}
	return o, nil
}

func (o *oracle) any(random *rand.Rand) *sample { return &o.samples[random.IntN(len(o.samples))] }

// checkModel holds an answer of /model to the sample, and returns which model gave it.
func (s *sample) checkModel(a answer) (model int, err error) {
	if s.refused {
		var refusal struct{ Error string }
		if err := json.Unmarshal(a.body, &refusal); a.status != 400 || err != nil || refusal.Error == "" {
			return 0, fmt.Errorf("%q: status %d, %q, want 400 and an error", s.text, a.status, a.body)
		}
		return 0, nil
	}
	var got struct {
		Text string `json:"input query"`
	}
	if err := json.Unmarshal(a.body, &got); a.status == 200 && err == nil && got.Text == s.text {
		for model, verdict := range s.verdicts {
			if bytes.HasSuffix(a.body, fmt.Appendf(nil, `", "score": "%.5f"}`+"\n", verdict.Score)) {
				return model, nil
			}
		}
	}
	return 0, fmt.Errorf("%q: status %d, %q, want the score %.5f or %.5f", s.text, a.status, a.body, s.verdicts[0].Score, s.verdicts[1].Score)
}

// A verdict is one of /v1/score.
type verdict struct {
	Text  *string  `json:"text"`
	Score *float64 `json:"score"`
	Level string   `json:"level"`
	Kind  string   `json:"kind"`
	Error string   `json:"error"`
}

// giver is the set of models that may have given an answer: a bit for each.
type giver uint

const anyModel giver = 1<<0 | 1<<1

// check holds one verdict of /v1/score to the sample, and removes from the set the models that
// cannot have given it: one answer is by one model from beginning to end.
func (s *sample) check(v verdict, by *giver) error {
	right := v.Text != nil && *v.Text == s.text && s.refused == (v.Error != "")
	if right && !s.refused {
		for model, want := range s.verdicts {
			if v.Score == nil || math.Abs(*v.Score-want.Score) > rounding || v.Level != want.Level.String() || v.Kind != want.Kind {
				*by &^= 1 << model
			}
		}
	}
	if !right || *by == 0 {
		content, _ := json.Marshal(v) // it was JSON
		return fmt.Errorf("%s for %q, want %+v or %+v, and one model for all of an answer", content, s.text, s.verdicts[0], s.verdicts[1])
	}
	return nil
}

// checkLines holds the verdicts of a stream to the samples. A sample that is nil stands for an
// error.
func checkLines(answer io.Reader, want []*sample) error {
	lines, by := bufio.NewReader(answer), anyModel
	for i, s := range want {
		v, err := readVerdict(lines)
		switch {
		case err != nil:
		case s != nil:
			err = s.check(v, &by)
		case v.Error == "":
			err = errors.New("it is no error")
		}
		if err == io.EOF {
			err = errors.New("there is none")
		}
		if err != nil {
			return fmt.Errorf("verdict %d of %d: %w", i, len(want), err)
		}
	}
	return wantEnd(lines)
}

// wantEnd wants no more lines.
func wantEnd(lines *bufio.Reader) error {
	switch v, err := readVerdict(lines); {
	case err == nil:
		return fmt.Errorf("%+v follows the last line", v)
	case err != io.EOF:
		return fmt.Errorf("after the last line: %w", err)
	}
	return nil
}

// readVerdict reads the next line of an answer. It returns io.EOF at its end.
func readVerdict(lines *bufio.Reader) (v verdict, err error) {
	content, err := lines.ReadBytes('\n')
	if err == io.EOF && len(content) == 0 {
		return v, err
	}
	if err != nil {
		return v, fmt.Errorf("%w at %.100q: %w", errCut, content, err)
	}
	if err := json.Unmarshal(content, &v); err != nil {
		return v, fmt.Errorf("%.300q: %w", content, err)
	}
	return v, nil
}

// mustMarshal returns a text as JSON.
func mustMarshal(text string) []byte {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err) // every string has a form in JSON
	}
	return out
}
