package verdict

import (
	"strconv"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Record is a text and all that is said of it. An Encoder writes it faster than encoding/json,
// with the same members.
type Record struct {
	Text string `json:"text"`
	snowman.Verdict
	Families []snowman.Family `json:"families,omitempty"` // the likeliest first
	Allowed  *allow.Match     `json:"allowed,omitempty"`  // the entry of an allow list that the text is on
}

// An Encoder writes the records of one model as JSON, each on one line, the same for the program
// and the service. Numbers have the digits that read back the same. It is immutable and safe for
// any number of goroutines.
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

// Append appends an object for a text that has a score.
func (e *Encoder) Append(out []byte, r Record) []byte {
	out = append(out, `{"text":`...)
	out = visible.AppendJSON(out, r.Text)
	out = append(out, `,"score":`...)
	out = appendNumber(out, r.Score)
	out = append(out, `,"level":"`...)
	out = append(out, r.Level.String()...)
	out = append(out, `","kind":`...)
	out = visible.AppendJSON(out, r.Kind)
	if !r.Probabilities.IsZero() {
		out = append(out, `,"kinds":`...)
		for k, kind := range e.kinds {
			out = append(out, kind...)
			out = appendNumber(out, r.Probabilities.Values[k])
		}
		out = append(out, '}')
	}
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
	if r.Imitates != "" {
		out = append(out, `,"imitates":`...)
		out = visible.AppendJSON(out, r.Imitates)
	}
	if r.Mentions != "" {
		out = append(out, `,"mentions":`...)
		out = visible.AppendJSON(out, r.Mentions)
	}
	if r.MixedScript {
		out = append(out, `,"mixed_script":true`...)
	}
	if r.Popular {
		out = append(out, `,"popular":true`...)
	}
	if r.NotPublic != "" {
		out = append(out, `,"not_public":`...)
		out = visible.AppendJSON(out, r.NotPublic)
	}
	if r.UserInfo {
		out = append(out, `,"user_info":true`...)
	}
	if r.UnwrappedFrom != "" {
		out = append(out, `,"unwrapped_from":`...)
		out = visible.AppendJSON(out, r.UnwrappedFrom)
	}
	if r.Allowed != nil {
		out = append(out, `,"allowed":{"entry":`...)
		out = visible.AppendJSON(out, r.Allowed.Entry)
		out = append(out, `,"list":`...)
		out = append(visible.AppendJSON(out, r.Allowed.List), '}')
	}
	return append(out, '}')
}

// AppendExplanation appends an object for a text whose score is explained: what Append writes, then
// the members of the explanation.
func (e *Encoder) AppendExplanation(out []byte, r Record, x snowman.Explanation) []byte {
	out = e.Append(out, r)
	out[len(out)-1] = ','
	return append(out, visible.AppendJSONValue(nil, x)[len("{"):]...)
}

// AppendError appends an object for a text that has no score.
func AppendError(out []byte, text string, err error) []byte {
	out = append(out, `{"text":`...)
	out = visible.AppendJSON(out, text)
	out = append(out, `,"error":`...)
	out = visible.AppendJSON(out, err.Error())
	return append(out, '}')
}

// appendNumber appends the shortest number that reads back the same, without an exponent from 1e-6
// on.
func appendNumber(out []byte, number float64) []byte {
	if number != 0 && number < 1e-6 {
		return strconv.AppendFloat(out, number, 'e', -1, 64)
	}
	return strconv.AppendFloat(out, number, 'f', -1, 64)
}
