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
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// Options say how to train. The zero value trains the default network. Where zero would mean
// something of its own, a negative number stands for it: no hidden layer, no dropout.
type Options struct {
	provenance.Options // what decides the outcome; for the defaults see withDefaults

	// From is a model to go on from, with its shape, alphabet and kinds: malicious rows of a kind that
	// it does not have train the sum of its malicious kinds. Shape and symbol limit default to its own.
	// Default: a new network.
	From *modelfile.Model `json:"-"`

	Workers         int            `json:"-"` // default one a CPU
	Checkpoint      string         `json:"-"` // file to resume from and to write to; default none
	CheckpointEvery int            `json:"-"` // steps between two checkpoints; default 500
	Created         string         `json:"-"` // date for the model's metadata; default none
	Progress        func(Progress) `json:"-"` // called after every step; default nothing
}

// Progress says how far a training is.
type Progress struct {
	Network, Networks int  // the first is the model's, the others measure its thresholds; counts from 1
	Families          bool // the networks are done, and the head that names DGA families is trained
	Epoch, Epochs     int  // counts from 1
	Step, Steps       int  // of all epochs
	Texts             int  // trained on in this step
	Loss              float64
	Validation        *provenance.Validation // at the end of an epoch
}

func (o Options) withDefaults() (Options, error) {
	if o.From != nil {
		if err := o.takeShape(); err != nil {
			return o, err
		}
	}
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
	alphabet, err := o.alphabet()
	if err != nil {
		return o, err
	}
	network := cnn.Shape{Symbols: alphabet.Symbols(), Embedding: o.Embedding, Widths: o.Widths, Filters: o.Filters, Hidden: o.Hidden, Kinds: 2}
	if err := network.Validate(); err != nil {
		return o, fmt.Errorf("training: %w", err)
	}
	switch {
	case o.Epochs < 1:
		return o, fmt.Errorf("training: %d epochs, want at least 1", o.Epochs)
	case o.BatchSize < 1:
		return o, fmt.Errorf("training: batches of %d texts, want at least 1", o.BatchSize)
	case o.SymbolLimit < 1 || o.SymbolLimit > modelfile.MaxSymbolLimit:
		return o, fmt.Errorf("training: a limit of %d symbols, want 1 to %d", o.SymbolLimit, modelfile.MaxSymbolLimit)
	case !(o.LearningRate > 0): // not a number is none of these
		return o, fmt.Errorf("training: learning rate %v, want above 0", o.LearningRate)
	case !(o.Dropout < 1):
		return o, fmt.Errorf("training: dropout %v, want below 1", o.Dropout)
	case !(o.WeightDecay < math.MaxFloat32):
		return o, fmt.Errorf("training: weight decay %v, want a number", o.WeightDecay)
	case !(o.WarmUp <= 1):
		return o, fmt.Errorf("training: warm-up %v of all steps, want at most 1", o.WarmUp)
	case o.Folds < 0 || o.Folds == 1 || o.Folds > 255:
		return o, fmt.Errorf("training: %d folds, want none or 2 to 255", o.Folds)
	case o.Workers < 1:
		return o, fmt.Errorf("training: %d workers, want at least 1", o.Workers)
	case o.CheckpointEvery < 1:
		return o, fmt.Errorf("training: a checkpoint every %d steps, want at least 1", o.CheckpointEvery)
	}
	return o, nil
}

// takeShape sets the options that say how the network looks to those of the model to go on from.
func (o *Options) takeShape() error {
	metadata := o.From.Metadata
	setDefault(&o.SymbolLimit, metadata.SymbolLimit)
	shape := metadata.Shape
	for _, field := range []struct {
		name  string
		given *int
		own   int
	}{
		{"embedding", &o.Embedding, shape.Embedding},
		{"filters", &o.Filters, shape.Filters},
		{"hidden", &o.Hidden, cmp.Or(shape.Hidden, -1)}, // -1: none
	} {
		if *field.given != 0 && *field.given != field.own {
			return fmt.Errorf("training: %s is %d, the model to go on from has %d", field.name, max(0, *field.given), max(0, field.own))
		}
		*field.given = field.own
	}
	if len(o.Widths) > 0 && !slices.Equal(o.Widths, shape.Widths) {
		return fmt.Errorf("training: widths %v, the model to go on from has %v", o.Widths, shape.Widths)
	}
	o.Widths = shape.Widths
	return nil
}

func setDefault[T int | float64](option *T, value T) {
	switch {
	case *option == 0:
		*option = value
	case *option < 0:
		*option = 0
	}
}

// alphabet returns that of the model to go on from, or of new models.
func (o Options) alphabet() (*canon.Alphabet, error) {
	if o.From == nil {
		return canon.DefaultAlphabet(), nil
	}
	alphabet, err := canon.ParseAlphabet(o.From.Metadata.Alphabet)
	if err != nil {
		return nil, fmt.Errorf("training: the model to go on from: %w", err)
	}
	if alphabet.Symbols() != o.From.Metadata.Shape.Symbols {
		return nil, fmt.Errorf("training: the model to go on from has %d symbols, its alphabet %d", o.From.Metadata.Shape.Symbols, alphabet.Symbols())
	}
	return alphabet, nil
}

// Checkpoints lists the checkpoint files of a run, one a network, of which there may be some, or none.
func (o Options) Checkpoints() []string {
	files := []string{o.Checkpoint}
	for fold := range o.Folds {
		files = append(files, fmt.Sprintf("%s.fold%d", o.Checkpoint, fold+1))
	}
	return files
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
	alphabet, err := options.alphabet()
	if err != nil {
		return nil, err
	}
	kinds := set.Kinds
	if options.From != nil {
		kinds = options.From.Metadata.Kinds
	}
	shape := cnn.Shape{
		Symbols:   alphabet.Symbols(),
		Embedding: options.Embedding,
		Widths:    options.Widths,
		Filters:   options.Filters,
		Hidden:    options.Hidden,
		Kinds:     len(kinds),
	}
	texts, err := encodeSet(set, options, alphabet, kinds)
	if err != nil {
		return nil, err
	}
	r, err := newRun(texts, options, shape, 0)
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

// run is the training of one network on its way.
type run struct {
	texts      *texts
	options    Options
	network    int   // 0 is the model's, others are kept from a fold
	rows       []int // of texts.train, those to train on
	parameters *cnn.Parameters
	optimiser  adam
	best       []float32 // the parameters after the best epoch
	state      state
	identity   string // of the run, so that a checkpoint of another one is refused

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
	parameters.Initialize(options.Seed)
	if options.From != nil {
		copy(parameters.Flat, options.From.Parameters.Flat)
	}
	if options.Checkpoint != "" {
		options.Checkpoint = options.Checkpoints()[network]
	}
	r := &run{
		texts:      texts,
		options:    options,
		network:    network,
		parameters: parameters,
		optimiser:  newAdam(len(parameters.Flat)),
		best:       make([]float32, len(parameters.Flat)),
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
	logits := r.options.logits(cnn.NewNetwork(r.parameters), r.texts.calibrate)
	temperature, biases := calibrate(logits, r.texts.calibrate)
	for k, bias := range biases {
		r.parameters.OutputBias[k] += float32(temperature * bias)
	}
	r.temperature = temperature
	return nil
}

func (r *run) stepsPerEpoch() int {
	return (len(r.rows) + r.options.BatchSize - 1) / r.options.BatchSize
}

// train runs all steps that are left.
func (r *run) train(ctx context.Context) error {
	o, texts := r.options, len(r.rows)
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
			for i, row := range order {
				order[i] = r.rows[row]
			}
		}
		batch = r.texts.train.batch(batch, order[step*o.BatchSize:min((step+1)*o.BatchSize, texts)])
		dropoutSeed := o.Seed<<32 + uint64(r.state.Step)
		loss := gradient.Run(batch, o.Dropout, dropoutSeed, o.parallel)
		if math.IsNaN(loss) {
			return fmt.Errorf("training: the loss of step %d of %d is not a number; a lower learning rate than %v may help", r.state.Step+1, steps, o.LearningRate)
		}
		rate := learningRate(o.Options, r.state.Step, steps)
		r.optimiser.step(r.parameters.Flat, gradient.Gradient.Flat, r.state.Step+1, rate, o.WeightDecay, o.parallel)

		r.state.Step++
		r.state.LossSum += loss
		progress := Progress{Network: r.network + 1, Networks: 1 + o.Folds, Epoch: epoch + 1, Epochs: o.Epochs, Step: r.state.Step, Steps: steps, Texts: batch.Len(), Loss: loss}
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
func (r *run) endEpoch(epoch, steps int) *provenance.Validation {
	validation := r.validate()
	validation.Epoch, validation.Loss = epoch, r.state.LossSum/float64(steps)
	r.state.LossSum = 0
	best := r.state.BestEpoch == 0 || !isBetter(r.state.Validations[r.state.BestEpoch-1], validation)
	r.state.Validations = append(r.state.Validations, validation)
	if best {
		r.state.BestEpoch = epoch
		copy(r.best, r.parameters.Flat)
	}
	return &validation
}

// model returns the model, with the thresholds that the scores of benign texts give.
func (r *run) model(set *dataset.Set, benign benignScores) (*modelfile.Model, error) {
	alphabet, err := json.Marshal(r.texts.alphabet)
	if err != nil {
		return nil, fmt.Errorf("writing alphabet: %w", err)
	}
	training, err := json.Marshal(provenance.Training{
		From: r.options.fromSHA256(), Options: r.options.Options,
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
			Imitated:        r.options.imitated(set),
			Temperature:     r.temperature,
			Thresholds:      thresholds(benign.names),
			URLThresholds:   thresholds(benign.urls),
			Created:         r.options.Created,
			Seed:            r.options.Seed,
			Training:        training,
		},
	}, nil
}

// imitated returns the names that the set holds worth imitating, or else those that the model to go on from
// knows.
func (o Options) imitated(set *dataset.Set) []string {
	if len(set.Imitated) == 0 && o.From != nil {
		return o.From.Metadata.Imitated
	}
	return set.Imitated
}

// fromSHA256 says which model was gone on from, if one was.
func (o Options) fromSHA256() string {
	if o.From == nil {
		return ""
	}
	return o.From.SHA256
}
