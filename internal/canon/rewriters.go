package canon

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
