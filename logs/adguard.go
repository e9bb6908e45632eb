package logs

import "encoding/base64"

// AdGuard Home writes a JSON line for each question with its answer (querylog.json). QH is the name
// in presentation format, without a final dot. Answer is a DNS message in base64, and OrigAnswer
// what the upstream server said where that was replaced.
// https://github.com/AdguardTeam/AdGuardHome/blob/master/internal/querylog/entry.go

var adguardPaths = [...]string{
	adguardName: "QH", adguardTime: "T", adguardClient: "IP", adguardAnswer: "Answer", adguardOriginal: "OrigAnswer", adguardFiltered: "Result.IsFiltered",
}

const (
	adguardName = iota
	adguardTime
	adguardClient
	adguardAnswer
	adguardOriginal
	adguardFiltered
)

type adguard struct {
	paths *jsonPaths
	jsonMembers
}

func newAdGuard(_ [][]byte, o Options) (stream, error) {
	return constant{adguard{newJSONPaths(o, adguardPaths[:]...), jsonMembers{o}}}, nil
}

func (a adguard) find(line []byte, r *Record) {
	a.paths.find(line, r)
	var answer, original []byte
	isFiltered := false
	for _, h := range r.hits {
		if h.path == adguardFiltered {
			isFiltered = string(h.of(line)) == "true"
			continue
		}
		if !h.isString(line) {
			continue
		}
		text := r.text(line, h)
		switch h.path {
		case adguardName:
			r.addDNS(text)
		case adguardTime:
			r.Time = text
		case adguardClient:
			r.Client = text
		case adguardAnswer:
			answer = text
		case adguardOriginal:
			original = text
		}
	}
	switch {
	case original != nil:
		r.ResponseCode = codeOfMessage(original)
	case !isFiltered: // what was blocked has an answer of AdGuard Home's own
		r.ResponseCode = codeOfMessage(answer)
	}
}

// codeOfMessage returns the response code of a DNS message in base64, or nil.
func codeOfMessage(text []byte) []byte {
	var header [6]byte
	if len(text) < 8 {
		return nil
	}
	if n, err := base64.StdEncoding.Decode(header[:], text[:8]); err != nil || n < 4 {
		return nil
	}
	return responseCodes[header[3]&0xf]
}

// fitsAdGuard counts the lines that are of such a log.
func fitsAdGuard(sample [][]byte) int {
	p := newJSONPaths(Options{}, adguardPaths[:]...)
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		if p.find(line, &r); r.Broken == "" && contains(r.hits, adguardName) && contains(r.hits, adguardTime) {
			count++
		}
	}
	return count
}
