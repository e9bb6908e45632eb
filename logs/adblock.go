package logs

import "bytes"

// Lists of advertising blockers have a rule a line:
// https://adguard-dns.io/kb/general/dns-filtering-syntax/. Names are what a rule blocks, not what
// an exception (@@) lets through, nor the sites that a rule is for.
//
//	||bad.example^$third-party   a domain and what is below it
//	|https://bad.example/x       the start of a URL
//	bad.example                  a domain, in lists for DNS
//	0.0.0.0 bad.example          as in a hosts file

// adblock is the layout of such lists.
type adblock struct{ namesOnly }

func (adblock) find(line []byte, r *Record) {
	line = bytes.TrimSpace(line)
	switch {
	case len(line) == 0, line[0] == '!', line[0] == '[':
		r.Header = true
		return
	case line[0] == '#' && !isCosmetic(line): // a comment, in lists for DNS
		r.Header = true
		return
	case bytes.HasPrefix(line, []byte("@@")), line[0] == '/', isCosmetic(line):
		return
	case bytes.HasPrefix(line, []byte("||")):
		r.addRule(line[2:])
		return
	case line[0] == '|':
		line = line[1:]
	}
	if schemeLength(line) > 0 {
		r.addRule(line)
		return
	}
	if word, end := nextWord(line, 0); end < len(line) && (isIPv4(word) || isIPv6(word)) {
		hosts{}.find(line, r)
		return
	}
	if end := bytes.IndexAny(line, "^$"); end >= 0 {
		line = line[:end]
	}
	if length, kind := hostLength(line); length == len(line) && kind != file {
		r.addWeb(line)
	}
}

// addRule adds what the pattern of a rule is for, unless asterisks leave that open.
func (r *Record) addRule(pattern []byte) {
	pattern = bytes.TrimPrefix(pattern, []byte("*."))
	end := bytes.IndexAny(pattern, "^$|*")
	if end < 0 {
		end = len(pattern)
	}
	name := pattern[:end]
	host := name[schemeLength(name):]
	isWhole := end == len(pattern) || pattern[end] != '*' || bytes.IndexByte(host, '/') >= 0
	if length, _ := hostLength(host); isWhole && (length > 0 || len(host) > 2 && host[0] == '[') {
		r.addWeb(name)
	}
}

// isCosmetic reports whether a rule is for parts of pages, as in site.example##.banner.
func isCosmetic(line []byte) bool {
	i := bytes.IndexByte(line, '#')
	if i < 0 || i+1 == len(line) {
		return false
	}
	switch line[i+1] {
	case '#':
		return i+2 < len(line) && line[i+2] != '#' && line[i+2] != ' '
	case '@', '?', '$', '%':
		return bytes.IndexByte(line[i+2:], '#') >= 0
	}
	return false
}

func newAdblock(_ [][]byte, _ Options) (stream, error) { return constant{adblock{}}, nil }

// fitsAdblock counts the lines that are rules and comments, if some of them block domains and half
// of them could be nothing else.
func fitsAdblock(sample [][]byte) int {
	count, domains, words := 0, 0, 0
	for _, line := range sample {
		switch {
		case bytes.HasPrefix(line, []byte("||")):
			count++
			domains++
		case line[0] == '!', line[0] == '[', line[0] == '#', bytes.HasPrefix(line, []byte("@@")), line[0] == '|', line[0] == '/', isCosmetic(line):
			count++
		case bytes.IndexByte(line, ' ') < 0, isIPv4(line[:bytes.IndexByte(line, ' ')]):
			words++
		}
	}
	if domains == 0 || count < words {
		return 0
	}
	return count + words
}
