// Command blocks measures what a block list costs: lists are made of days of mixed traffic, and it
// prints how many of the benign names of the day they block, and how many of the malicious ones.
// make bench-blocks runs it.
//
// ../internal/days says which names are benign and how a day is made of them. One query in a
// thousand is for a malicious name: hosts of the malicious rows of the same part of the data, whose
// registered domain the model was not trained on either. A list blocks a name and all below it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/bench/internal/days"
	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "blocks:", err)
		os.Exit(1)
	}
}

// options are the program's flags.
type options struct {
	data, recipe, model, kept string
	allow                     []string
	days, clients             int
}

// A way is how a list is made.
type way struct {
	level     snowman.Level
	seen      int
	allowed   *allow.List
	allowName string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("blocks", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.data, "data", "", "`folder` of the labelled files that the model was trained on")
	flags.StringVar(&o.recipe, "recipe", "", "the recipe `file` that the model was trained with")
	flags.StringVar(&o.model, "model", "", "the model `file` (default: the shipped one)")
	flags.StringVar(&o.kept, "kept", "build/planted", "`folder` that keeps the names, so that the data are read once")
	flags.Func("allow", "make lists with the allow list in this `file` as well; several may be given, each by itself", func(path string) error {
		o.allow = append(o.allow, path)
		return nil
	})
	flags.IntVar(&o.days, "seeds", 10, "make this many days")
	flags.IntVar(&o.clients, "clients", 2000, "clients of a day")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.data == "" || o.recipe == "":
		return errors.New("want -data and -recipe: what the model was trained on")
	case o.days < 1:
		return fmt.Errorf("-seeds %d: want 1 or more", o.days)
	}
	model := snowman.Default()
	if o.model != "" {
		var err error
		if model, err = snowman.Open(o.model); err != nil {
			return err
		}
	}
	ways, err := o.ways()
	if err != nil {
		return err
	}
	names, err := days.Read(ctx, model, o.data, o.recipe, o.kept, stderr)
	if err != nil {
		return err
	}
	counts := make([][]count, len(ways))
	for seed := range o.days {
		t, err := makeTraffic(model, names, o.clients, uint64(seed))
		if err != nil {
			return err
		}
		for w, way := range ways {
			c, err := t.block(ctx, model, way)
			if err != nil {
				return err
			}
			counts[w] = append(counts[w], c)
		}
		fmt.Fprintf(stderr, "day %d of %d: %d queries\n", seed+1, o.days, len(t.queries))
	}
	writeTable(stdout, ways, counts)
	return nil
}

// ways returns how lists are made: at each level, of what one or five clients asked for, without
// an allow list and with each.
func (o options) ways() (ways []way, err error) {
	for _, level := range []snowman.Level{snowman.Low, snowman.Medium, snowman.High} {
		for _, seen := range []int{1, 5} {
			ways = append(ways, way{level: level, seen: seen, allowName: "none"})
		}
	}
	bare := slices.Clone(ways)
	for _, path := range o.allow {
		list, _, err := allow.Open(path)
		if err != nil {
			return nil, err
		}
		for _, w := range bare {
			w.allowed, w.allowName = list, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
			ways = append(ways, w)
		}
	}
	return ways, nil
}

// writeTable prints the means of the days. In brackets stand the lowest and the highest day, behind
// a share its interval, as if the names of one day were drawn at random. Queries have none: those
// for one name are blocked together.
func writeTable(out io.Writer, ways []way, counts [][]count) {
	table := markdown.NewTable(out, "", "`-min`", "`-seen`", "`-allow`", "entries", "benign names blocked", "of all, 95 %", "benign queries blocked", "malicious names blocked", "of all, 95 %")
	defer table.End()
	for i, w := range ways {
		of := func(part func(count) int) spread { return spreadOf(counts[i], part) }
		benign, malicious := of(func(c count) int { return c.benign.blocked }), of(func(c count) int { return c.malicious.blocked })
		table.Row(w.level.String(), fmt.Sprint(w.seen), w.allowName, of(func(c count) int { return c.entries }).String(),
			benign.String(), share(benign, of(func(c count) int { return c.benign.names })),
			rate(of(func(c count) int { return c.benign.blockedQueries }), of(func(c count) int { return c.benign.queries })),
			malicious.String(), share(malicious, of(func(c count) int { return c.malicious.names })))
	}
}

// A spread is the mean of days, the lowest and the highest, rounded.
type spread struct{ mean, lowest, highest int }

func spreadOf(all []count, part func(count) int) spread {
	var values []int
	sum := 0
	for _, c := range all {
		values = append(values, part(c))
		sum += part(c)
	}
	return spread{(sum + len(values)/2) / len(values), slices.Min(values), slices.Max(values)}
}

func (s spread) String() string {
	return fmt.Sprintf("%s (%s to %s)", report.Thousands(s.mean), report.Thousands(s.lowest), report.Thousands(s.highest))
}

// share returns what part of all some are, with its interval.
func share(some, all spread) string {
	p := eval.Proportion{Count: some.mean, Total: all.mean}
	low, high := p.Wilson()
	return fmt.Sprintf("%s (%.3f to %.3f)", rate(some, all), 100*low, 100*high)
}

func rate(some, all spread) string {
	return fmt.Sprintf("%.3f %%", 100*eval.Proportion{Count: some.mean, Total: all.mean}.Rate())
}
