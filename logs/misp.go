package logs

import (
	"bytes"
	"io"
)

// MISP writes events as JSON, for its feeds one a file
// (https://www.misp-standard.org/rfc/misp-standard-core.html). An attribute has a type and a value,
// wherever it stands: in the event, in one of its objects, in a list of attributes as searches give
// it. Manifests and lists of hashes have none.

var mispPaths = [...]string{mispValue: "value", mispType: "type", mispTime: "timestamp", mispDeleted: "deleted"}

const (
	mispValue = iota
	mispType
	mispTime
	mispDeleted
)

// misp is the layout of attributes.
type misp struct {
	paths *jsonPaths
	namesOnly
}

func flattenMISP(source io.Reader) io.Reader { return newFlattener(source, 1, mispPaths[:]...) }

func (m misp) find(line []byte, r *Record) {
	m.paths.find(line, r)
	var value, kind []byte
	for _, h := range r.hits {
		switch h.path {
		case mispValue:
			value = r.text(line, h)
		case mispType:
			kind = r.text(line, h)
		case mispTime:
			r.Time = r.text(line, h)
		case mispDeleted:
			if deleted := h.of(line); string(deleted) == "true" || string(deleted) == "1" || string(deleted) == `"1"` {
				return
			}
		}
	}
	switch string(kind) {
	case "domain", "hostname", "url", "uri":
		r.addWeb(value)
	case "domain|ip", "hostname|port": // two values in one
		name, _, _ := bytes.Cut(value, []byte("|"))
		r.addWeb(name)
	case "ip-src", "ip-dst", "ip-src|port", "ip-dst|port":
		address, _, _ := bytes.Cut(value, []byte("|"))
		address, _, _ = bytes.Cut(address, []byte("/"))
		r.addWeb(address)
	case "email", "email-src", "email-dst":
		r.addWeb(value[bytes.LastIndexByte(value, '@')+1:])
	}
}

func newMISP(_ [][]byte, _ Options) (stream, error) {
	return constant{misp{paths: newJSONPaths(Options{}, mispPaths[:]...)}}, nil
}

// fitsMISP counts all lines of an event.
func fitsMISP(sample [][]byte) int {
	return fitsDocument(sample, `"to_ids"`, `"threat_level_id"`, `"Orgc"`)
}
