package logs

import "bytes"

// PowerDNS recursor writes a line for a question and one for its answer (quiet=no), as text or, the
// default of 4.8, as pairs:
//
//	1 [9/1] question for 'www.example.com|AAAA' from 127.0.0.1:50334
//	1 [9/1] answer to question 'www.example.com|AAAA': 1 answers, 1 additional, .. rcode=0
//	msg="Question" .. qname="www.example.com" qtype="A" remote="127.0.0.1:50315"
//	msg="Answer" .. qname="www.example.com" qtype="A" rcode="3" .. remote="127.0.0.1:50315"
//
// Answers from the packet cache have one line, which in text does not tell the name. Names are in
// presentation format, without a final dot, in which quotation marks stand as they are; pairs
// escape that once more.
// https://doc.powerdns.com/recursor/settings.html#quiet

type recursor struct {
	pairs recursorPairs
	text  recursorText
}

func newRecursor(sample [][]byte, o Options) (stream, error) {
	pairs := newPairs(preset{}, o)
	return newLearner(sample, func(hasQuestions, _ bool) layout {
		return recursor{recursorPairs{hasQuestions, pairs}, recursorText{hasQuestions, tabbed{o}}}
	}), nil
}

func (s recursor) find(line []byte, r *Record) {
	if isRecursorPairs(line) {
		s.pairs.find(line, r)
	} else {
		s.text.find(line, r)
	}
}

func (s recursor) append(out, line []byte, r *Record, values [][]byte) []byte {
	if isRecursorPairs(line) {
		return s.pairs.append(out, line, r, values)
	}
	return s.text.append(out, line, r, values)
}

func isRecursorPairs(line []byte) bool {
	return hasPrefix(line, `msg="`) || bytes.Contains(line, []byte(` msg="`)) // no name has a blank
}

// recursorPairs is the layout of lines of pairs.
type recursorPairs struct {
	hasQuestions bool
	*keyValues
}

func (p recursorPairs) find(line []byte, r *Record) {
	var name, remote, code []byte
	for at, ok := nextPair(line, 0); ok; at, ok = nextPair(line, at.end) {
		if at.isOpen {
			r.Broken = "its quotation marks do not close"
			return
		}
		switch string(at.key.of(line)) {
		case "msg":
			switch message := at.value.of(line); {
			case hasPrefix(message, "Question"), hasPrefix(message, "TCP question"):
				r.Part = Question
			case string(message) == "Answer":
				r.Part = Answer
			}
		case "qname":
			name = r.pairText(line, at)
		case "remote":
			remote = at.value.of(line)
		case "rcode":
			code = at.value.of(line)
		case "ts":
			r.Time = at.value.of(line)
		default:
			if p.isOfFields(at.key.of(line)) {
				r.cuts = append(r.cuts, at.span)
			}
		}
	}
	if r.Part == Whole || name == nil {
		r.Part, r.Time = Whole, nil
		return
	}
	r.Client = withoutPort(remote)
	r.Key = hashKey(remote, name)
	if r.Part == Answer {
		r.ResponseCode, r.Repeats = code, p.hasQuestions
	}
	r.addDNS(name)
}

// recursorText is the layout of other lines.
type recursorText struct {
	hasQuestions bool
	tabbed
}

func (t recursorText) find(line []byte, r *Record) {
	const question, answer = "] question for '", "] answer to question '"
	line = t.cut(line, r)
	start := bytes.Index(line, []byte(question))
	if start >= 0 {
		r.Part = Question
	} else if start = bytes.Index(line, []byte(answer)); start >= 0 {
		r.Part = Answer
	} else {
		return
	}
	thread := line[bytes.LastIndexByte(line[:start], '[')+1 : start]
	name, rest := cutWord(line[start+bytes.IndexByte(line[start:], '\'')+1:])
	kind := bytes.LastIndexByte(name, '|') // there is no blank in a name, but maybe any of ' and |
	if kind < 0 {
		r.Part = Whole
		return
	}
	r.Time = startTime(line)
	name = name[:kind]
	if r.Part == Question {
		from, _ := cutWord(bytes.TrimPrefix(rest, []byte("from ")))
		r.Client = withoutPort(from)
	} else {
		r.Repeats = t.hasQuestions
		if i := bytes.LastIndex(rest, []byte("rcode=")); i >= 0 {
			r.ResponseCode, _ = cutWord(rest[i+len("rcode="):])
		}
	}
	r.Key = hashKey(thread, name)
	r.addDNS(name)
}

// fitsRecursor counts the lines that the program wrote, if some tell of questions, named or not.
func fitsRecursor(sample [][]byte) int {
	isOwn := containsOne(`" subsystem="`, "PowerDNS ")
	program := recursor{pairs: recursorPairs{keyValues: newPairs(preset{}, Options{})}}
	questions, others := 0, 0
	var r Record
	for _, line := range sample {
		r.reset()
		program.find(line, &r)
		switch {
		case r.Part != Whole || bytes.Contains(line, []byte("question answered from packet cache")):
			questions++
		case isOwn(line):
			others++
		}
	}
	if questions == 0 {
		return 0
	}
	return questions + others
}
