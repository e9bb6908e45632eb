package render

import (
	"strconv"

	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// tabs are for programs that split a line: fields with tabs between them. The text is the last
// field, as it came but for what could steer a terminal: the pipe may end in a pager.
type tabs struct{ families bool }

func newTabs(o Options) Format { return tabs{o.Families} }

func (f tabs) AppendHeader(out []byte) []byte { return out }

func (f tabs) AppendRecord(out []byte, r verdict.Record) []byte {
	out = strconv.AppendFloat(out, r.Score, 'f', 5, 64)
	out = append(out, '\t')
	out = append(out, r.Level.String()...)
	out = append(out, '\t')
	out = append(out, r.Kind...)
	out = append(out, '\t')
	name, probability := likeliest(r.Families)
	out = f.appendFamily(out, name, probability)
	return append(visible.AppendField(out, r.Text), '\n')
}

func (f tabs) AppendFailure(out []byte, text string, _ error) []byte {
	out = append(out, "\t\t\t"...)
	out = f.appendFamily(out, "", "")
	return append(visible.AppendField(out, text), '\n')
}

func (f tabs) appendFamily(out []byte, name, probability string) []byte {
	if !f.families {
		return out
	}
	return append(append(append(append(out, name...), '\t'), probability...), '\t')
}
