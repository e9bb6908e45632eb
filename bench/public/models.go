package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
)

// base returns the model to fine-tune from: the one of -from, one trained on the sources, or nil.
func (o options) base(ctx context.Context) (*modelfile.Model, error) {
	if o.from != "" {
		return modelfile.Open(o.from)
	}
	if o.sources == "" {
		return nil, nil
	}
	recipe, err := dataset.DefaultRecipe(o.sources)
	if o.recipe != "" {
		recipe, err = dataset.ReadRecipe(o.recipe)
	}
	if err != nil {
		return nil, err
	}
	for _, b := range benchmarks {
		for _, split := range []string{devSplit, testSplit} {
			if path, err := o.path(b, split); err == nil { // a benchmark may lack one
				recipe.Exclude = append(recipe.Exclude, path)
			}
		}
	}
	fmt.Fprintln(o.stderr, "reading the sources")
	set, err := recipe.Build(ctx, o.sources)
	if err != nil {
		return nil, err
	}
	path, err := o.model(ctx, "base", set, train.Options{Options: baseOptions})
	if err != nil {
		return nil, err
	}
	return modelfile.Open(path)
}

// mustNotKnow refuses a base model unless it was trained without the registered domains of the test
// rows.
func mustNotKnow(base *modelfile.Model, test dataset.SourceAccount) error {
	var training provenance.Training
	if err := json.Unmarshal(base.Metadata.Training, &training); err != nil {
		return fmt.Errorf("reading what the base model was trained on: %w", err)
	}
	for _, excluded := range training.Data.Exclude {
		if excluded.SHA256 == test.SHA256 {
			return nil
		}
	}
	return fmt.Errorf("the base model may know the test rows: its recipe does not exclude %q", test.Name)
}

// model returns the file of the model that the options make of the set. It is trained unless it is
// in the folder of -work.
func (o options) model(ctx context.Context, name string, set *dataset.Set, options train.Options) (string, error) {
	identity, err := train.Identity(set, options)
	if err != nil {
		return "", err
	}
	path := filepath.Join(o.work, fmt.Sprintf("%s-%.12s.safetensors", name, identity))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	options.Workers, options.Checkpoint = o.workers, path+".checkpoint"
	options.Progress = func(p train.Progress) {
		if p.Validation != nil {
			fmt.Fprintf(o.stderr, "training %s: epoch %d of %d, loss %.4f\n", name, p.Epoch, p.Epochs, p.Validation.Loss)
		}
	}
	model, err := train.Run(ctx, set, options)
	if ctx.Err() != nil {
		return "", errors.New("stopped; the same command goes on from here")
	}
	if err != nil {
		return "", err
	}
	if err := atomicfile.Write(path, model.Write); err != nil {
		return "", err
	}
	return path, options.RemoveCheckpoints()
}
