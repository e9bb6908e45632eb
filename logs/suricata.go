package logs

// Suricata writes events as JSON lines, EVE:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html. dns.version says where names
// of DNS stand, whatever the version of the program: 1 and 2 in rrname, 3 in queries, which may be
// several. Alerts of version 2 have them in query. Requests of version 3 carry an rcode that means
// nothing.

var evePaths = [...]string{
	eveName: "dns.rrname", eveAlertName: "dns.query.rrname", eveQueryName: "dns.queries.rrname", eveMulticastName: "mdns.queries.rrname",
	eveTLS: "tls.sni", eveQUIC: "quic.sni", eveHost: "http.hostname", eveURL: "http.url", eveHTTPPort: "http.http_port",
	eveVersion: "dns.version", eveType: "dns.type", eveResponseCode: "dns.rcode", eveID: "dns.id", eveFlow: "flow_id",
	eveTime: "timestamp", eveSource: "src_ip", eveDestination: "dest_ip", evePort: "dest_port", eveEvent: "event_type",
}

const (
	eveName = iota
	eveAlertName
	eveQueryName
	eveMulticastName
	eveTLS
	eveQUIC
	eveHost
	eveURL
	eveHTTPPort
	eveVersion
	eveType
	eveResponseCode
	eveID
	eveFlow
	eveTime
	eveSource
	eveDestination
	evePort
	eveEvent
)

// eve is the layout of events.
type eve struct {
	paths        *jsonPaths
	hasQuestions bool // the log has questions beside answers
	jsonMembers
}

func newSuricata(sample [][]byte, o Options) (stream, error) {
	paths := newJSONPaths(o, evePaths[:]...)
	return newLearner(sample, func(hasQuestions, _ bool) layout { return eve{paths, hasQuestions, jsonMembers{o}} }), nil
}

func (e eve) find(line []byte, r *Record) {
	e.paths.find(line, r)
	var last [len(evePaths)]span // hit of each path
	for _, h := range r.hits {
		last[h.path] = h.span
	}
	names := eveName
	if string(last[eveVersion].of(line)) == "3" {
		names = eveQueryName
	}
	for _, h := range r.hits {
		switch h.path {
		case names, eveAlertName, eveMulticastName:
			if h.isString(line) {
				r.addRawDNS(r.unescapeHex(r.text(line, h), false))
			}
		case eveTLS, eveQUIC:
			if h.isString(line) {
				r.addWeb(r.text(line, h))
			}
		}
	}
	if hasHost, hasURL := last[eveHost].end > 0, last[eveURL].end > 0; hasHost || hasURL {
		r.addRequest(r.stringAt(line, last[eveHost]), r.stringAt(line, last[eveURL]), last[eveHTTPPort].of(line))
	}
	r.Time, r.Client = r.stringAt(line, last[eveTime]), r.stringAt(line, last[eveSource])
	switch string(last[eveType].of(line)) {
	case `"query"`, `"request"`:
		r.Part = Question
	case `"answer"`, `"response"`:
		r.Part = Answer
		r.Repeats = e.hasQuestions
		r.ResponseCode = r.stringAt(line, last[eveResponseCode])
		if string(last[evePort].of(line)) != "53" { // version 2 keeps the direction of the question
			r.Client = r.stringAt(line, last[eveDestination])
		}
	}
	if last[eveFlow].end > 0 && last[eveID].end > 0 {
		r.Key = hashKey(last[eveFlow].of(line), last[eveID].of(line))
	}
}

// stringAt returns the text of a string, and nil where none stands.
func (r *Record) stringAt(line []byte, s span) []byte {
	if s.end == 0 {
		return nil
	}
	return r.text(line, hit{span: s})
}

// hashKey returns a hash (FNV-1a) of what a question and its answer have in common.
func hashKey(parts ...[]byte) uint64 {
	hash := uint64(14695981039346656037)
	for _, part := range parts {
		for _, c := range part {
			hash = (hash ^ uint64(c)) * 1099511628211
		}
		hash = (hash ^ ' ') * 1099511628211
	}
	return hash
}

// fitsSuricata counts the lines that are events.
func fitsSuricata(sample [][]byte) int {
	paths := newJSONPaths(Options{}, evePaths[:]...)
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		paths.find(line, &r)
		if r.Broken == "" && contains(r.hits, eveEvent) && contains(r.hits, eveTime) {
			count++
		}
	}
	return count
}

func contains(hits []hit, path int) bool {
	for _, h := range hits {
		if h.path == path {
			return true
		}
	}
	return false
}
