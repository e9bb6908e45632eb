package logs

import (
	"slices"
	"strings"
)

// own is the layout of the JSON lines that the layout of messages writes: names out of DNS are in
// presentation format, others as they were.
type own struct {
	hasQuestions bool
	*jsonPaths
	jsonMembers
}

var ownPaths = []string{"name", "type", "client", "time", "rcode"}

const (
	ownName = iota
	ownType
	ownClient
	ownTime
	ownCode
)

func newOwn(sample [][]byte, o Options) (stream, error) {
	paths := newJSONPaths(o, ownPaths...)
	return newLearner(sample, func(hasQuestions, _ bool) layout { return own{hasQuestions, paths, jsonMembers{o}} }), nil
}

func (l own) find(line []byte, r *Record) {
	l.jsonPaths.find(line, r)
	isDNS := true
	for _, h := range r.hits {
		switch text := r.text(line, h); h.path {
		case ownType:
			isDNS = !isOne(otherTypes, text)
		case ownClient:
			r.Client = text
		case ownTime:
			r.Time = text
		case ownCode:
			r.ResponseCode = text
		}
	}
	if !isDNS {
		r.ResponseCode = nil
	} else if r.Part = Question; len(r.ResponseCode) > 0 {
		r.Part, r.Repeats = Answer, l.hasQuestions
	}
	for _, h := range r.hits {
		if h.path != ownName || !h.isString(line) {
			continue
		}
		name := r.text(line, h)
		if !isDNS {
			r.addWeb(name)
			continue
		}
		r.Key = hashKey(r.Client, name)
		r.addDNS(name)
	}
}

// otherTypes are those of names that are not out of DNS.
var otherTypes = []string{"TLS", "QUIC", "HTTP"}

// fitsOwn counts the lines that begin as those of messages do, and have one of their types.
func fitsOwn(sample [][]byte) int {
	paths := newJSONPaths(Options{}, ownPaths...)
	var r Record
	count := 0
	for _, line := range sample {
		if !beginsWithOne(line, []string{`{"time":"`, `{"client":"`, `{"name":"`}) {
			continue
		}
		r.reset()
		paths.find(line, &r)
		hasName, hasType := false, false
		for _, h := range r.hits {
			text := r.text(line, h)
			hasName = hasName || h.path == ownName
			hasType = hasType || h.path == ownType && isTypeOfMessage(text)
		}
		if r.Broken == "" && hasName && hasType {
			count++
		}
	}
	return count
}

func isTypeOfMessage(text []byte) bool {
	return len(text) > 0 && (slices.Contains(recordTypes[:], string(text)) || isOne(otherTypes, text) || strings.HasPrefix(string(text), "TYPE"))
}
