package dataset

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
)

// Perturb says which rows train is given beside those of the sources: rows of its own, changed in
// such a way that their label is known, so that a network learns what a label does not depend on.
type Perturb struct {
	// The sub-domain of one benign name before the registered domain of another: benign. What
	// stands before a registered domain says little, since its owner chooses it.
	Subdomains Perturbation `json:"subdomains,omitzero"`

	// The sub-domain of a benign name before the registered domain of a malicious one: malicious,
	// of its kind. Nor does what stands there make a name benign.
	MaliciousSubdomains Perturbation `json:"malicious_subdomains,omitzero"`

	// The label of a generated name before the registered domain of a benign one: benign, as are
	// the host names of machines and tenants.
	RandomSubdomains Perturbation `json:"random_subdomains,omitzero"`

	// A generated name under the suffix of a benign one: generated. Each algorithm has its
	// suffixes, but the next one will have others.
	Suffixes Perturbation `json:"suffixes,omitzero"`

	// A benign registered domain with two characters changed, as CharBot generates names (Peck et
	// al. 2019, arXiv 1905.01078): generated.
	Characters Perturbation `json:"characters,omitzero"`
}

// A Perturbation says how many rows are made, and what each is worth.
type Perturbation struct {
	Share  float64 `json:"share"`            // of the rows that can be changed; above 1 some are changed twice
	Weight float32 `json:"weight,omitempty"` // of a row in the training loss; default 1
}

// maxShare keeps a slip in a recipe from filling the memory.
const maxShare = 10

func (p Perturb) validate() error {
	for name, perturbation := range map[string]Perturbation{
		"subdomains": p.Subdomains, "malicious_subdomains": p.MaliciousSubdomains,
		"random_subdomains": p.RandomSubdomains, "suffixes": p.Suffixes, "characters": p.Characters,
	} {
		if !(perturbation.Share >= 0 && perturbation.Share <= maxShare) || !(perturbation.Weight >= 0) {
			return fmt.Errorf("recipe: perturb %s: share %v and weight %v, want 0 to %d and at least 0", name, perturbation.Share, perturbation.Weight, maxShare)
		}
	}
	return nil
}

// perturber makes perturbed rows of those of train.
type perturber struct {
	random     *rand.Rand
	isTaken    func(text, domain string) bool // the text stands in the set, or its registered domain in another part
	domains    []string                       // benign registered domains
	subdomains []string                       // what stands before them in benign names
	malicious  map[string][]string            // malicious registered domains, by kind
	made       map[string]bool
	rows       []*Row
	counts     map[string]int
}

func newPerturber(seed uint64, rows []*Row, isTaken func(text, domain string) bool) *perturber {
	p := &perturber{random: rand.New(rand.NewPCG(seed, 0x70657274757262)), isTaken: isTaken, malicious: make(map[string][]string), made: make(map[string]bool), counts: make(map[string]int)}
	var u canon.URL
	for _, row := range rows {
		if row.Malicious && row.Kind == "" || u.Parse(row.Text) != nil || u.HasPath() || !u.IsRegistrable() {
			continue
		}
		domain := string(u.RegisteredDomain())
		subdomain, isBelow := strings.CutSuffix(row.Text, "."+domain)
		switch {
		case row.Malicious && row.Text == domain:
			p.malicious[row.Kind] = append(p.malicious[row.Kind], domain)
		case row.Malicious:
		case row.Text == domain:
			p.domains = append(p.domains, domain)
		case isBelow:
			p.subdomains = append(p.subdomains, subdomain)
		}
	}
	return p
}

// run makes the rows that are asked for.
func (p *perturber) run(perturb Perturb) {
	p.make("subdomains", perturb.Subdomains, p.domains, Benign, func(domain string) string {
		return p.one(p.subdomains) + "." + domain
	})
	for _, kind := range slices.Sorted(maps.Keys(p.malicious)) {
		p.make("malicious_subdomains", perturb.MaliciousSubdomains, p.malicious[kind], kind, func(domain string) string {
			return p.one(p.subdomains) + "." + domain
		})
	}
	p.make("random_subdomains", perturb.RandomSubdomains, p.domains, Benign, func(domain string) string {
		label, _, _ := strings.Cut(p.one(p.malicious[DGA]), ".")
		return label + "." + domain
	})
	p.make("suffixes", perturb.Suffixes, p.malicious[DGA], DGA, func(domain string) string {
		label, _, _ := strings.Cut(domain, ".")
		_, suffix, _ := strings.Cut(p.one(p.domains), ".")
		return label + "." + suffix
	})
	p.make("characters", perturb.Characters, p.domains, DGA, p.changeCharacters)
}

// make adds rows that change makes of bases, drawn at random. What it makes of some is taken or no
// name, so that there are somewhat fewer than asked for.
func (p *perturber) make(name string, perturbation Perturbation, bases []string, kind string, change func(base string) string) {
	if perturbation.Weight == 0 {
		perturbation.Weight = 1
	}
	var u canon.URL
	for range int(perturbation.Share * float64(len(bases))) {
		text := change(p.one(bases))
		if u.Parse(text) != nil || !u.IsRegistrable() {
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

// one draws a text, and none where there are none.
func (p *perturber) one(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[p.random.IntN(len(texts))]
}

// changeCharacters changes two characters of a name's first label, of at least 6, and every second
// time the suffix.
func (p *perturber) changeCharacters(domain string) string {
	label, suffix, _ := strings.Cut(domain, ".")
	if p.random.IntN(2) == 0 {
		_, suffix, _ = strings.Cut(p.one(p.domains), ".")
	}
	changed := ChangeTwoCharacters(p.random, label)
	if changed == "" {
		return ""
	}
	return changed + "." + suffix
}

// ChangeTwoCharacters returns a label with two of its characters, which random chooses, replaced by
// other letters or digits. Of labels under 6 characters and of internationalised ones nothing
// recognisable would be left, and it returns nothing.
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
