package train

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// The head that names DGA families is fitted when the network is done and its filters are frozen, so
// that no score depends on it. docs/decisions/network.md says what else was measured.
const (
	familyRows   = 50 // in train; a family of fewer is not named
	familyLimit  = 64 // the families of the most rows are named: a network has no more outputs
	familyHidden = 128
	familyEpochs = 4
	familyRate   = 3e-3 // the learning rate at its peak
)

// addFamilies fits the head that names DGA families and adds it to the model, unless train has fewer than
// two families to tell apart.
func (r *run) addFamilies(ctx context.Context, model *modelfile.Model, set *dataset.Set) error {
	names, rows := namedFamilies(set.Parts[dataset.Train])
	if len(names) < 2 {
		return nil
	}
	texts, err := r.encodeFamilies(rows, names)
	if err != nil {
		return err
	}
	families := modelfile.Families{Names: names, Hidden: familyHidden}
	head, err := cnn.NewParameters(families.Shape(r.parameters.Shape))
	if err != nil {
		return err
	}
	head.Initialize(r.options.Seed)
	head.CopyFilters(r.parameters)
	if err := r.options.fitHead(ctx, head, texts); err != nil {
		return err
	}
	model.Families, model.Metadata.Families = head, &families
	return nil
}

// namedFamilies returns the DGA families that the rows are enough for, in the order of their names, and
// the rows of these.
func namedFamilies(rows []dataset.Row) (names []string, ofFamilies []dataset.Row) {
	counts := make(map[string]int)
	for _, row := range rows {
		if row.Kind == dataset.DGA && modelfile.IsName(row.Family) {
			counts[row.Family]++
		}
	}
	maps.DeleteFunc(counts, func(_ string, count int) bool { return count < familyRows })
	names = slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	names = names[:min(len(names), familyLimit)]
	slices.Sort(names)
	for _, row := range rows {
		if row.Kind == dataset.DGA && slices.Contains(names, row.Family) {
			ofFamilies = append(ofFamilies, row)
		}
	}
	return names, ofFamilies
}

// encodeFamilies encodes rows for a network whose outputs are their families. Between weighing all rows
// alike, which forgets small families, and all families alike, which believes too much in them, stands the
// square root.
func (r *run) encodeFamilies(rows []dataset.Row, names []string) (encoded, error) {
	encoder := encoder{alphabet: r.texts.alphabet, limit: r.options.SymbolLimit, folds: 1}
	texts, err := encoder.encode(rows)
	if err != nil {
		return encoded{}, err
	}
	counts := make([]int, len(names))
	for i, row := range rows {
		texts.kinds[i] = slices.Index(names, row.Family)
		counts[texts.kinds[i]]++
	}
	for i, family := range texts.kinds {
		texts.weights[i] = float32(1 / math.Sqrt(float64(counts[family])))
	}
	return texts, nil
}

// fitHead trains the head of a network and leaves its filters as they are.
func (o Options) fitHead(ctx context.Context, p *cnn.Parameters, texts encoded) error {
	o.LearningRate = familyRate
	size := min(o.BatchSize, texts.len())
	gradient, err := cnn.NewBackpropagation(p, size)
	if err != nil {
		return err
	}
	optimiser := newAdam(len(p.Head()))
	stepsPerEpoch := (texts.len() + size - 1) / size
	steps := familyEpochs * stepsPerEpoch
	step := 0
	var batch cnn.Batch
	for epoch := range familyEpochs {
		order := rand.New(rand.NewPCG(o.Seed, uint64(epoch)+1)).Perm(texts.len())
		for some := range slices.Chunk(order, size) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			batch = texts.batch(batch, some)
			loss := gradient.Run(batch, 0, 0, o.parallel)
			if math.IsNaN(loss) {
				return fmt.Errorf("training: naming families: the loss of step %d of %d is not a number", step+1, steps)
			}
			optimiser.step(p.Head(), gradient.Gradient.Head(), step+1, learningRate(o.Options, step, steps), 0, o.parallel)
			step++
			if o.Progress != nil {
				o.Progress(Progress{Families: true, Epoch: epoch + 1, Epochs: familyEpochs, Step: step, Steps: steps, Texts: batch.Len(), Loss: loss})
			}
		}
	}
	return nil
}
