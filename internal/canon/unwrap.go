package canon

import (
	"bytes"
	"encoding/base64"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// A rewriter is one way in which an operator rewrites links: a mail gateway, a messenger, a network
// or a search engine, whose link has the target in its text. docs/rewritten-links.md says the same
// for readers, and what is left as it is.
type rewriter struct {
	hosts string // canonical, separated by spaces; in a first label * is any text without a dot

	// The target is the value of one of these parameters, in a link of this path. The path has no
	// slash at its end, and in it * is any text without a slash. Of links without parameters, read
	// takes the text from the path on, without its fragment.
	path, parameters string

	read func(text string) (target string, ok bool) // nil: the decoded value is the target
}

// rewriters has a source for each row. Other rows of a host are tried where one says nothing. All
// are read by the public form of the link: none is followed, and no signature is verified.
var rewriters = []rewriter{
	// Mail gateways.

	// https://learn.microsoft.com/en-us/defender-office-365/safe-links-about
	{safeLinks, "/", "url", nil},
	{safeLinks, "/ap/*", "url", nil},
	{teams, "/evergreen-assets/safelinks/*/atp-safelinks.html", "url", nil},
	{"outlook.office.com", "/mail/safelink.html", "url", nil},
	// Proofpoint's URLDefenseDecode.py (help.proofpoint.com, E. Van Cleve, version 3.0.1)
	{urlDefense, "/v1/url", "u", unescapeAmpersands},
	{urlDefense, "/v2/url", "u", proofpointV2},
	{urlDefense, "", "", proofpointV3},
	// https://github.com/Nothing4You/barracuda-url-decoder
	{"linkprotect.cudasvc.com", "/url", "a", nil},
	// https://www.sthu.org/code/codesnippets/mutt-cisco-url-rewriting-clean.html
	{"secure-web.cisco.com", "", "", cisco},
	// https://community.sophos.com/sophos-email/f/discussions/148123
	{"*.protection.sophos.com", "/", "u", decodeBase64},
	// Symantec Email Security.cloud, click-time protection: links in public mail archives
	{"clicktime.symantec.com", "/*", "u", nil},
	{"clicktime.symantec.com", "/a/1/*", "u", nil},
	// Trend Micro click-time protection, a host for each product: links in public mail archives
	{trendMicro, "/wis/clicktime/v1/query", "url", nil},
	{trendMicro, "/wis/clicktime/v2/clickthrough", "url", nil},
	// FireEye, now Trellix: links in the archives of lore.kernel.org
	{"protect.fireeye.com protect2.fireeye.com", "/v1/url", "u", nil},
	{"protect.fireeye.com protect2.fireeye.com", "/url", "u", nil},
	// Check Point Harmony Email, before that Avanan: links in public mail archives
	{checkPointHosts, "", "", checkPoint},
	{urlProtection, "/v1/url", "o", nil},
	{urlProtection, "/v1/*/url", "o", nil},
	// Links in public mail archives; https://github.com/ninoseki/kachi for ESVA
	{"link.edgepilot.com", "/s/*/*", "u", nil},
	{"link.edgepilot.com", "/x/*", "u", nil},
	{"atpscan.global.hornetsecurity.com", "/", "u", nil},
	{"urlsand.esvalabs.com", "/", "u", nil},
	{"scanmail.trustwave.com", "/", "u", nil},
	{"linklock.titanhq.com", "/analyse", "url", nil},

	// Mail services and messengers.

	// GMX, WEB.DE and mail.com: links in public mail archives
	{derefMail, "/mail/client/dereferrer", "redirectUrl", nil},
	{derefMail, "/mail/client/*/dereferrer", "redirectUrl", nil},
	// Amazon SES: ClearURLs' rules, links in public mail archives
	{amazonSES, "", "", amazon},
	// https://github.com/Rob--W/dont-slack-redir
	{"slack-redir.net", "/link", "url", nil},
	// https://engineering.fb.com/2012/09/14/security/a-faster-better-link-shim/
	{"l.facebook.com lm.facebook.com facebook.com m.facebook.com l.messenger.com l.workplace.com", "/l.php", "u", nil},
	{"facebook.com m.facebook.com", "/flx/warn", "u", nil},
	{"l.instagram.com l.threads.net l.threads.com", "/", "u", nil},
	{"instagram.com", "/linkshim", "u", nil},
	{"l.wl.co", "/l", "u", nil}, // WhatsApp
	// Google Meet: links in public notes
	{"meet.google.com", "/linkredirect", "dest", nil},

	// Networks: ClearURLs' rules, https://rules2.clearurls.xyz/data.minify.json, if not said.

	{"steamcommunity.com", "/linkfilter", "url u", nil},
	{"vk.com m.vk.com", "/away.php", "to", nil},
	{"out.reddit.com", "/*", "url", nil},
	{"t.umblr.com", "/redirect", "z", nil},
	{"youtube.com m.youtube.com", "/redirect", "q", nil},
	{"linkedin.com", "/redir/redirect", "url", nil}, // links in public posts
	{"linkedin.com", "/safety/go", "url", nil},
	{"go.bsky.app", "/redirect", "u", nil},    // links in public posts
	{"tiktok.com", "/link/v2", "target", nil}, // links in public profiles
	{"link.zhihu.com", "/", "target", nil},    // links in public posts
	{"weibo.cn", "/sinaurl", "u", nil},        // links in public posts
	{"medium.com", "/r", "url", nil},          // links in public posts
	{"gate.sc", "/", "url", nil},              // SoundCloud

	// Search engines: ClearURLs' rules, and the links in pages of results.

	{googleHosts, "/url", "q url", nil},
	{googleHosts, "", "", googleAMP},
	// https://developers.google.com/amp/cache/overview
	{"*.cdn.ampproject.org cdn.ampproject.org", "", "", ampCache},
	{"bing.com cn.bing.com", "/ck/a", "u", bing},
	{"bing.com cn.bing.com", "/news/apiclick.aspx", "url", nil},
	{"duckduckgo.com html.duckduckgo.com lite.duckduckgo.com", "/l", "uddg", nil},
	{"r.search.yahoo.com", "", "", yahoo},
}

const (
	safeLinks = "*.safelinks.protection.outlook.com safelinks.protection.outlook.com " +
		"*.safelinks.protection.office365.us"
	teams           = "statics.teams.cdn.office.net teams.public.onecdn.static.microsoft"
	urlDefense      = "urldefense.com urldefense.proofpoint.com urldefense.us"
	trendMicro      = "*-ctp.trendmicro.com ctp.trendmicro.com *-urlprotect.trendmicro.com"
	checkPointHosts = "url.avanan.click protect.checkpoint.com"
	urlProtection   = "avanan.url-protection.com checkpoint.url-protection.com sonicwall.url-protection.com"
	derefMail       = "deref-1und1.de deref-1und1-02.de deref-gmx.co.uk deref-gmx.com deref-gmx.fr deref-gmx.net " +
		"deref-mail.com deref-mail-02.com deref-web.de deref-web-02.de"

	// The regions of https://docs.aws.amazon.com/general/latest/gr/ses.html
	amazonSES = "*.r.af-south-1.awstrack.me *.r.ap-northeast-1.awstrack.me *.r.ap-northeast-2.awstrack.me " +
		"*.r.ap-northeast-3.awstrack.me *.r.ap-south-1.awstrack.me *.r.ap-southeast-1.awstrack.me " +
		"*.r.ap-southeast-2.awstrack.me *.r.ap-southeast-3.awstrack.me *.r.ca-central-1.awstrack.me " +
		"*.r.eu-central-1.awstrack.me *.r.eu-central-2.awstrack.me *.r.eu-north-1.awstrack.me " +
		"*.r.eu-south-1.awstrack.me *.r.eu-west-1.awstrack.me *.r.eu-west-2.awstrack.me *.r.eu-west-3.awstrack.me " +
		"*.r.il-central-1.awstrack.me *.r.me-south-1.awstrack.me *.r.sa-east-1.awstrack.me " +
		"*.r.us-east-1.awstrack.me *.r.us-east-2.awstrack.me *.r.us-west-1.awstrack.me *.r.us-west-2.awstrack.me"

	// https://www.google.com/supported_domains, as of 2026-09-07. No pattern says which names are
	// Google's: somebody else may register google below a new suffix.
	googleHosts = "google.com google.ad google.ae google.com.af google.com.ag google.al google.am google.co.ao " +
		"google.com.ar google.as google.at google.com.au google.az google.ba google.com.bd google.be google.bf " +
		"google.bg google.com.bh google.bi google.bj google.com.bn google.com.bo google.com.br google.bs google.bt " +
		"google.co.bw google.by google.com.bz google.ca google.cd google.cf google.cg google.ch google.ci " +
		"google.co.ck google.cl google.cm google.cn google.com.co google.co.cr google.com.cu google.cv " +
		"google.com.cy google.cz google.de google.dj google.dk google.dm google.com.do google.dz google.com.ec " +
		"google.ee google.com.eg google.es google.com.et google.fi google.com.fj google.fm google.fr google.ga " +
		"google.ge google.gg google.com.gh google.com.gi google.gl google.gm google.gr google.com.gt google.gy " +
		"google.com.hk google.hn google.hr google.ht google.hu google.co.id google.ie google.co.il google.im " +
		"google.co.in google.iq google.is google.it google.je google.com.jm google.jo google.co.jp google.co.ke " +
		"google.com.kh google.ki google.kg google.co.kr google.com.kw google.kz google.la google.com.lb google.li " +
		"google.lk google.co.ls google.lt google.lu google.lv google.com.ly google.co.ma google.md google.me " +
		"google.mg google.mk google.ml google.com.mm google.mn google.com.mt google.mu google.mv google.mw " +
		"google.com.mx google.com.my google.co.mz google.com.na google.com.ng google.com.ni google.ne google.nl " +
		"google.no google.com.np google.nr google.nu google.co.nz google.com.om google.com.pa google.com.pe " +
		"google.com.pg google.com.ph google.com.pk google.pl google.pn google.com.pr google.ps google.pt " +
		"google.com.py google.com.qa google.ro google.ru google.rw google.com.sa google.com.sb google.sc google.se " +
		"google.com.sg google.sh google.si google.sk google.com.sl google.sn google.so google.sm google.sr " +
		"google.st google.com.sv google.td google.tg google.co.th google.com.tj google.tl google.tm google.tn " +
		"google.to google.com.tr google.tt google.com.tw google.co.tz google.com.ua google.co.ug google.co.uk " +
		"google.com.uy google.co.uz google.com.vc google.co.ve google.co.vi google.com.vn google.vu google.ws " +
		"google.rs google.co.za google.co.zm google.co.zw google.cat"
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
	rows := rewritersOf[ending(host)]
	return slices.ContainsFunc(rows, func(r rewriterOf) bool { return r.matches(host) })
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

// target reads what stands behind the host of a link.
func (r *rewriter) target(text string) (target string, ok bool) {
	if r.parameters == "" {
		return r.read(text)
	}
	place, query, _ := strings.Cut(text, "?")
	if place = strings.TrimSuffix(place, "/"); place == "" {
		place = "/"
	}
	if matched, _ := path.Match(r.path, place); !matched {
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
		for i, want := range names {
			switch {
			case !strings.EqualFold(name, want):
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

// webAddress returns a text that has a scheme of the web and something behind it, without defanging. Some
// links have a target that was escaped once more.
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
	host := text
	if end := strings.IndexAny(text, "/?"); end >= 0 {
		host = text[:end]
	}
	for _, c := range []byte(strings.ToLower(host)) {
		if !isPlain[c] {
			return "", false
		}
	}
	return scheme + text, strings.Contains(host, ".")
}
