package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/snowman-ml/snowman/internal/train"
)

// trainingFlags adds the flags that say how a network is trained. What the standard leaves open has
// no default in the help.
func trainingFlags(flags *flag.FlagSet, o *train.Options, widths *string, standard train.Options) {
	flags.StringVar(widths, "widths", strings.Trim(strings.ReplaceAll(fmt.Sprint(standard.Widths), " ", ","), "[]"), "widths of the filters, in characters")
	flags.IntVar(&o.Embedding, "embedding", standard.Embedding, "dimensions of a character's embedding")
	flags.IntVar(&o.Filters, "filters", standard.Filters, "filters of each width")
	flags.IntVar(&o.Hidden, "hidden", standard.Hidden, "size of the dense layer, -1 for none")
	flags.IntVar(&o.Views, "views", standard.Views, "views of a text that are read side by side: 2 for host and whole, or 1")
	flags.Float64Var(&o.Floor.Host, "host-floor", standard.Floor.Host, "log-odds that a text may be below its host alone, -1 for no floor")
	flags.Float64Var(&o.Floor.RegisteredDomain, "domain-floor", standard.Floor.RegisteredDomain, "log-odds that a text may be below its registered domain alone, -1 for no floor")
	flags.IntVar(&o.SymbolLimit, "limit", standard.SymbolLimit, "characters read of a text")
	flags.IntVar(&o.Epochs, "epochs", standard.Epochs, "passes over the data")
	flags.IntVar(&o.BatchSize, "batch", standard.BatchSize, "texts in a batch")
	flags.Float64Var(&o.LearningRate, "rate", standard.LearningRate, "learning rate at its peak")
	flags.Float64Var(&o.WeightDecay, "decay", standard.WeightDecay, "weight decay, -1 for none")
	flags.Float64Var(&o.Dropout, "dropout", standard.Dropout, "share of the pooled features dropped in training, -1 for none")
	flags.IntVar(&o.Folds, "folds", 0, "train `N` more networks, each without one part of the domains, to measure the levels on all\nvetted benign texts, not only on those set aside; 2 to 255, 0 for none")
	flags.Uint64Var(&o.Seed, "seed", 1, "of the weights, the order and the dropout")
	flags.IntVar(&o.Workers, "workers", 0, "CPUs to use (default: all)")
}
