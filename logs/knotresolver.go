package logs

import "bytes"

// Knot resolver tells of questions in its log of level debug alone:
//
//	[plan  ][00000.00] plan 'www.example.com.' type 'A' uid [44100.00]
//
// Questions of its own have a parent other than 00000.00, or are from the second on of a request.
// Names are in presentation format and in lower case; ' is escaped. There is no client and no code:
// its dnstap has both.
// https://www.knot-resolver.cz/documentation/latest/

type knotResolver struct{ tabbed }

func newKnotResolver(_ [][]byte, o Options) (stream, error) {
	return constant{knotResolver{tabbed{o}}}, nil
}

func (k knotResolver) find(line []byte, r *Record) {
	const plan, uid = "[00000.00] plan '", " uid ["
	line = k.cut(line, r)
	start := bytes.Index(line, []byte(plan))
	if start < 0 {
		return
	}
	rest := line[start+len(plan):]
	end := escapedEnd(rest, '\'')
	if end < 0 {
		return
	}
	name, rest := rest[:end], rest[end:]
	at := bytes.Index(rest, []byte(uid))
	if at < 0 {
		return
	}
	request := rest[at+len(uid):]
	n := digits(request)
	if !hasPrefix(request[n:], ".00]") {
		return
	}
	r.Time, r.Part = startTime(line), Question
	r.Key = hashKey(request[:n])
	r.addDNS(name)
}

// isKnotLine reports whether a line has a group and a request.
func isKnotLine(line []byte) bool {
	i := bytes.Index(line, []byte("]["))
	if i < 0 {
		return false
	}
	rest := line[i+2:]
	n := digits(rest)
	return n > 0 && hasPrefix(rest[n:], ".") && bytes.IndexByte(rest, ']') > 0
}
