package logs

import "bytes"

// Squid writes requests to a proxy: https://wiki.squid-cache.org/Features/LogFormat. Its native
// format has runs of blanks:
//
//	TIME ELAPSED CLIENT RESULT/STATUS BYTES METHOD URL USER HIERARCHY/PEER TYPE
//
// The formats combined and common are those of web servers with RESULT:HIERARCHY at the end. In
// both the URL has no blank, and nothing in it is escaped, not even quotation marks. A format of
// one's own is read if it has RESULT/STATUS, the method and the URL in this order, of which the URL
// may stand in quotation marks with \ before others.

// squid is the layout of lines.
type squid struct{ tabbed }

func (s squid) find(line []byte, r *Record) {
	line = s.cut(line, r)
	if isSquidCommon(line) {
		request, _ := findAccess(line, r)
		method, end := nextWord(request, 0)
		url, _ := nextWord(request, end)
		r.addTarget(method, nil, url, nil)
		return
	}
	var word, before []byte
	for i := 0; ; {
		if word, i = nextWord(line, i); len(word) == 0 {
			r.Broken = "it has no RESULT/STATUS, as in TCP_MISS/200"
			return
		}
		switch {
		case isSquidResult(word):
			if r.Client == nil && string(before) != "-" {
				r.Client = before
			}
			r.addSquidURL(line, i)
			return
		case isEpoch(word), r.Time == nil:
			r.Time = word
		case isIP(word):
			r.Client = word
		}
		before = word
	}
}

// addSquidURL adds the URL that follows the result, which ends at i.
func (r *Record) addSquidURL(line []byte, i int) {
	method, i := nextWord(line, i)
	if len(bytes.Trim(method, "0123456789")) == 0 { // of bytes
		method, i = nextWord(line, i)
	}
	url, end := nextWord(line, i)
	if len(url) > 0 && url[0] == '"' {
		quoted := line[end-len(url)+1:]
		closing := closingQuote(quoted)
		if closing < 0 {
			r.Broken = "its URL does not end"
			return
		}
		url = r.unescapeQuoted(quoted[:closing])
	}
	r.addTarget(method, nil, url, nil)
}

// isSquidResult reports whether a word is such as TCP_MISS/200.
func isSquidResult(word []byte) bool {
	slash := len(word) - 4
	if slash < 1 || word[slash] != '/' || !isDigit(word[slash+1]) || !isDigit(word[slash+2]) || !isDigit(word[slash+3]) {
		return false
	}
	for _, c := range word[:slash] {
		if (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return true
}

// isSquidCommon reports whether a line ends as in TCP_MISS:HIER_DIRECT.
func isSquidCommon(line []byte) bool {
	line, _, _ = bytes.Cut(line, []byte("\t")) // fields that it got before
	last := line[bytes.LastIndexByte(line, ' ')+1:]
	result, hierarchy, found := bytes.Cut(last, []byte(":"))
	if !found || len(result) == 0 || len(hierarchy) == 0 {
		return false
	}
	for _, c := range last {
		if (c < 'A' || c > 'Z') && c != '_' && c != ':' && !isDigit(c) {
			return false
		}
	}
	return bytes.Contains(line, []byte(`] "`))
}

// isEpoch reports whether a word is a time in seconds since 1970 with a fraction.
func isEpoch(word []byte) bool {
	dot := bytes.IndexByte(word, '.')
	if dot < 9 {
		return false
	}
	for i, c := range word {
		if i != dot && !isDigit(c) {
			return false
		}
	}
	return true
}

func newSquid(_ [][]byte, o Options) (stream, error) { return constant{squid{tabbed{o}}}, nil }
