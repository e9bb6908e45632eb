package logs

import "bytes"

// Response policy zones are zones (RFC 1035, section 5.1) whose owners are what a resolver shall
// not answer (https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00). Mostly each name
// is there twice, once with *. before it. What rpz-passthru. excepts is no name of the list, also
// where *. before it is blocked, nor are addresses.

// A rpzStream knows what the records before say.
type rpzStream struct {
	origin, apex []byte // with their final dots; empty where nothing has said so yet
	isLost       bool   // the last $ORIGIN is none
	owner, next  []byte // of the last record and of this, absolute, without *.
	isOwnerLost  bool   // it is below an origin that is none
	isGiven      bool   // the owner's name was given
	zone         layout
}

// rpz is the layout of records below one origin.
type rpz struct {
	origin, apex []byte
	namesOnly
}

// rpzOwned is the layout of a record whose owner stands in one before it.
type rpzOwned struct {
	rpz
	owner []byte // absolute
}

func (z rpzOwned) find(_ []byte, r *Record) {
	if string(z.owner) != "@" {
		z.addTrigger(withoutSuffix(z.owner, z.apex), r)
	}
}

// rpzOther is the layout of what has no name, or that of the record before.
type rpzOther struct{ namesOnly }

func (rpzOther) find(_ []byte, r *Record) { r.Header = true }

// A brokenZone is the layout of what cannot be read.
type brokenZone uint8

const (
	notZone brokenZone = iota
	zoneIsOpen
	zoneHasNoOwner
	zoneIsLost
	zoneOriginIsNone
	zoneIncludes
	zoneGenerates
)

var brokenZones = [...]string{
	notZone:          "it is no record of a zone",
	zoneIsOpen:       "its parenthesis is not closed within 64 KiB",
	zoneHasNoOwner:   "it has no owner, nor has a record before it",
	zoneIsLost:       "the $ORIGIN before it is none",
	zoneOriginIsNone: "its name, of which others are below, is empty or longer than 255 octets",
	zoneIncludes:     "it is not read: give the file that $INCLUDE names too",
	zoneGenerates:    "it is not read: a server writes out what $GENERATE stands for",
}

func (b brokenZone) find(_ []byte, r *Record) { r.Broken = brokenZones[b] }

func (brokenZone) append(out, line []byte, _ *Record, _ [][]byte) []byte {
	return append(out, line...)
}

// isOpen reports whether a record goes on behind a line.
func (s *rpzStream) isOpen(line []byte, wasOpen bool) bool { return isOpenParenthesis(line, wasOpen) }

func (s *rpzStream) layout(line []byte) layout {
	switch line[0] {
	case ';':
		return rpzOther{}
	case '$':
		return s.directive(line)
	}
	owner, kind, data := zoneRecord(line)
	isSame := isBlankByte(line[0])
	switch {
	case isSame:
		if word, _ := zoneWord(line, 0); len(word) == 0 {
			return rpzOther{}
		}
	case len(owner) == 0:
		return notZone
	default:
		isSame = s.setOwner(owner)
	}
	switch {
	case isOpenParenthesis(line, false):
		return zoneIsOpen
	case s.isOwnerLost:
		return zoneIsLost
	case len(kind) == 0:
		return notZone
	case bytes.EqualFold(kind, []byte("SOA")):
		return s.begin(owner)
	case len(s.owner) == 0:
		return zoneHasNoOwner
	case !isPolicy(kind, data):
		if isException(kind, data) && len(owner) > 0 && !bytes.HasPrefix(owner, []byte("*.")) {
			s.isGiven = true // a policy for *. and the name is for those below it alone
		}
		if isSame {
			return rpzOther{}
		}
		return s.zone
	case s.isGiven:
		return rpzOther{}
	}
	s.isGiven = true
	if len(owner) == 0 {
		return rpzOwned{rpz{origin: s.origin, apex: s.apex}, bytes.Clone(s.owner)}
	}
	return s.zone
}

// setOwner sets the owner of a record, and reports whether it is that of the record before.
func (s *rpzStream) setOwner(owner []byte) (isSame bool) {
	isLost := s.isLost && !isAbsoluteName(owner)
	s.next = appendAbsolute(s.next[:0], owner, s.origin)
	s.next = append(s.next[:0], bytes.TrimPrefix(s.next, []byte("*."))...)
	s.owner, s.next = s.next, s.owner
	isSame = isLost == s.isOwnerLost && bytes.EqualFold(s.owner, s.next)
	if !isSame {
		s.isOwnerLost, s.isGiven = isLost, false
	}
	return isSame
}

// directive reads a line that begins with $.
func (s *rpzStream) directive(line []byte) layout {
	word, end := zoneWord(line, 0)
	switch {
	case bytes.EqualFold(word, []byte("$TTL")):
		return rpzOther{}
	case bytes.EqualFold(word, []byte("$INCLUDE")):
		return zoneIncludes
	case bytes.EqualFold(word, []byte("$GENERATE")):
		return zoneGenerates
	case !bytes.EqualFold(word, []byte("$ORIGIN")):
		return notZone
	}
	name, _ := zoneWord(line, end)
	if s.isLost && !isAbsoluteName(name) {
		return zoneIsLost
	}
	origin, ok := absoluteName(name, s.origin)
	if s.isLost = !ok; !ok {
		return zoneOriginIsNone
	}
	s.origin = origin
	s.zone = rpz{origin: s.origin, apex: s.apex}
	return rpzOther{}
}

// begin reads the owner of a SOA record, the apex. It may be that of the record before, or else the
// origin.
func (s *rpzStream) begin(owner []byte) layout {
	if len(owner) == 0 {
		owner = s.owner
	}
	if len(owner) == 0 {
		owner = []byte("@")
	}
	apex, ok := absoluteName(owner, s.origin)
	if !ok {
		return zoneOriginIsNone
	}
	if string(apex) == "@" {
		apex = nil
	}
	s.apex, s.isGiven = apex, true
	if len(s.origin) == 0 {
		s.origin = s.apex
	}
	s.zone = rpz{origin: s.origin, apex: s.apex}
	return rpzOther{}
}

// isPolicy reports whether a record says what becomes of its owner, and does not except it.
func isPolicy(kind, data []byte) bool {
	for _, policy := range []string{"CNAME", "A", "AAAA", "DNAME"} {
		if bytes.EqualFold(kind, []byte(policy)) {
			return !bytes.EqualFold(data, []byte("rpz-passthru."))
		}
	}
	return false
}

// isException reports whether a record excepts its owner.
func isException(kind, data []byte) bool {
	return bytes.EqualFold(kind, []byte("CNAME")) && bytes.EqualFold(data, []byte("rpz-passthru."))
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
		case c == '\n':
			isQuoted = false
		case c == '"':
			isQuoted = !isQuoted
		case isQuoted:
		case c == ';':
			next := bytes.IndexByte(line[i:], '\n')
			if next < 0 {
				return isOpen
			}
			i += next
		case c == '(':
			isOpen = true
		case c == ')':
			isOpen = false
		}
	}
	return isOpen
}

const longestName = 255 // octets of a name in DNS (RFC 1035, section 2.3.4)

// absoluteName returns a copy of a name below an origin, with its final dot. It is not ok if the
// name is empty or too long.
func absoluteName(name, origin []byte) (absolute []byte, ok bool) {
	const longestText = 4 * longestName // each octet as \DDD
	if len(name) == 0 || len(name) > longestText {
		return nil, false
	}
	if len(origin) == 0 {
		absolute = bytes.Clone(name)
	} else {
		absolute = appendAbsolute(nil, name, origin)
	}
	octets := 1 // of the root, or of the first label's length
	for i := 0; i < len(absolute); i++ {
		if absolute[i] == '\\' {
			if i++; digits(absolute[i:]) >= 3 {
				i += 2
			}
		}
		octets++
	}
	return absolute, octets <= longestName
}

// appendAbsolute appends a name with the origin that it is below.
func appendAbsolute(out, name, origin []byte) []byte {
	if string(name) == "@" && len(origin) > 0 {
		return append(out, origin...)
	}
	if string(name) == "@" {
		return append(out, '@') // where nothing says what the origin is
	}
	if out = append(out, name...); isAbsoluteName(name) {
		return out
	}
	if out = append(out, '.'); string(origin) == "." {
		return out
	}
	return append(out, origin...)
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

// zoneRecord returns the owner, the type and the first word of the data of a record. The owner is
// empty if it is that of the record before.
func zoneRecord(line []byte) (owner, kind, data []byte) {
	i := 0
	if len(line) > 0 && !isBlankByte(line[0]) {
		owner, i = zoneWord(line, 0)
	}
	for {
		kind, i = zoneWord(line, i)
		isTTL := len(kind) > 0 && isDigit(kind[0])
		if !isTTL && !bytes.EqualFold(kind, []byte("IN")) {
			data, _ = zoneWord(line, i)
			return owner, kind, data
		}
	}
}

// zoneWord returns the first word from i on, without quotation marks around it, and its end. It is
// empty at the end of the record.
func zoneWord(line []byte, i int) (word []byte, end int) {
	for ; i < len(line); i++ {
		c := line[i]
		if c == ';' {
			next := bytes.IndexByte(line[i:], '\n')
			if next < 0 {
				return nil, len(line)
			}
			i += next
		} else if c != '\n' && c != '\r' && !isBlankByte(c) && c != '(' && c != ')' {
			break
		}
	}
	if i < len(line) && line[i] == '"' {
		length := escapedEnd(line[i+1:], '"')
		if length < 0 {
			return nil, len(line)
		}
		return line[i+1 : i+1+length], i + length + 2
	}
	start := i
	for i < len(line) && !endsZoneWord[line[i]] {
		if line[i] == '\\' {
			i++
		}
		i++
	}
	i = min(i, len(line))
	return line[start:i], i
}

var endsZoneWord = newByteSet([]byte(" \t\r\n;()\""))

func isBlankByte(c byte) bool { return c == ' ' || c == '\t' }

func (z rpz) find(line []byte, r *Record) {
	owner, kind, data := zoneRecord(line)
	if !isPolicy(kind, data) {
		return
	}
	name := owner
	switch {
	case string(owner) == "@":
		if len(z.apex) == 0 || string(z.origin) == "." {
			return
		}
		name = withoutSuffix(z.origin, z.apex)
	case isAbsoluteName(owner):
		name = withoutSuffix(owner, z.apex)
	case len(z.origin) > 0 && !bytes.EqualFold(z.origin, z.apex):
		start := len(r.unescaped)
		r.unescaped = appendAbsolute(r.unescaped, owner, z.origin)
		name = withoutSuffix(r.unescaped[start:], z.apex)
	}
	z.addTrigger(name, r)
}

// addTrigger adds the name that an owner stands for.
func (rpz) addTrigger(name []byte, r *Record) {
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

func newRPZ(_ [][]byte, _ Options) (stream, error) { return &rpzStream{zone: rpz{}}, nil }

// fitsRPZ counts the lines that are of a zone, if one of them is of a policy.
func fitsRPZ(sample [][]byte) int {
	s := &rpzStream{zone: rpz{}}
	var r Record
	count, policies := 0, 0
	isOpen := false
	for _, line := range sample {
		wasOpen := isOpen
		if isOpen = isOpenParenthesis(line, wasOpen); wasOpen || isOpen || len(line) == 0 {
			count++
			continue
		}
		r.reset()
		s.layout(line).find(line, &r)
		_, kind, data := zoneRecord(line)
		if bytes.EqualFold(kind, []byte("CNAME")) && (string(data) == "." || string(data) == "*." || bytes.HasPrefix(data, []byte("rpz-"))) {
			policies++
			count++
		} else if r.Header || line[0] == '$' || len(kind) > 0 && len(data) > 0 {
			count++
		}
	}
	if policies == 0 {
		return 0
	}
	return count
}
