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

// fitsKnotResolver counts the lines that have a group and a request, if one is of a question.
func fitsKnotResolver(sample [][]byte) int {
	if fitsNames(knotResolver{})(sample) == 0 {
		return 0
	}
	count := 0
	for _, line := range sample {
		i := bytes.Index(line, []byte("]["))
		if i < 0 {
			continue
		}
		rest := line[i+2:]
		n := digits(rest)
		if n > 0 && hasPrefix(rest[n:], ".") && bytes.IndexByte(rest, ']') > 0 {
			count++
		}
	}
	return count
}
