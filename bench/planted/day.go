package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/ranking"
)

// A day is the queries of ordinary clients, to which others are added.
type day struct {
	queries []ranking.Observation
	clients int
}

// How clients are made. A client asks for some hundred domains, a third of which are of one source:
// people have interests. Few names do not exist, since they are out of date or mistyped. One client
// in a hundred is a mail server, which asks for what strangers wrote.
const (
	medianDomains = 80 // of a client, which are spread log-normally
	spread        = .7 // standard deviation of the logarithm
	mostDomains   = 1000
	ownInterest   = .3  // of its domains
	gone          = .02 // of ordinary names, which do not exist any more
	mistyped      = .02 // of a client's names, on the mean
	mailServers   = .01 // of clients
	mailGone      = .3  // of the names that a mail server asks for
	mailDomains   = 3   // times as many as others
)

const secondsOfDay = 24 * 60 * 60

// makeDay makes the queries of a day.
func (o options) makeDay(model *snowman.Model, n names, seed uint64) (*day, error) {
	random := rand.New(rand.NewPCG(seed, 0x746f70))
	order := random.Perm(len(n.ordinary))
	isGone := make([]bool, len(n.ordinary))
	for i := range isGone {
		isGone[i] = random.Float64() < gone
	}
	const exponent, flat = 1.1, 20 // a Zipf law whose first names are asked for by most, not by all
	all := rand.NewZipf(random, exponent, flat, uint64(len(order)-1))
	bySource := make([]*rand.Zipf, len(n.bySource))
	for s, indices := range n.bySource {
		bySource[s] = rand.NewZipf(random, exponent, flat, uint64(len(indices)-1))
	}

	d := &day{clients: o.clients}
	var typed []string
	var typists []int
	for c := range o.clients {
		count := int(min(math.Exp(math.Log(medianDomains)+spread*random.NormFloat64()), mostDomains)) + 1
		isMail := random.Float64() < mailServers
		if isMail {
			count *= mailDomains
		}
		source := random.IntN(len(n.bySource))
		typos := random.ExpFloat64() * mistyped
		taken := make(map[int]bool)
		for range count {
			i := order[all.Uint64()]
			if isMail {
				i = random.IntN(len(order))
			} else if random.Float64() < ownInterest {
				i = n.bySource[source][bySource[source].Uint64()]
			}
			if taken[i] {
				continue
			}
			taken[i] = true
			if !isMail && random.Float64() < typos {
				typed, typists = append(typed, mistype(random, n.ordinary[i])), append(typists, c)
			}
			response := ranking.Exists
			if isGone[i] {
				response = ranking.NXDomain
			}
			d.add(random, c, n.ordinary[i], response)
		}
		if isMail {
			for range int(float64(count) * mailGone) { // names of their own, which nobody else finds
				typed, typists = append(typed, mistype(random, n.ordinary[random.IntN(len(order))])), append(typists, c)
			}
		}
	}
	wrong, err := scoreAll(model, typed)
	if err != nil {
		return nil, err
	}
	for i, s := range wrong {
		d.add(random, typists[i], s, ranking.NXDomain)
	}
	return d, nil
}

func (d *day) add(random *rand.Rand, client int, s scored, response ranking.Response) {
	d.queries = append(d.queries, observe(address(client), random.IntN(secondsOfDay), s, response))
}

func address(client int) string { return fmt.Sprintf("10.0.%d.%d", client/250, client%250) }

func observe(client string, second int, s scored, response ranking.Response) ranking.Observation {
	const midnight = 1_795_824_000 // 2026-11-28
	return ranking.Observation{
		Client: client, Time: int64(midnight+second) * 1e6, Name: s.Name, Domain: s.Domain,
		Score: s.Score, Level: s.Level, Kind: s.Kind, Response: response,
	}
}

// mistype returns a name with an error in the label before its public suffix, as typists make them:
// letters swapped, left out, doubled, or another in their place.
func mistype(random *rand.Rand, s scored) string {
	label, suffix, _ := strings.Cut(s.Domain, ".")
	b := []byte(label)
	if len(b) < 4 || strings.HasPrefix(label, "xn--") {
		return label + "ww." + suffix
	}
	i := 1 + random.IntN(len(b)-2)
	switch random.IntN(4) {
	case 0:
		b[i], b[i-1] = b[i-1], b[i]
	case 1:
		b = append(b[:i], b[i+1:]...)
	case 2:
		b = append(b[:i], append([]byte{b[i]}, b[i:]...)...)
	default:
		b[i] = byte('a' + random.IntN(26))
	}
	return string(b) + "." + suffix
}

// plant adds names of a family to the queries of one client, none of which exists, and returns the
// client's rank and evidence.
func (d *day) plant(family []scored, size int, seed uint64, o ranking.Options) (rank int, evidence float64) {
	random := rand.New(rand.NewPCG(seed, uint64(size)))
	table := ranking.New(o)
	for _, q := range d.queries {
		table.Add(q)
	}
	client := address(random.IntN(d.clients))
	for _, i := range random.Perm(len(family))[:min(size, len(family))] {
		table.Add(observe(client, random.IntN(secondsOfDay), family[i], ranking.NXDomain))
	}
	for _, p := range table.Result(1).Points {
		if p.Client == client {
			return p.Rank, p.Evidence
		}
	}
	return 0, 0
}
