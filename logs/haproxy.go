package logs

import "bytes"

// HAProxy writes what it passed on: https://docs.haproxy.org/2.6/configuration.html#8.2. The host
// is in none of its formats by itself: with "capture request header Host" it is one of the captures
// in braces, and httpslog ends with the name that TLS asked for.
//
//	CLIENT:PORT [TIME] FRONTEND BACKEND/SERVER TIMERS STATUS BYTES COOKIE COOKIE STATE COUNTS QUEUES
//	  [{CAPTURED|..} ][{CAPTURED|..} ]"REQUEST"[ ERRORS NAME/VERSION/CIPHER]
//
// The format tcplog has a field less for each of STATUS and the cookies. Bytes that could be taken
// for the format's own are #NN, in hexadecimal.

// haproxy is the layout of lines.
type haproxy struct {
	capture int // which of the captures is the host, from 0
	behind
}

const (
	httpFields = 10 // between the time and the captures
	tcpFields  = 7
)

func (h haproxy) find(line []byte, r *Record) {
	captures, request, end := findHAProxy(line, r)
	if r.Broken != "" {
		return
	}
	host := r.unescapeHash(nthCapture(captures, h.capture))
	if len(host) == 0 && len(request) > 0 {
		last := end[bytes.LastIndexByte(end, ' ')+1:]
		if slash := bytes.IndexByte(last, '/'); slash > 0 && bytes.Contains(last, []byte("/TLSv")) && string(last[:slash]) != "-" {
			host = r.unescapeHash(last[:slash])
		}
	}
	if len(request) == 0 {
		r.addWeb(host)
		return
	}
	host, port := cutPort(host)
	r.addRequestLine(host, r.unescapeHash(request), port)
}

// findHAProxy sets client and time, and returns the captures of the request, the request, and what
// stands behind it.
func findHAProxy(line []byte, r *Record) (captures, request, end []byte) {
	r.Broken = "it is no line of HAProxy"
	before := bytes.Index(line, []byte(" ["))
	if before < 0 || !isCommonTime(line[before+2:]) {
		return nil, nil, nil
	}
	length := bytes.Index(line[before:], []byte("] "))
	if length < 0 {
		return nil, nil, nil
	}
	r.Time = line[before+2 : before+length]
	r.Client = withoutPort(line[bytes.LastIndexByte(line[:before], ' ')+1 : before])
	i, fields := before+length+1, 0
	for fields < httpFields {
		word, next := nextWord(line, i)
		if len(word) == 0 || word[0] == '{' || word[0] == '"' {
			break
		}
		i = next
		fields++
	}
	if fields != httpFields && fields != tcpFields {
		return nil, nil, nil
	}
	r.Broken = ""
	for i+1 < len(line) && line[i+1] == '{' {
		closing := bytes.IndexByte(line[i:], '}')
		if closing < 0 {
			r.Broken = "its captures do not end"
			return nil, nil, nil
		}
		if captures == nil {
			captures = line[i+2 : i+closing]
		}
		i += closing + 1
	}
	if i+1 < len(line) && line[i+1] == '"' {
		closing := bytes.IndexByte(line[i+2:], '"')
		if closing < 0 { // syslog cuts what is long for it
			closing = len(line) - (i + 2)
		}
		return captures, line[i+2 : i+2+closing], line[i+2+closing:]
	}
	return captures, nil, nil
}

// nthCapture returns one of the captures, or nothing.
func nthCapture(captures []byte, n int) []byte {
	for ; n > 0; n-- {
		bar := bytes.IndexByte(captures, '|')
		if bar < 0 {
			return nil
		}
		captures = captures[bar+1:]
	}
	if bar := bytes.IndexByte(captures, '|'); bar >= 0 {
		captures = captures[:bar]
	}
	return captures
}

// unescapeHash returns a text in which #NN is a byte.
func (r *Record) unescapeHash(text []byte) []byte {
	if bytes.IndexByte(text, '#') < 0 {
		return text
	}
	start := len(r.unescaped)
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '#' {
			if number, ok := hexNumber(text[i+1:], 2); ok {
				c, i = byte(number), i+2
			}
		}
		r.unescaped = append(r.unescaped, c)
	}
	return r.unescaped[start:]
}

// newHAProxy takes for the host the capture that most often looks like one.
func newHAProxy(sample [][]byte, o Options) (stream, error) {
	const mostCaptures = 16
	var r Record
	best, most := 0, 0
	for n := range mostCaptures {
		like := 0
		for _, line := range sample {
			r.reset()
			captures, _, _ := findHAProxy(line, &r)
			host, _ := cutPort(nthCapture(captures, n))
			if looksLikeName(host) && bytes.IndexByte(host, '/') < 0 || isAddress(host) {
				like++
			}
		}
		if like > most {
			best, most = n, like
		}
	}
	return constant{haproxy{best, behind{o}}}, nil
}

// fitsHAProxy counts the lines that are of HAProxy.
func fitsHAProxy(sample [][]byte) int {
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		if findHAProxy(line, &r); r.Broken == "" {
			count++
		}
	}
	return count
}
