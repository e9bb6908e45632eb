package logs

import "bytes"

// dnsdist writes a line for a question (LogAction), for an answer (LogResponseAction), and others
// for questions where it is verbose:
//
//	[1795827355.487] Packet from 127.0.0.1:47106 for example.com. A with id 28678
//	[1795827355.487] Answer to 127.0.0.1:47106 for example.com. A (Non-Existent domain) with id 28678
//	Got query for example.com|A from 127.0.0.1:47106, relayed to auth
//
// Names are in presentation format, in which quotation marks and parentheses stand as they are.
// https://dnsdist.org/reference/actions.html#LogAction

type dnsdist struct {
	hasQuestions bool
	tabbed
}

func newDnsdist(sample [][]byte, o Options) (stream, error) {
	return newLearner(sample, func(hasQuestions, _ bool) layout { return dnsdist{hasQuestions, tabbed{o}} }), nil
}

func (d dnsdist) find(line []byte, r *Record) {
	const question, answer, verbose = "Packet from ", "Answer to ", "Got query for "
	line = d.cut(line, r)
	var client, name, id []byte
	if i := bytes.Index(line, []byte(verbose)); i >= 0 {
		var words [3][]byte
		n := splitWords(line[i+len(verbose):], words[:])
		kind := bytes.LastIndexByte(words[0], '|')
		if n < 3 || kind < 0 || string(words[1]) != "from" {
			return
		}
		name, client = words[0][:kind], bytes.TrimSuffix(words[2], []byte(","))
		r.Part = Question
	} else {
		start := bytes.Index(line, []byte(question)) + len(question)
		r.Part = Question
		if start < len(question) {
			start = bytes.Index(line, []byte(answer)) + len(answer)
			r.Part = Answer
			if start < len(answer) {
				r.Part = Whole
				return
			}
		}
		var words [4][]byte
		rest := line[start:]
		n := splitWords(rest, words[:])
		end := bytes.LastIndex(rest, []byte(" with id "))
		if n < 4 || string(words[1]) != "for" || end < 0 {
			r.Part = Whole
			return
		}
		client, name, id = words[0], words[2], rest[end+len(" with id "):]
		if r.Part == Answer {
			r.Repeats = d.hasQuestions
			r.ResponseCode = dnsdistCode(rest[:end])
		}
	}
	r.Time = startTime(line)
	r.Client = withoutPort(client)
	if id != nil {
		r.Key = hashKey(client, id)
	}
	r.addDNS(name)
}

// dnsdistCode returns the response code whose description an answer ends with, in parentheses.
func dnsdistCode(text []byte) []byte {
	open := bytes.LastIndex(text, []byte(" ("))
	if open < 0 || !bytes.HasSuffix(text, []byte(")")) {
		return nil
	}
	text = text[open+2 : len(text)-1]
	switch string(text) {
	case "No Error":
		return responseCodes[0]
	case "Form Error":
		return responseCodes[1]
	case "Server Failure":
		return responseCodes[2]
	case "Non-Existent domain":
		return responseCodes[3]
	case "Not Implemented":
		return responseCodes[4]
	case "Query Refused":
		return responseCodes[5]
	}
	return text
}
