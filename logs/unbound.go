package logs

import "bytes"

// Unbound writes a line for a question (log-queries) and one for its answer (log-replies):
//
//	[1795827352] unbound[8693:0] info: 127.0.0.1 www.example.com. A IN
//	[1795827352] unbound[8693:0] info: 127.0.0.1 www.example.com. A IN NOERROR 0.000000 1 60
//
// With log-tag-queryreply they say query: and reply: in place of info:. With log-destaddr both end
// in on udp IP PORT. What local zones and response policy zones did (log-local-actions, rpz-log)
// ends alike, and may have no answer:
//
//	[1795827352] unbound[8693:0] info: evil.com. always_null 127.0.0.1@48109 evil.com. A IN
//
// Each byte of a name that is no letter, digit, -, _ or * is a ?, even a dot within a label.
// https://unbound.docs.nlnetlabs.nl/en/latest/manpages/unbound.conf.html

type unbound struct {
	hasQuestions bool
	tabbed
}

func newUnbound(sample [][]byte, o Options) (stream, error) {
	return newLearner(sample, func(hasQuestions, _ bool) layout {
		return unbound{hasQuestions, tabbed{o}}
	}), nil
}

// The words of a line, and the most that are looked at.
const (
	unboundClient = iota
	unboundName
	unboundType
	unboundClass
	unboundCode
	unboundWords = 16
)

func (u unbound) find(line []byte, r *Record) {
	line = u.cut(line, r)
	message := unboundMessage(line)
	if message == nil {
		return
	}
	r.Time = startTime(line)
	var words [unboundWords][]byte
	n := splitWords(message, words[:])
	if n <= unboundClass {
		return
	}
	isExchange := isIP(words[unboundClient]) && isClass(words[unboundClass])
	if !isExchange {
		u.findAction(words[:n], r)
		return
	}
	if string(words[unboundName]) == "-" {
		return // of a message without a question
	}
	r.Client = words[unboundClient]
	r.Part = Question
	if n > unboundCode && string(words[unboundCode]) != "on" {
		r.Part, r.ResponseCode = Answer, words[unboundCode]
	}
	r.Repeats = r.Part == Answer && u.hasQuestions
	r.addUnbound(words[unboundName])
}

// findAction finds the name in what was done of a question: its last four words are CLIENT@PORT
// NAME TYPE CLASS.
func (u unbound) findAction(words [][]byte, r *Record) {
	words = words[len(words)-4:]
	at := bytes.IndexByte(words[unboundClient], '@')
	if at < 0 || !isIP(words[unboundClient][:at]) || !isClass(words[unboundClass]) {
		return
	}
	r.Client = words[unboundClient][:at]
	r.Repeats = u.hasQuestions
	r.addUnbound(words[unboundName])
}

// addUnbound adds a name, unless the log does not keep all of it: one that is too long ends in & or
// in #, all others in a dot.
func (r *Record) addUnbound(name []byte) {
	if bytes.IndexByte(name, '?') >= 0 || name[len(name)-1] != '.' {
		r.Lost = true
		return
	}
	r.addRawDNS(name)
}

// unboundMessage returns what stands behind unbound[PID:THREAD] and the tag, or nil. In syslog they
// are unbound[PID]: [PID:THREAD].
func unboundMessage(line []byte) []byte {
	for i := 0; ; {
		n := bytes.Index(line[i:], []byte("] "))
		if n < 0 {
			return nil
		}
		i += n + 2
		rest := line[i:]
		switch {
		case hasPrefix(rest, "info: "):
			return rest[len("info: "):]
		case hasPrefix(rest, "query: "), hasPrefix(rest, "reply: "):
			return rest[len("query: "):]
		}
	}
}
