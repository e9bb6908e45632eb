// Command public trains on the train split of public benchmarks, measures on their test split, and
// prints the figures beside published ones. make bench-public runs it; docs/benchmarks.md says what
// each benchmark is and what it does not show.
//
// The folder of -data holds the labelled files NAME_train, NAME_dev and NAME_test of each
// benchmark. Each benchmark gets a model that is trained on its train split alone. With -sources, a
// base model is trained as well, on those files without any registered domain of the development
// and test rows, and goes on with each train split; -from names such a base instead. The epoch and
// the decision threshold are chosen on the development rows.
//
// The models stay in the folder of -work. One that is there is not trained again, and a run that
// was killed goes on where it was.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/train"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "public:", err)
		os.Exit(1)
	}
}

// options are the program's flags.
type options struct {
	data, work      string
	sources, recipe string
	from            string
	only            string
	workers         int
	stderr          io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{stderr: stderr}
	flags := flag.NewFlagSet("public", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.data, "data", "", "`folder` of the benchmarks' files")
	flags.StringVar(&o.work, "work", "", "`folder` for the trained models")
	flags.StringVar(&o.sources, "sources", "", "`folder` of labelled files to train the base model on (default: no base model)")
	flags.StringVar(&o.recipe, "recipe", "", "which files of -sources to use, and how: a JSON `file` (default: all, as they are)")
	flags.StringVar(&o.from, "from", "", "a base `model` that was trained without the registered domains of the benchmarks' test rows")
	flags.StringVar(&o.only, "only", "", "measure the benchmark of this `name` alone: "+benchmarkNames())
	flags.IntVar(&o.workers, "workers", 0, "CPUs to use (default: all)")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.data == "" || o.work == "":
		return errors.New("want -data, the folder of the benchmarks, and -work, one for the models")
	case o.recipe != "" && o.sources == "":
		return errors.New("-recipe says how to read the folder of -sources, which is missing")
	case o.only != "" && !slices.ContainsFunc(benchmarks, func(b benchmark) bool { return b.name == o.only }):
		return fmt.Errorf("-only %q: want %s", o.only, benchmarkNames())
	}
	if err := os.MkdirAll(o.work, 0o755); err != nil {
		return fmt.Errorf("making the folder of -work: %w", err)
	}
	measured, err := o.measureAll(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(measured)
	}
	return writeTables(stdout, measured)
}

func (o options) measureAll(ctx context.Context) ([]result, error) {
	base, err := o.base(ctx)
	if err != nil {
		return nil, err
	}
	var measured []result
	for _, b := range benchmarks {
		if o.only != "" && o.only != b.name {
			continue
		}
		r, err := o.measure(ctx, b, base)
		if err != nil {
			return nil, fmt.Errorf("benchmark %s: %w", b.name, err)
		}
		measured = append(measured, r)
	}
	return measured, nil
}

// benchmarkNames lists what -only may name.
func benchmarkNames() string {
	var names []string
	for _, b := range benchmarks {
		names = append(names, b.name)
	}
	return strings.Join(names, ", ")
}

// measure trains and measures our models of one benchmark.
func (o options) measure(ctx context.Context, b benchmark, base *modelfile.Model) (result, error) {
	r := result{Name: b.name, Published: b.published}
	if b.trainSource != "" && o.sources == "" {
		r.Notes = append(r.Notes, fmt.Sprintf("skipped: it trains on %s, in the folder of -sources", b.trainSource))
		return r, nil
	}
	set, err := o.read(ctx, b)
	if err != nil {
		return result{}, err
	}
	if base != nil {
		if err := mustNotKnow(base, set.Account.Sources[len(set.Account.Sources)-1]); err != nil {
			return result{}, err
		}
	}
	for _, file := range set.Account.Sources {
		if file.Refused > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%d rows of %s have no label or no canonical form, and are left out", file.Refused, file.Name))
		}
	}
	alone, err := o.model(ctx, b.name, set, train.Options{Options: b.alone})
	if err != nil {
		return result{}, err
	}
	if r.Measured, err = measureSplit(ctx, "train split", alone, set, b.byHost); err != nil {
		return result{}, err
	}
	if base == nil {
		r.Notes = append(r.Notes, "not fine-tuned: name the sources of a base model with -sources, or a base with -from")
		return r, nil
	}
	tuned, err := o.model(ctx, b.name+"-fine-tuned", set, train.Options{Options: b.tuned, From: base})
	if err != nil {
		return result{}, err
	}
	more, err := measureSplit(ctx, "fine-tuned", tuned, set, b.byHost)
	r.Measured = append(r.Measured, more...)
	return r, err
}
