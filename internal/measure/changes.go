package measure

import (
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
)

// A change costs whoever has a malicious text next to nothing.
type change struct {
	name   string
	scored string                        // as in eval.Survival
	make   func(m *maker, t text) string // returns nothing where a text cannot be changed so
}

// What is scored where it is not the whole text with the host as it was.
const (
	target  = "target"
	newHost = "new host"
	itself  = "link"
)

// changes are all cheap changes. Of the first group the page stays where it is, and the host
// answers as before, or as a server that its owner runs can be told to. The second group changes
// how the same link is written. Of the third, a link on somebody else's host leads to the page, and
// of the last the page moves to another name.
var changes = []change{
	{"a benign path behind", "", func(m *maker, t text) string { return t.behind(m.path(1)) }},
	{"a long benign path behind", "", func(m *maker, t text) string { return t.behind(m.path(6)) }},
	{"a benign path in between", "", func(m *maker, t text) string { return ifPath(t, t.origin()+m.path(1)+t.rest()) }},
	{"/index.html behind", "", func(_ *maker, t text) string { return t.behind("/index.html") }},
	{"a benign query behind", "", func(m *maker, t text) string { return t.with(m.query()) }},
	{"parameters that track", "", func(_ *maker, t text) string {
		return t.with("utm_source=newsletter&utm_medium=email&utm_campaign=spring")
	}},
	{"a benign fragment", "", func(m *maker, t text) string { return t.marked(m.fragment()) }},
	{"a sentence as fragment", "", func(m *maker, t text) string { return t.marked("the-history-of-" + m.words(6)) }},
	{"mail. before", "", func(_ *maker, t text) string { return t.below("mail") }},
	{"www2. before", "", func(_ *maker, t text) string { return t.below("www2") }},
	{"three plain labels before", "", func(m *maker, t text) string { return t.below(m.labels(3)) }},
	{"twelve plain labels before", "", func(m *maker, t text) string { return t.below(m.labels(12)) }},
	{"a benign sub-domain before", "", func(m *maker, t text) string { return t.below(m.one(m.subdomains)) }},
	{"a benign domain before", "", func(m *maker, t text) string { return t.below(m.one(m.domains)) }},
	{"the port 8443", "", func(_ *maker, t text) string { return t.host + ":8443" + t.rest() }},

	{"benign user-info", "", func(m *maker, t text) string {
		return "https://" + m.one(m.domains) + "@" + t.origin() + t.rest()
	}},
	{"http:// before", "", func(_ *maker, t text) string { return "http://" + t.origin() + t.rest() }},
	{"host in upper case", "", func(_ *maker, t text) string {
		return ifName(t, strings.ToUpper(t.host)+t.port+t.rest())
	}},
	{"path in upper case", "", func(_ *maker, t text) string { return ifPath(t, t.origin()+strings.ToUpper(t.rest())) }},
	{"a dot behind the host", "", func(_ *maker, t text) string { return ifName(t, t.host+"."+t.port+t.rest()) }},
	{"ideographic full stops", "", func(_ *maker, t text) string {
		return ifName(t, strings.ReplaceAll(t.host, ".", "\u3002")+t.port+t.rest())
	}},
	{"host in wide letters", "", func(_ *maker, t text) string { return ifName(t, wide(t.host)+t.port+t.rest()) }},
	{"letters of the host escaped", "", func(_ *maker, t text) string {
		return ifName(t, "http://"+escaped(t.host)+t.port+t.rest())
	}},
	{"letters of the path escaped", "", func(_ *maker, t text) string {
		return ifPath(t, t.origin()+escaped(t.path)+t.end())
	}},
	{"slashes doubled", "", func(_ *maker, t text) string {
		return ifPath(t, t.origin()+strings.ReplaceAll(t.path, "/", "//")+t.end())
	}},
	{"dot segments", "", func(_ *maker, t text) string {
		return ifPath(t, t.origin()+"/./news/.."+t.rest())
	}},
	{"backslashes", "", func(_ *maker, t text) string {
		return ifPath(t, `http:\\`+t.origin()+strings.ReplaceAll(t.path, "/", `\`)+t.end())
	}},
	{"defanged", "", func(_ *maker, t text) string {
		return ifName(t, "hxxps://"+strings.ReplaceAll(t.host, ".", "[.]")+t.port+t.rest())
	}},
	{"quotes and white space", "", func(_ *maker, t text) string { return " \u201c" + t.origin() + t.rest() + "\u201d,\t" }},

	{"a search engine's redirect", target, func(_ *maker, t text) string {
		return "https://www.google.com/url?sa=t&q=" + t.asParameter() + "&ved=2ahUKE"
	}},
	{"a mail gateway", target, func(_ *maker, t text) string {
		return "https://eur01.safelinks.protection.outlook.com/?url=" + t.asParameter() + "&data=05%7C02&reserved=0"
	}},
	{"the url= of a benign page", itself, func(m *maker, t text) string {
		return "https://" + m.one(m.domains) + m.path(1) + "?url=" + t.asParameter()
	}},
	{"a web archive", itself, func(_ *maker, t text) string {
		return "https://web.archive.org/web/20260301000000/http://" + t.origin() + t.rest()
	}},
	{"a translating proxy", itself, func(_ *maker, t text) string {
		if t.port != "" {
			return ""
		}
		host := strings.ReplaceAll(strings.ReplaceAll(t.host, "-", "--"), ".", "-")
		return ifName(t, "https://"+host+".translate.goog"+t.path+"?_x_tr_sl=auto&_x_tr_tl=en")
	}},
	{"an IPFS gateway", itself, func(_ *maker, t text) string { return ifName(t, "https://ipfs.io/ipns/"+t.host+t.rest()) }},

	{"a gateway for names", newHost, func(_ *maker, t text) string { return t.label("", ".eth.limo") }},
	{"free hosting", newHost, func(_ *maker, t text) string { return t.label("", ".pages.dev") }},
	{"a page of a site builder", itself, func(_ *maker, t text) string {
		return t.label("sites.google.com/view/", "")
	}},
	{"a bucket", itself, func(_ *maker, t text) string { return t.label("storage.googleapis.com/", "") }},
	{"the suffix .com", newHost, func(_ *maker, t text) string {
		if t.suffix == "com" {
			return ""
		}
		return t.label(t.subdomain, ".com")
	}},
	{"-online behind the label", newHost, func(_ *maker, t text) string {
		return t.label(t.subdomain, "-online."+t.suffix)
	}},
}

// A text is the canonical form of a malicious row, in parts. They are empty where it lacks them.
type text struct {
	host, port, path, query, fragment string // with the separator before them
	subdomain, domain, suffix         string // of the host; the sub-domain with its dot
	isAddress                         bool
}

// newText returns the parts of a text in canonical form.
func newText(canonical string) (t text, ok bool) {
	var u canon.URL
	if u.Parse(canonical) != nil {
		return t, false
	}
	t.host, t.domain, t.isAddress = string(u.Host()), string(u.RegisteredDomain()), u.IsAddress()
	if !t.isAddress && strings.HasSuffix(t.host, t.domain) {
		t.subdomain = strings.TrimSuffix(t.host, t.domain)
		_, t.suffix, _ = strings.Cut(t.domain, ".")
	}
	rest := canonical[len(t.host):]
	if start := strings.IndexAny(rest, "/?#"); start >= 0 {
		t.port, t.path = rest[:start], rest[start:]
	} else {
		t.port = rest
	}
	if start := strings.IndexByte(t.path, '#'); start >= 0 {
		t.path, t.fragment = t.path[:start], t.path[start:]
	}
	if start := strings.IndexByte(t.path, '?'); start >= 0 {
		t.path, t.query = t.path[:start], t.path[start:]
	}
	return t, true
}

func (t text) origin() string { return t.host + t.port }
func (t text) end() string    { return t.query + t.fragment }
func (t text) rest() string   { return t.path + t.end() }

// asParameter returns the URL as the value of a parameter.
func (t text) asParameter() string { return url.QueryEscape("https://" + t.origin() + t.rest()) }

// behind returns the text with a path behind its own.
func (t text) behind(path string) string {
	if path == "" {
		return ""
	}
	return t.origin() + strings.TrimSuffix(t.path, "/") + path + t.end()
}

// with returns the text with more parameters.
func (t text) with(query string) string {
	separator := "?"
	if t.query != "" {
		separator = "&"
	}
	if query == "" {
		return ""
	}
	return t.origin() + t.path + t.query + separator + query + t.fragment
}

// marked returns the text with another fragment.
func (t text) marked(fragment string) string {
	if fragment == "" {
		return ""
	}
	return t.origin() + t.path + t.query + "#" + fragment
}

// below returns the text with labels in front of its host.
func (t text) below(labels string) string {
	if labels == "" || len(labels)+len(t.host) > 252 { // RFC 1035: a name of 253 characters
		return ""
	}
	return ifName(t, labels+"."+t.origin()+t.rest())
}

// label returns the text with all of its host but the registered label replaced.
func (t text) label(before, after string) string {
	label, _, found := strings.Cut(t.domain, ".")
	if !found {
		return ""
	}
	return ifName(t, before+label+after+t.rest())
}

func ifName(t text, changed string) string {
	if t.isAddress {
		return ""
	}
	return changed
}

func ifPath(t text, changed string) string {
	if t.path == "" {
		return ""
	}
	return changed
}

// wide returns a name in the letters of full width that UTS #46 maps to ASCII.
func wide(host string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r - '!' + '\uff01'
		}
		return r
	}, host)
}

// escaped returns a text with every second letter percent-encoded.
func escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; i%2 == 1 && c >= 'a' && c <= 'z' && (i < 3 || text[i-1] != '%' && text[i-2] != '%') {
			b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// materials are what changes put into texts, taken from benign rows.
type materials struct {
	paths, queries, fragments []string
	subdomains, domains       []string
	plain                     []string // labels of letters alone
	slugs                     []string // words of paths
}

// longest leaves out what fills all that a network reads of a text.
const longest = 120

// newMaterials takes what the rows have.
func newMaterials(rows []dataset.Row) *materials {
	m := new(materials)
	labels := make(map[string]bool)
	for _, row := range rows {
		t, ok := newText(row.Text)
		if row.Malicious || !ok || t.isAddress || t.suffix == "" {
			continue
		}
		m.domains = append(m.domains, t.domain)
		if subdomain := strings.TrimSuffix(t.subdomain, "."); subdomain != "" {
			m.subdomains = append(m.subdomains, subdomain)
			for label := range strings.SplitSeq(subdomain, ".") {
				if isWord(label) && !labels[label] {
					labels[label] = true
					m.plain = append(m.plain, label)
				}
			}
		}
		if len(t.path) > 1 && len(t.path) <= longest {
			m.paths = append(m.paths, strings.TrimSuffix(t.path, "/"))
		}
		if t.query != "" && len(t.query) <= longest {
			m.queries = append(m.queries, t.query[1:])
		}
		if t.fragment != "" && len(t.fragment) <= longest {
			m.fragments = append(m.fragments, t.fragment[1:])
		}
		for slug := range strings.FieldsFuncSeq(t.path, func(r rune) bool { return strings.ContainsRune("/-_.", r) }) {
			if isWord(slug) {
				m.slugs = append(m.slugs, slug)
			}
		}
	}
	return m
}

// isWord reports whether a label has three to twelve letters and nothing else.
func isWord(label string) bool {
	if len(label) < 3 || len(label) > 12 {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz") == ""
}

// A maker draws from materials.
type maker struct {
	*materials
	random *rand.Rand
}

// one draws one of the texts, nothing if there are none.
func (m *maker) one(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[m.random.IntN(len(texts))]
}

// some draws texts and joins them.
func (m *maker) some(texts []string, count int, separator string) string {
	if len(texts) == 0 {
		return ""
	}
	drawn := make([]string, count)
	for i := range drawn {
		drawn[i] = m.one(texts)
	}
	return strings.Join(drawn, separator)
}

func (m *maker) path(count int) string   { return m.some(m.paths, count, "") }
func (m *maker) labels(count int) string { return m.some(m.plain, count, ".") }
func (m *maker) words(count int) string  { return m.some(m.slugs, count, "-") }
func (m *maker) query() string           { return m.one(m.queries) }
func (m *maker) fragment() string        { return m.one(m.fragments) }
