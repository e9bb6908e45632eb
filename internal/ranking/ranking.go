// Package ranking adds up what a log says of its names, and ranks registered domains and clients by
// the evidence that comes of it.
//
//	table := ranking.New(ranking.Options{Levels: levels, Kinds: kinds})
//	table.Add(ranking.Observation{Client: "10.0.0.7", Name: "a.example.com", Domain: "example.com"})
//	result := table.Result(20)
//
// It knows no format and no model: an Observation says who asked what, and what the model says of
// the name. What an allow list excuses is only counted, by LeaveOut, before anything is added up.
//
// Evidence is -log10 of a probability: evidence 4 is what 1 in 10,000 ordinary domains or clients
// comes to by chance. result.go says how, docs/decisions/ranking.md why.
//
// Memory is bounded. Everything is exact until there are a million distinct names, or some millions
// of pairs of client and domain. Then counts are estimates that say their error (set), and domains
// and clients without evidence are forgotten first.
package ranking

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// A Level is one of the model's levels above none, the lowest first.
type Level struct {
	Name string
	Rate float64 // of ordinary names that reach it
}

// Options say how observations are to be read.
type Options struct {
	Levels []Level  // at most three
	Kinds  []string // the model's

	// Limit is how many distinct keys are held at most: names, and pairs of a client and a domain,
	// each of which counts twice. Default: 8 Mi, 100 to 150 MiB.
	Limit int

	// Most is how many domains are held at most, and a quarter of it how many clients. Default:
	// 1 Mi.
	Most int
}

// An Observation is one name in one record of a log.
type Observation struct {
	Client string // who asked; may be empty
	Time   int64  // in microseconds since 1970; 0 if unknown
	Name   string // in canonical form
	Domain string // its registered domain

	Score  float64
	Level  int    // 0 for none, else 1 + index of Options.Levels
	Kind   int    // index of Options.Kinds
	Family string // the likeliest, where the kind is dga

	Part     Part
	Response Response
}

// A Part says what an observation is of an exchange. Where a log tells of questions and of answers,
// both are given, and the larger number is how many queries there were.
type Part uint8

// The parts of an exchange.
const (
	Whole Part = iota // question and answer in one
	Question
	Answer
)

// A Response is what came of a query.
type Response uint8

// The responses that matter.
const (
	Unknown  Response = iota
	Exists            // NOERROR: the name exists
	NXDomain          // it does not
)

// A Table adds up observations. It belongs to one goroutine; what it says does not depend on the
// order of what was added, as long as it is exact.
type Table struct {
	options Options
	seed    maphash.Seed
	domains map[uint64]*domain // by hash of the name
	clients map[uint64]*client

	names, domainNames, clientNames set // distinct in all
	keys                            int // in the sets of domains and clients
	setLimit                        int // keys that a set may have
	first, last                     int64
	queries                         tally
	allowed, notPublic              int
	forgottenDomains                int
	forgottenClients                int
}

// A tally counts observations.
type tally struct{ whole, questions, answers, nx, exist uint32 }

func (t *tally) add(o *Observation) {
	switch o.Part {
	case Whole:
		t.whole++
	case Question:
		t.questions++
	case Answer:
		t.answers++
	}
	switch o.Response {
	case NXDomain:
		t.nx++
	case Exists:
		t.exist++
	}
}

func (t *tally) queries() int { return int(t.whole) + int(max(t.questions, t.answers)) }

// A domain is what is known of a registered domain.
type domain struct {
	name        string
	queries     tally
	first, last int64
	names       set // keys of nameKey
	clients     set
	score       float32 // the highest
	level       uint8   // the highest of a name
	examples    []Example
	families    []FamilyCount
}

// A client is what is known of who asked.
type client struct {
	name        string
	queries     tally
	first, last int64
	domains     set
	notable     set // of domains: those with a name that has a level or does not exist
}

// An Example is a name of a domain.
type Example struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
	Level string  `json:"level"`
	Kind  string  `json:"kind"`
}

// A FamilyCount is how many names are likeliest of a family.
type FamilyCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// New returns an empty Table.
func New(o Options) *Table {
	o.Limit = cmp.Or(o.Limit, 8<<20)
	o.Most = cmp.Or(o.Most, 1<<20)
	return &Table{
		options: o, seed: maphash.MakeSeed(), setLimit: 1 << 20,
		domains: make(map[uint64]*domain), clients: make(map[uint64]*client),
	}
}

// LeaveOut counts observations that are not added: those that an allow list excuses, and those that
// are no public names.
func (t *Table) LeaveOut(allowed, notPublic int) {
	t.allowed += allowed
	t.notPublic += notPublic
}

// What a key of a name says beside the hash: its level and kind, which are the same wherever the
// name stands.
const (
	keyLevels = 4
	keyKinds  = 8
)

func nameKey(hash uint64, level, kind int) uint64 {
	return hash&^(keyLevels*keyKinds-1) | uint64(level)*keyKinds | uint64(min(kind, keyKinds-1))
}

func levelOf(key uint64) int { return int(key / keyKinds % keyLevels) }
func kindOf(key uint64) int  { return int(key % keyKinds) }

// Add adds an observation. Its strings are copied where they are kept. Of a domain, a client or a
// name that is known, nothing is allocated.
func (t *Table) Add(o Observation) {
	t.queries.add(&o)
	extend(&t.first, &t.last, o.Time)
	nameHash := maphash.String(t.seed, o.Name)
	domainHash := nameHash
	if o.Domain != o.Name {
		domainHash = maphash.String(t.seed, o.Domain)
	}
	key := nameKey(nameHash, o.Level, o.Kind)
	t.names.add(key)
	t.names.thin(maxDistinct)

	d := t.domains[domainHash]
	if d == nil {
		d = &domain{name: strings.Clone(o.Domain)}
		t.domains[domainHash] = d
		t.domainNames.add(domainHash)
		t.domainNames.thin(maxDistinct)
	}
	d.queries.add(&o)
	extend(&d.first, &d.last, o.Time)
	d.score = max(d.score, float32(o.Score))
	grown := d.names.add(key)
	t.keys += grown
	if o.Level > 0 && (grown > 0 || d.names.halvings > 0) {
		d.level = max(d.level, uint8(o.Level))
		t.addExample(d, &o)
		if o.Family != "" && grown > 0 {
			d.families = addFamily(d.families, o.Family, 1)
		}
	}

	if o.Client != "" {
		t.addClient(d, domainHash, &o)
	}
	if t.keys > t.options.Limit || len(t.domains) > t.options.Most || len(t.clients) > t.options.Most/4 {
		t.shrink()
	}
}

// maxDistinct is how many names, domains and clients are counted exactly.
const maxDistinct = 1 << 20

func (t *Table) addClient(d *domain, domainHash uint64, o *Observation) {
	hash := maphash.String(t.seed, o.Client)
	c := t.clients[hash]
	if c == nil {
		c = &client{name: strings.Clone(o.Client)}
		t.clients[hash] = c
		t.clientNames.add(hash)
		t.clientNames.thin(maxDistinct)
	}
	c.queries.add(o)
	extend(&c.first, &c.last, o.Time)
	t.keys += d.clients.add(hash)
	t.keys += c.domains.add(domainHash)
	if o.Level > 0 || o.Response == NXDomain {
		t.keys += c.notable.add(domainHash)
	}
}

// extend makes a range of times include one.
func extend(first, last *int64, time int64) {
	if time == 0 {
		return
	}
	if *first == 0 || time < *first {
		*first = time
	}
	*last = max(*last, time)
}

// How much is kept of a domain's names.
const maxExamples = 3

// addExample keeps the names with the highest scores.
func (t *Table) addExample(d *domain, o *Observation) {
	if slices.ContainsFunc(d.examples, func(e Example) bool { return e.Name == o.Name }) {
		return
	}
	if len(d.examples) == maxExamples && !isBefore(o.Score, o.Name, d.examples[maxExamples-1]) {
		return
	}
	i := 0
	for i < len(d.examples) && !isBefore(o.Score, o.Name, d.examples[i]) {
		i++
	}
	d.examples = slices.Insert(d.examples, i, Example{
		Name: strings.Clone(o.Name), Score: o.Score, Level: t.options.Levels[o.Level-1].Name, Kind: t.kind(o.Kind),
	})
	d.examples = d.examples[:min(len(d.examples), maxExamples)]
}

func isBefore(score float64, name string, e Example) bool {
	return score > e.Score || score == e.Score && name < e.Name
}

func (t *Table) kind(index int) string {
	if index < 0 || index >= len(t.options.Kinds) {
		return ""
	}
	return t.options.Kinds[index]
}

// addFamily counts names of a family. A domain's names mostly have one.
func addFamily(families []FamilyCount, name string, count int) []FamilyCount {
	for i := range families {
		if families[i].Name == name {
			families[i].Count += count
			return families
		}
	}
	const most = 64 // the families of a client's domains
	if len(families) == most {
		return families
	}
	return append(families, FamilyCount{name, count})
}

// shortestSet is below which no set is thinned: the error is then 1.2 / sqrt(128) at most, 11 %.
const shortestSet = 256

// shrink brings the table below its limits. Sets are thinned, the largest first. Where that is not
// enough, what has the least evidence is forgotten, and enough of it that the next time is far off.
func (t *Table) shrink() {
	for t.keys > t.options.Limit && t.setLimit > shortestSet {
		t.setLimit /= 2
		for _, d := range t.domains {
			t.keys -= d.names.thin(t.setLimit) + d.clients.thin(t.setLimit)
		}
		for _, c := range t.clients {
			t.keys -= c.domains.thin(t.setLimit) + c.notable.thin(t.setLimit)
		}
	}
	ofDomains := 0
	for _, d := range t.domains {
		ofDomains += d.keys()
	}
	toFree := 0
	if t.keys > t.options.Limit {
		toFree = t.keys - t.options.Limit/4*3
	}
	fromDomains := toFree * ofDomains / max(t.keys, 1)
	if len(t.domains) > t.options.Most || fromDomains > 0 {
		forgotten, freed := forget(t.domains, t.options.Most, fromDomains, (*domain).weight, (*domain).keys)
		t.forgottenDomains += forgotten
		t.keys -= freed
	}
	if len(t.clients) > t.options.Most/4 || toFree > fromDomains {
		forgotten, freed := forget(t.clients, t.options.Most/4, toFree-fromDomains, (*client).weight, (*client).keys)
		t.forgottenClients += forgotten
		t.keys -= freed
	}
}

// A weight says how much would be lost. The first number that differs decides.
type weight [3]int

func (d *domain) weight() weight {
	missing := 0
	if d.queries.exist == 0 {
		missing = int(d.queries.nx)
	}
	return weight{int(d.level), missing, d.queries.queries()}
}

func (c *client) weight() weight {
	return weight{int(c.notable.count), int(c.domains.count), c.queries.queries()}
}

func (d *domain) keys() int { return int(d.names.count + d.clients.count) }
func (c *client) keys() int { return int(c.domains.count + c.notable.count) }

// forget deletes the entries that weigh least, until so many keys are free and, if there are more
// entries than most, a quarter of them is gone. It returns how many were deleted, and their keys.
func forget[T any](entries map[uint64]T, most, toFree int, weigh func(T) weight, keys func(T) int) (forgotten, freed int) {
	type weighed struct {
		hash   uint64
		weight weight
	}
	all := make([]weighed, 0, len(entries))
	for hash, entry := range entries {
		all = append(all, weighed{hash, weigh(entry)})
	}
	slices.SortFunc(all, func(a, b weighed) int {
		return cmp.Or(slices.Compare(a.weight[:], b.weight[:]), cmp.Compare(a.hash, b.hash))
	})
	wanted := 0
	if len(all) > most {
		wanted = len(all) - most/4*3
	}
	for forgotten < len(all) && (forgotten < wanted || freed < toFree) {
		hash := all[forgotten].hash
		freed += keys(entries[hash])
		delete(entries, hash)
		forgotten++
	}
	return forgotten, freed
}
