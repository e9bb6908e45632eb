package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// jsonLines is the layout of JSON objects, one a line, whose members a preset names.
type jsonLines struct {
	roles []jsonRole // of each path
	*jsonPaths
	jsonMembers
}

// A jsonRole is what a path leads to.
type jsonRole int

const (
	jsonDNS jsonRole = iota
	jsonWeb
	jsonHost
	jsonTarget
	jsonClient
	jsonTime
	jsonCode
)

const longestPath = 200 // bytes

func newJSONLines(p preset, o Options) layout {
	var paths []string
	l := jsonLines{jsonMembers: jsonMembers{o}}
	add := func(role jsonRole, some ...string) {
		for _, path := range some {
			if path != "" && len(paths) < maxPaths {
				paths, l.roles = append(paths, path), append(l.roles, role)
			}
		}
	}
	for _, name := range p.names {
		if name.dns {
			add(jsonDNS, name.column)
		} else {
			add(jsonWeb, name.column)
		}
	}
	add(jsonHost, p.host)
	add(jsonTarget, p.target)
	add(jsonClient, p.clients...)
	add(jsonTime, p.times...)
	add(jsonCode, p.codes...)
	l.jsonPaths = newJSONPaths(o, paths...)
	return l
}

func (l jsonLines) find(line []byte, r *Record) {
	l.jsonPaths.find(line, r)
	var host, target []byte
	for _, h := range r.hits {
		switch role := l.roles[h.path]; {
		case role == jsonClient && r.Client == nil:
			r.Client = r.text(line, h)
		case role == jsonTime && r.Time == nil:
			r.Time = r.text(line, h)
		case role == jsonCode && r.ResponseCode == nil:
			r.ResponseCode = r.text(line, h)
		case role > jsonTarget || !h.isString(line):
		case role == jsonHost:
			host = r.text(line, h)
		case role == jsonTarget:
			target = r.text(line, h)
		default:
			r.add(r.text(line, h), role == jsonDNS)
		}
	}
	r.addRequest(host, target, nil)
}

// newGenericJSON returns the stream of JSON lines whose names stand where the options say, or in
// the members that hold names in the sample.
func newGenericJSON(sample [][]byte, o Options) (stream, error) {
	for _, path := range o.Columns {
		if len(path) > longestPath || path == "" {
			return nil, fmt.Errorf("member %.200q: want a path of 1 to %d bytes", path, longestPath)
		}
	}
	if len(o.Columns) > 16 {
		return nil, errors.New("more than 16 members with names")
	}
	p := generic(o.Columns)
	if len(o.Columns) == 0 {
		found, ok := likeliestMembers(sample)
		if !ok && len(sample) > 0 {
			return nil, errors.New("no member of the first records holds names: name one, as in -field dns.question.name")
		}
		p.names, p.host, p.target = found.names, found.host, found.target
	}
	return constant{newJSONLines(p, o)}, nil
}

// presetJSON returns how a stream of JSON lines of one product begins.
func presetJSON(p preset) func([][]byte, Options) (stream, error) {
	return func(_ [][]byte, o Options) (stream, error) { return constant{newJSONLines(p, o)}, nil }
}

// stringsOf returns the paths of the strings in a sample of JSON lines, and some values of each.
func stringsOf(sample [][]byte) (columns []string, values [][][]byte) {
	at := make(map[string]int)
	for _, line := range sample {
		var record map[string]any
		if json.Unmarshal(line, &record) != nil {
			continue
		}
		eachString(record, "", 0, func(path, text string) {
			i, known := at[path]
			if !known {
				if len(columns) == mostColumns {
					return
				}
				i = len(columns)
				at[path] = i
				columns, values = append(columns, path), append(values, nil)
			}
			values[i] = append(values[i], []byte(text))
		})
	}
	return columns, values
}

// likeliestMembers returns where names stand in a sample of JSON lines.
func likeliestMembers(sample [][]byte) (p preset, ok bool) {
	columns, values := stringsOf(sample)
	if slices.Contains(columns, "host") && slices.Contains(columns, "uri") {
		return preset{host: "host", target: "uri"}, true
	}
	i := likeliestColumn(columns, values)
	if i < 0 {
		return preset{}, false
	}
	return preset{names: []nameColumn{{columns[i], isDNSColumn(columns[i])}}}, true
}

// membersOf returns the members of a sample that may hold names, and those that do.
func membersOf(sample [][]byte) (all, found []string) {
	all, _ = stringsOf(sample)
	p, _ := likeliestMembers(sample)
	return all, p.found()
}

const mostColumns = 1000

// eachString calls f with each string in a value and its path.
func eachString(value any, path string, depth int, f func(path, text string)) {
	if depth > deepestPath || len(path) > longestPath {
		return
	}
	switch value := value.(type) {
	case string:
		f(path, value)
	case []any:
		for _, element := range value[:min(len(value), 10)] {
			eachString(element, path, depth+1, f)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			below := key
			if path != "" {
				below = path + "." + key
			}
			eachString(value[key], below, depth+1, f)
		}
	}
}

// fitsPaths returns what counts the lines of a sample that are JSON objects with a string at one of
// the paths.
func fitsPaths(paths ...string) func([][]byte) int {
	return func(sample [][]byte) int {
		p := newJSONPaths(Options{}, paths...)
		var r Record
		count := 0
		for _, line := range sample {
			r.reset()
			p.find(line, &r)
			if r.Broken == "" && len(r.hits) > 0 {
				count++
			}
		}
		return count
	}
}

// fitsJSON counts the lines that are JSON objects, if there are names in them.
func fitsJSON(sample [][]byte) int {
	if len(sample) == 0 || len(sample[0]) == 0 || sample[0][0] != '{' {
		return 0
	}
	if _, ok := likeliestMembers(sample); !ok {
		return 0
	}
	p := newJSONPaths(Options{})
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		if p.find(line, &r); r.Broken == "" {
			count++
		}
	}
	return count
}
