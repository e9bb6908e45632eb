package retrain

import (
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/report"
)

// known is what rows of feeds may contradict.
type known struct {
	popular        map[string]bool // registered domains
	accepted, mine map[string]bool // texts, and whether they are malicious
}

func (r *run) known() known {
	return known{popularDomains(r.present), labels(r.accepted), labels(r.mine)}
}

// A part is rows of a feed: all, or those of a month.
type part struct {
	report.CheckedFeed
	names, domains    frequent
	benign, malicious sample
}

func newPart() *part {
	return &part{names: newFrequent(), domains: newFrequent(), benign: newSample(), malicious: newSample()}
}

// add counts a row.
func (p *part) add(row dataset.Row, domain string, k known) {
	contradicts := func(labels map[string]bool) int {
		if malicious, isKnown := labels[row.Text]; isKnown && malicious != row.Malicious {
			return 1
		}
		return 0
	}
	p.names.add(row.Text)
	p.domains.add(domain)
	p.AgainstAccepted += contradicts(k.accepted)
	p.AgainstMine += contradicts(k.mine)
	if !row.Malicious {
		p.Benign++
		p.benign.add(row.Text)
		return
	}
	p.Malicious++
	p.malicious.add(row.Text)
	if k.popular[domain] && isBare(row.Text, domain) {
		p.AgainstPopular++
	}
}

// isBare reports whether a text is a registered domain alone, maybe with www before it, a port or
// the root behind it. What has a path may be a page that somebody put there.
func isBare(text, domain string) bool {
	if text == domain {
		return true
	}
	var u canon.URL
	return u.Parse(text) == nil && !u.IsURL() && strings.TrimPrefix(string(u.Host()), "www.") == domain
}

// finish completes the numbers once all rows are counted.
func (p *part) finish(model *snowman.Model, domainsCount bool) {
	p.MostOften, p.Most = p.names.most()
	if domainsCount && 2*p.Most.Count <= p.Most.Total { // a name is more telling than its domain
		p.MostOften, p.Most = p.domains.most()
	}
	p.names, p.domains = frequent{}, frequent{} // which may be large
	p.benign.score(model)
	p.malicious.score(model)
}

// order says how the present model orders the rows, among themselves and with those of others.
func (p *part) order(others references) {
	p.OwnOrder = order(p.benign.scores, p.malicious.scores)
	p.MaliciousOrder = order(others.benign, p.malicious.scores)
	p.BenignOrder = order(p.benign.scores, others.malicious)
}

// fewestToOrder is the number of rows of either side below which their order says nothing.
const fewestToOrder = 20

func order(benign, malicious []float64) *eval.Estimate {
	if len(benign) < fewestToOrder || len(malicious) < fewestToOrder {
		return nil
	}
	area, ok := eval.NewROC(benign, malicious).AUCEstimate()
	if !ok {
		return nil
	}
	return &area
}
