package logs

import "bytes"

// dnsmasq, and Pi-hole, which is built on it, write some lines for each question (log-queries):
//
//	Nov 28 00:55:53 dnsmasq[8716]: query[A] www.example.com from 127.0.0.1
//	Nov 28 00:55:53 dnsmasq[8716]: 428 127.0.0.1/59437 reply www.example.com is NXDOMAIN
//
// The second has what log-queries=extra adds: a number that all lines of a question have, and the
// client. Names have their bytes as they are, blanks too, but all of a name is <name unprintable>
// where one byte is no printable ASCII. So the last " from " divides a name from its client.
// https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html

type dnsmasq struct {
	hasQuestions bool
	tabbed
}

func newDnsmasq(sample [][]byte, o Options) (stream, error) {
	return newLearner(sample, func(hasQuestions, _ bool) layout { return dnsmasq{hasQuestions, tabbed{o}} }), nil
}

func (d dnsmasq) find(line []byte, r *Record) {
	line = d.cut(line, r)
	start := dnsmasqMessage(line)
	if start < 0 {
		return
	}
	r.Time = startTime(line)
	message := line[start:]
	isExtra := false
	if n := digits(message); n > 0 && n < len(message) && message[n] == ' ' {
		r.Key = hashKey(message[:n])
		isExtra = true
		message = message[n+1:]
		source, rest := cutWord(message)
		if slash := bytes.LastIndexByte(source, '/'); slash > 0 && isIP(source[:slash]) {
			r.Client, message = source[:slash], rest
		}
	}
	if hasPrefix(message, "query[") || hasPrefix(message, "auth[") {
		typeEnd := bytes.Index(message, []byte("] "))
		from := bytes.LastIndex(message, []byte(" from "))
		if typeEnd < 0 || from < typeEnd+2 {
			return
		}
		r.Part = Question
		r.Client, _ = cutWord(message[from+len(" from "):])
		r.addDnsmasq(message[typeEnd+2:from], isExtra)
		return
	}
	name, answer, ok := dnsmasqAnswer(message)
	if !ok {
		return
	}
	r.Part, r.Repeats = Answer, d.hasQuestions
	if hasPrefix(message, "reply ") || hasPrefix(message, "cached") {
		r.ResponseCode = dnsmasqCode(answer)
	}
	if string(name) != "error" && !isIP(name) { // of failures, and of addresses whose names were asked for
		r.addDnsmasq(name, isExtra)
	}
}

// addDnsmasq adds a name. Without a number it is what a question and its answers have in common.
func (r *Record) addDnsmasq(name []byte, isExtra bool) {
	if string(name) == "<name unprintable>" {
		r.Lost = true
		return
	}
	if !isExtra {
		r.Key = hashKey(name)
	}
	r.addRawDNS(name)
}

// dnsmasqMessage returns where the message of a line begins: behind the program's name, which comes
// as dnsmasq[PID]: or dnsmasq: or, in RFC 5424, dnsmasq PID MSGID [DATA].
func dnsmasqMessage(line []byte) int {
	const program = "dnsmasq"
	for i := 0; ; {
		n := bytes.Index(line[i:], []byte(program))
		if n < 0 {
			return -1
		}
		i += n + len(program)
		rest := line[i:]
		switch {
		case hasPrefix(rest, ": "):
			return i + 2
		case hasPrefix(rest, "["):
			if end := 1 + digits(rest[1:]); hasPrefix(rest[end:], "]: ") {
				return i + end + len("]: ")
			}
		case hasPrefix(rest, " "):
			if end := 1 + digits(rest[1:]); hasPrefix(rest[end:], " - - ") {
				return i + end + len(" - - ")
			} else if hasPrefix(rest[end:], " - [") {
				if close := bytes.Index(rest, []byte("] ")); close >= 0 {
					return i + close + len("] ")
				}
			}
		}
	}
}

// Verbs of lines NAME is ANSWER. Behind the first are only names, and behind the second more words:
// files of hosts, and why Pi-hole blocks a name.
var (
	dnsmasqVerbs = []string{"reply ", "cached ", "cached-stale ", "config "}
	piholeVerbs  = []string{"gravity ", "regex ", "exactly ", "blacklisted ", "Rate-limiting ", "special domain ", "Pi-hole hostname ", "external blocked ", "blocked "}
	otherVerbs   = []string{"/", "DHCP ", "auth "}
)

// dnsmasqAnswer returns the name and the answer of a line NAME is ANSWER. Either may have " is " in
// it: sentences in TXT records are more frequent than such names.
func dnsmasqAnswer(message []byte) (name, answer []byte, ok bool) {
	is := bytes.Index(message, []byte(" is "))
	if is < 0 {
		return nil, nil, false
	}
	name, answer = message[:is], message[is+len(" is "):]
	for _, verb := range dnsmasqVerbs {
		if hasPrefix(name, verb) {
			return name[len(verb):], answer, true
		}
	}
	if !beginsWithOne(name, piholeVerbs) && !beginsWithOne(name, otherVerbs) {
		return nil, nil, false
	}
	return name[bytes.LastIndexByte(name, ' ')+1:], answer, true
}

func beginsWithOne(text []byte, of []string) bool {
	for _, prefix := range of {
		if hasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// dnsmasqCode returns the response code of an answer, or nil of one that is a part, as <CNAME> is.
func dnsmasqCode(answer []byte) []byte {
	word, _ := cutWord(answer)
	switch {
	case hasPrefix(word, "NODATA") || isIP(word):
		return responseCodes[0]
	case string(word) == "NXDOMAIN" || string(word) == "SERVFAIL" || string(word) == "REFUSED" || string(word) == "NOTIMP" || string(word) == "FORMERR":
		return word
	}
	return nil
}

// fitsDnsmasq counts the lines that the program wrote, its DHCP server too.
func fitsDnsmasq(sample [][]byte) int {
	messages, others := 0, 0
	for _, line := range sample {
		if dnsmasqMessage(line) >= 0 {
			messages++
		} else if bytes.Contains(line, []byte(" dnsmasq-dhcp[")) {
			others++
		}
	}
	if messages == 0 {
		return 0
	}
	return messages + others
}

// fitsPihole is fitsDnsmasq of logs that have lines of Pi-hole.
func fitsPihole(sample [][]byte) int {
	for _, line := range sample {
		if start := dnsmasqMessage(line); start >= 0 && beginsWithOne(line[start:], piholeVerbs) {
			return fitsDnsmasq(sample)
		}
	}
	return 0
}

// piholeDB is the preset of rows of Pi-hole's database, pihole-FTL.db, as this writes them:
//
//	sqlite3 -readonly -separator $'\t' /etc/pihole/pihole-FTL.db "SELECT timestamp, client, domain,
//	  CASE reply_type WHEN 2 THEN 'NXDOMAIN' WHEN 7 THEN 'SERVFAIL' WHEN 8 THEN 'REFUSED'
//	  ELSE 'NOERROR' END FROM queries ORDER BY id"
//
// https://docs.pi-hole.net/database/query-database/
var piholeDB = preset{
	names: []nameColumn{{"3", true}}, clients: []string{"2"}, times: []string{"1"}, codes: []string{"4"},
}
