package train

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// The head that names DGA families is fitted when the network is done and its filters are frozen,
// so that no score depends on it. docs/decisions/network.md says what else was measured.
const (
	familyRows   = 50 // of train that a family needs to be named
	familyLimit  = 64 // families, those with the most rows: a network has no more outputs
	familyHidden = 128
	familyEpochs = 4
	familyRate   = 3e-3 // the learning rate at its peak
)

// addFamilies fits the head that names DGA families and adds it to the model, unless train has
// fewer than two families to tell apart.
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
	if err := r.fitHead(ctx, head, texts); err != nil {
		return err
	}
	model.Families, model.Metadata.Families = func() *cnn.Parameters { return head }, &families
	return nil
}

// namedFamilies returns the names, in their order, of the DGA families that have enough rows, and
// these rows.
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

// encodeFamilies encodes the hosts of rows for a network whose outputs are their families. A row
// weighs one over the square root of its family's count: with equal rows small families are
// forgotten, with equal families they are named too often.
func (r *run) encodeFamilies(rows []dataset.Row, names []string) (encoded, error) {
	encoder := encoder{alphabet: r.texts.alphabet, limit: r.options.SymbolLimit, views: r.options.Views, folds: 1}
	texts, err := encoder.encode(rows)
	if err != nil {
		return encoded{}, err
	}
	texts.keepHosts()
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
func (r *run) fitHead(ctx context.Context, p *cnn.Parameters, texts encoded) error {
	options := r.options
	options.Epochs, options.LearningRate, options.WeightDecay, options.Dropout = familyEpochs, familyRate, 0, 0
	rows := make([]int, texts.len())
	for i := range rows {
		rows[i] = i
	}
	head := fit{
		options:    options,
		parameters: p,
		trained:    (*cnn.Parameters).Head,
		optimiser:  newAdam(len(p.Head()), r.workers()),
		encoded:    texts,
		rows:       rows,
	}
	return head.epochs(ctx, 0, func(p Progress) error {
		if math.IsNaN(p.Loss) {
			return fmt.Errorf("training: naming families: the loss of step %d of %d is not a number", p.Step, p.Steps)
		}
		if options.Progress != nil {
			p.Families = true
			options.Progress(p)
		}
		return nil
	})
}
