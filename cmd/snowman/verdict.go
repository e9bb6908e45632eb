package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/internal/record"
	"github.com/snowman-ml/snowman/internal/visible"
)

// appendVerdict appends one line for a text that was scored.
func (j scoring) appendVerdict(out []byte, r record.Record) []byte {
	verdict := &r.Verdict
	switch {
	case j.asJSON:
		out = j.encoder.Append(out, r)
		return append(out, '\n')
	case j.onTerminal:
		out = fmt.Appendf(out, "%-8.5f %-7s %-9s ", verdict.Score, verdict.Level, verdict.Kind)
		if j.families {
			out = j.familyFields(out, r.Families)
		}
		return fmt.Appendf(out, "%s%s\n", visible.Text(r.Text), note(r))
	}
	out = strconv.AppendFloat(out, verdict.Score, 'f', 5, 64)
	out = append(out, '\t')
	out = append(out, verdict.Level.String()...)
	out = append(out, '\t')
	out = append(out, verdict.Kind...)
	out = append(out, '\t')
	if j.families {
		out = j.familyFields(out, r.Families)
	}
	out = append(out, r.Text...)
	return append(out, '\n')
}

// note says behind a text what its host looks like, and what allows it, to people: programs that split
// a line into four fields must not trip over the very names that they watch for. They get it with -json.
func note(r record.Record) string {
	var notes []string
	if r.Verdict.Imitates != "" {
		notes = append(notes, "imitates "+r.Verdict.Imitates)
	}
	if r.Verdict.MixedScript {
		notes = append(notes, "mixes scripts")
	}
	if r.Allowed != nil {
		notes = append(notes, "allowed by "+visible.Text(r.Allowed.Entry)+" in "+visible.Text(r.Allowed.List))
	}
	if len(notes) == 0 {
		return ""
	}
	return "  (" + strings.Join(notes, ", ") + ")"
}

// appendError appends one line for a text that could not be scored.
func (j scoring) appendError(out []byte, text string, err error) []byte {
	switch {
	case j.asJSON:
		return append(record.AppendError(out, text, err), '\n')
	case j.onTerminal:
		out = fmt.Appendf(out, "%-8s %-7s %-9s ", "", "", "")
		if j.families {
			out = j.familyFields(out, nil)
		}
		return fmt.Appendf(out, "%s\n", visible.Text(text))
	}
	out = append(out, "\t\t\t"...)
	if j.families {
		out = j.familyFields(out, nil)
	}
	out = append(out, visible.Field(text)...)
	return append(out, '\n')
}
