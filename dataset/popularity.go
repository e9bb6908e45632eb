package dataset

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// popularity finds the popular names of a set, and what others do with them.
//
// A registered domain is popular if it is vetted, by the rule for vetted rows, but that malicious
// guests of a host do not count: a malicious list must have the domain itself. One list that has it
// by mistake, such as microsoft.com, has less weight than many sources that do not.
//
// Phishers vouch for names as well: if many malicious names of several sources mention a label, and
// hardly a benign one does, then the domain that people mean by the label is popular although few
// sources have it (trezor.io).
//
// The order is by worth: the sum of the logarithms of a domain's rows in each source of benign
// rows, and of the number of malicious names that have its label as a part (paypal-login.example),
// which counts for the one domain that people mean by the label.
type popularity struct {
	vetted  vetting // without the guests of a host
	domains map[string]*usage
	traffic map[string]bool // sources that are lists of popular names, by name
}

// usage is what the rows say of a registered domain.
type usage struct {
	rows    []mention // benign
	curated bool      // people chose one of them
	named   int       // malicious rows that are the domain itself
	hosting int       // other malicious rows: something below the domain is bad
}

// A mention is the number of rows of one source.
type mention struct {
	source string
	rows   int
}

// What decides which names others mention and misspell. Measured: docs/experiments/lookalikes.md.
const (
	// mentionRatio is how many malicious domains must mention a label for each benign one and one
	// more. Long labels are rarely ordinary words, and need a third. What is very popular needs
	// fewer, since benign names mention it too.
	mentionRatio = 50
	// trafficRatio is the same for benign domains on lists of popular names, of which some are bad.
	trafficRatio = 10
	// mentionSources is the number of sources that these need to be from: what one source counts is
	// limited to its share.
	mentionSources = 3
	// A label shorter than shortLabel needs three times as many, and three sources that have its
	// domain: JR East is no Estonian institute (eki).
	shortLabel = 5
	// slipRatio is the same for domains that imitate a label, and mentionedSlipRatio for a label
	// that is mentioned.
	slipRatio, mentionedSlipRatio = 12, 3
	// errorRatio is how many sources must have a domain for each malicious row that names it.
	errorRatio = 4
)

// ordinaryWords are labels that stand in phishing beside brands, or near them by a letter, and have
// domains that nobody means by them: checkpoint.com, cancel.fm.
var ordinaryWords = func() map[string]bool {
	words := make(map[string]bool)
	for word := range strings.FieldsSeq(`
		accesso acesso active america american argentina authorize authorized business cancel captcha
		change checkpoint collab command company complete continue copyright cpanel customer dapps details
		digital download earn enterprise fee foundation france gift gouv government hostmaster immediate
		indonesia information launchpad location locked marketplace merge mint official openid order
		pending platform postoffice privacy protocol redirect redirection region regions regulation
		reservation security setup shopping standard success suspension swap unauthorised unauthorized
		upgrade website`) {
		words[word] = true
	}
	return words
}()

// isOrdinary reports whether nobody means a domain by a label.
func isOrdinary(label string) bool { return ordinaryWords[label] || lookalike.IsCompanion(label) }

func newPopularity() *popularity {
	return &popularity{vetted: newVetting(), domains: make(map[string]*usage), traffic: make(map[string]bool)}
}

// note records what a row, whose text u holds, says about its registered domain.
func (p *popularity) note(source Source, row Row, domain string, u *canon.URL) {
	if row.Kind == DGA || !u.IsRegistrable() {
		return // generated names imitate nobody
	}
	if source.ListYear != 0 || source.Dated {
		p.traffic[source.ShortName()] = true
	}
	known := p.domains[domain]
	if known == nil {
		known = new(usage)
		p.domains[domain] = known
	}
	switch {
	case row.Malicious && len(u.Bytes()) == len(domain):
		known.named++
	case row.Malicious:
		known.hosting++
	case !u.IsHosted() && lookalike.CanBeListed(domain): // storage.googleapis.com: one customer, or machine, of many
		p.vetted.note(source, row, domain, true)
		known.curated = known.curated || source.Curated
		known.add(source.File)
	}
}

// add adds a benign row of a source.
func (u *usage) add(source string) {
	for i := range u.rows {
		if u.rows[i].source == source {
			u.rows[i].rows++
			return
		}
	}
	u.rows = append(u.rows, mention{source, 1})
}

// worth is the sum of the logarithms of the benign rows of each source.
func (u *usage) worth() (worth float64) {
	for _, m := range u.rows {
		worth += math.Log2(1 + float64(m.rows))
	}
	return worth
}

// popularName is a name that may be on the list.
type popularName struct {
	lookalike.Name
	label string
	worth float64
}

// names returns the most popular names of a set, as lookalike.New reads them, at most wanted. Lists
// that vet a domain must be at least years apart. The rows are those of the set, with their
// registered domains.
func (p *popularity) names(wanted, years int, rows []*Row, domains []string) []string {
	hosts := distinctHosts(rows, domains)
	meant := p.meant()
	mentions := p.countMentions(hosts, meant)
	var found []popularName
	for domain, known := range p.domains {
		label, _, _ := strings.Cut(domain, ".")
		isMeant := meant[label] == domain
		count := mentions[label]
		isMentioned := isMeant && count != nil && count.isBrand(label, known)
		vouchedFor := isMentioned && (len(known.rows) > 1 || known.curated && domain == label+".com")
		if len(known.rows) == 0 || known.named > 0 && len(known.rows) < errorRatio*known.named || !vouchedFor && !p.vetted.has(domain, years) {
			continue
		}
		name := popularName{Name: lookalike.Name{Domain: domain, Mentioned: isMentioned}, label: label, worth: known.worth()}
		if isMeant && count != nil {
			name.worth += math.Log2(1 + float64(count.malicious))
		}
		found = append(found, name)
	}
	putMeantFirst(found, meant)
	slices.SortFunc(found, func(a, b popularName) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.Domain, b.Domain))
	})
	found = found[:min(wanted, len(found))]
	markMisspelt(found, hosts)
	var names []string
	for _, name := range found {
		names = append(names, name.String())
	}
	return names
}

// meant returns the domain that people mean by each label.
func (p *popularity) meant() map[string]string {
	meant := make(map[string]string)
	for domain := range p.domains {
		standing := p.standing(domain)
		if standing == 0 {
			continue
		}
		label, _, _ := strings.Cut(domain, ".")
		other, found := meant[label]
		if !found || cmp.Or(cmp.Compare(standing, p.standing(other)), cmp.Compare(other, domain)) > 0 {
			meant[label] = domain
		}
	}
	return meant
}

// standing is higher the more likely people mean this registered domain by its label. It is 0 if
// no benign row has it, or malicious rows name it more often. Most companies' first domain is below
// .com, which some sources leave out, so its rows count tenfold, those of malicious guests too.
func (p *popularity) standing(domain string) int {
	known := p.domains[domain]
	benign := 0
	for _, m := range known.rows {
		benign += m.rows
	}
	switch {
	case benign == 0 || known.named > benign:
		return 0
	case strings.Count(domain, ".") == 1 && strings.HasSuffix(domain, ".com"):
		return 10 * (benign + known.hosting)
	}
	return benign
}

// putMeantFirst gives the domain that people mean by a label at least the worth of its others: of
// the domains of one label, the first on the list is the one that others imitate.
func putMeantFirst(names []popularName, meant map[string]string) {
	best := make(map[string]float64)
	for _, name := range names {
		best[name.label] = max(best[name.label], name.worth)
	}
	for i, name := range names {
		if meant[name.label] == name.Domain && name.worth < best[name.label] {
			names[i].worth = math.Nextafter(best[name.label], math.Inf(1))
		}
	}
}

// A seenHost is a host of the set below a public suffix of a registry.
type seenHost struct {
	host, domain, source string
	isMalicious          bool
}

// distinctHosts returns the hosts of rows other than generated names and customers of a host.
func distinctHosts(rows []*Row, domains []string) []seenHost {
	type key struct {
		host        string
		isMalicious bool
	}
	seen := make(map[key]bool)
	var hosts []seenHost
	var u canon.URL
	for i, row := range rows {
		if row == nil || row.Kind == DGA || u.Parse(row.Text) != nil || !u.IsRegistrable() || u.IsHosted() {
			continue
		}
		k := key{row.Text[:len(u.Host())], row.Malicious}
		if !seen[k] {
			seen[k] = true
			hosts = append(hosts, seenHost{k.host, domains[i], row.Source, row.Malicious})
		}
	}
	return hosts
}

// mentionCount counts the registered domains that mention a label.
type mentionCount struct {
	malicious, benign int
	traffic           int            // benign ones on lists of popular names alone
	bySource          map[string]int // malicious ones
}

// isBrand reports whether a label of a domain that is used so is hardly ever mentioned but by those
// who imitate it.
func (c *mentionCount) isBrand(label string, known *usage) bool {
	if isOrdinary(label) || len(label) < shortLabel && len(known.rows) < mentionSources {
		return false
	}
	worth := known.worth()
	if float64(c.benign) > 2+worth/2 || c.malicious < trafficRatio*c.traffic {
		return false // login, security
	}
	needed := int(mentionRatio * float64(c.benign+1) / (1 + worth/100))
	switch {
	case len(label) < shortLabel:
		needed *= 3
	case len(label) >= 8:
		needed /= 3
	}
	total := 0
	for _, count := range c.bySource {
		total += min(count, needed/mentionSources)
	}
	return total >= needed/mentionSources*mentionSources
}

// countMentions counts who mentions a label: as a part between hyphens, or before the registered
// domain.
func (p *popularity) countMentions(hosts []seenHost, meant map[string]string) map[string]*mentionCount {
	type mention struct {
		domain, label string
		isMalicious   bool
	}
	counted := make(map[mention]bool)
	counts := make(map[string]*mentionCount)
	for _, h := range hosts {
		own, _, _ := strings.Cut(h.domain, ".")
		end := len(h.host) - len(h.domain) + len(own)
		for part := range strings.FieldsFuncSeq(h.host[:end], func(c rune) bool { return c == '.' || c == '-' }) {
			m := mention{h.domain, part, h.isMalicious}
			if part == own || meant[part] == "" || counted[m] {
				continue
			}
			counted[m] = true
			count := counts[part]
			if count == nil {
				count = &mentionCount{bySource: make(map[string]int)}
				counts[part] = count
			}
			switch {
			case h.isMalicious:
				count.malicious++
				count.bySource[h.source]++
			case p.traffic[h.source]:
				count.traffic++
			default:
				count.benign++
			}
		}
	}
	return counts
}

// markMisspelt marks the names that others imitate with a slip: those that are mentioned, or that
// malicious domains imitate, and hardly any benign one does by chance.
func markMisspelt(names []popularName, hosts []seenHost) {
	var all []string
	at := make(map[string]int)
	for i, name := range names {
		name.Misspelt = true
		all = append(all, name.String())
		at[name.Domain] = i
	}
	list := lookalike.New(all)
	type counts struct{ malicious, benign int }
	counted := make([]counts, len(names))
	seen := make(map[string]bool) // malicious registered domains, then benign ones
	for _, isMalicious := range []bool{true, false} {
		clear(seen)
		for _, h := range hosts {
			if h.isMalicious != isMalicious || seen[h.domain] {
				continue
			}
			found := list.Look([]byte(h.host), len(h.host)-len(h.domain))
			if found.Imitates == "" {
				continue
			}
			seen[h.domain] = true
			if isMalicious {
				counted[at[found.Imitates]].malicious++
			} else {
				counted[at[found.Imitates]].benign++
			}
		}
	}
	marked := 0
	for i := range names {
		c := counted[i]
		needed := slipRatio * float64(c.benign+1) / (1 + names[i].worth/25) // of google.com benign names are slips, too
		isImitated := float64(c.malicious) >= needed && !isOrdinary(names[i].label)
		if names[i].Mentioned {
			isImitated = c.malicious >= mentionedSlipRatio*c.benign
		}
		names[i].Misspelt = isImitated && marked < lookalike.MaxMisspelt
		if names[i].Misspelt {
			marked++
		}
	}
}
