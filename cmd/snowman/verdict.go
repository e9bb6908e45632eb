package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/snowman-ml/snowman"
)

// appendVerdict appends one line for a text that was scored.
func (j scoring) appendVerdict(out []byte, text string, verdict snowman.Verdict, families []snowman.Family) []byte {
	switch {
	case j.asJSON:
		out = append(out, `{"text":`...)
		out = appendJSON(out, text)
		out = append(out, `,"score":`...)
		out = appendNumber(out, verdict.Score)
		out = append(out, `,"level":"`...)
		out = append(out, verdict.Level.String()...)
		out = append(out, `","kind":`...)
		out = appendJSON(out, verdict.Kind)
		out = append(out, `,"kinds":{`...)
		for k, kind := range j.kinds {
			if k > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, kind)
			out = append(out, ':')
			out = appendNumber(out, verdict.Probabilities[k])
		}
		out = append(out, '}')
		out = familiesMember(out, families)
		if verdict.Imitates != "" {
			out = append(out, `,"imitates":`...)
			out = appendJSON(out, verdict.Imitates)
		}
		if verdict.MixedScript {
			out = append(out, `,"mixed_script":true`...)
		}
		return append(out, "}\n"...)
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
		out = append(out, `{"text":`...)
		out = appendJSON(out, text)
		out = append(out, `,"error":`...)
		out = appendJSON(out, err.Error())
		return append(out, "}\n"...)
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

// appendNumber appends the shortest number that reads back the same, without an exponent where a
// person would write none.
func appendNumber(out []byte, number float64) []byte {
	if number != 0 && number < 1e-6 {
		return strconv.AppendFloat(out, number, 'e', -1, 64)
	}
	return strconv.AppendFloat(out, number, 'f', -1, 64)
}

// appendJSON appends a string as JSON, with <, > and & as they are, and \u for what could move the
// cursor of a terminal or the direction of a line.
func appendJSON(out []byte, text string) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil {
		return append(out, `""`...) // no string has an error
	}
	for _, r := range strings.TrimSuffix(buffer.String(), "\n") {
		switch {
		case unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
