package canon

import (
	"bytes"
	"encoding/base64"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// rewritersOf has the rows of each host, by the ending of the host.
var rewritersOf = func() map[uint64][]rewriterOf {
	rows := make(map[uint64][]rewriterOf)
	for i := range rewriters {
		for host := range strings.FieldsSeq(rewriters[i].hosts) {
			key := ending([]byte(host))
			rows[key] = append(rows[key], newRewriterOf(host, &rewriters[i]))
		}
	}
	return rows
}()

// rewriterEndings has the endings of those hosts.
var rewriterEndings = func() (found endings) {
	for key := range rewritersOf {
		found.add(key)
	}
	return found
}()

// rewriterOf is a row, for one of its hosts.
type rewriterOf struct {
	host  string
	label int // the length of the first label if that has a *
	*rewriter
}

func newRewriterOf(host string, r *rewriter) rewriterOf {
	if strings.Contains(host, "*") {
		return rewriterOf{host, strings.IndexByte(host, '.'), r}
	}
	return rewriterOf{host, 0, r}
}

// ending returns the last eight bytes of a host, or the whole of a shorter one.
func ending(host []byte) uint64 {
	if len(host) >= shortestSuffix {
		return lastBytes(host)
	}
	var whole [shortestSuffix]byte
	copy(whole[:], host)
	return lastBytes(whole[:])
}

// matches compares whole hosts.
func (r *rewriterOf) matches(host []byte) bool {
	if r.label == 0 {
		return string(host) == r.host
	}
	dot := bytes.IndexByte(host, '.')
	if dot <= 0 || string(host[dot:]) != r.host[r.label:] {
		return false
	}
	matched, _ := path.Match(r.host[:r.label], string(host[:dot]))
	return matched
}

// rewritesLinks reports whether a host is an operator's.
func rewritesLinks(host []byte) bool {
	key := ending(host)
	return rewriterEndings.mayHave(key) && slices.ContainsFunc(rewritersOf[key], func(r rewriterOf) bool { return r.matches(host) })
}

// unwrap returns the target of a link that an operator has rewritten, and whether the link is one.
// The target is a text: it begins with http:// or https://, and may be refused by Parse or be
// itself such a link. It is shorter than the link.
//
// It takes a host and what stands behind the host, without a port, in canonical form: escapes of
// unreserved characters decoded, dot segments resolved, as the operator's server gets to see the
// link. If it took the text as it came, it could leave a link whose canonical form it unwraps, and
// the canonical form of a canonical form would be another. Scheme and user-info must not decide for
// the same reason. The decoders give the same for both spellings of an escape.
//
// A parameter that stands twice leaves the link as it is, since operators differ in which they
// take. So do two parameters that both have a value, and names in upper case. The fragment is not
// the operator's, and no part of the target.
func unwrap(host, rest []byte) (target string, ok bool) {
	var text string
	rows := rewritersOf[ending(host)]
	for i := range rows {
		row := &rows[i]
		if !row.matches(host) {
			continue
		}
		if text == "" {
			text, _, _ = strings.Cut(string(rest), "#")
		}
		if target, ok := row.target(text); ok {
			return webAddress(target)
		}
	}
	return "", false
}

// redirects reports whether a link has the place of one that an operator has rewritten, and a
// query.
func redirects(host, rest []byte) bool {
	rows := rewritersOf[ending(host)]
	return slices.ContainsFunc(rows, func(r rewriterOf) bool {
		if r.parameters == "" || !r.matches(host) {
			return false
		}
		text, _, _ := strings.Cut(string(rest), "#")
		place, query, _ := strings.Cut(text, "?")
		return query != "" && r.isAt(place)
	})
}

// isAt reports whether a path is that of a row with parameters.
func (r *rewriter) isAt(place string) bool {
	if place = strings.TrimSuffix(place, "/"); place == "" {
		place = "/"
	}
	matched, _ := path.Match(r.path, place)
	return matched
}

// target reads what stands behind the host of a link.
func (r *rewriter) target(text string) (target string, ok bool) {
	if r.parameters == "" {
		return r.read(text)
	}
	place, query, _ := strings.Cut(text, "?")
	if !r.isAt(place) {
		return "", false
	}
	value, ok := parameter(query, strings.Fields(r.parameters))
	if ok && r.read != nil {
		return r.read(value)
	}
	return value, ok
}

// parameter returns the decoded value of the one parameter of a query that has one of the names and
// a value. Links out of the source of a page have &amp; for &.
func parameter(query string, names []string) (value string, ok bool) {
	var seen [2]bool
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(strings.TrimPrefix(pair, "amp;"), "=")
		name = unescape(name)
		meant, _, _ := strings.Cut(strings.TrimLeft(name, " +"), "[") // as PHP takes it
		for i, want := range names {
			switch {
			case !strings.EqualFold(meant, want):
			case name != want || seen[i] || text != "" && value != "":
				return "", false
			default:
				seen[i] = true
				value += text
			}
		}
	}
	return unescape(value), value != ""
}

// webAddress returns a text that has a scheme of the web and something behind it, without
// defanging. Some links have a target that was escaped once more.
func webAddress(text string) (string, bool) {
	if hasPrefixFold(text, "http%3A") || hasPrefixFold(text, "https%3A") {
		text = unescape(text)
	}
	text = refang(text)
	scheme, rest, _ := strings.Cut(text, "://")
	isWeb := isWebScheme(scheme) && lower(scheme[0]) == 'h'
	return text, isWeb && rest != "" && strings.IndexByte(`/\?#`, rest[0]) < 0
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// unescape decodes percent-encoding. A + stays: it is part of more targets than a space is.
func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if value, ok := unhex(text[i+1], text[i+2]); ok {
				c = value
				i += 2
			}
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}

// unescapeAmpersands decodes the one character that links in HTML must escape.
func unescapeAmpersands(text string) (string, bool) {
	return strings.ReplaceAll(text, "&amp;", "&"), true
}

// decodeBase64 decodes base64 of either alphabet, with or without padding.
func decodeBase64(text string) (string, bool) {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.TrimRight(text, "="), "+", "-"), "/", "_")
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	return string(decoded), err == nil
}

// proofpointV2 reads percent-encoding with - for % and _ for /.
func proofpointV2(text string) (string, bool) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "-", "%"), "_", "/")
	return unescapeAmpersands(unescape(text))
}

// runLengths are the letters for runs of 2, 3, ... 65 characters.
const runLengths = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// proofpointV3 reads /v3/__TARGET__;REMOVED!..., where REMOVED is base64 of the characters that the
// asterisks in the target stand for: * for one, **X for a run of them.
func proofpointV3(text string) (string, bool) {
	text, ok := strings.CutPrefix(text, proofpointOpening)
	text, behind, closed := cutProofpoint(text)
	encoded, _, found := strings.Cut(behind, "!")
	removed, valid := decodeBase64(encoded)
	if !ok || !closed || !found || !valid || !utf8.ValidString(removed) {
		return "", false
	}
	var target strings.Builder
	for text = unescape(text); ; {
		before, after, more := strings.Cut(text, "*")
		target.WriteString(before)
		if !more {
			return repairSlashes(target.String()), true
		}
		run := 1
		if len(after) >= 2 && after[0] == '*' {
			letter := strings.IndexByte(runLengths, after[1])
			if letter < 0 {
				return "", false
			}
			run, after = 2+letter, after[2:]
		}
		for range run {
			_, size := utf8.DecodeRuneInString(removed)
			if size == 0 {
				return "", false
			}
			target.WriteString(removed[:size])
			removed = removed[size:]
		}
		text = after
	}
}

const proofpointOpening, proofpointClosing = "/v3/__", "__;"

// cutProofpoint divides text at its closing. If the target is itself such a link, the first closing
// is that link's, and so on inwards.
func cutProofpoint(text string) (target, behind string, ok bool) {
	end := 0
	for inner, opened := text, true; opened; {
		at := strings.Index(text[end:], proofpointClosing)
		if at < 0 {
			return "", "", false
		}
		end += at + len(proofpointClosing)
		host, rest := cutHost(inner)
		opened = slices.Contains(strings.Fields(urlDefense), host)
		if opened {
			inner, opened = strings.CutPrefix(rest, proofpointOpening)
		}
	}
	return text[:end-len(proofpointClosing)], text[end:], true
}

// cutHost returns the host of a URL and what stands behind it.
func cutHost(text string) (host, rest string) {
	_, text, _ = strings.Cut(text, ":")
	text = strings.TrimLeft(text, "/")
	if end := strings.IndexAny(text, "/?"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

// checkPoint reads /v2/___TARGET___.SIGNATURE and /v2/r01/___TARGET___.SIGNATURE, where the escapes
// in the target's path have * for %. The last closing counts, since a target may have links in its
// query, but no host goes on behind the first.
func checkPoint(text string) (string, bool) {
	const opening, closing = "___", "___."
	text, ok := strings.CutPrefix(text, "/v2/")
	if region, target, found := strings.Cut(text, "/"); found && len(region) == 3 && region[0] == 'r' {
		text = target
	}
	text, opened := strings.CutPrefix(text, opening)
	end := strings.LastIndex(text, closing)
	if !ok || !opened || end < 0 {
		return "", false
	}
	if host, _ := cutHost(text); strings.Contains(host, closing) {
		end = strings.Index(text, closing)
	}
	target := []byte(text[:end])
	for i := 0; i+2 < len(target) && target[i] != '?'; i++ {
		if _, escape := unhex(target[i+1], target[i+2]); escape && target[i] == '*' {
			target[i] = '%'
		}
	}
	return repairSlashes(string(target)), true
}

// repairSlashes restores the second slash behind the scheme, which some programs take out of paths.
func repairSlashes(text string) string {
	if scheme, behind, found := strings.Cut(text, ":/"); found && !strings.HasPrefix(behind, "/") && isWebScheme(scheme) {
		return scheme + "://" + behind
	}
	return text
}

// cisco reads /TOKEN/TARGET.
func cisco(text string) (string, bool) {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "/"), "?")
	token, target, found := strings.Cut(text, "/")
	return unescape(target), found && token != "" && !strings.Contains(target, "/")
}

// amazon reads /L0/TARGET/NUMBER/MESSAGE/SIGNATURE.
func amazon(text string) (string, bool) {
	text, _, _ = strings.Cut(text, "?")
	text, ok := strings.CutPrefix(text, "/L0/")
	target, _, found := strings.Cut(text, "/")
	return unescape(target), ok && found
}

// yahoo reads /.../RU=TARGET/RK=...
func yahoo(text string) (string, bool) {
	text, _, _ = strings.Cut(text, "?")
	_, behind, found := strings.Cut(text, "/RU=")
	target, rest, _ := strings.Cut(behind, "/")
	return unescape(target), found && strings.HasPrefix(rest, "RK=") && strings.Count(text, "/RU=") == 1
}

// bing decodes a1 and base64.
func bing(text string) (string, bool) {
	text, ok := strings.CutPrefix(text, "a1")
	target, valid := decodeBase64(text)
	return target, ok && valid
}

// googleAMP reads /amp/s/HOST/..., without the s where the target is not encrypted.
func googleAMP(text string) (string, bool) {
	text, ok := strings.CutPrefix(text, "/amp/")
	target, isHost := hostAndPath(text)
	return target, ok && isHost
}

// ampCache reads /c/s/HOST/..., a page, and /v/s/HOST/..., a page in a viewer.
func ampCache(text string) (string, bool) {
	page, ok := strings.CutPrefix(text, "/c/")
	if !ok {
		page, ok = strings.CutPrefix(text, "/v/")
	}
	target, isHost := hostAndPath(page)
	return target, ok && isHost
}

// hostAndPath adds a scheme, of which s/ before the host says that it is HTTPS.
func hostAndPath(text string) (target string, ok bool) {
	scheme := "http://"
	if behind, encrypted := strings.CutPrefix(text, "s/"); encrypted {
		scheme, text = "https://", behind
	}
	host := text[:authorityEnd(text)]
	for i := range len(host) {
		if !isPlain[lower(host[i])] {
			return "", false
		}
	}
	return scheme + text, strings.Contains(host, ".")
}
