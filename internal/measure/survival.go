package measure

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// verdictsOfKind is how many verdicts are tried of each kind, and of each sort of verdict.
const verdictsOfKind = 2000

// A carried verdict is that on a malicious row which reaches the level low.
type carried struct {
	text   text
	kind   string
	byHost bool // the host alone reaches low too
}

// Changes measures how many verdicts survive each of the cheap changes: of malicious rows that
// reach the level low, those that still do when they are changed. What is put into texts comes from
// the benign rows, which are in canonical form like all. A row that is no text any more once it is
// changed does not survive.
func Changes(ctx context.Context, model *snowman.Model, rows []dataset.Row) ([]eval.Survival, error) {
	verdicts, err := carriedVerdicts(ctx, model, rows)
	if err != nil {
		return nil, err
	}
	if len(verdicts) == 0 {
		return nil, nil // such as those of a model without levels
	}
	materials := newMaterials(rows)
	survivals := make([]eval.Survival, len(changes))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			scorer := model.NewScorer()
			for i := int(next.Add(1)) - 1; i < len(changes) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				m := &maker{materials, rand.New(rand.NewPCG(uint64(i), 0x6368616e676573))} // any seed, the same each time
				survivals[i] = survivalOf(scorer, m, changes[i], verdicts)
			}
		})
	}
	workers.Wait()
	return survivals, ctx.Err()
}

// survivalOf changes the texts of all verdicts in one way.
func survivalOf(scorer *snowman.Scorer, m *maker, c change, verdicts []carried) eval.Survival {
	var texts []string
	var of []carried
	for _, v := range verdicts {
		if changed := c.make(m, v.text); changed != "" {
			texts, of = append(texts, changed), append(of, v)
		}
	}
	kinds := make(map[string]*eval.KindSurvival)
	for _, v := range verdicts {
		kinds[v.kind] = &eval.KindSurvival{Kind: v.kind}
	}
	scorer.ClassifyAll(texts, func(i int, verdict snowman.Verdict, err error) {
		proportion := &kinds[of[i].kind].Path
		if of[i].byHost {
			proportion = &kinds[of[i].kind].Host
		}
		proportion.Total++
		if err == nil && verdict.Level >= snowman.Low {
			proportion.Count++
		}
	})
	var sorted []eval.KindSurvival
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		sorted = append(sorted, *kinds[kind])
	}
	return eval.NewSurvival(c.name, c.scored, sorted)
}

// carriedVerdicts returns a sample of the verdicts on malicious rows that reach the level low.
func carriedVerdicts(ctx context.Context, model *snowman.Model, rows []dataset.Row) ([]carried, error) {
	var whole, hosts []string
	var found []carried
	for _, row := range rows {
		t, ok := newText(row.Text)
		if !row.Malicious || !ok {
			continue
		}
		v := carried{text: t, kind: row.Kind}
		if v.kind == "" {
			v.kind = "malicious"
		}
		whole, hosts, found = append(whole, row.Text), append(hosts, t.host), append(found, v)
	}
	wholeIsLow, err := areLow(ctx, model, whole)
	if err != nil {
		return nil, err
	}
	hostIsLow, err := areLow(ctx, model, hosts)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 0x7665726469637473))
	taken := make(map[string]int)
	var sampled []carried
	for _, i := range random.Perm(len(found)) {
		v := found[i]
		v.byHost = hostIsLow[i]
		sort := fmt.Sprint(v.kind, v.byHost)
		if wholeIsLow[i] && taken[sort] < verdictsOfKind {
			taken[sort]++
			sampled = append(sampled, v)
		}
	}
	return sampled, nil
}

// areLow says of each text whether it reaches the level low.
func areLow(ctx context.Context, model *snowman.Model, texts []string) ([]bool, error) {
	low := make([]bool, 0, len(texts))
	scorer := model.NewScorer()
	for part := range slices.Chunk(texts, 1<<13) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		scorer.ClassifyAll(part, func(_ int, verdict snowman.Verdict, err error) {
			low = append(low, err == nil && verdict.Level >= snowman.Low)
		})
	}
	return low, nil
}
