package render

import (
	"strings"

	"github.com/snowman-ml/snowman/internal/verdict"
)

// Defanged returns a format that writes texts so that no program makes links of them.
func Defanged(of Format) Format { return defanged{of} }

type defanged struct{ Format }

func (d defanged) AppendRecord(out []byte, r verdict.Record) []byte {
	r.Text, r.UnwrappedFrom = Defang(r.Text), Defang(r.UnwrappedFrom)
	return d.Format.AppendRecord(out, r)
}

func (d defanged) AppendFailure(out []byte, text string, err error) []byte {
	return d.Format.AppendFailure(out, Defang(text), err)
}

// Defang returns a text as reports write it: hxxp for http, and [.] for the dots of the host. What
// is defanged already stays as it is, and so do dots within a label of DNS, before which is a
// backslash.
func Defang(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	var out strings.Builder
	if found {
		if len(scheme) >= 4 && strings.EqualFold(scheme[:4], "http") {
			scheme = "hxxp" + strings.ToLower(scheme[4:])
		}
		out.WriteString(scheme + "://")
	}
	for i := range end {
		if rest[i] == '.' && (i == 0 || rest[i-1] != '\\' && rest[i-1] != '[') {
			out.WriteString("[.]")
		} else {
			out.WriteByte(rest[i])
		}
	}
	out.WriteString(rest[end:])
	return out.String()
}
