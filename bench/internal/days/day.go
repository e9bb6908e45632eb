package days

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/ranking"
)

// A Day is the queries of ordinary clients, to which others may be added.
type Day struct {
	Queries []ranking.Observation
	Clients int
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

// SecondsOfDay is how long a day is.
const SecondsOfDay = 24 * 60 * 60

// Zipf returns the law by which names are asked for: the first by most clients, not by all.
func Zipf(random *rand.Rand, names int) *rand.Zipf {
	const exponent, flat = 1.1, 20
	return rand.NewZipf(random, exponent, flat, uint64(names-1))
}

// Make makes the queries of a day. The same seed makes the same day.
func (n *Names) Make(model *snowman.Model, clients int, seed uint64) (*Day, error) {
	random := rand.New(rand.NewPCG(seed, 0x746f70))
	order := random.Perm(len(n.Ordinary))
	isGone := make([]bool, len(n.Ordinary))
	for i := range isGone {
		isGone[i] = random.Float64() < gone
	}
	all := Zipf(random, len(order))
	bySource := make([]*rand.Zipf, len(n.BySource))
	for s, indices := range n.BySource {
		bySource[s] = Zipf(random, len(indices))
	}

	d := &Day{Clients: clients}
	var typed []string
	var typists []int
	for c := range clients {
		count := int(min(math.Exp(math.Log(medianDomains)+spread*random.NormFloat64()), mostDomains)) + 1
		isMail := random.Float64() < mailServers
		if isMail {
			count *= mailDomains
		}
		source := random.IntN(len(n.BySource))
		typos := random.ExpFloat64() * mistyped
		taken := make(map[int]bool)
		for range count {
			i := order[all.Uint64()]
			if isMail {
				i = random.IntN(len(order))
			} else if random.Float64() < ownInterest {
				i = n.BySource[source][bySource[source].Uint64()]
			}
			if taken[i] {
				continue
			}
			taken[i] = true
			if !isMail && random.Float64() < typos {
				typed, typists = append(typed, mistype(random, n.Ordinary[i])), append(typists, c)
			}
			response := ranking.Exists
			if isGone[i] {
				response = ranking.NXDomain
			}
			d.add(random, c, n.Ordinary[i], response)
		}
		if isMail {
			for range int(float64(count) * mailGone) { // names of their own, which nobody else finds
				typed, typists = append(typed, mistype(random, n.Ordinary[random.IntN(len(order))])), append(typists, c)
			}
		}
	}
	wrong, err := ScoreAll(model, typed)
	if err != nil {
		return nil, err
	}
	for i, s := range wrong {
		d.add(random, typists[i], s, ranking.NXDomain)
	}
	return d, nil
}

func (d *Day) add(random *rand.Rand, client int, s Scored, response ranking.Response) {
	d.Queries = append(d.Queries, Observe(Address(client), random.IntN(SecondsOfDay), s, response))
}

// Address returns the address of a client.
func Address(client int) string { return fmt.Sprintf("10.0.%d.%d", client/250, client%250) }

// Observe returns a query of a client for a name, in a second of the day.
func Observe(client string, second int, s Scored, response ranking.Response) ranking.Observation {
	const midnight = 1_795_824_000 // 2026-11-28
	return ranking.Observation{
		Client: client, Time: int64(midnight+second) * 1e6, Name: s.Name, Domain: s.Domain,
		Score: s.Score, Level: s.Level, Kind: s.Kind, Response: response,
	}
}

// mistype returns a name with an error in the label before its public suffix, as typists make them:
// letters swapped, left out, doubled, or another in their place.
func mistype(random *rand.Rand, s Scored) string {
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
