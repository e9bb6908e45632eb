package main

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/bench/internal/days"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/listing"
	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/logs"
)

// traffic is the names that are asked for in a day, one for each query.
type traffic struct {
	queries []string
	groups  map[string]group // of each name
}

// A group is what a name counts as.
type group int

const (
	absent group = iota // it does not exist: mistyped, or out of date
	benign
	malicious
)

// makeTraffic makes a day of benign queries, and one malicious query more for each thousand.
func makeTraffic(model *snowman.Model, names *days.Names, clients int, seed uint64) (*traffic, error) {
	day, err := names.Make(model, clients, seed)
	if err != nil {
		return nil, err
	}
	t := &traffic{groups: make(map[string]group)}
	for _, q := range day.Queries {
		t.queries = append(t.queries, q.Name)
		g := absent
		if q.Response == ranking.Exists {
			g = benign
		}
		t.groups[q.Name] = max(t.groups[q.Name], g)
	}
	isOrdinary := make(map[string]bool, len(names.Ordinary))
	for _, s := range names.Ordinary {
		isOrdinary[s.Name] = true
	}
	random := rand.New(rand.NewPCG(seed, 0x626c6f636b))
	order := random.Perm(len(names.Malicious))
	law := days.Zipf(random, len(order))
	for range len(day.Queries) / 1000 {
		// Hosts that many share, such as those of documents, stand among the benign rows as well.
		if name := names.Malicious[order[law.Uint64()]].Name; !isOrdinary[name] {
			t.queries = append(t.queries, name)
			t.groups[name] = malicious
		}
	}
	random.Shuffle(len(t.queries), func(i, j int) { t.queries[i], t.queries[j] = t.queries[j], t.queries[i] })
	return t, nil
}

// A count is what a list blocks of a day.
type count struct {
	entries           int
	benign, malicious tally
}

// A tally counts distinct names and the queries for them.
type tally struct{ names, blocked, queries, blockedQueries int }

// block makes a list of a day, and counts what it blocks of the same day.
func (t *traffic) block(ctx context.Context, model *snowman.Model, w way) (c count, err error) {
	job := listing.NewJob(model, listing.Options{Minimum: w.level, Seen: w.seen, Allow: w.allowed})
	lines := listing.Input{Input: intake.Input{Reader: strings.NewReader(strings.Join(t.queries, "\n")), Format: logs.Lines}}
	if err := job.Read(ctx, lines, func([]byte) {}); err != nil {
		return c, err
	}
	format, err := blocklist.Find("dnsmasq")
	if err != nil {
		return c, err
	}
	entries, err := format.Texts(job.Result())
	if err != nil {
		return c, err
	}
	c.entries = len(entries)
	listed := make(map[string]bool, len(entries))
	for _, entry := range entries {
		listed[entry] = true
	}
	isBlocked := func(name string) bool {
		for above := name; above != ""; _, above, _ = strings.Cut(above, ".") {
			if listed[above] {
				return true
			}
		}
		return false
	}
	if w.allowed != nil {
		matcher, all := w.allowed.NewMatcher(), isBlocked
		isBlocked = func(name string) bool {
			_, isAllowed := matcher.Match(name)
			return !isAllowed && all(name)
		}
	}
	asked := make(map[string]int, len(t.groups))
	for _, name := range t.queries {
		asked[name]++
	}
	for name, queries := range asked {
		switch t.groups[name] {
		case benign:
			c.benign.add(queries, isBlocked(name))
		case malicious:
			c.malicious.add(queries, isBlocked(name))
		}
	}
	return c, nil
}

func (t *tally) add(queries int, isBlocked bool) {
	t.names++
	t.queries += queries
	if isBlocked {
		t.blocked++
		t.blockedQueries += queries
	}
}
