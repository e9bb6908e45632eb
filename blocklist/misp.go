package blocklist

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/snowman-ml/snowman/internal/visible"
)

// MISP events (https://www.misp-standard.org/rfc/misp-standard-core.html): one event, always the
// same one, with an attribute for each text. What is new in it MISP tells by its timestamp, so that
// grows with the serial: 2026-01-01, and the serial in seconds.

// misp is also the format of the file of a feed that has the entries.
var misp = &Format{
	Name: "misp", Title: "MISP event", carries: name | ipv4 | ipv6 | url,
	between: ",\n", begin: beginMISP, append: appendMISP, end: endMISP, parse: readMISP,
}

var (
	mispEvent        = string(appendUUID(nil, "event", ""))
	mispOrganisation = string(appendUUID(nil, "organisation", ""))
)

const (
	mispTime = 1_767_225_600
	mispDate = "2026-01-01"
	mispInfo = "Snowman: names and URLs that look malicious"

	threatUndefined = "4" // levels of MISP: what says more is the attributes' tags
	analysisDone    = "2"
)

// appendMISPHead appends the members that an event and a manifest share.
func appendMISPHead(out []byte, o Options) []byte {
	out = append(out, `"info":"`+mispInfo+`","date":"`+mispDate+`","threat_level_id":"`+threatUndefined+`","analysis":"`+analysisDone+`","timestamp":"`...)
	out = strconv.AppendInt(out, mispTime+int64(o.Serial), 10)
	return append(out, `","Orgc":{"name":"Snowman","uuid":"`+mispOrganisation+`"}`...)
}

func beginMISP(out []byte, o Options) []byte {
	out = append(out, `{"Event":{"uuid":"`+mispEvent+`",`...)
	out = appendMISPHead(out, o)
	return append(out, `,"published":true,"Attribute":[`+"\n"...)
}

func endMISP(out []byte, _ Options) []byte { return append(out, "\n]}}\n"...) }

func appendMISP(out []byte, r row) []byte {
	start := len(out)
	r.entry.mispValues(func(kind, value string) {
		if len(out) > start {
			out = append(out, ",\n"...)
		}
		out = append(out, `{"uuid":"`...)
		out = appendUUID(out, "attribute", value)
		out = append(out, `","type":"`+kind+`","category":"Network activity","to_ids":`...)
		out = strconv.AppendBool(out, !r.entry.Popular)
		out = append(out, `,"timestamp":"`...)
		out = strconv.AppendInt(out, mispTime, 10)
		out = append(out, `","value":`...)
		out = visible.AppendJSON(out, value)
		out = append(out, `,"comment":"`...)
		out = r.entry.appendComment(out)
		out = append(out, `","Tag":[`...)
		before := ""
		for _, tag := range []struct{ predicate, value string }{{"level", r.entry.Level}, {"kind", r.entry.Kind}} {
			if tag.value == "" {
				continue
			}
			out = append(out, before+`{"name":`...)
			out = visible.AppendJSON(out, "snowman:"+tag.predicate+`="`+word(tag.value)+`"`)
			out = append(out, '}')
			before = ","
		}
		out = append(out, "]}"...)
	})
	return out
}

// word returns a text with an underscore in place of what no word has, at most 40 bytes of it.
func word(text string) string {
	out := []byte(text[:min(len(text), 40)])
	for i, c := range out {
		if isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'; !isLetter && (c < '0' || c > '9') && c != '-' {
			out[i] = '_'
		}
	}
	return string(out)
}

// mispValues calls each with the types and values of an entry's attributes.
func (e *Entry) mispValues(each func(kind, value string)) {
	switch e.kind {
	case ipv4, ipv6:
		each("ip-dst", e.Text)
	case url:
		e.paths(func(value string) {
			if schemes := e.schemes(); len(schemes) == 1 {
				value = schemes[0] + "://" + value
			}
			each("url", value)
		})
	default:
		kind := "hostname"
		if e.registered {
			kind = "domain"
		}
		each(kind, e.Text)
		if e.WWW {
			each("hostname", "www."+e.Text)
		}
	}
}

func readMISP(source io.Reader) (texts []string, err error) {
	decoder := json.NewDecoder(source)
	decoder.DisallowUnknownFields()
	for _, want := range []json.Token{json.Delim('{'), "Event", json.Delim('{'), "uuid", mispEvent} {
		if token, err := decoder.Token(); err != nil || token != want {
			return nil, errors.Join(errForeign, err)
		}
	}
	for range mostMembers {
		member, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if member == "Attribute" {
			break
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return nil, err
		}
	}
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return nil, errors.Join(errForeign, err)
	}
	for decoder.More() {
		var a struct {
			UUID      string `json:"uuid"`
			Type      string `json:"type"`
			Category  string `json:"category"`
			ToIDs     bool   `json:"to_ids"`
			Timestamp string `json:"timestamp"`
			Value     string `json:"value"`
			Comment   string `json:"comment"`
			Tag       []struct {
				Name string `json:"name"`
			}
		}
		if err := decoder.Decode(&a); err != nil {
			return nil, err
		}
		text, err := printable(a.Value)
		if a.Type == "domain" || a.Type == "hostname" {
			text, err = nameOf(a.Value, true)
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, endJSON(decoder, ']', '}', '}')
}

// mostMembers is how many members an event may have before its attributes.
const mostMembers = 20
