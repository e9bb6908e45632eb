package logs

import (
	"bytes"
	"errors"
)

// keyValues is the layout of lines of pairs: key=value, with blanks between them and quotation
// marks around a value that has some, or around a key. In quotation marks \ stands before one and
// before itself.
type keyValues struct {
	preset
	Options
	wanted *keySet // keys that are looked for
}

func newPairs(p preset, o Options) *keyValues {
	k := &keyValues{p, o, new(keySet)}
	k.wanted.add(k.host)
	k.wanted.add(k.target)
	for _, keys := range [][]string{k.clients, k.times, k.codes} {
		for _, key := range keys {
			k.wanted.add(key)
		}
	}
	for _, name := range k.names {
		k.wanted.add(name.column)
	}
	for _, field := range k.Fields {
		k.wanted.add(o.column(field))
	}
	return k
}

// A pair is one of such a line.
type pair struct {
	span       // with the blanks before it
	key, value span
	isQuoted   bool
	isOpen     bool // its quotation marks never close
}

// nextPair returns the first pair from i on. Words that are no pairs are passed over. A pair
// without a key tells of a quotation mark that never closes.
func nextPair(line []byte, i int) (p pair, ok bool) {
	for i < len(line) {
		from := i
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		key := span{start: i}
		for i < len(line) && !endsKey[line[i]] {
			i++
		}
		if key.end = i; i < len(line) && line[i] == '"' {
			isWhole := i == key.start
			var closed bool
			if i, closed = quoteEnd(line, i); !closed {
				return pair{span: span{from, i}, isOpen: true}, true
			}
			if !isWhole {
				continue
			}
			key = span{key.start + 1, i - 1}
		}
		if i == len(line) || line[i] != '=' {
			continue
		}
		p = pair{span: span{start: from}, key: key}
		i++
		if i < len(line) && line[i] == '"' {
			end, closed := quoteEnd(line, i)
			p.isQuoted, p.isOpen, p.value = true, !closed, span{i + 1, end}
			if closed {
				p.value.end--
			}
			i = end
		} else {
			p.value.start = i
			for i < len(line) && line[i] != ' ' && line[i] != '\t' {
				i++
			}
			p.value.end = i
		}
		p.end = i
		return p, true
	}
	return pair{}, false
}

var endsKey = [256]bool{'=': true, ' ': true, '\t': true, '"': true}

// quoteEnd returns the place behind the quotation mark that closes the one at i, or the line's end.
func quoteEnd(line []byte, i int) (end int, closed bool) {
	if end = quotedEnd(line, i+1); end < 0 {
		return len(line), false
	}
	return end, true
}

func (k *keyValues) find(line []byte, r *Record) {
	var host, target []byte
	pairs := 0
	for p, ok := nextPair(line, 0); ok; p, ok = nextPair(line, p.end) {
		pairs++
		if p.isOpen {
			r.Broken = "its quotation marks do not close"
			return
		}
		key := p.key.of(line)
		if !k.wanted.mayHave(key) {
			continue
		}
		switch {
		case string(key) == k.host:
			host = r.pairText(line, p)
		case string(key) == k.target:
			target = r.pairText(line, p)
		case r.Client == nil && isOne(k.clients, key):
			r.Client = p.value.of(line)
		case r.Time == nil && isOne(k.times, key):
			r.Time = p.value.of(line)
		case r.ResponseCode == nil && isOne(k.codes, key):
			r.ResponseCode = p.value.of(line)
		default:
			for _, name := range k.names {
				if string(key) == name.column {
					r.add(r.pairText(line, p), name.dns)
				}
			}
		}
		if k.isOfFields(key) {
			r.cuts = append(r.cuts, p.span)
		}
	}
	if pairs == 0 {
		r.Broken = "it has no key=value"
	}
	r.addRequest(host, target, nil)
}

// isOfFields reports whether a key is that of a field.
func (k *keyValues) isOfFields(key []byte) bool {
	if !k.wanted.mayHave(key) {
		return false
	}
	for _, field := range k.Fields {
		name := key
		if k.Group != "" {
			n := len(k.Group)
			if len(key) <= n || string(key[:n]) != k.Group || key[n] != '_' {
				return false
			}
			name = key[n+1:]
		}
		if string(name) == field.Name {
			return true
		}
	}
	return false
}

func isOne(of []string, key []byte) bool {
	for _, one := range of {
		if string(key) == one {
			return true
		}
	}
	return false
}

// pairText returns the text of a value with its escapes undone.
func (r *Record) pairText(line []byte, p pair) []byte {
	value := p.value.of(line)
	if !p.isQuoted || bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	start := len(r.unescaped)
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) && (value[i+1] == '"' || value[i+1] == '\\') {
			i++
		}
		r.unescaped = append(r.unescaped, value[i])
	}
	return r.unescaped[start:]
}

func (k *keyValues) append(out, line []byte, r *Record, values [][]byte) []byte {
	from := 0
	for _, cut := range r.cuts {
		out = append(out, line[from:cut.start]...)
		from = cut.end
	}
	out = append(out, line[from:]...)
	if r.Header {
		return out
	}
	for i, field := range k.Fields {
		if values[i] == nil {
			continue
		}
		out = append(out, ' ')
		if k.Group != "" {
			out = append(append(out, k.Group...), '_')
		}
		out = append(append(out, field.Name...), '=')
		if field.Type != String {
			out = append(out, values[i]...)
			continue
		}
		out = append(out, '"')
		for _, c := range values[i] {
			if c == '"' || c == '\\' {
				out = append(out, '\\')
			}
			out = append(out, c)
		}
		out = append(out, '"')
	}
	return out
}

// newKeyValues returns the stream of pairs whose names stand where the options say, or under the
// keys that have names in the sample.
func newKeyValues(sample [][]byte, o Options) (stream, error) {
	p := generic(o.Columns)
	if len(o.Columns) == 0 {
		keys, values := keysIn(sample)
		i := likeliestColumn(keys, values)
		if i < 0 && len(sample) > 0 {
			return nil, errors.New("no key of the first lines has names: name one, as in -field qname")
		}
		if i >= 0 {
			p.names = []nameColumn{{keys[i], isDNSColumn(keys[i])}}
		}
	}
	return constant{newPairs(p, o)}, nil
}

// keysIn returns the keys in a sample, and some values of each.
func keysIn(sample [][]byte) (keys []string, values [][][]byte) {
	at := make(map[string]int)
	for _, line := range sample {
		for p, ok := nextPair(line, 0); ok; p, ok = nextPair(line, p.end) {
			key := string(p.key.of(line))
			i, known := at[key]
			if !known {
				if len(keys) == mostColumns {
					continue
				}
				i = len(keys)
				at[key] = i
				keys, values = append(keys, key), append(values, nil)
			}
			values[i] = append(values[i], bytes.Clone(p.value.of(line)))
		}
	}
	return keys, values
}

// keysOf returns the keys in a sample that may hold names, and those that do.
func keysOf(sample [][]byte) (all, found []string) {
	all, values := keysIn(sample)
	if i := likeliestColumn(all, values); i >= 0 {
		found = []string{all[i]}
	}
	return all, found
}

// presetPairs returns how a stream of pairs of one product begins.
func presetPairs(p preset) func([][]byte, Options) (stream, error) {
	return func(_ [][]byte, o Options) (stream, error) { return constant{newPairs(p, o)}, nil }
}

// fitsFortinet counts the lines that have Fortinet's pairs.
func fitsFortinet(sample [][]byte) int {
	count := 0
	for _, line := range sample {
		if bytes.Contains(line, []byte("logid=")) && bytes.Contains(line, []byte(" type=")) && bytes.Contains(line, []byte(" subtype=")) {
			count++
		}
	}
	return count
}
