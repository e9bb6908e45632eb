package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
)

// chooseRecipe returns the recipe that the flags of train and eval name.
func chooseRecipe(data, recipe, black, white string) (dataset.Recipe, error) {
	switch {
	case data == "" && recipe != "":
		return dataset.Recipe{}, usageError{"-recipe says how to read the folder of -data, which is missing"}
	case data != "" && (black != "" || white != ""):
		return dataset.Recipe{}, usageError{"-data and -black, -white exclude each other"}
	case data != "" && recipe != "":
		return dataset.ReadRecipe(recipe)
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
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usageError{fmt.Sprintf("%s %q is a folder, want a file", flag, path)}
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
