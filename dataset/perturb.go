package dataset

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
)

// Perturb says which rows train has beside those of the sources: its own rows, changed in ways
// after which the label is known. So a network learns what a label does not depend on.
type Perturb struct {
	// The sub-domain of one benign name before the registered domain of another: benign. A
	// sub-domain says little, since the owner of the registered domain chooses it.
	Subdomains Perturbation `json:"subdomains,omitzero"`

	// The sub-domain of a benign name before a malicious registered domain: malicious, of the kind
	// of the latter. A sub-domain does not make a name benign.
	MaliciousSubdomains Perturbation `json:"malicious_subdomains,omitzero"`

	// The label of a generated name before a benign registered domain: benign, as the random host
	// names of machines and tenants are.
	RandomSubdomains Perturbation `json:"random_subdomains,omitzero"`

	// The label of a generated name under the suffix of a benign one: generated. Each algorithm has
	// its suffixes, but the next algorithm will have others.
	Suffixes Perturbation `json:"suffixes,omitzero"`

	// A benign registered domain with two characters changed, as CharBot generates names (Peck et
	// al. 2019, arXiv 1905.01078): generated.
	Characters Perturbation `json:"characters,omitzero"`

	// The path and query of one benign URL behind the host of another benign row: benign.
	Paths Perturbation `json:"paths,omitzero"`

	// The path and query of a benign URL behind a malicious host: malicious, of the kind of the
	// latter. What stands behind a host costs nothing.
	MaliciousPaths Perturbation `json:"malicious_paths,omitzero"`

	// The path and query of one benign URL behind those of another: benign.
	Tails Perturbation `json:"tails,omitzero"`

	// The path and query of a benign URL behind those of a malicious one, or the path before them:
	// malicious.
	MaliciousTails Perturbation `json:"malicious_tails,omitzero"`

	// Three to twelve labels of benign sub-domains before a benign registered domain: benign.
	Labels Perturbation `json:"labels,omitzero"`

	// Three to twelve labels of benign sub-domains before a malicious registered domain: malicious.
	MaliciousLabels Perturbation `json:"malicious_labels,omitzero"`

	// The port of one benign row behind the host of another benign name: benign.
	Ports Perturbation `json:"ports,omitzero"`

	// The port of a benign row behind a malicious host: malicious.
	MaliciousPorts Perturbation `json:"malicious_ports,omitzero"`

	// A benign name without its sub-domain: benign.
	Bare Perturbation `json:"bare,omitzero"`

	// A malicious name without its sub-domain: malicious.
	MaliciousBare Perturbation `json:"malicious_bare,omitzero"`
}

// A Perturbation says how many rows are made, and the weight of each.
type Perturbation struct {
	Share  float64 `json:"share"`            // of the rows that can be changed; above 1, some are changed twice
	Weight float32 `json:"weight,omitempty"` // of a row in the training loss; default 1
}

// maxShare keeps a wrong recipe from filling the memory.
const maxShare = 10

// A change is one way to make rows.
type change struct {
	name string
	Perturbation
}

// changes lists every way, by the names that a recipe has for them.
func (p Perturb) changes() []change {
	return []change{
		{"subdomains", p.Subdomains}, {"malicious_subdomains", p.MaliciousSubdomains},
		{"random_subdomains", p.RandomSubdomains}, {"suffixes", p.Suffixes}, {"characters", p.Characters},
		{"paths", p.Paths}, {"malicious_paths", p.MaliciousPaths}, {"tails", p.Tails}, {"malicious_tails", p.MaliciousTails},
		{"labels", p.Labels}, {"malicious_labels", p.MaliciousLabels}, {"ports", p.Ports}, {"malicious_ports", p.MaliciousPorts},
		{"bare", p.Bare}, {"malicious_bare", p.MaliciousBare},
	}
}

func (p Perturb) validate() error {
	for _, c := range p.changes() {
		if !(c.Share >= 0 && c.Share <= maxShare) || !(c.Weight >= 0) {
			return fmt.Errorf("recipe: perturb %s: share %v and weight %v, want 0 to %d and at least 0", c.name, c.Share, c.Weight, maxShare)
		}
	}
	return nil
}

// A perturber makes perturbed rows of those of train.
type perturber struct {
	random     *rand.Rand
	isTaken    func(text, domain string) bool // the text is in the set, or its registered domain in another part
	subdomains []string                       // of benign names
	paths      []string                       // of benign URLs, with their query and without their fragment
	ports      []string                       // of benign rows, with their colon
	bases      map[string]*bases              // rows to change, by kind
	made       map[string]bool
	rows       []*Row
	counts     map[string]int
}

// bases are the rows of one kind that can be changed.
type bases struct {
	domains []string // names that are their registered domain
	below   []string // names with a sub-domain
	names   []string // both, and addresses, with or without a port
	hosts   []string // of names
	urls    []string // without their fragments
}

func newPerturber(seed uint64, rows []*Row, isTaken func(text, domain string) bool) *perturber {
	p := &perturber{random: rand.New(rand.NewPCG(seed, 0x70657274757262)), isTaken: isTaken, bases: map[string]*bases{Benign: {}, DGA: {}}, made: make(map[string]bool), counts: make(map[string]int)}
	var u canon.URL
	for _, row := range rows {
		if row.Malicious && row.Kind == "" || u.Parse(row.Text) != nil || !u.IsRegistrable() && !u.IsAddress() {
			continue
		}
		kind := p.bases[row.Kind]
		if kind == nil {
			kind = new(bases)
			p.bases[row.Kind] = kind
		}
		host, port := string(u.Host()), u.Port()
		if port != "" && !row.Malicious {
			p.ports = append(p.ports, port)
		}
		if u.HasPath() {
			url, _, _ := strings.Cut(row.Text, "#")
			kind.urls = append(kind.urls, url)
			if path := url[strings.IndexByte(url, '/'):]; !row.Malicious && path != "/" {
				p.paths = append(p.paths, path)
			}
			continue
		}
		kind.names = append(kind.names, row.Text)
		kind.hosts = append(kind.hosts, host)
		domain := string(u.RegisteredDomain())
		subdomain, isBelow := strings.CutSuffix(row.Text, "."+domain)
		switch {
		case u.IsAddress():
		case row.Text == domain:
			kind.domains = append(kind.domains, domain)
		case isBelow:
			kind.below = append(kind.below, row.Text)
			if !row.Malicious {
				p.subdomains = append(p.subdomains, subdomain)
			}
		}
	}
	return p
}

// run makes the rows that perturb asks for.
func (p *perturber) run(perturb Perturb) {
	benign, generated := p.bases[Benign], p.bases[DGA]
	before := func(domain string) string { return p.one(p.subdomains) + "." + domain }
	behind := func(text string) string { return strings.TrimSuffix(text, "/") + p.one(p.paths) }
	putPort := func(host string) string { return host + p.one(p.ports) }
	p.make("subdomains", perturb.Subdomains, benign.domains, Benign, before)
	for kind, of := range p.malicious() {
		p.make("malicious_subdomains", perturb.MaliciousSubdomains, of.domains, kind, before)
	}
	p.make("random_subdomains", perturb.RandomSubdomains, benign.domains, Benign, func(domain string) string {
		label, _, _ := strings.Cut(p.one(generated.domains), ".")
		return label + "." + domain
	})
	p.make("suffixes", perturb.Suffixes, generated.domains, DGA, func(domain string) string {
		label, _, _ := strings.Cut(domain, ".")
		_, suffix, _ := strings.Cut(p.one(benign.domains), ".")
		return label + "." + suffix
	})
	p.make("characters", perturb.Characters, benign.domains, DGA, p.changeCharacters)
	p.make("paths", perturb.Paths, benign.names, Benign, behind)
	p.make("tails", perturb.Tails, benign.urls, Benign, p.lengthen)
	p.make("labels", perturb.Labels, benign.domains, Benign, p.putLabels)
	p.make("ports", perturb.Ports, benign.hosts, Benign, putPort)
	p.make("bare", perturb.Bare, benign.below, Benign, domainOf)
	for kind, of := range p.malicious() {
		p.make("malicious_paths", perturb.MaliciousPaths, of.names, kind, behind)
		p.make("malicious_tails", perturb.MaliciousTails, of.urls, kind, p.lengthen)
		p.make("malicious_labels", perturb.MaliciousLabels, of.domains, kind, p.putLabels)
		p.make("malicious_ports", perturb.MaliciousPorts, of.hosts, kind, putPort)
		p.make("malicious_bare", perturb.MaliciousBare, of.below, kind, domainOf)
	}
}

// malicious yields the malicious kinds in their order.
func (p *perturber) malicious() iter.Seq2[string, *bases] {
	return func(yield func(string, *bases) bool) {
		for _, kind := range slices.Sorted(maps.Keys(p.bases)) {
			if kind != Benign && !yield(kind, p.bases[kind]) {
				return
			}
		}
	}
}

// lengthen puts a benign path behind a URL's own, or before it.
func (p *perturber) lengthen(url string) string {
	path := p.one(p.paths)
	if p.random.IntN(3) > 0 {
		if strings.Contains(url, "?") {
			return url + "&" + strings.TrimLeft(path, "/?")
		}
		return strings.TrimSuffix(url, "/") + path
	}
	path, _, _ = strings.Cut(path, "?")
	host, own, _ := strings.Cut(url, "/")
	return host + strings.TrimSuffix(path, "/") + "/" + own
}

// putLabels puts three to twelve labels of benign sub-domains before a domain.
func (p *perturber) putLabels(domain string) string {
	for labels := 3 + p.random.IntN(10); labels > 0; {
		subdomain := p.one(p.subdomains)
		domain = subdomain + "." + domain
		labels -= 1 + strings.Count(subdomain, ".")
	}
	return domain
}

// domainOf returns the registered domain of a host.
func domainOf(host string) string {
	var u canon.URL
	if u.Parse(host) != nil {
		return ""
	}
	return string(u.RegisteredDomain())
}

// make adds rows that change makes of bases, drawn at random. Some results are taken or no names,
// so that it makes somewhat fewer rows than it was asked for.
func (p *perturber) make(name string, perturbation Perturbation, bases []string, kind string, change func(base string) string) {
	if perturbation.Weight == 0 {
		perturbation.Weight = 1
	}
	var u canon.URL
	for range int(perturbation.Share * float64(len(bases))) {
		text := change(p.one(bases))
		if u.Parse(text) != nil || !u.IsRegistrable() && !u.IsAddress() {
			continue
		}
		text = u.String()
		if p.made[text] || p.isTaken(text, string(u.RegisteredDomain())) {
			continue
		}
		p.made[text] = true
		p.rows = append(p.rows, &Row{
			Text: text, Malicious: kind != Benign, Kind: kind,
			Source: "perturbed_" + name, Weight: perturbation.Weight,
		})
		p.counts[name]++
	}
}

// one draws one of the texts, or an empty string if there are none.
func (p *perturber) one(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[p.random.IntN(len(texts))]
}

// changeCharacters changes two characters of a domain's label, and every second time the suffix. It
// returns nothing for a label that ChangeTwoCharacters refuses.
func (p *perturber) changeCharacters(domain string) string {
	label, suffix, _ := strings.Cut(domain, ".")
	if p.random.IntN(2) == 0 {
		_, suffix, _ = strings.Cut(p.one(p.bases[Benign].domains), ".")
	}
	changed := ChangeTwoCharacters(p.random, label)
	if changed == "" {
		return ""
	}
	return changed + "." + suffix
}

// ChangeTwoCharacters returns a label with two of its characters, which random chooses, replaced by
// other letters or digits. It returns nothing for labels under 6 characters and for
// internationalised ones, which nobody would recognise after that.
func ChangeTwoCharacters(random *rand.Rand, label string) string {
	const shortest = 6
	const characters = "abcdefghijklmnopqrstuvwxyz0123456789"
	if len(label) < shortest || strings.HasPrefix(label, "xn--") {
		return ""
	}
	changed := []byte(label)
	for _, at := range random.Perm(len(label))[:2] {
		for changed[at] == label[at] {
			changed[at] = characters[random.IntN(len(characters))]
		}
	}
	return string(changed)
}
