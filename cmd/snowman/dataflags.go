package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/measure"
)

// chooseRecipe returns the recipe that the flags of train and eval name.
func chooseRecipe(ctx context.Context, data, recipe, black, white string) (dataset.Recipe, error) {
	switch {
	case data == "" && recipe != "":
		return dataset.Recipe{}, usageError{"-recipe says how to read the folder of -data, which is missing"}
	case data != "" && (black != "" || white != ""):
		return dataset.Recipe{}, usageError{"-data and -black, -white exclude each other"}
	case data != "" && recipe != "":
		return inputfile.Await(ctx, func() (dataset.Recipe, error) { return dataset.ReadRecipe(recipe) })
	case data != "":
		return dataset.DefaultRecipe(data)
	case black == "" || white == "":
		return dataset.Recipe{}, usageError{"name the data with -data, or with -black and -white"}
	}
	lists := []string{black, white}
	for i, list := range lists {
		path, err := filepath.Abs(list)
		if err != nil {
			return dataset.Recipe{}, fmt.Errorf("reading source %q: %w", list, err)
		}
		if _, err := (dataset.Source{File: path}).Path(""); err != nil {
			return dataset.Recipe{}, fmt.Errorf("reading source %q: no such file", list)
		}
		lists[i] = path
	}
	return dataset.ListsRecipe(lists[0], lists[1]), nil
}

// checkOutput refuses, before long work, a flag's file that cannot be written or is one of the
// inputs.
func checkOutput(flag, path string, inputs ...string) error {
	switch info, err := os.Stat(path); {
	case err != nil: // there is none yet
	case info.IsDir():
		return usageError{fmt.Sprintf("%s %q is a folder, want a file", flag, path)}
	case !info.Mode().IsRegular():
		return usageError{fmt.Sprintf("%s %q is not a regular file", flag, path)}
	}
	for _, input := range inputs {
		if isSameFile(path, input) {
			return usageError{fmt.Sprintf("%s %q is one of the files to read", flag, path)}
		}
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".snowman-*")
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// checkZeros refuses 0 for a number whose default is another: to package train 0 is the default.
// The seed, which is unsigned, may be 0.
func checkZeros(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		value, _ := f.Value.(flag.Getter)
		if f.DefValue != "0" && value != nil && (value.Get() == 0 || value.Get() == 0.0) {
			err = usageError{fmt.Sprintf("-%s 0: want another number; snowman train -h says which stands for none", f.Name)}
		}
	})
	return err
}

// parseWidths reads -widths; the empty list leaves them open.
func parseWidths(list string) (widths []int, err error) {
	if list == "" {
		return nil, nil
	}
	for _, text := range strings.Split(list, ",") {
		width, err := strconv.Atoi(text)
		if err != nil {
			return nil, usageError{fmt.Sprintf("-widths %q: want numbers with commas between them", list)}
		}
		widths = append(widths, width)
	}
	return widths, nil
}

// An output is a file to write, and the flag that names it.
type output struct{ flag, path string }

// checkOutputs finds out before long work whether the files could be written. None may be one of
// the inputs, another of the files, or standard output. An empty path stands for no file.
func checkOutputs(outputs []output, inputs []string) error {
	for i, o := range outputs {
		switch o.path {
		case "":
			continue
		case "-":
			return usageError{o.flag + " -: want a file; standard output has the figures"}
		}
		if err := checkOutput(o.flag, o.path, inputs...); err != nil {
			return err
		}
		for _, other := range outputs[:i] {
			if filepath.Clean(other.path) == filepath.Clean(o.path) || isSameFile(other.path, o.path) {
				return usageError{fmt.Sprintf("%s and %s both name %q", other.flag, o.flag, o.path)}
			}
		}
	}
	return nil
}

// isSameFile reports whether both paths lead to one file that exists.
func isSameFile(path, other string) bool {
	first, err := os.Stat(path)
	if err != nil {
		return false
	}
	second, err := os.Stat(other)
	return err == nil && os.SameFile(first, second)
}

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
		if recipe, err = chooseRecipe(ctx, l.data, l.recipe, "", ""); err != nil {
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

// flagsComeFirst refuses a flag that stands behind an argument, which is such a thing.
func flagsComeFirst(flags *flag.FlagSet, thing string) error {
	for _, argument := range flags.Args() {
		name, _, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		if strings.HasPrefix(argument, "-") && flags.Lookup(name) != nil {
			return usageError{fmt.Sprintf("flag %s stands behind %s; flags come first", argument, thing)}
		}
	}
	return nil
}
