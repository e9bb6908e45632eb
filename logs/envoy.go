package logs

import "bytes"

// Envoy writes requests as text or as JSON:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage. The
// text is Envoy's default, or Istio's, which has more fields in the middle and at the end:
//
//	[TIME] "METHOD PATH PROTOCOL" ... "FORWARDED FOR" "USER AGENT" "ID" "AUTHORITY" "UPSTREAM"[ ...]
//
// Nothing is escaped, and the client chooses the user agent: the authority is the last but one text
// in quotation marks.

// envoy is the layout of text.
type envoy struct{ tabbed }

func (e envoy) find(line []byte, r *Record) {
	whole := line
	if line = e.cut(line, r); bytes.Contains(whole[r.end:], []byte(`" "`)) { // a client sent the tabs
		line, r.end = whole, len(whole)
	}
	behind := bytes.Index(line, []byte(`] "`))
	if behind < 0 || line[0] != '[' {
		r.Broken = notAccess
		return
	}
	r.Time = line[1:behind]
	method, i := nextWord(line, behind+3)
	path, _ := nextWord(line, i)

	last := bytes.LastIndexByte(line, '"')
	upstream := bytes.LastIndexByte(line[:last], '"')
	authority := -1
	if upstream > 2 && line[upstream-2] == '"' {
		authority = bytes.LastIndex(line[:upstream-2], []byte(` "`))
	}
	if authority <= behind+1 {
		r.Broken = "it has no authority"
		return
	}
	host := line[authority+2 : upstream-2]
	r.setIstio(line[last+1:])
	r.addEnvoy(method, host, path)
}

// setIstio reads what stands behind the upstream in Istio's format: its cluster and local address,
// the local and remote address of the client's connection, the name that TLS asked for, the route.
func (r *Record) setIstio(line []byte) {
	var words [6][]byte
	if splitWords(line, words[:]) < len(words) {
		return
	}
	r.Client = withoutPort(words[3])
	if name := words[4]; string(name) != "-" {
		r.addWeb(name)
	}
}

// addEnvoy adds the URL of a request, and only its host if TCP or CONNECT has no path.
func (r *Record) addEnvoy(method, host, path []byte) {
	if string(host) == "-" {
		return
	}
	if len(path) == 0 || path[0] == '-' {
		r.addWeb(host)
		return
	}
	host, port := cutPort(host)
	r.addTarget(method, host, path, port)
}

// envoyPaths have the names that Envoy's documentation and Istio give to members.
var envoyPaths = [...]string{
	envoyAuthority: "authority", envoyPath: "path", envoyMethod: "method", envoySNI: "sni", envoyRequestedName: "requested_server_name",
	envoyTime: "start_time", envoyClient: "client", envoyRemote: "downstream_remote_address",
}

const (
	envoyAuthority = iota
	envoyPath
	envoyMethod
	envoySNI
	envoyRequestedName
	envoyTime
	envoyClient
	envoyRemote
)

// envoyJSON is the layout of JSON.
type envoyJSON struct {
	paths *jsonPaths
	jsonMembers
}

func (e envoyJSON) find(line []byte, r *Record) {
	e.paths.find(line, r)
	var method, host, path []byte
	for _, h := range r.hits {
		text := r.text(line, h)
		switch h.path {
		case envoyAuthority:
			host = text
		case envoyPath:
			path = text
		case envoyMethod:
			method = text
		case envoySNI, envoyRequestedName:
			if string(text) != "-" {
				r.addWeb(text)
			}
		case envoyTime:
			r.Time = text
		case envoyClient, envoyRemote:
			r.Client = withoutPort(text)
		}
	}
	r.addEnvoy(method, host, path)
}

func newEnvoy(sample [][]byte, o Options) (stream, error) {
	if len(sample) > 0 && sample[0][0] == '{' {
		return constant{envoyJSON{newJSONPaths(o, envoyPaths[:]...), jsonMembers{o}}}, nil
	}
	return constant{envoy{tabbed{o}}}, nil
}

// fitsEnvoy counts the lines that are of Envoy.
func fitsEnvoy(sample [][]byte) int {
	paths := newJSONPaths(Options{}, envoyPaths[:]...)
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		if line[0] == '{' {
			paths.find(line, &r)
			if r.Broken == "" && contains(r.hits, envoyAuthority) && contains(r.hits, envoyPath) {
				count++
			}
			continue
		}
		line, _, _ = bytes.Cut(line, []byte("\t")) // fields that it got before
		if (envoy{}).find(line, &r); r.Broken == "" {
			count++
		}
	}
	return count
}
