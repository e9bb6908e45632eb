package helper

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman"
)

// What Squid's helpers have in common (https://wiki.squid-cache.org/Features/AddonHelpers): a line
// has tokens with blanks between them, before which the number of a channel may stand; the answer
// begins with that number. The result BH is never given: an ACL would deny then.

// cutChannel notes the channel of a question, and returns what stands behind it.
func cutChannel(q *question) []byte {
	const longest = 20 // digits of 64 bits
	token, rest := cutToken(q.raw)
	if len(token) > longest {
		return q.raw
	}
	for _, c := range token {
		if c < '0' || c > '9' {
			return q.raw
		}
	}
	q.channel = token
	return rest
}

// cutToken returns the first token of a line, empty where there is none, and what stands behind it.
func cutToken(line []byte) (token, rest []byte) {
	line = bytes.TrimLeft(line, " ")
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], line[i+1:]
	}
	return line, nil
}

// appendChannel appends what an answer begins with.
func appendChannel(out []byte, q *question) []byte {
	if len(q.channel) > 0 {
		out = append(append(out, q.channel...), ' ')
	}
	return out
}

// An acl answers external_acl_type.
type acl struct {
	minimum snowman.Level
	sni     int
}

func beginACL(o Options) (protocol, error) {
	if o.SNI == 1 || o.SNI < 0 {
		return nil, fmt.Errorf("token %d is no TLS server name: the first is the URL", o.SNI)
	}
	return acl{o.Minimum, o.SNI}, nil
}

// ask reads URL or host:port, which is the first token, and the TLS server name.
func (a acl) ask(q *question, b *batch) {
	rest := cutChannel(q)
	for n := 1; len(rest) > 0 && n <= max(1, a.sni); n++ {
		var token []byte
		token, rest = cutToken(rest)
		if (n == 1 || n == a.sni) && string(token) != "-" {
			b.arena = appendUnescaped(b.arena, token)
			b.end()
		}
	}
}

// appendUnescaped appends a URL, or host:port, in whose host Squid may have escaped the brackets of
// an address. %URI escapes other characters, too, but writes what was escaped before just the same:
// they stay as they are. %'URI escapes nothing.
func appendUnescaped(out, token []byte) []byte {
	const open, end = "%5B", "%5D"
	host := 0
	if i := bytes.Index(token, []byte("://")); i >= 0 {
		host = i + len("://")
	}
	if rest := token[host:]; len(rest) >= len(open) && bytes.EqualFold(rest[:len(open)], []byte(open)) {
		address, behind := rest[len(open):], 0
		for behind < len(address) && (address[behind] == ':' || address[behind] == '.' || isHex(address[behind])) {
			behind++
		}
		if len(address)-behind >= len(end) && bytes.EqualFold(address[behind:behind+len(end)], []byte(end)) {
			out = append(append(out, token[:host]...), '[')
			out = append(append(out, address[:behind]...), ']')
			token = address[behind+len(end):]
		}
	}
	return append(out, token...)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func (a acl) answer(out []byte, q *question, worst *said) []byte {
	out = appendChannel(out, q)
	if !worst.isScored || worst.level < a.minimum {
		return append(out, "ERR\n"...)
	}
	out = append(out, "OK tag="...)
	out = appendWord(out, worst.kind)
	out = append(out, " log=score="...)
	out = strconv.AppendFloat(out, worst.score, 'f', 5, 64)
	out = append(out, ",level="...)
	out = append(out, worst.level.String()...)
	out = append(out, ` message="snowman: `...)
	out = append(out, worst.level.String()...)
	return append(out, "\"\n"...)
}

// A rewriter answers url_rewrite_program.
type rewriter struct {
	minimum       snowman.Level
	before, after string // of the page, around the URL
	hasURL        bool
}

// placeOfURL in the page's address stands for the URL that was asked for.
const placeOfURL = "{url}"

// longestURL is how many bytes of a URL go into the address of the page. Squid refuses an answer of
// 32 KB, and ends the helper.
const longestURL = 2048

func beginRewrite(o Options) (protocol, error) {
	if o.Redirect == "" {
		return nil, errors.New("the page to redirect to is missing")
	}
	page, err := url.Parse(strings.ReplaceAll(o.Redirect, placeOfURL, ""))
	if err != nil || page.Scheme != "http" && page.Scheme != "https" || page.Host == "" || len(o.Redirect) > longestURL {
		return nil, fmt.Errorf("redirecting to %q: want a URL of http or https", o.Redirect)
	}
	_, behind, _ := strings.Cut(o.Redirect, "://")
	start, fragment := strings.IndexAny(behind, "/?#"), strings.IndexByte(behind+"#", '#')
	if at := strings.Index(behind, placeOfURL); at >= 0 && (at < start || start < 0 || at > fragment) {
		return nil, fmt.Errorf("redirecting to %q: want %s in the path or the query", o.Redirect, placeOfURL)
	}
	for i := range len(o.Redirect) {
		if c := o.Redirect[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return nil, fmt.Errorf("redirecting to %q: want no blanks, quotes or characters beyond ASCII", o.Redirect)
		}
	}
	r := rewriter{minimum: o.Minimum}
	r.before, r.after, r.hasURL = strings.Cut(o.Redirect, placeOfURL)
	return r, nil
}

func (r rewriter) ask(q *question, b *batch) {
	if token, _ := cutToken(cutChannel(q)); len(token) > 0 {
		b.add(token)
	}
}

// answer lets CONNECT pass, which has no URL: browsers do not follow its redirection.
func (r rewriter) answer(out []byte, q *question, worst *said) []byte {
	out = appendChannel(out, q)
	if !worst.isScored || worst.level < r.minimum || !strings.Contains(worst.text, "://") {
		return append(out, "ERR\n"...)
	}
	out = append(out, `OK status=302 url="`...)
	out = append(out, r.before...)
	if r.hasURL {
		out = appendWord(out, worst.text[:min(len(worst.text), longestURL/len("%XX"))])
	}
	out = append(out, r.after...)
	return append(out, "\"\n"...)
}
