package logs

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Text is what people write: reports, mails, chats. Its names are the words that can be nothing
// else, defanged or not, and IP addresses. Who reads a list has every line of it; here a word that
// is no name must not be one.

// prose is the layout of text.
type prose struct{ namesOnly }

func (prose) find(line []byte, r *Record) {
	for i := 0; ; {
		word, end := nextInText(line, i)
		if len(word) == 0 {
			return
		}
		r.addWord(word)
		i = end
	}
}

// nextInText returns the first word from i on, and its end. Blanks around a dot in brackets, as in
// evil [.] example, are part of it.
func nextInText(line []byte, i int) (word []byte, end int) {
	for i < len(line) {
		size := separator(line[i:])
		if size == 0 {
			break
		}
		i += size
	}
	start := i
	for i < len(line) {
		size := separator(line[i:])
		if size == 0 {
			i++
			continue
		}
		if line[i] != ' ' {
			break
		}
		behind := i + spaces(line[i:])
		length, meaning := fangAt(line[behind:])
		if length == 0 || meaning != '.' {
			break
		}
		behind += length
		behind += spaces(line[behind:])
		i = behind
	}
	return line[start:i], i
}

// spaces returns how many of a few blanks are at the start. Nobody writes more around a dot.
func spaces(text []byte) int {
	n := 0
	for n < len(text) && n < 2 && text[n] == ' ' {
		n++
	}
	return n
}

// separator returns the length of a character at the start of a text that stands in no name, or 0.
func separator(text []byte) int {
	c := text[0]
	if c < utf8.RuneSelf {
		if c <= ' ' || c == '"' || c == '<' || c == '>' || c == '`' || c == 0x7f {
			return 1
		}
		return 0
	}
	character, size := utf8.DecodeRune(text)
	if character > '»' && character < 0x2000 { // letters of most scripts
		return 0
	}
	if unicode.In(character, unicode.Z, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf, unicode.Pd) {
		return size
	}
	switch character {
	case '•', '·', '…', '、', '，', '；', '：', '！', '？', '\u200b', '\ufeff':
		return size
	}
	return 0
}

// addWord adds the names in a word, which may be several with commas between them.
func (r *Record) addWord(word []byte) {
	const between = ",;|"
	if !bytes.ContainsAny(word, between) {
		r.addBareWord(word)
		return
	}
	all := true
	for rest := word; len(rest) > 0 && all; {
		part, others := cutAny(rest, between)
		_, ok := nameIn(bare(part))
		all = ok || len(part) == 0
		rest = others
	}
	first, _ := cutAny(word, between)
	if !all && (schemeLength(bare(word)) > 0 || bytes.IndexByte(first, '/') >= 0) {
		r.addBareWord(word) // a path may have commas
		return
	}
	for len(word) > 0 {
		var part []byte
		part, word = cutAny(word, between)
		r.addBareWord(part)
	}
}

func cutAny(text []byte, separators string) (before, after []byte) {
	if i := bytes.IndexAny(text, separators); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, nil
}

func (r *Record) addBareWord(word []byte) {
	if name, ok := nameIn(bare(word)); ok {
		r.addWeb(name)
	}
}

const mostAround = 16 // characters around a name

// bare returns a word without what may stand around a name: brackets, punctuation, the name of a
// value, the text of a link in Markdown.
func bare(word []byte) []byte {
	if i := bytes.LastIndex(word, []byte("](")); i >= 0 {
		word = word[i+2:]
	}
	for range mostAround {
		if len(word) < 2 {
			return word
		}
		first, last := word[0], word[len(word)-1]
		switch opening, closing := opens(first), closes(last); {
		case first == '/' && word[1] == '/':
			word = word[2:]
		case first == '/', (first == '.' || first == '~') && word[1] == '/':
			return nil // a path
		case first == last && (first == '*' || first == '_'):
			word = word[1 : len(word)-1]
		case bytes.IndexByte([]byte(",;:.!?'"), last) >= 0:
			word = word[:len(word)-1]
		case bytes.IndexByte([]byte("*#@~&=+-:;.,!?'/\\"), first) >= 0:
			word = word[1:]
		case opening != 0 && last == opening:
			if isIPv6(word[1 : len(word)-1]) {
				return word
			}
			word = word[1 : len(word)-1]
		case closing != 0 && bytes.IndexByte(word, closing) < 0:
			word = word[:len(word)-1]
		case opening != 0 && bytes.IndexByte(word, opening) < 0:
			word = word[1:]
		default:
			key := keyLength(word)
			if key == 0 {
				return word
			}
			word = word[key:]
		}
	}
	return word
}

// opens returns the bracket that closes one, or 0.
func opens(c byte) byte {
	switch c {
	case '(':
		return ')'
	case '[':
		return ']'
	case '{':
		return '}'
	}
	return 0
}

// closes returns the bracket that opens one, or 0.
func closes(c byte) byte {
	switch c {
	case ')':
		return '('
	case ']':
		return '['
	case '}':
		return '{'
	}
	return 0
}

// keyLength returns the length of what stands before a value, as in host=evil.example or
// C2:evil.example, and 0 if nothing does.
func keyLength(word []byte) int {
	i := 0
	for i < len(word) && (isAlphanumeric(word[i]) || word[i] == '_') {
		i++
	}
	if i == 0 || i+1 >= len(word) {
		return 0
	}
	if word[i] == '=' {
		return i + 1
	}
	if word[i] != ':' || isDigit(word[i+1]) || schemeLength(word) > 0 {
		return 0
	}
	if _, isAddress := ipv6In(word); isAddress {
		return 0
	}
	if _, ok := nameIn(word[i+1:]); !ok {
		return 0
	}
	return i + 1
}

// nameIn returns the name that a word is: a URL, a host with or without a path, the host of an
// e-mail address, an IP address, of a network its first.
func nameIn(word []byte) (name []byte, ok bool) {
	if scheme := schemeLength(word); scheme > 0 {
		rest := word[scheme:]
		isWeb := isWebScheme(word)
		if isWeb && bytes.IndexFunc(rest, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) >= 0 {
			return word, true
		}
		if at := bytes.IndexByte(rest, '@'); at >= 0 && bytes.IndexByte(rest[:at], '/') < 0 {
			rest = rest[at+1:]
		}
		length, _ := hostLength(rest)
		return word, length > 0
	}
	if behind := behindAt(word); behind > 0 {
		word = word[behind:]
		length, _ := hostLength(word)
		return word[:length], length > 0
	}
	length, kind := hostLength(word)
	if length == 0 {
		return ipv6In(word)
	}
	tail := word[length:]
	if kind == address && (string(word) == "0.0.0.0" || string(word) == "127.0.0.1") {
		return nil, false
	}
	switch {
	case len(tail) == 0:
		return word, kind != file
	case tail[0] == '\'' || tail[0] == '@':
		return word[:length], kind != file
	case tail[0] == '/' && kind == address && isPrefix(tail[1:]):
		return word[:length], true
	case tail[0] == ':':
		port := 1
		for port < len(tail) && isDigit(tail[port]) {
			port++
		}
		if port == 1 || port < len(tail) && tail[port] != '/' && tail[port] != '?' && tail[port] != '#' {
			return word[:length], kind != file
		}
	}
	return word, true
}

// isPrefix reports whether a text is the length of a network's prefix.
func isPrefix(text []byte) bool {
	return len(text) > 0 && len(text) <= 3 && len(bytes.Trim(text, "0123456789")) == 0
}

// ipv6In returns the IPv6 address that a word is. Without a digit it is rather a name in a
// program's source.
func ipv6In(word []byte) (name []byte, ok bool) {
	address := word
	if len(word) > 0 && word[0] == '[' {
		if end := bytes.IndexByte(word, ']'); end > 0 && isIPv6(word[1:end]) {
			tail := word[end+1:]
			return word, len(tail) == 0 || tail[0] == ':' || tail[0] == '/'
		}
	}
	if slash := bytes.IndexByte(word, '/'); slash >= 0 && isPrefix(word[slash+1:]) {
		word = word[:slash]
		address = word
	}
	if percent := bytes.IndexByte(word, '%'); percent >= 0 {
		address = word[:percent]
	}
	var plain [48]byte
	n, hasDigit := 0, false
	for i := 0; i < len(address) && n < len(plain); i++ {
		if length, meaning := fangAt(address[i:]); length > 0 && meaning == ':' {
			for range bytes.Count(address[i:i+length], []byte(":")) {
				if n < len(plain) {
					plain[n] = ':'
					n++
				}
			}
			i += length - 1
			continue
		}
		hasDigit = hasDigit || isDigit(address[i])
		plain[n] = address[i]
		n++
	}
	isLocal := string(plain[:n]) == "::1"
	return word, hasDigit && !isLocal && n < len(plain) && isIPv6(plain[:n])
}

// behindAt returns where the host of an e-mail address begins, and 0 if a word is none.
func behindAt(word []byte) int {
	behind := 0
	for i := 0; i < len(word) && word[i] != '/'; i++ {
		if word[i] == '@' && i > 0 {
			behind = i + 1
		} else if length, meaning := fangAt(word[i:]); length > 0 && meaning == '@' && i > 0 {
			behind = i + length
			i += length - 1
		}
	}
	return behind
}

// isWebScheme reports whether a word begins as those do that cannot but be URLs.
func isWebScheme(word []byte) bool {
	for _, scheme := range []string{"http", "hxxp", "https", "hxxps", "ftp"} {
		if len(word) > len(scheme) && bytes.EqualFold(word[:len(scheme)], []byte(scheme)) && !isAlphanumeric(word[len(scheme)]) {
			return true
		}
	}
	return false
}

// schemeLength returns the length of a scheme with what is behind it, be it hxxp://, hxxps[:]// or
// h**p[://], and 0 if a word has none. Only those of the web stand without slashes.
func schemeLength(word []byte) int {
	const longest = 20
	i := 0
	for i < len(word) && i < longest && (isAlphanumeric(word[i]) || word[i] == '+' || word[i] == '-' || word[i] == '*') {
		i++
	}
	if i < 2 {
		return 0
	}
	start := i
	for i < len(word) && i < start+12 && bytes.IndexByte([]byte(`:/\[](){}`), word[i]) >= 0 {
		i++
	}
	behind := word[start:i]
	if bytes.IndexByte(behind, ':') < 0 {
		return 0
	}
	slashes := bytes.Count(behind, []byte("/")) + bytes.Count(behind, []byte(`\`))
	if slashes < 2 && !isWebScheme(word) {
		return 0
	}
	for i > start && closes(word[i-1]) == 0 && opens(word[i-1]) != 0 { // the bracket of an IPv6 address
		i--
	}
	return i
}

// A hostKind says what a host may be.
type hostKind int

const (
	noHost hostKind = iota
	domain
	address
	file // a domain, did it not look like a file
)

// hostLength returns the length of the host at the start of a text: a domain name of at least two
// labels, whose last has letters alone, or an IPv4 address. It is 0 where none is.
func hostLength(text []byte) (int, hostKind) {
	var (
		i, start     int // of the text, of the label
		labels       = 1
		last         []byte // label
		numbers      = 0    // labels that could be of an address
		end          = 0    // of the last label
		hasLetter    = false
		isDefanged   = false
		isAllNumbers = true
	)
	finish := func(to int) bool {
		last = text[start:to]
		if len(last) == 0 || len(last) > 63 {
			return false
		}
		end = to
		isNumber := len(last) <= 3 && len(bytes.Trim(last, "0123456789")) == 0
		if isNumber {
			numbers++
		}
		isAllNumbers = isAllNumbers && isNumber
		hasLetter = hasLetter || bytes.IndexFunc(last, unicode.IsLetter) >= 0
		return true
	}
	for i < len(text) {
		c := text[i]
		if isAlphanumeric(c) || c == '-' || c == '_' {
			i++
			continue
		}
		length := dotLength(text[i:])
		if length == 0 && c >= utf8.RuneSelf {
			i++
			continue
		}
		if length == 0 {
			break
		}
		if !finish(i) {
			return 0, noHost
		}
		labels++
		isDefanged = isDefanged || length > 1
		i += length
		start = i
	}
	if start == i && labels > 1 { // the final dot
		labels--
	} else if !finish(i) {
		return 0, noHost
	}
	if isAllNumbers {
		if numbers == 4 && isAddressOf(text[:end]) {
			return end, address
		}
		return 0, noHost
	}
	if labels < 2 || !hasLetter || !mayBeTopLevel(last) {
		return 0, noHost
	}
	if i < len(text) && bytes.IndexByte([]byte(`=\$%^~`), text[i]) >= 0 {
		return 0, noHost // a name in a program's source, or a path
	}
	if !isDefanged && isFile(text[:end], last, labels) {
		return end, file
	}
	return end, domain
}

// isAddressOf reports whether a defanged text is an IPv4 address.
func isAddressOf(text []byte) bool {
	value := 0
	for i := 0; i < len(text); i++ {
		if isDigit(text[i]) {
			if value = 10*value + int(text[i]-'0'); value > 255 {
				return false
			}
		} else {
			value = 0
		}
	}
	return true
}

// mayBeTopLevel reports whether a label has letters alone, at least two, or is an A-label.
func mayBeTopLevel(label []byte) bool {
	if len(label) > 4 && bytes.EqualFold(label[:4], []byte("xn--")) {
		return true
	}
	for _, c := range label {
		if !isLetter(c) && c < utf8.RuneSelf {
			return false
		}
	}
	return len(label) > 1
}

// dotLength returns the length of what separates labels at the start of a text, or 0: a dot, one
// that is escaped, in brackets, or of East Asian width (UTS #46).
func dotLength(text []byte) int {
	switch c := text[0]; {
	case c == '.':
		if len(text) > 1 && closes(text[1]) != 0 && len(text) > 2 { // evil.]example
			return 2
		}
		return 1
	case c == '\\' && len(text) > 1 && text[1] == '.':
		return 2
	case c >= utf8.RuneSelf:
		for _, dot := range []string{"。", "．", "｡"} {
			if bytes.HasPrefix(text, []byte(dot)) {
				return len(dot)
			}
		}
		return 0
	}
	before := spaces(text)
	if before == len(text) {
		return 0
	}
	length, meaning := fangAt(text[before:])
	if length == 0 || meaning != '.' {
		return 0
	}
	length += before
	return length + spaces(text[length:])
}

// fangs are what people put into brackets to make a name unclickable, and what they mean.
var fangs = []struct {
	text    string
	meaning byte
}{{".", '.'}, {"dot", '.'}, {"@", '@'}, {"at", '@'}, {"::", ':'}, {":", ':'}}

// fangAt returns the length of such brackets at the start of a text, and what they mean. The second
// bracket may be missing behind a dot.
func fangAt(text []byte) (length int, meaning byte) {
	if len(text) < 2 {
		return 0, 0
	}
	closing := opens(text[0])
	if closing == 0 || bytes.IndexByte([]byte(" .dD@aA:"), text[1]) < 0 {
		return 0, 0
	}
	inner := text[1:]
	inner = inner[min(spaces(inner), 1):]
	for _, f := range fangs {
		if len(inner) <= len(f.text) || !bytes.EqualFold(inner[:len(f.text)], []byte(f.text)) {
			continue
		}
		behind := inner[len(f.text):]
		if trimmed := behind[min(spaces(behind), 1):]; len(trimmed) > 0 && trimmed[0] == closing {
			return len(text) - len(trimmed) + 1, f.meaning
		}
		if f.text == "." && isAlphanumeric(behind[0]) {
			return len(text) - len(behind), f.meaning
		}
	}
	return 0, 0
}

func newProse(_ [][]byte, _ Options) (stream, error) { return constant{prose{}}, nil }
