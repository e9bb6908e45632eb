// Package retrain trains a model anew, on newer rows and a user's own, and puts it in the place of
// the present one only if nothing got worse that was asked to hold.
//
//	compared, err := retrain.Run(ctx, retrain.Options{Model: "my.safetensors", Data: "data"})
//	var refusal retrain.Refusal
//	if errors.As(err, &refusal) { ... } // the present model stays
//
//	files -> feeds checked -> set -> trained -> both models side by side -> rules -> replaced
//
// # What is compared
//
// Figures rest on rows that neither model was trained on, as far as that can be known. A recipe
// divides rows by a hash of their registered domain, so that a domain set aside once is set aside
// each time, whatever month its rows are from. That is why a recipe's report_from has no effect
// here: with it, a new model would be trained on no row of the newest months, which are what it is
// made for. Instead a part of each month is set aside, the newest one too. If the recipe's seed or
// shares change, or the present model was made some other way, what the present model has seen is
// not known, and a note says so.
//
// The comparison never rests on the new rows alone, or a poisoned feed would judge itself. Texts at
// each level are also counted among names of the user's network, popular names, rows accepted with
// earlier models and the user's own rows; new files are held against the same before anything is
// trained.
//
// # What is promised
//
// The model file is replaced whole, by a rename. A run that is killed at any moment leaves the old
// model or the new one, and the next run with the same data and options goes on from the
// checkpoint. Of two runs for one model, the second ends with [ErrBusy].
package retrain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/sources"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/report"
)

// Options say what to train on, and what must hold. Model is needed, and Data or Store.
type Options struct {
	Model   string           // the file that is compared with and replaced; where there is none, the built-in model is compared with
	Data    string           // folder of labelled files
	Store   string           // folder of fetched feeds, whose rows are trained on as well
	Fetch   *sources.Options // fetch the feeds into Store before; default not
	Recipe  *dataset.Recipe  // how to use Data; default that of the shipped model
	Mine    []string         // files of own labelled rows
	Traffic []string         // files of unlabelled texts, most of them benign
	Rules   Rules            // default DefaultRules
	From    bool             // go on from the present model
	DryRun  bool             // replace nothing

	// Training says how to train: what is zero is as the present model was trained. From and
	// Checkpoint are set here.
	Training train.Options

	Tell func(line string) // what is being done; default nobody is told
}

// A Refusal says why the present model stays.
type Refusal struct{ Reasons []string }

func (r Refusal) Error() string { return "the present model stays: " + strings.Join(r.Reasons, "; ") }

// Run retrains. Whatever it returns, the comparison holds what was found out until then.
func Run(ctx context.Context, o Options) (report.Retraining, error) {
	unlock, err := lock(ctx, o.Model)
	if err != nil {
		return report.Retraining{}, err
	}
	defer unlock()
	r := &run{Options: o}
	if r.Rules == nil {
		r.Rules = DefaultRules()
	}
	if r.Tell == nil {
		r.Tell = func(string) {}
	}
	err = r.run(ctx)
	var refusal Refusal
	switch {
	case errors.As(err, &refusal):
		r.compared.Verdict, r.compared.Reasons = "The present model stays, for these reasons:", refusal.Reasons
	case errors.Is(err, ErrBeside):
		r.compared.Verdict = "The new model has taken the place of the present one, but not all that belongs beside it is written."
	case err == nil && o.DryRun:
		r.compared.Verdict = "The new model may take the place of the present one. Nothing was replaced."
	case err == nil:
		r.compared.Verdict = "The new model has taken the place of the present one."
	}
	return r.compared, err
}

// A run is one retraining.
type run struct {
	Options
	present  *present
	plan     plan
	mine     []dataset.Row // own rows
	traffic  []string
	accepted []dataset.Row // rows set aside in earlier runs
	compared report.Retraining
	reasons  []string // why the present model stays
}

func (r *run) run(ctx context.Context) error {
	if err := r.read(ctx); err != nil {
		return err
	}
	if err := r.checkFeeds(ctx); err != nil {
		return err
	}
	set, err := r.build(ctx)
	if err != nil {
		return err
	}
	next, err := r.train(ctx, set)
	if err != nil {
		return err
	}
	r.Tell("comparing the models")
	if err := r.compare(ctx, next, set); err != nil {
		return err
	}
	r.refuse(r.Rules.judge(&r.compared)...)
	if err := r.refusal(); err != nil || r.DryRun {
		return err
	}
	return r.replace(next, set)
}

// read reads all that is small.
func (r *run) read(ctx context.Context) (err error) {
	if err := checkBeside(r.Model); err != nil {
		return err
	}
	if r.present, err = openPresent(r.Model); err != nil {
		return err
	}
	if err := r.readMine(ctx); err != nil {
		return err
	}
	if r.traffic, err = readTraffic(ctx, r.Traffic); err != nil {
		return err
	}
	if err := r.readAccepted(ctx); err != nil {
		return err
	}
	if err := r.readStore(ctx); err != nil {
		return err
	}
	if r.plan, err = newPlan(r.Options, r.mine); err != nil {
		return err
	}
	r.note(r.plan.notes...)
	r.compared.Facts = r.facts()
	return nil
}

// build reads the data, and refuses what nothing can be trained on.
func (r *run) build(ctx context.Context) (*dataset.Set, error) {
	r.Tell("reading the data")
	set, err := r.plan.recipe.Build(ctx, r.Data)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, Refusal{[]string{err.Error()}}
	}
	if missing := whatIsMissing(set); len(missing) > 0 {
		return nil, Refusal{missing}
	}
	weigh(set, r.plan.mine)
	r.keepPopular(set)
	if overruled := set.Account.Overruled; overruled > 0 {
		r.note(fmt.Sprintf("own rows decide where %d other rows have another label", overruled))
	}
	if texts := set.Account.Contradictions; texts > 0 {
		r.note(fmt.Sprintf("%d texts are benign in one place of the data and malicious in another: they are left out", texts))
	}
	return set, nil
}

// keepPopular keeps the present list of popular names where the data make none, or one of less than
// half as many names: few files say little of what is popular.
func (r *run) keepPopular(set *dataset.Set) {
	before := r.present.file.Metadata.Imitated
	if 2*len(set.Imitated) >= len(before) {
		return
	}
	if made := len(set.Imitated); made == 0 {
		r.note("the recipe makes no list of popular names: that of the present model stays")
	} else {
		r.note(fmt.Sprintf("the data make a list of %d popular names: that of the present model stays, which has %d", made, len(before)))
	}
	set.Imitated = before
}

// train trains the new model and measures it, as the verb train does.
func (r *run) train(ctx context.Context, set *dataset.Set) (*next, error) {
	options := r.trainingOptions()
	r.Tell("training")
	model, err := train.Run(ctx, set, options)
	if errors.Is(err, train.ErrOtherRun) || errors.Is(err, train.ErrDamaged) { // such as one of yesterday's data that was killed
		r.Tell("the checkpoint is damaged, or of other data or options; training from the beginning")
		if err := options.RemoveCheckpoints(); err != nil {
			return nil, err
		}
		model, err = train.Run(ctx, set, options)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("stopped; the same command goes on from %q", options.Checkpoint)
	}
	if err != nil {
		return nil, err
	}
	if _, err := measure.Keep(ctx, model, set); err != nil {
		return nil, err
	}
	if err := r.setOwnLevels(ctx, model); err != nil {
		return nil, err
	}
	return newNext(model)
}

// refuse adds why the present model stays.
func (r *run) refuse(reasons ...string) { r.reasons = append(r.reasons, reasons...) }

// refusal returns an error if there is a reason why the present model stays.
func (r *run) refusal() error {
	if len(r.reasons) == 0 {
		return nil
	}
	return Refusal{r.reasons}
}

// note adds what is not known, or could not be judged.
func (r *run) note(lines ...string) { r.compared.Notes = append(r.compared.Notes, lines...) }
