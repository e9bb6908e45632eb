package main

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/record"
)

// appendVerdict appends one line for a text that was scored.
func (j scoring) appendVerdict(out []byte, text string, verdict snowman.Verdict, families []snowman.Family) []byte {
	switch {
	case j.asJSON:
		out = j.encoder.Append(out, record.Record{Text: text, Verdict: verdict, Families: families})
		return append(out, '\n')
	case j.onTerminal:
		out = fmt.Appendf(out, "%-8.5f %-7s %-9s ", verdict.Score, verdict.Level, verdict.Kind)
		if j.families {
			out = j.familyFields(out, families)
		}
		return fmt.Appendf(out, "%s%s\n", escape(text, unicode.IsPrint), note(verdict))
	}
	out = strconv.AppendFloat(out, verdict.Score, 'f', 5, 64)
	out = append(out, '\t')
	out = append(out, verdict.Level.String()...)
	out = append(out, '\t')
	out = append(out, verdict.Kind...)
	out = append(out, '\t')
	if j.families {
		out = j.familyFields(out, families)
	}
	out = append(out, text...)
	return append(out, '\n')
}

// note says behind a text what its host looks like, to people: programs that split a line into four
// fields must not trip over the very names that they watch for. They get it with -json.
func note(verdict snowman.Verdict) string {
	switch {
	case verdict.Imitates != "" && verdict.MixedScript:
		return "  (imitates " + verdict.Imitates + ", mixes scripts)"
	case verdict.Imitates != "":
		return "  (imitates " + verdict.Imitates + ")"
	case verdict.MixedScript:
		return "  (mixes scripts)"
	}
	return ""
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
		return fmt.Appendf(out, "%s\n", escape(text, unicode.IsPrint))
	}
	out = append(out, "\t\t\t"...)
	if j.families {
		out = j.familyFields(out, nil)
	}
	out = append(out, escape(text, func(r rune) bool { return !unicode.IsControl(r) })...)
	return append(out, '\n')
}

// escape returns the text with every rune that is not to be shown, and every byte that is no UTF-8,
// written as Go writes it in a string.
func escape(text string, show func(rune) bool) string {
	var out []byte
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if show(r) && (r != utf8.RuneError || size > 1) {
			out = utf8.AppendRune(out, r)
			continue
		}
		quoted := strconv.QuoteToASCII(text[i : i+size])
		out = append(out, quoted[1:len(quoted)-1]...)
	}
	return string(out)
}
