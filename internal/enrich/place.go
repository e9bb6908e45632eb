package enrich

import (
	"strconv"
	"unsafe"

	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// A Place says how to write where a name stands, before what is said of it.
type Place int

// The places. A client or time that the format does not tell is empty, or no member.
const (
	NoPlace     Place = iota
	TabPlace          // line, client and time as fields
	ObjectPlace       // as the first members of the object that follows
)

// longestPlace is how many bytes are written of a client or a time, each of which could be as long
// as its record and stand before each of its names.
const longestPlace = 64

// append appends where the names of a record stand.
func (p Place) append(out []byte, line int, r *logs.Record) []byte {
	switch p {
	case TabPlace:
		out = append(strconv.AppendInt(out, int64(line), 10), '\t')
		out = append(visible.AppendField(out, shortened(r.Client)), '\t')
		out = append(visible.AppendField(out, shortened(r.Time)), '\t')
	case ObjectPlace:
		out = strconv.AppendInt(append(out, `{"line":`...), int64(line), 10)
		if len(r.Client) > 0 {
			out = visible.AppendJSON(append(out, `,"client":`...), shortened(r.Client))
		}
		if len(r.Time) > 0 {
			out = visible.AppendJSON(append(out, `,"time":`...), shortened(r.Time))
		}
	}
	return out
}

// appendName appends a name. An object can hold all that people and programs write, so that whoever
// asks again asks about the same text.
func (p Place) appendName(out []byte, name logs.Name) []byte {
	if p == ObjectPlace && !name.DNS {
		return append(out, name.Text...)
	}
	return AppendName(out, name)
}

// join makes one object of a place, which begins at before, and the object behind it, at start.
func (p Place) join(out []byte, before, start int) {
	if p == ObjectPlace && start > before && start < len(out) && out[start] == '{' {
		out[start] = ','
	}
}

func shortened(text []byte) string {
	return unsafe.String(unsafe.SliceData(text), min(len(text), longestPlace))
}
