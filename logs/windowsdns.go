package logs

import "bytes"

// The DNS server of Windows writes packets into its debug log:
//
//	11/28/2026 12:55:51 AM 0E70 PACKET 0333 UDP Rcv 192.0.2.6 5b47   Q [0001   D   NOERROR] A (1)x(0)
//	28.11.2026 00:55:52 0294 PACKET 0333 UDP Snd 192.0.2.6 eba7 R Q [8385 A DR NXDOMAIN] A (1)x(0)
//
// Date and time are in the form of the server's locale. Received questions and sent answers (R) are
// of clients; sent questions and received answers are of the server itself and the same names once
// more. Before them is a preamble, and behind each may be its details, with blanks before them.
// https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-server-2012-r2-and-2012/dn800669(v=ws.11)

type windowsDNS struct {
	hasQuestions bool
	tabbed
}

func newWindowsDNS(sample [][]byte, o Options) (stream, error) {
	return newLearner(sample, func(hasQuestions, _ bool) layout { return windowsDNS{hasQuestions, tabbed{o}} }), nil
}

func (w windowsDNS) find(line []byte, r *Record) {
	const packet = " PACKET "
	whole := line
	line = w.cut(line, r)
	start := bytes.Index(line, []byte(packet))
	if start < 0 || !isDigit(line[0]) {
		r.Header = true
		r.end = len(whole)
		return
	}
	var words [7][]byte // context, UDP or TCP, Rcv or Snd, address, ID, R or Q, Q or [
	open := bytes.IndexByte(line[start:], '[')
	if open < 0 {
		return
	}
	open += start
	n := splitWords(line[start+len(packet):open], words[:])
	first := 0 // older servers write no context
	if n > 0 && string(words[0]) != "UDP" && string(words[0]) != "TCP" {
		first = 1
	}
	if n < first+4 {
		return
	}
	isSent, isAnswer := string(words[first+1]) == "Snd", string(words[first+4]) == "R"
	if isSent != isAnswer {
		return
	}
	code, name := windowsQuestion(line[open:])
	if name == nil {
		return
	}
	r.Time = windowsTime(line[:start])
	r.Client = words[first+2]
	r.Key = hashKey(words[first+2], words[first+3])
	r.Part = Question
	if isAnswer {
		r.Part, r.Repeats, r.ResponseCode = Answer, w.hasQuestions, code
	}
	r.addWindowsName(name)
}

// windowsTime returns the date and the time before a packet, without the thread behind them.
func windowsTime(text []byte) []byte {
	last := bytes.LastIndexByte(text, ' ')
	thread := text[last+1:]
	if _, ok := hexNumber(thread, min(len(thread), 8)); ok && last > 0 {
		text = text[:last]
	}
	return text
}

// windowsQuestion returns the response code and the name of "[8385 A DR NXDOMAIN] A  (3)www(0)".
func windowsQuestion(text []byte) (code, name []byte) {
	end := bytes.IndexByte(text, ']')
	if end < 0 {
		return nil, nil
	}
	code = text[bytes.LastIndexByte(text[:end], ' ')+1 : end]
	open := bytes.IndexByte(text[end:], '(')
	if open < 0 {
		return nil, nil
	}
	return code, text[end+open:]
}

// addWindowsName adds a name whose labels have their lengths in bytes before them.
func (r *Record) addWindowsName(text []byte) {
	start := len(r.unescaped)
	for hasPrefix(text, "(") {
		n := digits(text[1:])
		if n == 0 || n > 2 || !hasPrefix(text[1+n:], ")") {
			break
		}
		length := 0
		for _, c := range text[1 : 1+n] {
			length = 10*length + int(c-'0')
		}
		text = text[n+2:]
		if length == 0 {
			if len(r.unescaped) == start {
				r.unescaped = append(r.unescaped, '.')
			}
			r.addDNS(r.unescaped[start:])
			return
		}
		if length > len(text) {
			break
		}
		if len(r.unescaped) > start {
			r.unescaped = append(r.unescaped, '.')
		}
		for _, c := range text[:length] {
			if c == '.' || c == '\\' {
				r.unescaped = append(r.unescaped, '\\')
			}
			r.unescaped = append(r.unescaped, c)
		}
		text = text[length:]
	}
	r.Lost = true
}

// fitsWindowsDNS counts the lines of packets, and the preamble and details beside them.
func fitsWindowsDNS(sample [][]byte) int {
	packets, others := 0, 0
	for _, line := range sample {
		switch {
		case len(line) > 0 && isDigit(line[0]) && bytes.Contains(line, []byte(" PACKET ")):
			packets++
		case beginsWithOne(line, []string{"\t", " ", "DNS Server log", "Log file wrap", "Message logging key"}):
			others++
		}
	}
	if packets == 0 && (len(sample) == 0 || !hasPrefix(sample[0], "DNS Server log file creation")) {
		return 0
	}
	return packets + others
}
