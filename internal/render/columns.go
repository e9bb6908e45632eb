package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// columns are for people: below a header, and with what is odd about a text behind it.
type columns struct{ families bool }

func newColumns(o Options) Format { return columns{o.Families} }

func (f columns) AppendHeader(out []byte) []byte {
	out = fmt.Appendf(out, "%-8s %-7s %-9s ", "SCORE", "LEVEL", "KIND")
	return append(f.appendFamily(out, "FAMILY", "PROB"), "TEXT\n"...)
}

func (f columns) AppendRecord(out []byte, r verdict.Record) []byte {
	out = fmt.Appendf(out, "%-8.5f %-7s %-9s ", r.Score, r.Level, r.Kind)
	name, probability := likeliest(r.Families)
	out = f.appendFamily(out, name, probability)
	return fmt.Appendf(out, "%s%s\n", visible.Text(r.Text), note(r))
}

func (f columns) AppendFailure(out []byte, text string, _ error) []byte {
	out = fmt.Appendf(out, "%-8s %-7s %-9s ", "", "", "")
	return append(append(f.appendFamily(out, "", ""), visible.Text(text)...), '\n')
}

func (f columns) appendFamily(out []byte, name, probability string) []byte {
	if !f.families {
		return out
	}
	return fmt.Appendf(out, "%-16s %-4s ", name, probability)
}

// likeliest returns the name and the probability of the likeliest family, empty where there is
// none.
func likeliest(families []snowman.Family) (name, probability string) {
	if len(families) == 0 {
		return "", ""
	}
	return families[0].Name, strconv.FormatFloat(families[0].Probability, 'f', 2, 64)
}

// note says what is known of a text beside its score, and what allows it. It is for people alone: a
// program that splits a line into four fields must not trip over the very names that it watches
// for.
func note(r verdict.Record) string {
	var notes []string
	if r.Imitates != "" {
		notes = append(notes, "imitates "+r.Imitates)
	}
	if r.Mentions != "" {
		notes = append(notes, "mentions "+r.Mentions)
	}
	if r.MixedScript {
		notes = append(notes, "mixes scripts")
	}
	if r.Popular {
		notes = append(notes, "popular")
	}
	if r.NotPublic != "" {
		notes = append(notes, "not public: "+r.NotPublic)
	}
	if r.UserInfo {
		notes = append(notes, "had user-info")
	}
	if r.UnwrappedFrom != "" {
		notes = append(notes, "unwrapped from "+visible.Text(r.UnwrappedFrom))
	}
	if r.Allowed != nil {
		notes = append(notes, "allowed by "+visible.Text(r.Allowed.Entry)+" in "+visible.Text(r.Allowed.List))
	}
	if len(notes) == 0 {
		return ""
	}
	return "  (" + strings.Join(notes, ", ") + ")"
}
