package helper

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A binding answers libraries of other languages. A request is what is asked for, a tab, and a
// text, in which a line end is \n and a backslash \\. The answer to score is the score, unrounded,
// or nan, a tab and why there is none; that to row is always four fields with tabs between them,
// which a library can read as columns: score, level, kind, and why there is none; that to verdict
// and explain is the object that score and explain print with -json, or an object with the one
// member error.
type binding struct{}

// What is asked for, as bindingWords has it; unclear is behind them.
const (
	askedScore = iota
	askedRow
	askedVerdict
	askedExplanation
	unclear
)

var bindingWords = [unclear]string{"score", "row", "verdict", "explain"}

func beginBinding(Options) (protocol, error) { return binding{}, nil }

func (binding) ask(q *question, b *batch) {
	word, text, _ := bytes.Cut(q.raw, []byte("\t"))
	q.answer = 0
	for q.answer < unclear && string(word) != bindingWords[q.answer] {
		q.answer++
	}
	switch q.answer {
	case askedScore, askedRow, askedVerdict:
		b.arena = appendUntabbed(b.arena, text)
		b.end()
	case askedExplanation:
		q.raw = appendUntabbed(nil, text)
	}
}

func (binding) answer(out []byte, q *question, worst *said) []byte {
	w := worst.by
	switch {
	case q.answer == askedScore && worst.isScored:
		out = strconv.AppendFloat(out, worst.score, 'g', -1, 64)
	case q.answer == askedScore:
		out = visible.AppendField(append(out, "nan\t"...), worst.err.Error())
	case q.answer == askedRow && worst.isScored:
		out = strconv.AppendFloat(out, worst.score, 'g', -1, 64)
		out = append(append(out, '\t'), worst.level.String()...)
		out = append(visible.AppendField(append(out, '\t'), worst.kind), '\t')
	case q.answer == askedRow:
		out = visible.AppendField(append(out, "nan\t\t\t"...), worst.err.Error())
	case q.answer == askedVerdict && worst.isScored:
		out = w.encoder.Append(out, w.record)
	case q.answer == askedVerdict:
		out = appendError(out, worst.err.Error())
	case q.answer == askedExplanation:
		if r, x, err := w.explain(string(q.raw)); err != nil {
			out = appendError(out, err.Error())
		} else {
			out = w.encoder.AppendExplanation(out, r, x)
		}
	default:
		out = appendError(out, "a request is one of "+strings.Join(bindingWords[:], ", ")+", a tab, and a text")
	}
	return append(out, '\n')
}

// appendError appends an object that says why there is no other.
func appendError(out []byte, reason string) []byte {
	return append(visible.AppendJSON(append(out, `{"error":`...), reason), '}')
}
