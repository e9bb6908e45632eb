package retrain

import (
	"cmp"

	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
)

// How a training goes on from a model: as it did where it found most for its time, which
// docs/ageing.md has.
const (
	epochsFrom = 1
	rateFrom   = 1e-3
)

func checkpointPath(model string) string { return model + ".checkpoint" }

// trainingOptions returns the options of the training: those given, and for the others those that
// the present model was trained with.
func (r *run) trainingOptions() train.Options {
	options := r.Training
	options.Checkpoint = checkpointPath(r.Model)
	before := given(r.present.training.Options)
	if r.From {
		options.From = r.present.file
		// The shape is the model's. Networks that measure the levels would have to be made without
		// a part of the domains, and the model has seen all of them.
		before.Epochs, before.Folds, before.LearningRate = epochsFrom, 0, rateFrom
		before.Embedding, before.Widths, before.Filters, before.Hidden, before.Views = 0, nil, 0, 0, 0
		before.SymbolLimit, before.Floor = 0, provenance.Floor{}
	}
	fill(&options.Options, before)
	return options
}

// given returns the options by which a training has these: 0 stands for a default, -1 for none.
func given(o provenance.Options) provenance.Options {
	if o.Epochs == 0 { // nothing is known of them
		return provenance.Options{}
	}
	o.Hidden = cmp.Or(o.Hidden, -1)
	o.WeightDecay = cmp.Or(o.WeightDecay, -1)
	o.Dropout = cmp.Or(o.Dropout, -1)
	o.WarmUp = cmp.Or(o.WarmUp, -1)
	if o.Floor == (provenance.Floor{}) {
		o.Floor.Host = -1
	}
	return o
}

// fill sets what is open to what others has. Folds below zero are none.
func fill(o *provenance.Options, others provenance.Options) {
	o.Embedding = cmp.Or(o.Embedding, others.Embedding)
	if len(o.Widths) == 0 {
		o.Widths = others.Widths
	}
	o.Filters = cmp.Or(o.Filters, others.Filters)
	o.Hidden = cmp.Or(o.Hidden, others.Hidden)
	o.Views = cmp.Or(o.Views, others.Views)
	o.Floor.Host = cmp.Or(o.Floor.Host, others.Floor.Host)
	o.Floor.RegisteredDomain = cmp.Or(o.Floor.RegisteredDomain, others.Floor.RegisteredDomain)
	o.SymbolLimit = cmp.Or(o.SymbolLimit, others.SymbolLimit)
	o.Epochs = cmp.Or(o.Epochs, others.Epochs)
	o.BatchSize = cmp.Or(o.BatchSize, others.BatchSize)
	o.LearningRate = cmp.Or(o.LearningRate, others.LearningRate)
	o.WeightDecay = cmp.Or(o.WeightDecay, others.WeightDecay)
	o.Dropout = cmp.Or(o.Dropout, others.Dropout)
	o.WarmUp = cmp.Or(o.WarmUp, others.WarmUp)
	o.Folds = max(cmp.Or(o.Folds, others.Folds), 0)
}
