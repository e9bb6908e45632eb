// Package train fits a network to labelled rows and returns it as a model, ready to be written.
//
//	set -> symbols -> batches -> forward, arg-max -> sparse gradients -> step -> best epoch
//	                                     best epoch -> temperature, thresholds, families -> model
//
// Each part of the set serves one purpose: train is trained on, choose decides which epoch is kept,
// and on calibrate the temperature is fitted and the thresholds are measured. Report is not touched.
//
// The same set, options and kind of machine give the same bytes, whatever the number of workers, and
// also where a run was killed half way and went on from its checkpoint.
package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// Options say how to train. The zero value trains the default network. Where zero would mean
// something of its own, a negative number stands for it: no hidden layer, no dropout.
type Options struct {
	Embedding    int     `json:"embedding"`     // default 32
	Widths       []int   `json:"widths"`        // of the filters; default 2, 3, 4, 5, 6
	Filters      int     `json:"filters"`       // of each width; default 256
	Hidden       int     `json:"hidden"`        // default 128
	SymbolLimit  int     `json:"symbol_limit"`  // symbols read of a text; default 200
	Epochs       int     `json:"epochs"`        // default 3
	BatchSize    int     `json:"batch_size"`    // default 512
	LearningRate float64 `json:"learning_rate"` // at its peak; default 1e-3
	WeightDecay  float64 `json:"weight_decay"`  // decoupled, times the learning rate; default 0.05
	Dropout      float64 `json:"dropout"`       // before the dense layer; default 0.5
	WarmUp       float64 `json:"warm_up"`       // share of all steps; default 0.05
	Seed         uint64  `json:"seed"`          // of weights, order and dropout; default 0

	Workers         int            `json:"-"` // default one a CPU
	Checkpoint      string         `json:"-"` // file to resume from and to write to; default none
	CheckpointEvery int            `json:"-"` // steps between two checkpoints; default 500
	Created         string         `json:"-"` // date for the model's metadata; default none
	Progress        func(Progress) `json:"-"` // called after every step; default nothing
}

// Progress says how far a training is.
type Progress struct {
	Families      bool // the network is done, and the head that names DGA families is trained
	Epoch, Epochs int  // the epoch counts from 1
	Step, Steps   int  // of all epochs
	Texts         int  // trained on in this step
	Loss          float64
	Validation    *Validation // at the end of an epoch
}

func (o Options) withDefaults() (Options, error) {
	if len(o.Widths) == 0 {
		o.Widths = []int{2, 3, 4, 5, 6}
	}
	setDefault(&o.Embedding, 32)
	setDefault(&o.Filters, 256)
	setDefault(&o.Hidden, 128)
	setDefault(&o.SymbolLimit, 200)
	setDefault(&o.Epochs, 3)
	setDefault(&o.BatchSize, 512)
	setDefault(&o.LearningRate, 1e-3)
	setDefault(&o.WeightDecay, 0.05)
	setDefault(&o.Dropout, 0.5)
	setDefault(&o.WarmUp, 0.05)
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	setDefault(&o.CheckpointEvery, 500)
	network := cnn.Shape{Symbols: canon.HostAndPath().Symbols(), Embedding: o.Embedding, Widths: o.Widths, Filters: o.Filters, Hidden: o.Hidden, Kinds: 2}
	if err := network.Validate(); err != nil {
		return o, fmt.Errorf("training: %w", err)
	}
	switch {
	case o.Epochs < 1:
		return o, fmt.Errorf("training: %d epochs, want at least 1", o.Epochs)
	case o.BatchSize < 1:
		return o, fmt.Errorf("training: batches of %d texts, want at least 1", o.BatchSize)
	case o.SymbolLimit < 1:
		return o, fmt.Errorf("training: a limit of %d symbols, want at least 1", o.SymbolLimit)
	case !(o.LearningRate > 0): // not a number is none of these
		return o, fmt.Errorf("training: learning rate %v, want above 0", o.LearningRate)
	case !(o.Dropout < 1):
		return o, fmt.Errorf("training: dropout %v, want below 1", o.Dropout)
	case !(o.WeightDecay < math.MaxFloat32):
		return o, fmt.Errorf("training: weight decay %v, want a number", o.WeightDecay)
	case !(o.WarmUp <= 1):
		return o, fmt.Errorf("training: warm-up %v of all steps, want at most 1", o.WarmUp)
	case o.Workers < 1:
		return o, fmt.Errorf("training: %d workers, want at least 1", o.Workers)
	case o.CheckpointEvery < 1:
		return o, fmt.Errorf("training: a checkpoint every %d steps, want at least 1", o.CheckpointEvery)
	}
	return o, nil
}

func setDefault[T int | float64](option *T, value T) {
	switch {
	case *option == 0:
		*option = value
	case *option < 0:
		*option = 0
	}
}

// Validate reports whether a network can be trained with these options.
func (o Options) Validate() error {
	_, err := o.withDefaults()
	return err
}

// Run trains a network on the set. The context ends it early; what was done until then is in the
// checkpoint.
func Run(ctx context.Context, set *dataset.Set, options Options) (*modelfile.Model, error) {
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
	alphabet := canon.HostAndPath()
	shape := cnn.Shape{
		Symbols:   alphabet.Symbols(),
		Embedding: options.Embedding,
		Widths:    options.Widths,
		Filters:   options.Filters,
		Hidden:    options.Hidden,
		Kinds:     len(set.Kinds),
	}
	r, err := newRun(set, options, alphabet, shape)
	if err != nil {
		return nil, err
	}
	if err := r.resume(); err != nil {
		return nil, err
	}
	if err := r.train(ctx); err != nil {
		return nil, err
	}
	copy(r.parameters.Flat, r.best)
	model, err := r.model(set)
	if err != nil {
		return nil, err
	}
	if err := r.addFamilies(ctx, model, set); err != nil {
		return nil, err
	}
	return model, nil
}

// run is a training on its way.
type run struct {
	options    Options
	alphabet   *canon.Alphabet
	trainTexts encoded
	choose     encoded
	parameters *cnn.Parameters
	optimiser  adam
	best       []float32 // the parameters after the best epoch
	state      state
	identity   string // of the run, so that a checkpoint of another one is refused
}

// state is what a checkpoint holds beside the numbers.
type state struct {
	Step        int          `json:"step"`
	LossSum     float64      `json:"loss_sum"` // of this epoch's steps
	Validations []Validation `json:"validations"`
	BestEpoch   int          `json:"best_epoch"`
}

func newRun(set *dataset.Set, options Options, alphabet *canon.Alphabet, shape cnn.Shape) (*run, error) {
	parameters, err := cnn.NewParameters(shape)
	if err != nil {
		return nil, err
	}
	parameters.Initialize(options.Seed)
	r := &run{
		options:    options,
		alphabet:   alphabet,
		parameters: parameters,
		optimiser:  newAdam(len(parameters.Flat)),
		best:       make([]float32, len(parameters.Flat)),
	}
	encoder := encoder{alphabet: alphabet, limit: options.SymbolLimit, kinds: set.Kinds}
	if r.trainTexts, err = encoder.encode(set.Parts[dataset.Train]); err != nil {
		return nil, err
	}
	if r.choose, err = encoder.encode(set.Parts[dataset.Choose]); err != nil {
		return nil, err
	}
	r.identity, err = fingerprint(options, alphabet, shape, r.trainTexts, r.choose)
	return r, err
}

func (r *run) stepsPerEpoch() int {
	return (r.trainTexts.len() + r.options.BatchSize - 1) / r.options.BatchSize
}

// train runs all steps that are left.
func (r *run) train(ctx context.Context) error {
	o, texts := r.options, r.trainTexts.len()
	stepsPerEpoch := r.stepsPerEpoch()
	steps := o.Epochs * stepsPerEpoch
	gradient, err := cnn.NewBackpropagation(r.parameters, min(o.BatchSize, texts))
	if err != nil {
		return err
	}
	var order []int
	var batch cnn.Batch
	for r.state.Step < steps {
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), r.save())
		}
		epoch, step := r.state.Step/stepsPerEpoch, r.state.Step%stepsPerEpoch
		if order == nil || step == 0 {
			order = rand.New(rand.NewPCG(o.Seed, uint64(epoch)+1)).Perm(texts)
		}
		batch = r.trainTexts.batch(batch, order[step*o.BatchSize:min((step+1)*o.BatchSize, texts)])
		dropoutSeed := o.Seed<<32 + uint64(r.state.Step)
		loss := gradient.Run(batch, o.Dropout, dropoutSeed, o.parallel)
		if math.IsNaN(loss) {
			return fmt.Errorf("training: the loss of step %d of %d is not a number; a lower learning rate than %v may help", r.state.Step+1, steps, o.LearningRate)
		}
		rate := learningRate(o, r.state.Step, steps)
		r.optimiser.step(r.parameters.Flat, gradient.Gradient.Flat, r.state.Step+1, rate, o.WeightDecay, o.parallel)

		r.state.Step++
		r.state.LossSum += loss
		progress := Progress{Epoch: epoch + 1, Epochs: o.Epochs, Step: r.state.Step, Steps: steps, Texts: batch.Len(), Loss: loss}
		if step+1 == stepsPerEpoch {
			progress.Validation = r.endEpoch(epoch+1, stepsPerEpoch)
		}
		if r.state.Step%o.CheckpointEvery == 0 || progress.Validation != nil {
			if err := r.save(); err != nil {
				return err
			}
		}
		if o.Progress != nil {
			o.Progress(progress)
		}
	}
	return nil
}

// endEpoch validates the network and keeps its parameters if they are the best so far.
func (r *run) endEpoch(epoch, steps int) *Validation {
	validation := r.validate()
	validation.Epoch, validation.Loss = epoch, r.state.LossSum/float64(steps)
	r.state.LossSum = 0
	best := r.state.BestEpoch == 0 || !r.state.Validations[r.state.BestEpoch-1].isBetterThan(validation)
	r.state.Validations = append(r.state.Validations, validation)
	if best {
		r.state.BestEpoch = epoch
		copy(r.best, r.parameters.Flat)
	}
	return &validation
}

// model measures what a model needs beside its parameters.
func (r *run) model(set *dataset.Set) (*modelfile.Model, error) {
	shape := r.parameters.Shape
	encoder := encoder{alphabet: r.alphabet, limit: r.options.SymbolLimit, kinds: set.Kinds}
	network := cnn.NewNetwork(r.parameters)
	calibrate, err := encoder.encode(set.Parts[dataset.Calibrate])
	if err != nil {
		return nil, err
	}
	temperature := fitTemperature(r.options.logits(network, calibrate), calibrate)

	// A list of black and white names says nothing of who is to be trusted; there the benign rows of
	// calibrate have to do, and the counts in the thresholds say how many they were.
	names := set.Vetted
	if len(names) == 0 {
		for _, row := range set.Parts[dataset.Calibrate] {
			if !row.Malicious {
				names = append(names, row.Text)
			}
		}
	}
	vetted, err := encoder.encode(benignRows(names))
	if err != nil {
		return nil, err
	}
	alphabet, err := json.Marshal(r.alphabet)
	if err != nil {
		return nil, fmt.Errorf("writing alphabet: %w", err)
	}
	training, err := json.Marshal(Training{Options: r.options, Epochs: r.state.Validations, BestEpoch: r.state.BestEpoch, Data: set.Account})
	if err != nil {
		return nil, fmt.Errorf("writing what was trained on: %w", err)
	}
	return &modelfile.Model{
		Parameters: r.parameters,
		Metadata: modelfile.Metadata{
			Shape:       shape,
			Alphabet:    alphabet,
			SymbolLimit: r.options.SymbolLimit,
			Kinds:       set.Kinds,
			Temperature: temperature,
			Thresholds:  thresholds(r.options.scores(network, vetted, temperature)),
			Created:     r.options.Created,
			Seed:        r.options.Seed,
			Training:    training,
		},
	}, nil
}

// Training is what a model file says of how the model was made.
type Training struct {
	Options   Options         `json:"options"`
	Epochs    []Validation    `json:"epochs"`
	BestEpoch int             `json:"best_epoch"`
	Data      dataset.Account `json:"data"`
}

func benignRows(texts []string) []dataset.Row {
	rows := make([]dataset.Row, len(texts))
	for i, text := range texts {
		rows[i] = dataset.Row{Text: text, Kind: dataset.Benign}
	}
	return rows
}
