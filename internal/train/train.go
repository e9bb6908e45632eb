// Package train fits a network to labelled rows and returns it as a model, ready to be written.
//
//	set -> symbols -> batches -> forward, arg-max -> sparse gradients -> step -> best epoch
//	                                     best epoch -> temperature, thresholds, families -> model
//
// Each part of the set serves one purpose: train is trained on, choose decides which epoch is kept,
// calibrate fits the temperature, and report is not touched. Thresholds are measured on the vetted
// texts of calibrate; with Options.Folds also on those of train, each scored by a network that was
// trained without its registered domain.
//
// The loss is the cross-entropy; it stands in internal/cnn, with its gradient.
//
// The same set, options and kind of machine give the same bytes, whatever the number of workers,
// and also when a run was killed and went on from its checkpoint.
package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// Progress says how far a training is.
type Progress struct {
	Network, Networks int  // counts from 1: the model's, then those that measure its thresholds
	Families          bool // the networks are done; the head that names DGA families is trained
	Epoch, Epochs     int  // counts from 1
	Step, Steps       int  // of all epochs
	Texts             int  // trained on in this step
	Loss              float64
	Validation        *provenance.Validation // at the end of an epoch
}

// newModelRun prepares the training of the model's network, by options that still lack their
// defaults.
func newModelRun(set *dataset.Set, options Options) (*run, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	benign, malicious := 0, 0
	for _, row := range set.Parts[dataset.Train] {
		if row.Malicious {
			malicious++
		} else {
			benign++
		}
	}
	if benign == 0 || malicious == 0 {
		return nil, fmt.Errorf("training: %d benign and %d malicious rows to train on, want some of each", benign, malicious)
	}
	alphabet, err := options.alphabet()
	if err != nil {
		return nil, err
	}
	kinds := set.Kinds
	if options.From != nil {
		kinds = options.From.Metadata.Kinds
	}
	texts, err := encodeSet(set, options, alphabet, kinds)
	if err != nil {
		return nil, err
	}
	return newRun(texts, options, options.shape(alphabet, len(kinds)), 0)
}

// Run trains a network on the set. It ends early when the context does; what was done until then is
// in the checkpoint, from which the same call goes on.
func Run(ctx context.Context, set *dataset.Set, options Options) (*modelfile.Model, error) {
	r, err := newModelRun(set, options)
	if err != nil {
		return nil, err
	}
	if err := r.finish(ctx); err != nil {
		return nil, err
	}
	scores, err := r.crossFit(ctx)
	if err != nil {
		return nil, err
	}
	model, err := r.model(set, scores)
	if err != nil {
		return nil, err
	}
	if err := r.addFamilies(ctx, model, set); err != nil {
		return nil, err
	}
	return model, nil
}

// A run is the training of one network.
type run struct {
	fit
	texts    *texts
	network  int       // 0 is the model's; the others leave a fold out
	best     []float32 // the parameters after the best epoch
	state    state
	identity string // a checkpoint of a run with another one is refused

	temperature float64 // once it is finished
}

// state is what a checkpoint holds beside the numbers.
type state struct {
	Step        int                     `json:"step"`
	LossSum     float64                 `json:"loss_sum"` // of this epoch's steps
	Validations []provenance.Validation `json:"validations"`
	BestEpoch   int                     `json:"best_epoch"`
}

// newRun prepares the training of a network. The first is trained on all rows, the n-th on all but
// those of fold n-1.
func newRun(texts *texts, options Options, shape cnn.Shape, network int) (*run, error) {
	parameters, err := cnn.NewParameters(shape)
	if err != nil {
		return nil, err
	}
	parameters.Floor = cnn.Floor(options.Floor)
	parameters.Initialize(options.Seed)
	if options.From != nil {
		copy(parameters.Flat, options.From.Parameters.Flat)
	}
	if options.Checkpoint != "" {
		options.Checkpoint = options.checkpoints()[network]
	}
	r := &run{
		fit: fit{
			options:    options,
			parameters: parameters,
			trained:    func(p *cnn.Parameters) []float32 { return p.Flat },
			optimiser:  newAdam(len(parameters.Flat), workers(options.Workers)),
			encoded:    texts.train,
		},
		texts:   texts,
		network: network,
		best:    make([]float32, len(parameters.Flat)),
	}
	for i := range texts.train.len() {
		if network == 0 || texts.train.folds[i] != network-1 {
			r.rows = append(r.rows, i)
		}
	}
	r.identity, err = fingerprint(options, texts.alphabet, parameters, network, texts.train, texts.choose)
	return r, err
}

// finish trains the network to its end, from its checkpoint if there is one, and calibrates it.
func (r *run) finish(ctx context.Context) error {
	if err := r.resume(); err != nil {
		return err
	}
	if err := r.train(ctx); err != nil {
		return err
	}
	copy(r.parameters.Flat, r.best)
	network, err := r.shipped()
	if err != nil {
		return err
	}
	logits := r.workers().logits(network, r.texts.calibrate)
	temperature, biases := calibrate(logits, r.texts.calibrate)
	for k, bias := range biases {
		r.parameters.OutputBias[k] += float32(temperature * bias)
	}
	r.temperature = temperature
	return nil
}

// shipped is the network as a model computes it, so that temperature and thresholds are those of
// its scores.
func (r *run) shipped() (network, error) {
	quantized, err := cnn.Quantize(r.parameters, r.texts.train.frequency(r.parameters.Shape.Symbols))
	if err != nil {
		return nil, fmt.Errorf("quantising the trained network: %w", err)
	}
	return quantized, nil
}

// train takes all steps that are left.
func (r *run) train(ctx context.Context) error {
	err := r.epochs(ctx, r.state.Step, func(p Progress) error {
		if math.IsNaN(p.Loss) {
			return fmt.Errorf("training: the loss of step %d of %d is not a number; a lower learning rate than %v may help", p.Step, p.Steps, r.options.LearningRate)
		}
		r.state.Step = p.Step
		r.state.LossSum += p.Loss
		p.Network, p.Networks = r.network+1, 1+r.options.Folds
		if p.Step%r.stepsPerEpoch() == 0 {
			p.Validation = r.endEpoch(p.Epoch)
		}
		if p.Step%r.options.CheckpointEvery == 0 || p.Validation != nil {
			if err := r.save(); err != nil {
				return err
			}
		}
		if r.options.Progress != nil {
			r.options.Progress(p)
		}
		return nil
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return errors.Join(err, r.save())
	}
	return err
}

// endEpoch validates the network and keeps its parameters if they are the best so far.
func (r *run) endEpoch(epoch int) *provenance.Validation {
	validation := r.validate()
	validation.Epoch, validation.Loss = epoch, r.state.LossSum/float64(r.stepsPerEpoch())
	r.state.LossSum = 0
	best := r.state.BestEpoch == 0 || !isBetter(r.state.Validations[r.state.BestEpoch-1], validation)
	r.state.Validations = append(r.state.Validations, validation)
	if best {
		r.state.BestEpoch = epoch
		copy(r.best, r.parameters.Flat)
	}
	return &validation
}

// validate judges the network by the part choose.
func (r *run) validate() provenance.Validation {
	scores := r.workers().scores(cnn.NewNetwork(r.parameters), r.texts.choose, 1)
	malicious := make([]bool, len(scores))
	for i, kind := range r.texts.choose.kinds {
		malicious[i] = kind != 0
	}
	roc := eval.NewROCOf(scores, malicious)
	var v provenance.Validation
	v.AUC, _ = roc.AUC()
	if point, ok := roc.AtFalsePositiveRate(1e-2); ok {
		v.TruePositiveRate = point.TruePositives.Rate()
	}
	return v
}

// isBetter reports whether v is better than other: first by what is found at few false alarms, then
// by the order of all scores.
func isBetter(v, other provenance.Validation) bool {
	if v.TruePositiveRate != other.TruePositiveRate {
		return v.TruePositiveRate > other.TruePositiveRate
	}
	return v.AUC > other.AUC
}

// model returns the model; its thresholds are measured on the scores of benign texts.
func (r *run) model(set *dataset.Set, benign benignScores) (*modelfile.Model, error) {
	alphabet, err := json.Marshal(r.texts.alphabet)
	if err != nil {
		return nil, fmt.Errorf("writing alphabet: %w", err)
	}
	imitated, from := set.Imitated, ""
	if base := r.options.From; base != nil {
		from = base.SHA256
		if len(imitated) == 0 {
			imitated = base.Metadata.Imitated
		}
	}
	training, err := json.Marshal(provenance.Training{
		From: from, Options: r.options.Options,
		Epochs: r.state.Validations, BestEpoch: r.state.BestEpoch, Data: set.Account,
	})
	if err != nil {
		return nil, fmt.Errorf("writing what was trained on: %w", err)
	}
	return &modelfile.Model{
		Parameters: r.parameters,
		Metadata: modelfile.Metadata{
			Shape:           r.parameters.Shape,
			Alphabet:        alphabet,
			SymbolLimit:     r.options.SymbolLimit,
			Kinds:           r.texts.kinds,
			SymbolFrequency: r.texts.train.frequency(r.parameters.Shape.Symbols),
			Imitated:        imitated,
			Floor:           r.parameters.Floor,
			Temperature:     r.temperature,
			Thresholds:      thresholds(benign.names),
			URLThresholds:   thresholds(benign.urls),
			Created:         r.options.Created,
			Seed:            r.options.Seed,
			Training:        training,
		},
	}, nil
}
