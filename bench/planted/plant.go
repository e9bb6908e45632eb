package main

import (
	"math/rand/v2"

	"github.com/snowman-ml/snowman/bench/internal/days"
	"github.com/snowman-ml/snowman/internal/ranking"
)

// plant adds names of a family to the queries of one client, none of which exists, and returns the
// client's rank and evidence.
func plant(d *days.Day, family []days.Scored, size int, seed uint64, o ranking.Options) (rank int, evidence float64) {
	random := rand.New(rand.NewPCG(seed, uint64(size)))
	table := ranking.New(o)
	for _, q := range d.Queries {
		table.Add(q)
	}
	client := days.Address(random.IntN(d.Clients))
	for _, i := range random.Perm(len(family))[:min(size, len(family))] {
		table.Add(days.Observe(client, random.IntN(days.SecondsOfDay), family[i], ranking.NXDomain))
	}
	for _, p := range table.Result(1).Points {
		if p.Client == client {
			return p.Rank, p.Evidence
		}
	}
	return 0, 0
}
