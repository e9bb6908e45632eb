package logs

import "bytes"

// Response policy zones are zones (RFC 1035, section 5.1) whose owners are what a resolver shall
// not answer (https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00). Mostly each name
// is there twice, once with *. before it. What rpz-passthru. excepts is no name of the list, nor
// are addresses.

// A rpzStream knows what the lines before say.
type rpzStream struct {
	origin, apex []byte // with their final dots; empty where nothing has said so yet
	last, next   []byte // owners, without *.
	isOpen       bool   // a parenthesis
	zone         rpz
}

// rpz is the layout of records below one origin.
type rpz struct {
	origin, apex []byte
	namesOnly
}

// rpzOther is the layout of what has no name, or that of the record before.
type rpzOther struct{ namesOnly }

func (rpzOther) find(_ []byte, r *Record) { r.Header = true }

func (s *rpzStream) layout(line []byte) layout {
	wasOpen := s.isOpen
	s.isOpen = isOpenParenthesis(line, wasOpen)
	if wasOpen || len(line) == 0 || line[0] == ';' || line[0] == ' ' || line[0] == '\t' {
		return rpzOther{}
	}
	if line[0] == '$' {
		if word, end := nextWord(line, 0); bytes.EqualFold(word, []byte("$ORIGIN")) {
			origin, _ := nextWord(line, end)
			s.origin = absoluteName(origin, s.origin)
			s.zone = rpz{origin: s.origin, apex: s.apex}
		}
		return rpzOther{}
	}
	owner, kind, _ := zoneRecord(line)
	if bytes.EqualFold(kind, []byte("SOA")) {
		s.apex = absoluteName(owner, s.origin)
		if len(s.origin) == 0 {
			s.origin = s.apex
		}
		s.zone = rpz{origin: s.origin, apex: s.apex}
		return rpzOther{}
	}
	s.next = append(s.next[:0], owner...)
	if !isAbsoluteName(owner) {
		s.next = append(append(s.next, '.'), s.origin...)
	}
	s.next = append(s.next[:0], bytes.TrimPrefix(s.next, []byte("*."))...)
	s.next, s.last = s.last, s.next
	if bytes.EqualFold(s.next, s.last) {
		return rpzOther{}
	}
	return s.zone
}

// isOpenParenthesis reports whether a record goes on behind a line.
func isOpenParenthesis(line []byte, isOpen bool) bool {
	if !bytes.ContainsAny(line, "()") {
		return isOpen
	}
	isQuoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case c == '"':
			isQuoted = !isQuoted
		case isQuoted:
		case c == ';':
			return isOpen
		case c == '(':
			isOpen = true
		case c == ')':
			isOpen = false
		}
	}
	return isOpen
}

// absoluteName returns a copy of a name below an origin, with its final dot.
func absoluteName(name, origin []byte) []byte {
	switch {
	case string(name) == "@":
		return bytes.Clone(origin)
	case len(name) == 0 || isAbsoluteName(name) || len(origin) == 0:
		return bytes.Clone(name)
	case string(origin) == ".":
		return append(bytes.Clone(name), '.')
	}
	return append(append(bytes.Clone(name), '.'), origin...)
}

// isAbsoluteName reports whether a dot that is not escaped ends a name.
func isAbsoluteName(name []byte) bool {
	n := len(name)
	if n == 0 || name[n-1] != '.' {
		return false
	}
	backslashes := 0
	for backslashes < n-1 && name[n-2-backslashes] == '\\' {
		backslashes++
	}
	return backslashes%2 == 0
}

// zoneRecord returns the owner, the type and the first word of the data of a record.
func zoneRecord(line []byte) (owner, kind, data []byte) {
	i := 0
	for i < len(line) && line[i] != ' ' && line[i] != '\t' && line[i] != ';' {
		if line[i] == '\\' {
			i++
		}
		i++
	}
	i = min(i, len(line))
	owner = line[:i]
	for {
		kind, i = nextWord(line, i)
		isTTL := len(kind) > 0 && isDigit(kind[0])
		if !isTTL && !bytes.EqualFold(kind, []byte("IN")) {
			data, _ = nextWord(line, i)
			return owner, kind, data
		}
	}
}

func (z rpz) find(line []byte, r *Record) {
	owner, kind, data := zoneRecord(line)
	switch {
	case len(kind) == 0:
		r.Broken = "it is no record of a zone"
		return
	case string(owner) == "@", bytes.EqualFold(data, []byte("rpz-passthru.")):
		return
	case !bytes.EqualFold(kind, []byte("CNAME")) && !bytes.EqualFold(kind, []byte("DNAME")) && !bytes.EqualFold(kind, []byte("A")) && !bytes.EqualFold(kind, []byte("AAAA")):
		return
	}
	name := owner
	isAbsolute := isAbsoluteName(owner)
	switch {
	case isAbsolute:
		name = withoutSuffix(owner, z.apex)
	case len(z.origin) > 0 && !bytes.EqualFold(z.origin, z.apex):
		start := len(r.unescaped)
		r.unescaped = append(append(r.unescaped, owner...), '.')
		if string(z.origin) != "." {
			r.unescaped = append(r.unescaped, z.origin...)
		}
		name = withoutSuffix(r.unescaped[start:], z.apex)
	}
	if name = bytes.TrimPrefix(name, []byte("*.")); string(name) == "*" {
		return
	}
	for _, trigger := range []string{".rpz-ip", ".rpz-client-ip", ".rpz-nsip"} {
		if hasSuffixFold(name, trigger) {
			return
		}
	}
	const server = ".rpz-nsdname"
	if hasSuffixFold(name, server) {
		name = name[:len(name)-len(server)]
	}
	r.addDNS(name)
}

// withoutSuffix returns a name without the zone that it is in. The apex itself is none.
func withoutSuffix(name, apex []byte) []byte {
	switch {
	case len(apex) == 0 || string(apex) == ".":
		return name
	case bytes.EqualFold(name, apex):
		return nil
	case len(name) > len(apex) && name[len(name)-len(apex)-1] == '.' && bytes.EqualFold(name[len(name)-len(apex):], apex):
		return name[:len(name)-len(apex)-1]
	}
	return name
}

func hasSuffixFold(text []byte, suffix string) bool {
	return len(text) > len(suffix) && bytes.EqualFold(text[len(text)-len(suffix):], []byte(suffix))
}

func newRPZ(_ [][]byte, _ Options) (stream, error) { return &rpzStream{}, nil }

// fitsRPZ counts the lines that are of a zone, if one of them is of a policy.
func fitsRPZ(sample [][]byte) int {
	s := &rpzStream{}
	var r Record
	count, policies := 0, 0
	for _, line := range sample {
		r.reset()
		s.layout(line).find(line, &r)
		_, kind, data := zoneRecord(line)
		if bytes.EqualFold(kind, []byte("CNAME")) && (string(data) == "." || string(data) == "*." || bytes.HasPrefix(data, []byte("rpz-"))) {
			policies++
			count++
		} else if r.Header || len(kind) > 0 && len(data) > 0 {
			count++
		}
	}
	if policies == 0 {
		return 0
	}
	return count
}
