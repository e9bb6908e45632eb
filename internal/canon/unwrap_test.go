package canon

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
)

// unwrapLink unwraps a link that is in canonical form but for its scheme.
func unwrapLink(link string) (target string, ok bool) {
	host, rest := splitLink(link)
	return unwrap([]byte(host), []byte(rest))
}

func splitLink(link string) (host, rest string) {
	link = strings.TrimPrefix(strings.TrimPrefix(link, "https://"), "http://")
	link = strings.TrimPrefix(link, "www.")
	if end := strings.IndexAny(link, "/?#"); end >= 0 {
		return link[:end], link[end:]
	}
	return link, ""
}

// A wrapping writes a link to a target as an operator does. The test's links differ from the
// operators' in that their tokens and signatures are invented.
type wrapping struct {
	name string
	wrap func(target string) string
}

// in writes the target, percent-encoded, for the %s of a link.
func in(link string) func(string) string {
	return func(target string) string { return strings.ReplaceAll(link, "%s", url.QueryEscape(target)) }
}

// raw writes the target as it is.
func raw(link string) func(string) string {
	return func(target string) string { return strings.ReplaceAll(link, "%s", target) }
}

// in64 writes the target in base64.
func in64(link string, encoding *base64.Encoding) func(string) string {
	return func(target string) string {
		return strings.ReplaceAll(link, "%s", url.QueryEscape(encoding.EncodeToString([]byte(target))))
	}
}

func wrapProofpointV2(target string) string {
	var u strings.Builder
	for _, c := range []byte(target) {
		switch {
		case c == '/':
			u.WriteByte('_')
		case isPlain[c|0x20] && c != '-' && c != '_' && c > ' ':
			u.WriteByte(c)
		default:
			fmt.Fprintf(&u, "-%02X", c)
		}
	}
	return "https://urldefense.proofpoint.com/v2/url?u=" + u.String() + "&d=DwMFaQ&c=AAAA&r=BBBB&m=CCCC&s=DDDD&e="
}

// wrapProofpointV3 takes the characters out that Proofpoint is seen to take out, each run of them
// as one.
func wrapProofpointV3(target string) string {
	var kept, removed, run strings.Builder
	flush := func() {
		switch n := len([]rune(run.String())); {
		case n == 0:
		case n == 1:
			kept.WriteString("*")
		default:
			kept.WriteString("**" + string(runLengths[n-2]))
		}
		removed.WriteString(run.String())
		run.Reset()
	}
	for _, c := range target {
		if c > 0x7f || strings.ContainsRune("*#%+|", c) {
			run.WriteRune(c)
			continue
		}
		flush()
		kept.WriteRune(c)
	}
	flush()
	return "https://urldefense.com/v3/__" + kept.String() + "__;" +
		base64.RawURLEncoding.EncodeToString([]byte(removed.String())) + "!!AAAA!BBBB-cccc_DDDD$"
}

// wrappings has at least one of each row of rewriters.
var wrappings = []wrapping{
	{"Safe Links", in("https://nam02.safelinks.protection.outlook.com/?url=%s&data=05%7C01%7C&sdata=AAAA%3D&reserved=0")},
	{"Safe Links without a region", in("https://safelinks.protection.outlook.com/?url=%s&reserved=0")},
	{"Safe Links of the government", in("https://gcc02.safelinks.protection.office365.us/?url=%s&reserved=0")},
	{"Safe Links to a document", in("https://eur01.safelinks.protection.outlook.com/ap/w-59584e83/?url=%s&data=05")},
	{"Safe Links in the source of a page", in("https://eur01.safelinks.protection.outlook.com/?data=05&amp;url=%s&amp;reserved=0")},
	{"Safe Links, escaped", in("https://eur01.safelinks.protection.outlook.com/?%75%72l=%s")},
	{"Teams, newer", in("https://teams.public.onecdn.static.microsoft/evergreen-assets/safelinks/2/atp-safelinks.html?url=%s")},
	{"Teams", in("https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url=%s&locale=en-us")},
	{"Outlook on the web", in("https://outlook.office.com/mail/safelink.html?url=%s&corid=AAAA")},
	{"Proofpoint v1", in("https://urldefense.proofpoint.com/v1/url?u=%s&k=AAAA%0A&r=BBBB")},
	{"Proofpoint v2", wrapProofpointV2},
	{"Proofpoint v2 from HTML", func(target string) string {
		return wrapProofpointV2(strings.ReplaceAll(target, "&", "&amp;"))
	}},
	{"Proofpoint v3", wrapProofpointV3},
	{"Proofpoint v3 of the government", func(target string) string {
		return strings.Replace(wrapProofpointV3(target), ".com", ".us", 1)
	}},
	{"Proofpoint v3 with one slash", func(target string) string {
		return strings.Replace(wrapProofpointV3(target), "__https://", "__https:/", 1)
	}},
	{"Barracuda", in("https://linkprotect.cudasvc.com/url?a=%s&c=E,1,AAAA,,&typo=1")},
	{"Cisco", in("https://secure-web.cisco.com/1AAAA-bbbb_CCCC/%s")},
	{"Cisco, escaped twice", func(target string) string {
		return in("https://secure-web.cisco.com/1AAAA-bbbb_CCCC/%s")(url.QueryEscape(target))
	}},
	{"Sophos", in64("https://eu-central-1.protection.sophos.com/?d=example.com&u=%s&i=AAAA&t=BBBB&h=0123", base64.StdEncoding)},
	{"Sophos without padding", in64("https://us-west-2.protection.sophos.com/?d=example.com&u=%s&i=AAAA", base64.RawURLEncoding)},
	{"Symantec", in("https://clicktime.symantec.com/3AAAAbbbb?u=%s")},
	{"Symantec with a hash", in("https://clicktime.symantec.com/15AAAAbbbb?h=AAAA_bbbb-CCCC=&u=%s")},
	{"Symantec, older", in("https://clicktime.symantec.com/a/1/AAAA_bbbb-CCCC=?d=DDDD&u=%s")},
	{"Trend Micro", in("https://ddec1-0-en-ctp.trendmicro.com/wis/clicktime/v1/query?url=%s&umid=0000&auth=0123")},
	{"Trend Micro in the cloud", in("https://cas5-0-urlprotect.trendmicro.com/wis/clicktime/v1/query?url=%s&umid=0000")},
	{"Trend Micro v2", in("https://ctp.trendmicro.com/wis/clicktime/v2/clickthrough?url=%s")},
	{"FireEye v1", in("https://protect2.fireeye.com/v1/url?k=0123-4567&q=1&e=0000&u=%s")},
	{"FireEye", in("https://protect.fireeye.com/url?k=0123-4567&u=%s")},
	{"Check Point", raw("https://protect.checkpoint.com/v2/r01/___%s___.AAAAbbbbCCCC")},
	{"Avanan", raw("https://url.avanan.click/v2/___%s___.AAAAbbbbCCCC")},
	{"Avanan with one slash", func(target string) string {
		return "https://url.avanan.click/v2/r02/___" + strings.Replace(target, "//", "/", 1) + "___.AAAAbbbbCCCC"
	}},
	{"Avanan v1", in("https://avanan.url-protection.com/v1/url?o=%s&g=AAAA&h=0123")},
	{"Check Point v1", in("https://checkpoint.url-protection.com/v1/r02/url?o=%s&g=AAAA&h=0123")},
	{"EdgePilot", in("https://link.edgepilot.com/s/0123abcd/AAAA-bbbb?u=%s")},
	{"EdgePilot, shorter", in("https://link.edgepilot.com/x/AAAA-bbbb?u=%s")},
	{"Hornetsecurity", in("https://atpscan.global.hornetsecurity.com/?d=AAAA&f=BBBB&i=&k=CCCC&u=%s")},
	{"ESVA", in("https://urlsand.esvalabs.com/?u=%s&e=AAAA")},
	{"Trustwave", in("https://scanmail.trustwave.com/?c=1234&d=AAAA-bbbb&u=%s")},
	{"TitanHQ", in("https://linklock.titanhq.com/analyse?url=%s&data=AAAA")},
	{"GMX", in("https://deref-gmx.net/mail/client/dereferrer/?redirectUrl=%s")},
	{"WEB.DE", in("https://deref-web.de/mail/client/AAAAbbbb/dereferrer/?redirectUrl=%s&lm")},
	{"Amazon SES", in("https://abcd1234.r.eu-west-1.awstrack.me/L0/%s/1/0102-000000/AAAA=123")},
	{"Slack", in("https://slack-redir.net/link?url=%s&v=3")},
	{"Facebook", in("https://l.facebook.com/l.php?u=%s&h=AAAA")},
	{"Facebook, in the site", in("https://www.facebook.com/l.php?u=%s&h=AAAA")},
	{"Facebook, a warning", in("https://www.facebook.com/flx/warn/?u=%s&h=AAAA")},
	{"Messenger", in("https://l.messenger.com/l.php?u=%s&h=AAAA")},
	{"Workplace", in("https://l.workplace.com/l.php?u=%s&h=AAAA")},
	{"Instagram", in("https://l.instagram.com/?u=%s&e=AAAA")},
	{"Instagram, in the site", in("https://www.instagram.com/linkshim/?u=%s&e=AAAA")},
	{"Threads", in("https://l.threads.net/?u=%s&e=AAAA")},
	{"WhatsApp", in("https://l.wl.co/l?u=%s")},
	{"Google Meet", in("https://meet.google.com/linkredirect?authuser=0&dest=%s")},
	{"Steam", in("https://steamcommunity.com/linkfilter/?url=%s")},
	{"Steam, newer", in("https://steamcommunity.com/linkfilter/?u=%s")},
	{"VK", in("https://vk.com/away.php?utf=1&to=%s&cc_key=")},
	{"Reddit", in("https://out.reddit.com/t3_abcdef?url=%s&token=AAAA")},
	{"Tumblr", in("https://t.umblr.com/redirect?z=%s&t=AAAA")},
	{"YouTube", in("https://www.youtube.com/redirect?event=video_description&redir_token=AAAA&q=%s&v=BBBB")},
	{"LinkedIn", in("https://www.linkedin.com/redir/redirect?url=%s&urlhash=AAAA")},
	{"LinkedIn, messages", in("https://www.linkedin.com/safety/go?url=%s&trk=flagship-messaging-web")},
	{"Bluesky", in("https://go.bsky.app/redirect?u=%s")},
	{"TikTok", in("https://www.tiktok.com/link/v2?aid=1988&lang=en&scene=bio_url&target=%s")},
	{"Zhihu", in("https://link.zhihu.com/?target=%s")},
	{"Weibo", in("https://weibo.cn/sinaurl?u=%s")},
	{"Medium", in("https://medium.com/r/?url=%s")},
	{"SoundCloud", in("https://gate.sc/?url=%s&token=AAAA-1-2")},
	{"Google", in("https://www.google.com/url?q=%s&sa=D&source=hangouts&ust=0&usg=AAAA")},
	{"Google, results", in("https://www.google.co.uk/url?sa=t&rct=j&q=&esrc=s&url=%s&usg=AAAA")},
	{"Google AMP", func(target string) string {
		return strings.Replace(target, "https://", "https://www.google.de/amp/s/", 1)
	}},
	{"AMP cache", func(target string) string {
		return strings.Replace(target, "https://", "https://www-example-com.cdn.ampproject.org/c/s/", 1)
	}},
	{"AMP viewer", func(target string) string {
		return strings.Replace(target, "https://", "https://www-example-com.cdn.ampproject.org/v/s/", 1)
	}},
	{"Bing", in64("https://www.bing.com/ck/a?!&&p=0123&ptn=3&hsh=3&u=a1%s&ntb=1", base64.RawURLEncoding)},
	{"Bing, padded", in64("https://www.bing.com/ck/a?!&&p=0123&u=a1%s&ntb=1", base64.URLEncoding)},
	{"Bing News", in("https://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&url=%s&c=1")},
	{"DuckDuckGo", in("https://duckduckgo.com/l/?uddg=%s&rut=0123")},
	{"Yahoo", in("https://r.search.yahoo.com/_ylt=AAAA;_ylu=BBBB/RV=2/RE=0/RO=10/RU=%s/RK=2/RS=CCCC-")},
}

// respell writes what stands behind the host of a link as the canonical form does: escapes of
// unreserved characters decoded, once, the others in upper case.
func respell(link string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var spelt strings.Builder
	for i := 0; i < len(link); i++ {
		if link[i] == '%' && i+2 < len(link) {
			if c, ok := unhex(link[i+1], link[i+2]); ok {
				if strings.IndexByte(unreserved, c) >= 0 {
					spelt.WriteByte(c)
				} else {
					fmt.Fprintf(&spelt, "%%%02X", c)
				}
				i += 2
				continue
			}
		}
		spelt.WriteByte(link[i])
	}
	return spelt.String()
}

func TestARewrittenLinkIsWhatItLeadsTo(t *testing.T) {
	hit := make(map[*rewriter]bool)
	for _, w := range wrappings {
		t.Run(w.name, func(t *testing.T) {
			for _, target := range []string{
				"https://www.example.com/a?b=c&d=e",
				"https://www.example.com/",
				"https://a-b_c.example.com/x-y_z/~w",
				"https://www.example.com/zürich/日本?ä=ö",
				"https://www.example.com/a%20b?c=%26%2B+d",
			} {
				link := w.wrap(target)
				got, ok := unwrapLink(link)
				if !ok || got != target {
					t.Errorf("%s leads to %q, %v, want %q", link, got, ok, target)
				}
				again, ok := unwrapLink(respell(link))
				if !ok || respell(again) != respell(target) {
					t.Errorf("%s leads to %q, %v, want %q", respell(link), again, ok, respell(target))
				}
				host, rest := splitLink(link)
				for i := range rewriters {
					r := &rewriters[i]
					for pattern := range strings.FieldsSeq(r.hosts) {
						row := newRewriterOf(pattern, r)
						_, ok := r.target(rest)
						hit[r] = hit[r] || ok && row.matches([]byte(host))
					}
				}
			}
		})
	}
	for i := range rewriters {
		if !hit[&rewriters[i]] {
			t.Errorf("no example of %+v", rewriters[i])
		}
	}
}

func TestATargetThatCannotBeReadLeavesTheLink(t *testing.T) {
	for _, w := range wrappings {
		if strings.Contains(w.name, "AMP") || strings.Contains(w.name, "one slash") { // what wrap writes is another target
			continue
		}
		for _, target := range []string{
			"", "javascript:alert(1)", "mailto:a@example.com", "example.com", "www.example.com/a", "//example.com",
			"https:", "https://", "https:///a", `https://\a`, "https://?a", "ftp://example.com", "data:text/html,a",
			"https%3A%2F%2F", " https://example.com", "/https://example.com",
		} {
			link := w.wrap(target)
			if got, ok := unwrapLink(link); ok {
				t.Errorf("%s: %s leads to %q, want no target", w.name, link, got)
			}
		}
	}
}

func TestUnwrapOneLink(t *testing.T) {
	for _, test := range []struct{ name, link, want string }{
		{"an escaped hyphen and underscore in Proofpoint v2",
			"urldefense.proofpoint.com/v2/url?u=https%2D3A%5F%5Fwww.example.com%5Fa%2d2Db%2D5Fc&d=A", "https://www.example.com/a-b_c"},
		{"Proofpoint v2, whose target ends at any parameter",
			"urldefense.proofpoint.com/v2/url?d=A&u=https-3A__www.example.com_a-26d-3Db&c=B", "https://www.example.com/a&d=b"},
		{"Proofpoint v1, unescaped", "urldefense.proofpoint.com/v1/url?u=http://www.example.com/a&k=AAAA", "http://www.example.com/a"},
		{"Proofpoint v3 with nothing removed", "urldefense.com/v3/__https://www.example.com/a__;!!A!B$", "https://www.example.com/a"},
		{"Proofpoint v3 with single characters", "urldefense.com/v3/__https://www.example.com/a*b*c__;IyY!!A!B$", "https://www.example.com/a#b&c"},
		{"Proofpoint v3 with a run", "urldefense.com/v3/__https://www.example.com/a**Bb__;IyYj!!A!B$", "https://www.example.com/a#&#b"},
		{"Proofpoint v3 with characters beyond ASCII",
			"urldefense.com/v3/__https://www.example.com/**A*__;w7zDpMO2!!A!B$", "https://www.example.com/üäö"},
		{"Proofpoint v3 with an asterisk at the end", "urldefense.com/v3/__https://www.example.com/**__;IyY!!A!B$", "https://www.example.com/#&"},
		{"Proofpoint v3, escaped", "urldefense.com/v3/__https%3A%2F%2Fwww.example.com%2Fa%2A__;Iw!!A!B$", "https://www.example.com/a#"},
		{"Proofpoint v3 with a query", "urldefense.com/v3/__https://www.example.com/a?b=__c__;!!A!B$", "https://www.example.com/a?b=__c"},
		{"Proofpoint v3 with more removed than asterisks", "urldefense.com/v3/__https://www.example.com/a*__;IyY!!A!B$", "https://www.example.com/a#"},
		{"Proofpoint v3 with too little removed", "urldefense.com/v3/__https://www.example.com/a**Bb__;IyY!!A!B$", ""},
		{"Proofpoint v3 with nothing removed for an asterisk", "urldefense.com/v3/__https://www.example.com/a*__;!!A!B$", ""},
		{"Proofpoint v3 with a run of no letter", "urldefense.com/v3/__https://www.example.com/a**!b__;IyYj!!A!B$", ""},
		{"Proofpoint v3 with the longest runs", "urldefense.com/v3/__https://www.example.com/" + strings.Repeat("**_", 10000) + "__;IyYj!!A!B$", ""},
		{"Proofpoint v3 with junk for base64", "urldefense.com/v3/__https://www.example.com/a*__;I%3F!!A!B$", ""},
		{"Proofpoint v3 with bytes that are no UTF-8", "urldefense.com/v3/__https://www.example.com/a*__;_w!!A!B$", ""},
		{"Proofpoint v3 without an end", "urldefense.com/v3/__https://www.example.com/a", ""},
		{"Proofpoint v3 without a signature", "urldefense.com/v3/__https://www.example.com/a__;", ""},
		{"Proofpoint v3 with a target in the fragment", "urldefense.com/v3/#__https://www.example.com/a__;!!A!B$", ""},
		{"Proofpoint v3, whose first end counts", "urldefense.com/v3/__https://www.example.com/a__;!!A!B$?__;!", "https://www.example.com/a"},
		{"Proofpoint v3 in itself",
			"urldefense.com/v3/__https://urldefense.com/v3/__https://www.example.com/a__;!!A!B$__;!!C!D$",
			"https://urldefense.com/v3/__https://www.example.com/a__;!!A!B$"},
		{"Proofpoint v3 of another host in itself",
			"urldefense.com/v3/__https://evil.com/v3/__https://www.example.com/a__;!!A!B$__;!!C!D$",
			"https://evil.com/v3/__https://www.example.com/a"},
		{"Avanan in itself",
			"url.avanan.click/v2/___https://url.avanan.click/v2/r01/___https://www.example.com/a___.AAAA___.BBBB",
			"https://url.avanan.click/v2/r01/___https://www.example.com/a___.AAAA"},
		{"Avanan in a query in itself",
			"url.avanan.click/v2/___https://slack-redir.net/link?url=https%3A%2F%2Furl.avanan.click%2Fv2%2F___https%3A%2F%2Fwww.example.com%2Fa___.AAAA&v=3___.BBBB",
			"https://slack-redir.net/link?url=https%3A%2F%2Furl.avanan.click%2Fv2%2F___https%3A%2F%2Fwww.example.com%2Fa___.AAAA&v=3"},
		{"Avanan with something appended", "url.avanan.click/v2/___https://www.example.com___.AAAA?a___.b", "https://www.example.com"},
		{"Avanan with its end in the fragment", "url.avanan.click/v2/___https://www.example.com/a#___.AAAA", ""},
		{"Check Point with escapes", "protect.checkpoint.com/v2/r02/___https://www.example.com/a*20b*c?d*20___.AAAA",
			"https://www.example.com/a%20b*c?d*20"},
		{"Check Point without an end", "protect.checkpoint.com/v2/___https://www.example.com/a", ""},
		{"Sophos with an unescaped alphabet", "us-east-2.protection.sophos.com/?d=example.com&u=aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20vw7/Dvz4+", "https://www.example.com/ÿÿ>>"},
		{"Sophos with junk for base64", "us-east-2.protection.sophos.com/?d=example.com&u=aHR0cHM6Ly93d3cu!ZXhhbXBsZS5jb20v", ""},
		{"Sophos with a short form", "us-east-2.protection.sophos.com/?d=example.com&b=0123&x=4567&q=89", ""},
		{"Bing with another version", "bing.com/ck/a?u=b1aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20v", ""},
		{"Yahoo with two targets", "r.search.yahoo.com/RU=https%3A%2F%2Fa.example.com/RK=2/RU=https%3A%2F%2Fb.example.com/RK=2/RS=A", ""},
		{"Google AMP without HTTPS", "google.com/amp/www.example.com/a?b", "http://www.example.com/a?b"},
		{"Google AMP without a host", "google.com/amp/s/stories/a.b", ""},
		{"Google AMP with user-info", "google.com/amp/s/www.example.com@example.org/a", ""},
		{"an AMP cache of an image", "www-example-com.cdn.ampproject.org/i/s/www.example.com/a.png", ""},
		{"Cisco with a path behind the target", "secure-web.cisco.com/1AAAA/https%3A%2F%2Fwww.example.com/a", ""},

		{"an unescaped target ends at its &", "l.facebook.com/l.php?u=https://www.example.com/a?b=c&d=e&h=A", "https://www.example.com/a?b=c"},
		{"the fragment is no part of the target", "protect2.fireeye.com/url?k=A&u=http://www.example.com/a#b", "http://www.example.com/a"},
		{"a target in upper case", "slack-redir.net/link?url=HTTPS%3A%2F%2FWWW.EXAMPLE.COM", "HTTPS://WWW.EXAMPLE.COM"},
		{"a target escaped twice", "slack-redir.net/link?url=https%253A%252F%252Fwww.example.com%252Fa%252525", "https://www.example.com/a%25"},
		{"a target escaped thrice", "slack-redir.net/link?url=https%25253A%25252F%25252Fwww.example.com", ""},
		{"a target in a nest is unwrapped by one", "slack-redir.net/link?url=https%3A%2F%2Fslack-redir.net%2Flink%3Furl%3Dhttps%253A%252F%252Fwww.example.com",
			"https://slack-redir.net/link?url=https%3A%2F%2Fwww.example.com"},
		{"a parameter twice", "slack-redir.net/link?url=https%3A%2F%2Fa.example.com&url=https%3A%2F%2Fb.example.com", ""},
		{"a parameter twice, once empty", "slack-redir.net/link?url=&url=https%3A%2F%2Fb.example.com", ""},
		{"a parameter twice, once escaped", "slack-redir.net/link?url=https%3A%2F%2Fa.example.com&%75rl=https%3A%2F%2Fb.example.com", ""},
		{"a parameter twice, once from HTML", "slack-redir.net/link?url=https%3A%2F%2Fa.example.com&amp;url=https%3A%2F%2Fb.example.com", ""},
		{"a parameter twice, once in upper case", "slack-redir.net/link?url=https%3A%2F%2Fa.example.com&URL=https%3A%2F%2Fb.example.com", ""},
		{"a parameter in upper case", "slack-redir.net/link?URL=https%3A%2F%2Fa.example.com", ""},
		{"a parameter in the fragment", "slack-redir.net/link#?url=https%3A%2F%2Fa.example.com", ""},
		{"a parameter whose name ends so", "slack-redir.net/link?xurl=https%3A%2F%2Fa.example.com", ""},
		{"both parameters of Google", "google.com/url?q=https%3A%2F%2Fa.example.com&url=https%3A%2F%2Fb.example.com", ""},
		{"both parameters of Steam", "steamcommunity.com/linkfilter/?u=https%3A%2F%2Fa.example.com&url=https%3A%2F%2Fb.example.com", ""},
		{"a word for a target", "google.com/url?q=example.com", ""},

		{"another path", "google.com/search?q=https%3A%2F%2Fa.example.com", ""},
		{"a path below", "google.com/url/a?q=https%3A%2F%2Fa.example.com", ""},
		{"a path in upper case", "google.com/URL?q=https%3A%2F%2Fa.example.com", ""},
		{"an operator's name as a label", "safelinks.protection.outlook.com.evil.com/?url=https%3A%2F%2Fa.example.com", ""},
		{"an operator's name and region as labels", "nam02.safelinks.protection.outlook.com.evil.com/?url=https%3A%2F%2Fa.example.com", ""},
		{"an operator's name behind a hyphen", "evil-slack-redir.net/link?url=https%3A%2F%2Fa.example.com", ""},
		{"a label below an operator's name", "evil.slack-redir.net/link?url=https%3A%2F%2Fa.example.com", ""},
		{"two labels below a suffix", "a.nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example.com", ""},
		{"no label below a suffix", "protection.sophos.com/?u=aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20v", ""},
		{"an empty label below a suffix", ".protection.sophos.com/?u=aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20v", ""},
		{"another product of Trend Micro", "blog.trendmicro.com/wis/clicktime/v1/query?url=https%3A%2F%2Fa.example.com", ""},
		{"another top-level domain of Trend Micro", "smex-ctp.trendmicro.co/wis/clicktime/v1/query?url=https%3A%2F%2Fa.example.com", ""},
		{"google below a domain", "google.evil.com/url?q=https%3A%2F%2Fa.example.com", ""},
		{"google below free hosting", "google.github.io/url?q=https%3A%2F%2Fa.example.com", ""},
		{"google below another suffix", "google.zip/url?q=https%3A%2F%2Fa.example.com", ""},
		{"a name that ends in google.com", "notgoogle.com/url?q=https%3A%2F%2Fa.example.com", ""},
		{"Mimecast, whose links have no target", "protect-eu.mimecast.com/s/AAAA?domain=example.com", ""},
		{"a web archive", "web.archive.org/web/2020/https://www.example.com/", ""},
		{"a translation", "www-example-com.translate.goog/a?_x_tr_sl=auto", ""},
		{"nothing behind the host", "slack-redir.net", ""},
		{"no host", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := unwrapLink(test.link)
			if got != test.want && ok || ok != (test.want != "") {
				t.Errorf("%s leads to %q, %v, want %q", test.link, got, ok, test.want)
			}
		})
	}
}

// Whatever stands before the host, it is the host that decides.
func TestUserInfoIsNoOperator(t *testing.T) {
	var u URL
	if err := u.Parse("https://slack-redir.net@evil.com/link?url=https%3A%2F%2Fa.example.com"); err != nil {
		t.Fatal(err)
	}
	if target, ok := unwrap(u.Host(), u.text[u.path:]); ok {
		t.Errorf("%s leads to %q", &u, target)
	}
}

func TestANestIsUnwrappedFromOutside(t *testing.T) {
	const target = "https://www.example.com/zürich?a=b&c=d"
	for _, outer := range wrappings {
		for _, inner := range wrappings {
			if outer.name == "Proofpoint v2 from HTML" || inner.name == "Safe Links in the source of a page" {
				continue // &amp; becomes & at once
			}
			link := outer.wrap(inner.wrap(target))
			got, ok := unwrapLink(link)
			if want := inner.wrap(target); !ok || got != want {
				t.Errorf("%s in %s: %s leads to %q, %v, want %q", inner.name, outer.name, link, got, ok, want)
				continue
			}
			if got, ok = unwrapLink(got); !ok || got != target {
				t.Errorf("%s in %s: %s leads to %q, %v, want %q", inner.name, outer.name, link, got, ok, target)
			}
		}
	}
}

func TestOrdinaryHostsCostNoMemory(t *testing.T) {
	for _, host := range []string{"example.com", "www2.example.co.uk", "localhost", "[2001:db8::1]", "protection.sophos.com.example.org"} {
		host, rest := []byte(host), []byte("/url?q=https%3A%2F%2Fa.example.com")
		if allocations := testing.AllocsPerRun(100, func() { unwrap(host, rest) }); allocations != 0 {
			t.Errorf("%s costs %v allocations, want 0", host, allocations)
		}
	}
}

func TestHostsOfRewritersAreCanonical(t *testing.T) {
	for i := range rewriters {
		for host := range strings.FieldsSeq(rewriters[i].hosts) {
			name := strings.ReplaceAll(host, "*", "a")
			if got := canonicalHost(t, name); got != name {
				t.Errorf("%s is %s in canonical form", name, got)
			}
			if label, suffix, _ := strings.Cut(host, "."); strings.Contains(suffix, "*") || len(suffix) < shortestSuffix && strings.Contains(label, "*") {
				t.Errorf("%s has its * where it is not found", host)
			}
		}
	}
}

func TestTheDocumentationNamesEveryHost(t *testing.T) {
	page, err := os.ReadFile("../../docs/rewritten-links.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rewriters {
		hosts := rewriters[i].hosts
		switch hosts {
		case googleHosts:
			hosts = "google.com"
		case amazonSES:
			hosts = "*.r.REGION.awstrack.me"
		}
		for host := range strings.FieldsSeq(hosts) {
			if !strings.Contains(string(page), "`"+host+"`") {
				t.Errorf("docs/rewritten-links.md does not name %s", host)
			}
		}
	}
	if want := fmt.Sprintf("%d regions", len(strings.Fields(amazonSES))); !strings.Contains(string(page), want) {
		t.Errorf("docs/rewritten-links.md does not say %q", want)
	}
}

func canonicalHost(t *testing.T, name string) string {
	t.Helper()
	var u URL
	if err := u.Parse(name); err != nil {
		t.Fatal(err)
	}
	return string(u.Host())
}

// The properties: nothing panics, and a target is a text with a scheme of the web that is shorter
// than the link, so that unwrapping comes to an end.
func FuzzUnwrap(f *testing.F) {
	for _, w := range wrappings {
		for _, target := range []string{"https://www.example.com/a?b=c&d=ü", w.wrap("http://example.com")} {
			host, rest := splitLink(w.wrap(target))
			f.Add(host, rest)
		}
	}
	f.Fuzz(func(t *testing.T, host, rest string) {
		target, ok := unwrap([]byte(host), []byte(rest))
		if !ok {
			return
		}
		if !startsWithScheme(target) {
			t.Errorf("%q%q leads to %q, which has no scheme of the web", host, rest, target)
		}
		if len(target) >= len(host)+len(rest) {
			t.Errorf("%q%q leads to %q, which is no shorter", host, rest, target)
		}
	})
}

func BenchmarkUnwrap(b *testing.B) {
	for _, link := range []string{
		"https://accounts.example.co.uk/signin/v2/identifier?service=mail&flow=web",
		"https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.example.com%2Fa&data=05&reserved=0",
		"https://urldefense.com/v3/__https://" + strings.Repeat("urldefense.com/v3/__https://", 2000) + "__;!",
	} {
		host, rest := splitLink(link)
		b.Run(host, func(b *testing.B) {
			host, rest := []byte(host), []byte(rest)
			b.ReportAllocs()
			for b.Loop() {
				unwrap(host, rest)
			}
		})
	}
}

func TestParseFollowsRewrittenLinks(t *testing.T) {
	nested := func(depth int, target string) string {
		for range depth {
			target = "https://www.google.com/url?q=" + url.QueryEscape(target)
		}
		return target
	}
	for _, test := range []struct{ name, text, want, from string }{
		{"a link", nested(1, "https://www.bbc.co.uk/news?a=b"), "bbc.co.uk/news?a=b", "google.com"},
		{"a quoted link", `"` + nested(1, "https://www.bbc.co.uk/news") + `",`, "bbc.co.uk/news", "google.com"},
		{"a link within a link of another", "https://slack-redir.net/link?url=" + url.QueryEscape(nested(1, "https://bbc.co.uk/")), "bbc.co.uk", "slack-redir.net"},
		{"the deepest nest", nested(maxNested, "https://bbc.co.uk/"), "bbc.co.uk", "google.com"},
		{"a nest that is too deep", nested(maxNested+1, "https://bbc.co.uk/"), canonicalOf(t, nested(maxNested+1, "https://bbc.co.uk/")), ""},
		{"a target that cannot be read", nested(1, "https://a;b.com/"), "google.com/url?q=https%3A%2F%2Fa%3Bb.com%2F", ""},
		{"a target that cannot be read, in a link", nested(2, "https://a;b.com/"), "google.com/url?q=https%3A%2F%2Fa%3Bb.com%2F", "google.com"},
		{"a link that is defanged as a whole", "hxxps://www[.]google[.]com/url?q=hxxps://bbc[.]co[.]uk/news", "bbc.co.uk/news", "google.com"},
		{"another port of the operator's host", "https://google.com:8080/url?q=https://bbc.co.uk/", "google.com:8080/url?q=https://bbc.co.uk/", ""},
		{"an operator's name in user-info", "https://google.com@evil.com/url?q=https://bbc.co.uk/", "evil.com/url?q=https://bbc.co.uk/", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u, again URL
			if err := u.Parse(test.text); err != nil || u.String() != test.want || u.UnwrappedFrom() != test.from {
				t.Errorf("%s is %s from %q (%v), want %s from %q", test.text, &u, u.UnwrappedFrom(), err, test.want, test.from)
			}
			if err := again.Parse(test.want); err != nil || again.String() != test.want {
				t.Errorf("the form of %s is %s (%v)", test.want, &again, err)
			}
		})
	}
	for text, want := range map[string][2]bool{ // ambiguous, user-info
		nested(1, "https://a@bbc.co.uk/"):                    {false, true},
		"http:/google.com/url?q=https://bbc.co.uk/":          {true, false},
		"http://b@google.com/url?q=https://bbc.co.uk/":       {false, true},
		nested(1, `https:\\bbc.co.uk/`):                      {true, false}, // the target is not read
		nested(2, "https://bbc.co.uk\\@a.com/"):              {true, false},
		"https://google.com/url?q=https://http://bbc.co.uk/": {true, false},
	} {
		var u URL
		if err := u.Parse(text); err != nil || u.IsAmbiguous() != want[0] || u.HasUserInfo() != want[1] {
			t.Errorf("%s is %s, ambiguous %v, with user-info %v (%v), want %v", text, &u, u.IsAmbiguous(), u.HasUserInfo(), err, want)
		}
	}
}

func canonicalOf(t *testing.T, text string) string {
	t.Helper()
	var u URL
	if err := u.read(text); err != nil {
		t.Fatal(err)
	}
	return u.String()
}
