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
type squid struct{ behind }

func (squid) find(line []byte, r *Record) {
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
		case isClient(word):
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

// isClient reports whether a word is an IP address, without a port.
func isClient(word []byte) bool {
	return isAddress(word) && bytes.IndexByte(word, ':') < 0 || isIPv6(word)
}

// isIPv6 reports whether a text is an IPv6 address (RFC 4291, section 2.2).
func isIPv6(text []byte) bool {
	groups, isShort := 0, false
	for i := 0; i < len(text); {
		if text[i] == ':' {
			isPair := i+1 < len(text) && text[i+1] == ':'
			if isPair == isShort && isPair || !isPair && (i == 0 || i+1 == len(text)) {
				return false
			}
			if i++; isPair {
				isShort = true
				i++
			}
			continue
		}
		start := i
		for i < len(text) && hexDigit(text[i]) >= 0 {
			i++
		}
		if i < len(text) && text[i] == '.' { // the last 32 bits as IPv4
			groups += 2
			return isIPv4(text[start:]) && groups <= 8 && (groups == 8 || isShort)
		}
		if i == start || i-start > 4 || i < len(text) && text[i] != ':' {
			return false
		}
		groups++
	}
	return groups == 8 && !isShort || groups < 8 && isShort
}

// isIPv4 reports whether a text is four numbers of 0 to 255 with dots between them.
func isIPv4(text []byte) bool {
	numbers, value, digits := 1, 0, 0
	for _, c := range text {
		switch {
		case isDigit(c) && digits < 3:
			value, digits = 10*value+int(c-'0'), digits+1
		case c == '.' && digits > 0 && value < 256:
			numbers, value, digits = numbers+1, 0, 0
		default:
			return false
		}
	}
	return numbers == 4 && digits > 0 && value < 256
}

func newSquid(_ [][]byte, o Options) (stream, error) { return constant{squid{behind{o}}}, nil }

// fitsSquid counts the lines that are of Squid.
func fitsSquid(sample [][]byte) int {
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		if (squid{}).find(line, &r); r.Broken == "" {
			count++
		}
	}
	return count
}
