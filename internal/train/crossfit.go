package train

import "context"

// benignScores are the scores of vetted texts, each by a network that never saw its registered
// domain.
type benignScores struct{ names, urls benign }

// crossFit scores the vetted texts. The model's network scores those that were set aside. They are
// too few to measure a rate of one in ten thousand, and texts that it was trained on would score
// too low. So further networks are trained in the same way, each without one fold of the registered
// domains, and each scores the texts of its fold.
func (r *run) crossFit(ctx context.Context) (benignScores, error) {
	var all benignScores
	score := func(r *run, fold int) error {
		network, err := r.shipped()
		if err != nil {
			return err
		}
		add := func(b *benign, texts encoded, strata []stratum) {
			b.scores = append(b.scores, r.workers().scores(network, texts.inFold(fold), r.temperature)...)
			b.strata = append(b.strata, texts.strataInFold(fold, strata)...)
		}
		add(&all.names, r.texts.names, r.texts.nameStrata)
		add(&all.urls, r.texts.urls, r.texts.urlStrata)
		return nil
	}
	if err := score(r, heldOut); err != nil {
		return benignScores{}, err
	}
	for fold := range r.options.Folds {
		apart, err := newRun(r.texts, r.options, r.parameters.Shape, 1+fold)
		if err != nil {
			return benignScores{}, err
		}
		if err := apart.finish(ctx); err != nil {
			return benignScores{}, err
		}
		if err := score(apart, fold); err != nil {
			return benignScores{}, err
		}
	}
	return all, nil
}
