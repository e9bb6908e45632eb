package allow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A warningList is a file of https://github.com/MISP/misp-warninglists. Its entries match as in
// MISP (app/Model/Warninglist.php):
//
//	string     the host, or the whole text, is the entry
//	hostname   the host is the entry or below it; dots around the entry do not count
//	substring  the entry stands somewhere in the host, or in the text as it came; case matters
//	regex      the expression matches somewhere in the host, or in the text as it came
//	cidr       the host is an address of the network
//
// MISP asks lists about values of the types that they name; host and text stand for these.
type warningList struct {
	Name       string        `json:"name"`
	Type       stringOrFirst `json:"type"`
	List       any           `json:"list"`
	Attributes []string      `json:"matching_attributes"` // all if empty
}

// stringOrFirst is a string, or the first one of an array, as MISP reads a type.
type stringOrFirst string

func (s *stringOrFirst) UnmarshalJSON(data []byte) error {
	var all []string
	if json.Unmarshal(data, &all) == nil && len(all) > 0 {
		*s = stringOrFirst(all[0])
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// MISP's types of values that are hosts here, and those that are texts.
var (
	hostAttributes = []string{"hostname", "domain", "domain|ip", "hostname|port", "ip-src", "ip-dst", "ip-src|port", "ip-dst|port"}
	textAttributes = []string{"url", "uri", "link"}
)

// matchesAny reports whether a list is about values of one of these types.
func (w warningList) matchesAny(attributes []string) bool {
	return len(w.Attributes) == 0 || slices.ContainsFunc(w.Attributes, func(attribute string) bool {
		return slices.Contains(attributes, strings.ToLower(attribute))
	})
}

// readWarningList reads a MISP warning list.
func (b *builder) readWarningList(source io.Reader) error {
	b.place = "entry"
	data, err := io.ReadAll(source)
	if err != nil {
		return err
	}
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	if !utf8.Valid(data) {
		return notUTF8(1 + bytes.Count(data[:validLength(data)], []byte("\n")))
	}
	var w warningList
	if err := json.Unmarshal(data, &w); err != nil {
		return jsonError(data, err)
	}
	entries, err := w.entries()
	if err != nil {
		return err
	}
	if w.Name != "" {
		b.files[b.file()] = visible.Abbreviate(w.Name, longestShown)
	}
	if w.Type == "" {
		w.Type = "string"
	}
	ofHosts, ofTexts := w.matchesAny(hostAttributes), w.matchesAny(textAttributes)
	var add func(written string)
	switch w.Type {
	case "string":
		add = func(written string) { b.addText(written, ofHosts) }
	case "hostname":
		add = b.addHostname
	case "cidr":
		add = b.addCIDR
	case "substring":
		add = func(written string) {
			b.addPattern(pattern{substring: []byte(written), written: written, ofHosts: ofHosts, ofTexts: ofTexts})
		}
	case "regex":
		add = func(written string) { b.addExpression(written, ofHosts, ofTexts) }
	default:
		return fmt.Errorf("a MISP warning list of type %q, want string, hostname, cidr, substring or regex", visible.Abbreviate(string(w.Type), longestShown))
	}
	if !ofHosts && !ofTexts {
		about := visible.Abbreviate(strings.Join(w.Attributes, ", "), longestShown)
		b.problems = append(b.problems, fmt.Errorf("%s: no entry can match: the list is about %q, not about names, addresses or URLs", b.path, about))
		return nil
	}
	for i, e := range entries {
		b.number = i + 1
		switch written, isString := e.(string); {
		case !isString:
			b.refuse(fmt.Sprint(e), "not a string")
		case len(written) > maxLine:
			b.refuse(written, "longer than %d bytes", maxLine)
		case written != "":
			add(written)
		}
		if b.fatal != nil {
			return nil
		}
	}
	return nil
}

// validLength is the number of bytes before the first that is no UTF-8.
func validLength(data []byte) int {
	n := 0
	for n < len(data) {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// entries returns the entries: an array, or, where the list gives them comments, the keys of an
// object in the order of the alphabet.
func (w warningList) entries() ([]any, error) {
	switch list := w.List.(type) {
	case []any:
		return list, nil
	case map[string]any:
		var entries []any
		for _, entry := range slices.Sorted(maps.Keys(list)) {
			entries = append(entries, entry)
		}
		return entries, nil
	}
	return nil, errors.New(`not a MISP warning list: want an array named "list"`)
}

// jsonError says where the JSON is broken.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("not a MISP warning list: %w", err)
	}
	before := data[:min(int64(len(data)), syntax.Offset)]
	return fmt.Errorf("broken JSON: line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
}

// addHostname adds an entry of the type hostname. MISP knows no wildcards there, since every entry
// is one.
func (b *builder) addHostname(written string) {
	name := strings.Trim(strings.TrimPrefix(written, "*"), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		b.addText(written, true)
		return
	}
	b.addBelow(written, name)
}

// addCIDR adds an entry of the type cidr.
func (b *builder) addCIDR(written string) {
	if _, err := netip.ParseAddr(written); err == nil {
		b.addText(written, true)
		return
	}
	prefix, err := netip.ParsePrefix(written)
	if err != nil {
		b.refuse(written, "not an address or a network")
		return
	}
	b.addNetwork(written, prefix)
}

// maxPatterns is how many substrings and expressions a List may hold: each text is compared with
// all.
const maxPatterns = 10_000

// A pattern is a substring, or a regular expression.
type pattern struct {
	expression       *regexp.Regexp
	substring        []byte // equals written; nil if there is an expression
	ofHosts, ofTexts bool   // what it is compared with
	written          string
	file             uint16
}

func (p *pattern) matches(text string, host []byte) bool {
	if p.expression != nil {
		return p.ofHosts && p.expression.Match(host) || p.ofTexts && p.expression.MatchString(text)
	}
	return p.ofHosts && bytes.Contains(host, p.substring) || p.ofTexts && strings.Contains(text, p.written)
}

func (b *builder) addPattern(p pattern) {
	if len(b.patterns) == maxPatterns {
		b.fatal = fmt.Errorf("more than %d substrings and regular expressions", maxPatterns)
		return
	}
	b.valid++
	p.file = b.file()
	b.patterns = append(b.patterns, p)
}

// addExpression adds an entry of the type regex.
func (b *builder) addExpression(written string, ofHosts, ofTexts bool) {
	expression, err := parsePHP(written)
	if err != nil {
		b.refuse(written, "%w", err)
		return
	}
	if expression.MatchString("") {
		b.refuse(written, "it would match every text")
		return
	}
	b.addPattern(pattern{expression: expression, written: written, ofHosts: ofHosts, ofTexts: ofTexts})
}

// parsePHP reads a regular expression as PHP's preg_match takes it: between delimiters, with
// modifiers behind them (https://www.php.net/manual/en/regexp.reference.delimiters.php). The
// language is RE2's: linear time, no look-around, no back references.
func parsePHP(written string) (*regexp.Regexp, error) {
	written = strings.TrimLeft(written, " \t\n\v\f\r")
	if written == "" || written[0] == '\\' || written[0] > '~' || isLetterOrDigit(written[0]) {
		return nil, errors.New("not a regular expression between delimiters, such as /name/i")
	}
	closing := written[0]
	if at := strings.IndexByte("([{<", closing); at >= 0 {
		closing = ")]}>"[at]
	}
	end, depth := 1, 1
	for ; end < len(written); end++ {
		switch c := written[end]; {
		case c == '\\':
			end++
		case c == closing:
			depth--
		case c == written[0]:
			depth++
		}
		if depth == 0 {
			break
		}
	}
	if end >= len(written) {
		return nil, fmt.Errorf("no closing delimiter %q", closing)
	}
	flags, anchor := "", ""
	for _, modifier := range strings.TrimRight(written[end+1:], "\r\n ") {
		switch modifier {
		case 'i', 'm', 's', 'U':
			flags += string(modifier)
		case 'A':
			anchor = `\A`
		case 'u', 'D', 'S': // what RE2 does anyway
		default:
			return nil, fmt.Errorf("modifier %q is not known", modifier)
		}
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	expression, err := regexp.Compile(flags + anchor + "(?:" + written[1:end] + ")")
	if err != nil {
		return nil, err
	}
	return expression, nil
}

func isLetterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
