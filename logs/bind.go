package logs

import "bytes"

// BIND writes a line for a question, and since 9.20 for its answer (responselog), for what response
// policy zones did, and for what failed or was denied. They begin alike:
//
//	28-Nov-2026 00:55:51.763 queries: info: client @0x7f89 127.0.0.1#47227 (evil.com): MESSAGE
//
// and these are the messages:
//
//	view internal: query: evil.com IN A +E(0)K (127.0.0.1)
//	response: evil.com IN A NXDOMAIN 0 1 1 +E(0)K (127.0.0.1)
//	rpz QNAME NXDOMAIN rewrite evil.com/A/IN via evil.com.rpz.zone
//	query failed (SERVFAIL) for evil.com/IN/A at query.c:7836
//	query (cache) 'evil.com/A/IN' denied
//
// Time, category, severity, @0x and the view may be missing, and syslog's own may stand before
// them. Names are in presentation format, without a final dot; so there is no blank in them.
// https://bind9.readthedocs.io/en/stable/reference.html#logging-block-grammar

type bind struct {
	hasQuestions bool
	tabbed
}

func newBIND(sample [][]byte, o Options) (stream, error) {
	return newLearner(sample, func(hasQuestions, _ bool) layout { return bind{hasQuestions, tabbed{o}} }), nil
}

func (b bind) find(line []byte, r *Record) {
	line = b.cut(line, r)
	client, message := bindClient(line)
	if client == nil {
		return
	}
	r.Time = startTime(line)
	r.Client = client[:bytes.LastIndexByte(client, '#')]
	r.Part = Answer
	var name []byte
	switch {
	case hasPrefix(message, "query: "):
		r.Part = Question
		name, _ = cutWord(message[len("query: "):])
	case hasPrefix(message, "response: "):
		var words [4][]byte
		if splitWords(message[len("response: "):], words[:]) == 4 {
			name, r.ResponseCode = words[0], words[3]
		}
	case hasPrefix(message, "rpz "), hasPrefix(message, "disabled rpz "):
		if i := bytes.Index(message, []byte(" rewrite ")); i >= 0 {
			name, _ = cutWord(message[i+len(" rewrite "):])
			name = cutTypeAndClass(name)
		}
	case hasPrefix(message, "query failed ("):
		var words [3][]byte
		if splitWords(message[len("query failed "):], words[:]) == 3 && bytes.HasSuffix(words[0], []byte(")")) && string(words[1]) == "for" {
			r.ResponseCode, name = words[0][1:len(words[0])-1], cutTypeAndClass(words[2])
		}
	case hasPrefix(message, "query '"), hasPrefix(message, "query (cache) '"):
		name, _ = cutWord(message[bytes.IndexByte(message, '\'')+1:])
		name = cutTypeAndClass(bytes.TrimSuffix(name, []byte("'")))
		r.ResponseCode = responseCodes[5]
	}
	if name == nil {
		r.Part, r.Client, r.ResponseCode = Whole, nil, nil
		return
	}
	r.Repeats = r.Part == Answer && b.hasQuestions
	r.Key = hashKey(client, name)
	r.addDNS(name)
}

// bindClient returns the IP#PORT of a line, and its message, or nil.
func bindClient(line []byte) (client, message []byte) {
	for {
		i := bytes.Index(line, []byte("client "))
		if i < 0 {
			return nil, nil
		}
		line = line[i+len("client "):]
		rest := line
		if hasPrefix(rest, "@") {
			_, rest = cutWord(rest)
		}
		client, _ = cutWord(rest)
		port := bytes.IndexByte(client, '#')
		if port < 0 || !isIP(client[:port]) {
			continue
		}
		client = client[:port+1+digits(client[port+1:])]
		// Behind it may be a key, and (NAME) in which parentheses are escaped.
		if end := bytes.Index(rest, []byte("): ")); end >= 0 {
			message = rest[end+len("): "):]
		} else if end := bytes.Index(rest, []byte(": ")); end >= 0 {
			message = rest[end+len(": "):]
		}
		if hasPrefix(message, "view ") {
			if end := bytes.Index(message, []byte(": ")); end >= 0 {
				message = message[end+len(": "):]
			}
		}
		return client, message
	}
}

// cutTypeAndClass returns the NAME of NAME/TYPE/CLASS or NAME/CLASS/TYPE. A slash may be in a name.
func cutTypeAndClass(text []byte) []byte {
	last := bytes.LastIndexByte(text, '/')
	if last < 0 {
		return text
	}
	first := bytes.LastIndexByte(text[:last], '/')
	if first < 0 || !isClass(text[last+1:]) && !isClass(text[first+1:last]) {
		return text
	}
	return text[:first]
}
