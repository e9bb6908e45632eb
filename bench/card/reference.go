package main

import (
	"context"
	"fmt"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

// addReference writes the model with a reference measured on the data. The weights stay, and so
// does the SHA-256 that the card names.
func (o options) addReference(ctx context.Context) error {
	file, err := modelfile.ParseModel(models.Default)
	model := snowman.Default()
	if o.model != "" {
		if file, err = modelfile.Open(o.model); err == nil {
			model, err = snowman.Open(o.model)
		}
	}
	if err != nil {
		return err
	}
	f := figures{info: model.Info()}
	if err := f.readKept(); err != nil {
		return err
	}
	if f.recipe, err = dataset.ReadRecipe(o.recipe); err != nil {
		return err
	}
	fmt.Fprintln(o.stderr, "reading the data")
	set, err := f.recipe.Build(ctx, o.data)
	if err != nil {
		return err
	}
	f.account = set.Account
	if err := f.checkSources(); err != nil {
		return err
	}
	if file.Metadata.Reference, err = measure.NewReference(ctx, model, set); err != nil {
		return err
	}
	r := file.Metadata.Reference
	fmt.Fprintf(o.stderr, "%d names, %d URLs, %d public suffixes, %d months\n", r.Names.Texts, r.URLs.Texts, len(r.Suffixes), len(r.Months))
	return atomicfile.Write(o.reference, file.Write)
}
