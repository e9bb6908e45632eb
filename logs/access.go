package logs

import "bytes"

// nginx and Apache write requests in the common log format and those that came of it, or as JSON
// whose members the administrator names. The host that was asked for is not in the common format:
// it may stand before it, as in Apache's vhost_combined and in what nginx's $host makes. A forward
// proxy has it in the target.
//
//	[HOST[:PORT] ]CLIENT IDENT USER [TIME] "METHOD TARGET VERSION" STATUS ...
//
// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html,
// https://nginx.org/en/docs/http/ngx_http_log_module.html

// access is the layout of lines.
type access struct{ behind }

const notAccess = `it has no [time] "request"`

func (access) find(line []byte, r *Record) {
	request, host := findAccess(afterSyslog(line), r)
	if r.Broken != "" {
		return
	}
	end := closingQuote(request)
	if end < 0 {
		r.Broken = "its request does not end"
		return
	}
	host, port := cutPort(host)
	r.addRequestLine(r.unescapeQuoted(host), r.unescapeQuoted(request[:end]), port)
}

// findAccess sets client and time, and returns the host and what follows the request's quotation
// mark. A client may put blanks and brackets into the name of the user, but no quotation mark.
func findAccess(line []byte, r *Record) (request, host []byte) {
	behind := bytes.Index(line, []byte(`] "`))
	if behind < 0 {
		r.Broken = notAccess
		return nil, nil
	}
	before := bytes.LastIndex(line[:behind], []byte(" ["))
	if before < 0 {
		r.Broken = notAccess
		return nil, nil
	}
	r.Time = line[before+2 : behind]
	first, others, _ := bytes.Cut(line[:before], []byte(" ")) // nginx leaves a host empty that it refused
	second, _, _ := bytes.Cut(others, []byte(" "))
	if len(second) == 0 || string(second) == "-" { // nobody has identd any more
		r.Client = first
	} else {
		host, r.Client = first, second
	}
	return line[behind+3:], host
}

var accessPaths = [...]string{
	accessHost: "host", accessHTTPHost: "http_host", accessURI: "uri", accessRequestURI: "request_uri", accessRequest: "request",
	accessAddress: "remote_addr", accessTime: "time_iso8601", accessLocalTime: "time_local", accessSeconds: "msec", accessOtherTime: "time",
}

const (
	accessHost = iota
	accessHTTPHost
	accessURI
	accessRequestURI
	accessRequest
	accessAddress
	accessTime
	accessLocalTime
	accessSeconds
	accessOtherTime
)

// accessJSON is the layout of JSON whose members have the names of nginx's variables.
type accessJSON struct {
	paths *jsonPaths
	jsonMembers
}

func (a accessJSON) find(line []byte, r *Record) {
	a.paths.find(line, r)
	var host, uri, requestURI, request []byte
	for _, h := range r.hits {
		text := r.text(line, h)
		switch h.path {
		case accessHost, accessHTTPHost:
			if len(host) == 0 {
				host = text
			}
		case accessURI:
			uri = text
		case accessRequestURI:
			requestURI = text
		case accessRequest:
			request = text
		case accessAddress:
			r.Client = text
		default:
			if r.Time == nil {
				r.Time = text
			}
		}
	}
	if len(requestURI) > 0 {
		uri = requestURI // as it was sent, and with its query
	}
	host, port := cutPort(host)
	if len(uri) == 0 {
		r.addRequestLine(host, request, port)
		return
	}
	method, _, _ := bytes.Cut(request, []byte(" "))
	r.addTarget(method, host, uri, port)
}

func newAccess(sample [][]byte, o Options) (stream, error) {
	if len(sample) > 0 && sample[0][0] == '{' {
		return constant{accessJSON{newJSONPaths(o, accessPaths[:]...), jsonMembers{o}}}, nil
	}
	return constant{access{behind{o}}}, nil
}

// fitsAccess counts the lines that are of an access log.
func fitsAccess(sample [][]byte) int {
	paths := newJSONPaths(Options{}, accessPaths[:]...)
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		if line[0] == '{' {
			paths.find(line, &r)
			hasTarget := contains(r.hits, accessURI) || contains(r.hits, accessRequestURI) || contains(r.hits, accessRequest)
			if r.Broken == "" && contains(r.hits, accessAddress) && hasTarget {
				count++
			}
		} else if findAccess(afterSyslog(line), &r); r.Broken == "" && isCommonTime(r.Time) {
			count++
		}
	}
	return count
}

// isCommonTime reports whether a text begins as times do in the common log format: 28/Nov/2026.
func isCommonTime(text []byte) bool {
	return len(text) > 11 && isDigit(text[0]) && isDigit(text[1]) && text[2] == '/' && isLetter(text[3]) && text[6] == '/' && text[11] == ':'
}
