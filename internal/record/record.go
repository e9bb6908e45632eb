// Package record writes what Snowman says of a text as one line of JSON, the same from the program and
// from the service.
//
//	encoder := record.NewEncoder(model.Kinds())
//	line = encoder.Append(line[:0], record.Record{Text: text, Verdict: verdict})
//
// Numbers are written with the digits that read back the same, nothing is rounded. What could move the
// cursor of a terminal or turn the direction of a line is escaped: texts are chosen by attackers.
package record

import (
	"strconv"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Record is a text and what was said of it.
type Record struct {
	Text     string
	Verdict  snowman.Verdict
	Families []snowman.Family // the likeliest, if anybody asked for them
	Allowed  *allow.Match     // the entry of an allow list that the text is on, nil where it is on none
}

// Allow looks for the text on an allow list, unless the matcher is nil. What is on one keeps its score, but
// its level is none and its kind benign, so that whoever acts on levels leaves it alone.
func (r *Record) Allow(matcher *allow.Matcher, benign string) {
	if matcher == nil {
		return
	}
	if match, onList := matcher.Match(r.Text); onList {
		allowed := match // so that nothing is allocated for other texts
		r.Verdict.Level, r.Verdict.Kind, r.Allowed = snowman.None, benign, &allowed
	}
}

// An Encoder appends records of one model. It is immutable and safe for any number of goroutines.
type Encoder struct {
	kinds []string // as members of an object: {"benign": and ,"dga":
}

// NewEncoder returns an Encoder for a model of these kinds.
func NewEncoder(kinds []string) *Encoder {
	e := &Encoder{}
	before := byte('{')
	for _, kind := range kinds {
		e.kinds = append(e.kinds, string(append(visible.AppendJSON([]byte{before}, kind), ':')))
		before = ','
	}
	return e
}

// Append appends an object for a text that was scored.
func (e *Encoder) Append(out []byte, r Record) []byte {
	out = append(out, `{"text":`...)
	out = visible.AppendJSON(out, r.Text)
	out = append(out, `,"score":`...)
	out = appendNumber(out, r.Verdict.Score)
	out = append(out, `,"level":"`...)
	out = append(out, r.Verdict.Level.String()...)
	out = append(out, `","kind":`...)
	out = visible.AppendJSON(out, r.Verdict.Kind)
	out = append(out, `,"kinds":`...)
	for k, kind := range e.kinds {
		out = append(out, kind...)
		out = appendNumber(out, r.Verdict.Probabilities[k])
	}
	out = append(out, '}')
	if len(r.Families) > 0 {
		out = append(out, `,"families":[`...)
		for i, family := range r.Families {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, `{"name":`...)
			out = visible.AppendJSON(out, family.Name)
			out = append(out, `,"probability":`...)
			out = append(appendNumber(out, family.Probability), '}')
		}
		out = append(out, ']')
	}
	if r.Verdict.Imitates != "" {
		out = append(out, `,"imitates":`...)
		out = visible.AppendJSON(out, r.Verdict.Imitates)
	}
	if r.Verdict.MixedScript {
		out = append(out, `,"mixed_script":true`...)
	}
	if r.Allowed != nil {
		out = append(out, `,"allowed":{"entry":`...)
		out = visible.AppendJSON(out, r.Allowed.Entry)
		out = append(out, `,"list":`...)
		out = append(visible.AppendJSON(out, r.Allowed.List), '}')
	}
	return append(out, '}')
}

// AppendExplanation appends an object for a text whose score was explained: what Append writes, then the
// members of the explanation.
func (e *Encoder) AppendExplanation(out []byte, r Record, x snowman.Explanation) []byte {
	out = e.Append(out, r)
	out[len(out)-1] = ','
	return append(out, visible.AppendJSONValue(nil, x)[len("{"):]...)
}

// AppendError appends an object for a text that could not be scored.
func AppendError(out []byte, text string, err error) []byte {
	out = append(out, `{"text":`...)
	out = visible.AppendJSON(out, text)
	out = append(out, `,"error":`...)
	out = visible.AppendJSON(out, err.Error())
	return append(out, '}')
}

// appendNumber appends the shortest number that reads back the same, without an exponent where a
// person would write none.
func appendNumber(out []byte, number float64) []byte {
	if number != 0 && number < 1e-6 {
		return strconv.AppendFloat(out, number, 'e', -1, 64)
	}
	return strconv.AppendFloat(out, number, 'f', -1, 64)
}
