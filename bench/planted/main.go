// Command planted judges the ranking of clients: it plants names of an algorithm that the model was
// not trained on into a day of ordinary queries, and prints at which rank the client that asked for
// them comes out. make bench-top runs it.
//
// ../internal/days says which names are ordinary, and how clients are made of them.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/bench/internal/days"
	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "planted:", err)
		os.Exit(1)
	}
}

// options are the program's flags.
type options struct {
	data, recipe, unseen, model, kept string
	families, seeds, clients          int
	stderr                            io.Writer
}

// sizes are how many names are planted.
var sizes = []int{5, 20, 100}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{stderr: stderr}
	flags := flag.NewFlagSet("planted", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.data, "data", "", "`folder` of the labelled files that the model was trained on")
	flags.StringVar(&o.recipe, "recipe", "", "the recipe `file` that the model was trained with")
	flags.StringVar(&o.unseen, "unseen", "", "`file` of names of algorithms that the model was not trained on")
	flags.StringVar(&o.model, "model", "", "the model `file` (default: the shipped one)")
	flags.StringVar(&o.kept, "kept", "build/planted", "`folder` that keeps the ordinary names, so that the data are read once")
	flags.IntVar(&o.families, "families", 10, "plant this many families, those with the most names")
	flags.IntVar(&o.seeds, "seeds", 100, "make this many days")
	flags.IntVar(&o.clients, "clients", 2000, "clients of a day")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.data == "" || o.recipe == "" || o.unseen == "":
		return errors.New("want -data, -recipe and -unseen: what the model was trained on, and what it was not")
	}
	model := snowman.Default()
	if o.model != "" {
		var err error
		if model, err = snowman.Open(o.model); err != nil {
			return err
		}
	}
	names, err := days.Read(ctx, model, o.data, o.recipe, o.kept, stderr)
	if err != nil {
		return err
	}
	families, err := o.readFamilies(ctx, model, names)
	if err != nil {
		return err
	}
	results, err := o.plantAll(ctx, model, names, families)
	if err != nil {
		return err
	}
	writeTable(stdout, families, results)
	return nil
}

// A family is the names of an algorithm.
type family struct {
	name  string
	names []days.Scored
}

// readFamilies reads and scores the names of the families with the most names.
func (o options) readFamilies(ctx context.Context, model *snowman.Model, n *days.Names) (families []family, err error) {
	rows, leftOut, refused, err := dataset.ReadUnseen(ctx, []string{o.unseen}, n.Seen)
	if err != nil {
		return nil, err
	}
	byName := make(map[string][]string)
	for _, row := range rows {
		if !n.Seen.Families[row.Family] {
			byName[row.Family] = append(byName[row.Family], row.Text)
		}
	}
	for name, texts := range byName {
		all, err := days.ScoreAll(model, texts)
		if err != nil {
			return nil, err
		}
		families = append(families, family{name, all})
	}
	slices.SortFunc(families, func(a, b family) int {
		return cmp.Or(cmp.Compare(len(b.names), len(a.names)), cmp.Compare(a.name, b.name))
	})
	fmt.Fprintf(o.stderr, "%d ordinary names; of those of families %d were left out, %d refused\n", len(n.Ordinary), leftOut, refused)
	return families[:min(len(families), o.families)], nil
}

// A planting is how high a client came out in each of the days.
type planting struct {
	ranks    []int
	evidence []float64
}

// plantAll makes all days and plants every family into each, on all cores. The result is by family
// and size.
func (o options) plantAll(ctx context.Context, model *snowman.Model, names *days.Names, families []family) ([][]planting, error) {
	results := make([][]planting, len(families))
	for f := range results {
		results[f] = make([]planting, len(sizes))
		for s := range results[f] {
			results[f][s] = planting{make([]int, o.seeds), make([]float64, o.seeds)}
		}
	}
	levels, err := levelsOf(model)
	if err != nil {
		return nil, err
	}
	seeds := make(chan int)
	failures := make(chan error, o.seeds)
	var workers sync.WaitGroup
	for range min(o.seeds, 2) { // a day takes 100 MB
		workers.Go(func() {
			for seed := range seeds {
				ordinary, err := names.Make(model, o.clients, uint64(seed))
				if err != nil {
					failures <- err
					continue
				}
				for f, family := range families {
					for s, size := range sizes {
						p := &results[f][s]
						p.ranks[seed], p.evidence[seed] = plant(ordinary, family.names, size, uint64(seed), ranking.Options{Levels: levels, Kinds: model.Kinds()})
					}
				}
				fmt.Fprintf(o.stderr, "day %d of %d: %d queries\n", seed+1, o.seeds, len(ordinary.Queries))
			}
		})
	}
	for seed := 0; seed < o.seeds && ctx.Err() == nil; seed++ {
		seeds <- seed
	}
	close(seeds)
	workers.Wait()
	select {
	case err := <-failures:
		return nil, err
	default:
		return results, ctx.Err()
	}
}

// levelsOf returns the levels of a model.
func levelsOf(model *snowman.Model) (levels []ranking.Level, err error) {
	for _, t := range model.Info().Thresholds {
		levels = append(levels, ranking.Level{Name: t.Level.String(), Rate: t.FalsePositiveRate})
	}
	if len(levels) == 0 {
		return nil, errors.New("the model has no levels")
	}
	return levels, nil
}

func writeTable(w io.Writer, families []family, results [][]planting) {
	header := []string{"family", "names", "reach *low*"}
	for _, size := range sizes {
		header = append(header, fmt.Sprintf("%d planted: median rank", size), "first", "in the first ten")
	}
	table := markdown.NewTable(w, "", header...)
	row := func(cells []string, planted []planting) {
		for _, p := range planted {
			ranks := slices.Sorted(slices.Values(p.ranks))
			cells = append(cells, fmt.Sprint(ranks[(len(ranks)-1)/2]), percent(ranks, 1), percent(ranks, 10))
		}
		table.Row(cells...)
	}
	all := make([]planting, len(sizes))
	for f, family := range families {
		reached := 0
		for _, n := range family.names {
			if n.Level > 0 {
				reached++
			}
		}
		share := fmt.Sprintf("%.0f %%", 100*float64(reached)/float64(len(family.names)))
		row([]string{family.name, report.Thousands(len(family.names)), share}, results[f])
		for s := range sizes {
			all[s].ranks = append(all[s].ranks, results[f][s].ranks...)
		}
	}
	row([]string{"all", "", ""}, all)
	table.End()
}

// percent returns the share of ranks that are at most this high.
func percent(ranks []int, highest int) string {
	count := 0
	for _, rank := range ranks {
		if rank <= highest {
			count++
		}
	}
	return fmt.Sprintf("%d %%", (100*count+len(ranks)/2)/len(ranks))
}
