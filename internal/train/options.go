package train

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"slices"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// Options say how to train. A zero stands for the default, a number below zero for zero itself,
// where that means something: no hidden layer, no dropout.
type Options struct {
	provenance.Options // they decide what the training gives; withDefaults has the defaults

	// From is a model to go on from; default a new network. Alphabet and kinds are the model's, and
	// shape and symbol limit cannot be others. Malicious rows of a kind that the model does not
	// have train the sum of its malicious kinds.
	From *modelfile.Model `json:"-"`

	Workers         int            `json:"-"` // default one a CPU
	Checkpoint      string         `json:"-"` // file to resume from and to write to; default none
	CheckpointEvery int            `json:"-"` // steps between two checkpoints; default 500
	Created         string         `json:"-"` // date for the model's metadata; default none
	Progress        func(Progress) `json:"-"` // called after every step; default none
}

// Defaults returns what the zero value of Options stands for.
func Defaults() Options {
	o, _ := Options{}.withDefaults() // no error: they are valid
	return o
}

// withDefaults replaces zeros with what they stand for, and refuses what nothing can be trained
// with.
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
	if o.Hidden > 0 {
		setDefault(&o.Views, 2)
	}
	setDefault(&o.Views, 1)
	if o.Views > 1 {
		setDefault(&o.Floor.Host, 0.1)
		setDefault(&o.Floor.RegisteredDomain, 1)
	}
	if o.Floor.Host <= 0 || o.Floor.RegisteredDomain <= 0 {
		o.Floor = provenance.Floor{}
	}
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
	if err := o.shape(alphabet, 2).Validate(); err != nil {
		return o, fmt.Errorf("training: %w", err)
	}
	switch {
	case o.Views == 1 && o.Floor != provenance.Floor{}:
		return o, errors.New("training: a floor, which a network with one view cannot have")
	case cnn.Floor(o.Floor).Validate() != nil:
		return o, fmt.Errorf("training: %w", cnn.Floor(o.Floor).Validate())
	case o.Epochs < 1:
		return o, fmt.Errorf("training: %d epochs, want at least 1", o.Epochs)
	case o.BatchSize < 1:
		return o, fmt.Errorf("training: batches of %d texts, want at least 1", o.BatchSize)
	case o.SymbolLimit < 1 || o.SymbolLimit > modelfile.MaxSymbolLimit:
		return o, fmt.Errorf("training: a limit of %d symbols, want 1 to %d", o.SymbolLimit, modelfile.MaxSymbolLimit)
	case !(o.LearningRate > 0): // also refuses what is not a number
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

// shape returns the shape of a network with this number of kinds.
func (o Options) shape(alphabet *canon.Alphabet, kinds int) cnn.Shape {
	return cnn.Shape{
		Symbols:   alphabet.Symbols(),
		Embedding: o.Embedding,
		Widths:    o.Widths,
		Filters:   o.Filters,
		Hidden:    o.Hidden,
		Kinds:     kinds,
		Views:     o.Views,
	}
}

// takeShape sets shape and symbol limit to those of the model to go on from.
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
		{"views", &o.Views, cmp.Or(shape.Views, 1)},
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
	if o.Floor == (provenance.Floor{}) {
		o.Floor = provenance.Floor(cmp.Or(metadata.Floor, cnn.Floor{Host: -1})) // -1: none
	}
	return nil
}

// setDefault replaces zero with the value, and a number below zero with zero.
func setDefault[T int | float64](option *T, value T) {
	switch {
	case *option == 0:
		*option = value
	case *option < 0:
		*option = 0
	}
}

// alphabet returns the alphabet of the model to go on from, or of new models.
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

// checkpoints lists the checkpoint files, one a network. Which of them exist depends on how far the
// training is.
func (o Options) checkpoints() []string {
	files := []string{o.Checkpoint}
	for fold := range o.Folds {
		files = append(files, fmt.Sprintf("%s.fold%d", o.Checkpoint, fold+1))
	}
	return files
}

// RemoveCheckpoints removes what a training left for another Run to go on from.
func (o Options) RemoveCheckpoints() error {
	for _, file := range o.checkpoints() {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the checkpoint: %w", err)
		}
	}
	return nil
}

// Validate reports whether a network can be trained with these options.
func (o Options) Validate() error {
	_, err := o.withDefaults()
	return err
}
