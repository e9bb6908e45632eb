package render

import "github.com/snowman-ml/snowman/internal/verdict"

// jsonLines are for programs that want everything: one JSON object a line.
type jsonLines struct{ encoder *verdict.Encoder }

func newJSONLines(o Options) Format { return jsonLines{verdict.NewEncoder(o.Kinds)} }

func (f jsonLines) AppendHeader(out []byte) []byte { return out }

func (f jsonLines) AppendRecord(out []byte, r verdict.Record) []byte {
	return append(f.encoder.Append(out, r), '\n')
}

func (f jsonLines) AppendFailure(out []byte, text string, err error) []byte {
	return append(verdict.AppendError(out, text, err), '\n')
}
