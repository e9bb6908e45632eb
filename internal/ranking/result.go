package ranking

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A Result is the rankings and the numbers of a log.
type Result struct {
	Queries   int       `json:"queries"`
	Allowed   int       `json:"allowed"`    // left out, for an allow list has them
	NotPublic int       `json:"not_public"` // left out, for they are no public names
	Answers   bool      `json:"answers"`    // the log says which names exist
	Names     Count     `json:"names"`
	Domains   Count     `json:"domains"`
	Clients   Count     `json:"clients"`
	First     time.Time `json:"first,omitzero"`
	Last      time.Time `json:"last,omitzero"`

	// What had no evidence, or the least, and was forgotten to bound memory. It may come back as
	// new.
	ForgottenDomains int `json:"forgotten_domains,omitempty"`
	ForgottenClients int `json:"forgotten_clients,omitempty"`

	TopDomains []Domain `json:"top_domains"`
	TopClients []Client `json:"top_clients"`

	RankedDomains int     `json:"ranked_domains"` // with any evidence
	RankedClients int     `json:"ranked_clients"`
	Points        []Point `json:"-"` // for a picture
}

// A Domain is a registered domain with evidence.
type Domain struct {
	Domain   string         `json:"domain"`
	Evidence float64        `json:"evidence"`
	Level    string         `json:"level"` // what its evidence reaches
	Score    float64        `json:"score"` // the highest of a name
	Kinds    map[string]int `json:"kinds"` // of names that reach a level
	Families []FamilyCount  `json:"families,omitempty"`
	Names    Count          `json:"names"`
	Notable  Count          `json:"names_at_low"` // those that reach the lowest level or above
	Clients  Count          `json:"clients"`
	Queries  int            `json:"queries"`
	NXDomain int            `json:"nxdomain"` // answers that a name does not exist
	Exists   int            `json:"exists"`   // answers that it does
	First    time.Time      `json:"first,omitzero"`
	Last     time.Time      `json:"last,omitzero"`
	Examples []Example      `json:"examples"`
}

// A Client is who asked, with evidence. Domains are registered domains, each of which counts once.
type Client struct {
	Client   string         `json:"client"`
	Evidence float64        `json:"evidence"`
	Because  Reason         `json:"because"`
	Domains  Count          `json:"domains"`
	AtLow    Count          `json:"domains_at_low"`
	Missing  Count          `json:"domains_nxdomain"` // of which no name exists
	Both     Count          `json:"domains_nxdomain_at_low"`
	Kinds    map[string]int `json:"kinds"` // of domains at the lowest level or above
	Families []FamilyCount  `json:"families,omitempty"`
	Queries  int            `json:"queries"`
	NXDomain int            `json:"nxdomain"`
	First    time.Time      `json:"first,omitzero"`
	Last     time.Time      `json:"last,omitzero"`
	Examples []Example      `json:"examples"`        // what was asked for, the highest scores first
	Exist    []Example      `json:"exist,omitempty"` // of a client that asks for names that do not: those at a level that do
}

// A Reason is the test that gave the most evidence.
type Reason struct {
	NXDomain bool    `json:"nxdomain"`        // domains of which no name exists
	Level    string  `json:"level,omitempty"` // that reach this level; UpperTenth; empty for any
	Count    int     `json:"count"`
	Of       int     `json:"of"`
	Expected float64 `json:"expected"` // of an ordinary client of this log
}

// UpperTenth is the level of a Reason that the scores of 1 in 10 domains of the log reach.
const UpperTenth = "upper tenth"

// A Point is a client in the picture of all.
type Point struct {
	Client           string
	Domains, Notable int
	Evidence         float64
	Rank             int
}

// The tests of a client: domains at each level, domains that do not exist, and those of them at
// each level, where the upper tenth comes first.
const (
	maxLevels = 3
	atLevel   = 0
	missing   = atLevel + maxLevels
	inTenth   = missing + 1
	bothLevel = inTenth + 1
	tests     = bothLevel + maxLevels
)

// What is supposed of ordinary domains and clients (docs/decisions/ranking.md).
const (
	namesAlike   = 1   // weight of the beta distribution for the names of one domain
	clientsAlike = 100 // for the domains of one client
	missingAlike = 20  // for the domains of one client that do not exist

	missingRate  = .05  // of an ordinary client's domains
	ownDraws     = 1000 // what the rates above weigh beside those of the log
	fewestScores = 200  // domains for which a log has an upper tenth
)

// concluded is what the names of a domain come to.
type concluded struct {
	evidence float64
	level    int
	isTenth  bool
	missing  bool
}

// conclude returns the evidence over all names of a domain, and the level that one name has with as
// much evidence. Names of one domain resemble each other: however many they are, the level is none
// that no name reaches, and the evidence at most a digit more than that of one name.
func (t *Table) conclude(d *domain) (c concluded) {
	var reached [maxLevels]int
	d.names.each(func(key uint64) {
		for level := range levelOf(key) {
			reached[level]++
		}
	})
	const mostMore = 1 // digit
	chance, most := 1.0, 0.0
	for i, level := range t.options.Levels {
		chance = min(chance, tail(reached[i], int(d.names.count), level.Rate, namesAlike))
		if reached[i] > 0 {
			most = digits(level.Rate) + mostMore
		}
	}
	c.evidence = min(digits(chance), most)
	for i, level := range t.options.Levels {
		if reached[i] > 0 && chance <= level.Rate*1.001 { // what one name has is computed with an error
			c.level = i + 1
		}
	}
	c.missing = d.queries.nx > 0 && d.queries.exist == 0
	return c
}

// counted is what a client asked for: how many of its n domains each test counts.
type counted struct {
	n    float64
	hits [tests]float64
}

// Result returns the rankings of at most n domains and clients. The table may grow afterwards.
func (t *Table) Result(n int) Result {
	r := Result{
		Queries: t.queries.queries(), Allowed: t.allowed, NotPublic: t.notPublic,
		Answers: t.queries.nx+t.queries.exist > 0,
		Names:   t.names.total(), Domains: t.domainNames.total(), Clients: t.clientNames.total(),
		First: moment(t.first), Last: moment(t.last),
		ForgottenDomains: t.forgottenDomains, ForgottenClients: t.forgottenClients,
	}
	domains := t.concludeAll()
	r.TopClients = []Client{} // in JSON [], not null
	r.TopDomains, r.RankedDomains = t.topDomains(domains, n)
	t.rankClients(&r, domains, n)
	return r
}

func (t *Table) concludeAll() map[uint64]concluded {
	domains := make(map[uint64]concluded, len(t.domains))
	var scores []float32
	for hash, d := range t.domains {
		c := t.conclude(d)
		domains[hash] = c
		if !c.missing {
			scores = append(scores, d.score)
		}
	}
	if len(scores) >= fewestScores {
		slices.Sort(scores)
		tenth := scores[len(scores)-len(scores)/10]
		for hash, c := range domains {
			c.isTenth = t.domains[hash].score >= tenth
			domains[hash] = c
		}
	}
	return domains
}

func (t *Table) topDomains(domains map[uint64]concluded, n int) (top []Domain, ranked int) {
	var hashes []uint64
	for hash, c := range domains {
		if c.evidence > 0 {
			hashes = append(hashes, hash)
		}
	}
	top, ranked = []Domain{}, len(hashes)
	slices.SortFunc(hashes, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(domains[b].evidence, domains[a].evidence), t.compareDomains(a, b))
	})
	for _, hash := range hashes[:min(n, len(hashes))] {
		d, c := t.domains[hash], domains[hash]
		kinds, notable := make(map[string]int), 0
		d.names.each(func(key uint64) {
			if levelOf(key) > 0 {
				notable++
				kinds[t.kind(kindOf(key))] += int(d.names.weight())
			}
		})
		top = append(top, Domain{
			Domain: d.name, Evidence: roundEvidence(c.evidence), Level: t.levelName(c.level), Score: roundScore(d.score),
			Kinds: kinds, Families: likeliest(d.families),
			Names: d.names.total(), Notable: d.names.part(notable), Clients: d.clients.total(),
			Queries: d.queries.queries(), NXDomain: int(d.queries.nx), Exists: int(d.queries.exist),
			First: moment(d.first), Last: moment(d.last), Examples: d.examples,
		})
	}
	return top, ranked
}

// compareDomains orders domains by score, then by how many asked, then by name.
func (t *Table) compareDomains(a, b uint64) int {
	x, y := t.domains[a], t.domains[b]
	return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(y.clients.total().Value, x.clients.total().Value), cmp.Compare(x.name, y.name))
}

func (t *Table) rankClients(r *Result, domains map[uint64]concluded, n int) {
	type ranked struct {
		hash uint64
		counted
		evidence float64
		because  Reason
	}
	all := make([]ranked, 0, len(t.clients))
	var total counted
	for hash, c := range t.clients {
		some := t.count(c, domains)
		all = append(all, ranked{hash: hash, counted: some})
		total.n += some.n
		for i, hits := range some.hits {
			total.hits[i] += hits
		}
	}
	for i := range all {
		all[i].evidence, all[i].because = t.test(all[i].counted, total, r.Answers)
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.evidence, a.evidence), cmp.Compare(b.hits[atLevel], a.hits[atLevel]),
			cmp.Compare(t.clients[a.hash].name, t.clients[b.hash].name))
	})
	for i, c := range all {
		if c.evidence > 0 {
			r.RankedClients++
			if i < n {
				r.TopClients = append(r.TopClients, t.describe(c.hash, domains, c.evidence, c.because))
			}
		}
		r.Points = append(r.Points, Point{
			t.clients[c.hash].name, int(c.n), int(c.hits[atLevel] + c.hits[missing] - c.hits[bothLevel]), c.evidence, i + 1,
		})
	}
}

// count counts the domains of a client.
func (t *Table) count(c *client, domains map[uint64]concluded) counted {
	some := counted{n: float64(c.domains.total().Value)}
	weight := c.notable.weight()
	c.notable.each(func(key uint64) {
		d, known := domains[key]
		if !known { // it was forgotten
			return
		}
		for level := range d.level {
			some.hits[atLevel+level] += weight
		}
		if !d.missing {
			return
		}
		some.hits[missing] += weight
		if d.isTenth {
			some.hits[inTenth] += weight
		}
		for level := range d.level {
			some.hits[bothLevel+level] += weight
		}
	})
	some.n = max(some.n, some.hits[atLevel], some.hits[missing])
	return some
}

// test returns the evidence on a client: that of the strongest test, less what the best of several
// comes to by chance. What is to be expected is what other clients of the log come to.
func (t *Table) test(c, total counted, answers bool) (evidence float64, because Reason) {
	others := total.n - c.n
	rate := func(test int, own float64) float64 {
		return (total.hits[test] - c.hits[test] + own*ownDraws) / (others + ownDraws)
	}
	made := 0
	try := func(test int, expected float64, alike float64, reason Reason) {
		made++
		n, k := int(c.n), int(c.hits[test]+.5)
		if found := digits(tail(k, n, expected, alike)); found > evidence {
			reason.Count, reason.Of, reason.Expected = k, n, expected*c.n
			evidence, because = found, reason
		}
	}
	for i, level := range t.options.Levels {
		try(atLevel+i, max(rate(atLevel+i, level.Rate), level.Rate), clientsAlike, Reason{Level: level.Name})
	}
	if answers {
		absent := rate(missing, missingRate)
		try(missing, absent, missingAlike, Reason{NXDomain: true})
		try(inTenth, max(rate(inTenth, absent/10), absent/10), clientsAlike, Reason{NXDomain: true, Level: UpperTenth})
		for i, level := range t.options.Levels {
			own := absent * level.Rate
			try(bothLevel+i, max(rate(bothLevel+i, own), own), clientsAlike, Reason{NXDomain: true, Level: level.Name})
		}
	}
	return max(evidence-math.Log10(float64(max(made, 1))), 0), because
}

// describe returns a client for the ranking.
func (t *Table) describe(hash uint64, domains map[uint64]concluded, evidence float64, because Reason) Client {
	c := t.clients[hash]
	described := Client{
		Client: c.name, Evidence: roundEvidence(evidence), Because: because, Domains: c.domains.total(),
		Kinds: make(map[string]int), Queries: c.queries.queries(), NXDomain: int(c.queries.nx),
		First: moment(c.first), Last: moment(c.last),
	}
	var atLow, absent, both int
	var asked, exist []uint64
	c.notable.each(func(key uint64) {
		d, known := domains[key]
		if !known {
			return
		}
		if d.missing {
			absent++
		}
		if d.level == 0 {
			if d.missing && d.isTenth && because.NXDomain {
				asked = append(asked, key)
			}
			return
		}
		atLow++
		if d.missing {
			both++
		}
		if because.NXDomain && !d.missing {
			exist = append(exist, key)
		} else {
			asked = append(asked, key)
		}
		if examples := t.domains[key].examples; len(examples) > 0 {
			described.Kinds[examples[0].Kind] += int(c.notable.weight())
		}
		for _, family := range t.domains[key].families[:min(1, len(t.domains[key].families))] {
			described.Families = addFamily(described.Families, family.Name, 1)
		}
	})
	described.Families = likeliest(described.Families)
	described.AtLow, described.Missing, described.Both = c.notable.part(atLow), c.notable.part(absent), c.notable.part(both)
	described.Examples, described.Exist = t.examplesOf(asked), t.examplesOf(exist)
	return described
}

// examplesOf returns the names with the highest scores of the domains with the highest.
func (t *Table) examplesOf(hashes []uint64) (examples []Example) {
	const most = 5
	slices.SortFunc(hashes, t.compareDomains)
	for _, hash := range hashes[:min(most, len(hashes))] {
		d := t.domains[hash]
		if len(d.examples) > 0 {
			examples = append(examples, d.examples[0])
			continue
		}
		examples = append(examples, Example{Name: d.name, Score: roundScore(d.score), Level: t.levelName(0), Kind: t.kind(0)})
	}
	return examples
}

func (t *Table) levelName(level int) string {
	if level == 0 {
		return "none"
	}
	return t.options.Levels[level-1].Name
}

// likeliest returns the families of the most names, at most three.
func likeliest(families []FamilyCount) []FamilyCount {
	const most = 3
	sorted := slices.Clone(families)
	slices.SortFunc(sorted, func(a, b FamilyCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return sorted[:min(most, len(sorted))]
}

// roundScore undoes that a score is kept as a float32: five digits are what can be said.
func roundScore(score float32) float64 { return math.Round(float64(score)*1e5) / 1e5 }

// roundEvidence leaves out what is an error of the sum rather than evidence.
func roundEvidence(evidence float64) float64 { return math.Round(evidence*1e6) / 1e6 }

func moment(microseconds int64) time.Time {
	if microseconds == 0 {
		return time.Time{}
	}
	return time.UnixMicro(microseconds).UTC()
}
