package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/measure"
)

// labelled are the flags and arguments that say which labelled rows to measure on.
type labelled struct {
	data, recipe string
	part         dataset.Part
	only         string // names, urls or empty
	files        []string
}

// read reads the folder of -data and returns nil where there is none. Before, it finds out whether
// the outputs can be written without writing over the model or the rows.
func (l *labelled) read(ctx context.Context, outputs []output, model string, stderr io.Writer) (*dataset.Set, error) {
	var recipe dataset.Recipe
	inputs := append([]string{model, l.recipe}, l.files...)
	if l.data != "" {
		var err error
		if recipe, err = chooseRecipe(l.data, l.recipe, "", ""); err != nil {
			return nil, err
		}
		paths, err := recipe.Paths(l.data)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, paths...)
	}
	if err := checkOutputs(outputs, inputs); err != nil || l.data == "" {
		return nil, err
	}
	fmt.Fprintln(stderr, "reading the data")
	return recipe.Build(ctx, l.data)
}

// evaluation returns the rows to measure on, and says which they are.
func (l *labelled) evaluation(ctx context.Context, set *dataset.Set, stderr io.Writer) (e measure.Evaluation, fact string, err error) {
	if len(l.files) == 0 {
		e, fact = measure.OnPart(set, l.part), fmt.Sprintf("the part %s of %s", l.part, l.data)
	} else {
		var account string
		if e, account, err = measure.OnFiles(ctx, l.files, set); err != nil {
			return e, "", err
		}
		if set == nil {
			account += "; whether training has seen them is not known without -data"
		}
		fmt.Fprintln(stderr, account)
		fact = l.files[0]
		if more := len(l.files) - 1; more > 0 {
			fact = fmt.Sprintf("%s and %d more", fact, more)
		}
		fact += ": " + account
	}
	if l.only != "" {
		e, fact = e.Only(l.only == "urls"), fmt.Sprintf("%s; %s only", fact, l.only)
	}
	if len(e.Rows) == 0 {
		err = errors.New("no row is left to measure on; a file of labelled rows has a header with the columns text and label")
	}
	return e, fact, err
}
