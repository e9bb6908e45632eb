package retrain

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/models"
)

// A plan is which files to train on, and how.
type plan struct {
	recipe dataset.Recipe
	feeds  []dataset.Source // of others
	mine   map[string]bool  // names of own sources
	apart  bool             // a part of the own rows is set aside to measure on
	notes  []string
}

// newPlan returns the recipe with what the folder has: without files that are missing, with files
// that the recipe does not name, and with the user's own rows, whose word is the last.
func newPlan(o Options, mine []dataset.Row) (plan, error) {
	p := plan{mine: make(map[string]bool)}
	recipe, err := chooseRecipe(o.Recipe)
	if err != nil {
		return p, err
	}
	recipe.ReportFrom = "" // package doc
	kept, missing, err := keepPresent(recipe, o.Data)
	if err != nil {
		return p, err
	}
	if len(missing) > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d files of the recipe are not in the folder: %s", len(missing), someOf(missing)))
	}
	unnamed, err := unnamedFiles(kept, o)
	if err != nil {
		return p, err
	}
	if len(unnamed) > 0 {
		var names []string
		for _, source := range unnamed {
			names = append(names, source.File)
		}
		p.notes = append(p.notes, fmt.Sprintf("%d files that the recipe does not name are taken as they are: %s", len(unnamed), someOf(names)))
	}
	kept.Sources = append(kept.Sources, unnamed...)
	p.feeds = kept.Sources
	p.apart = len(domainsOf(mine)) >= fewestApart
	own, err := ownSources(o.Mine, !p.apart)
	if err != nil {
		return p, err
	}
	for _, source := range own {
		p.mine[source.Name] = true
	}
	kept.Sources = append(own, kept.Sources...) // first, for their labels stand
	p.recipe = kept
	return p, nil
}

func chooseRecipe(given *dataset.Recipe) (dataset.Recipe, error) {
	if given != nil {
		return *given, nil
	}
	recipe, err := dataset.ParseRecipe(models.Recipe)
	if err != nil {
		return recipe, fmt.Errorf("reading the shipped recipe: %w", err)
	}
	return recipe, nil
}

// keepPresent leaves out the files of a recipe that are not there, and returns their names.
func keepPresent(recipe dataset.Recipe, directory string) (kept dataset.Recipe, missing []string, err error) {
	isMissing := func(source dataset.Source) bool {
		_, err := source.Path(directory)
		if err != nil {
			missing = append(missing, source.File)
		}
		return err != nil
	}
	kept = recipe
	kept.Sources = slices.DeleteFunc(slices.Clone(recipe.Sources), isMissing)
	kept.Exclude = slices.DeleteFunc(slices.Clone(recipe.Exclude), func(file string) bool {
		return isMissing(dataset.Source{File: file})
	})
	return kept, missing, nil
}

// unnamedFiles returns the data files of the folder that neither recipe nor options name.
func unnamedFiles(recipe dataset.Recipe, o Options) ([]dataset.Source, error) {
	named, err := recipe.Paths(o.Data)
	if err != nil {
		return nil, err
	}
	all, err := dataset.DefaultRecipe(o.Data)
	var unreadable *fs.PathError
	switch {
	case errors.As(err, &unreadable):
		return nil, err
	case err != nil: // the folder has no data
		return nil, Refusal{[]string{err.Error()}}
	}
	isNamed := make(map[string]bool)
	for _, path := range slices.Concat(named, o.Mine, o.Traffic, []string{acceptedPath(o.Model)}) {
		if path, err := filepath.Abs(path); err == nil {
			isNamed[path] = true
		}
	}
	return slices.DeleteFunc(all.Sources, func(source dataset.Source) bool {
		path, err := source.Path(o.Data)
		if err == nil {
			path, err = filepath.Abs(path)
		}
		return err != nil || isNamed[path]
	}), nil
}

// fewestApart is the number of registered domains from which on a part of the own rows is set aside
// to measure on. Of fewer, a part would measure nothing.
const fewestApart = 50

// ownSources returns sources of the user's own files.
func ownSources(paths []string, trainOnly bool) (sources []dataset.Source, err error) {
	for i, path := range paths {
		if path, err = filepath.Abs(path); err != nil {
			return nil, fmt.Errorf("own rows: %w", err)
		}
		name := "mine"
		if i > 0 {
			name = fmt.Sprintf("mine%d", i+1)
		}
		sources = append(sources, dataset.Source{Name: name, File: path, Overrules: true, TrainOnly: trainOnly})
	}
	return sources, nil
}

// domainsOf returns the registered domains of rows in canonical form.
func domainsOf(rows []dataset.Row) map[string]bool {
	domains := make(map[string]bool)
	var u canon.URL
	for _, row := range rows {
		if u.Parse(row.Text) == nil {
			domains[string(u.RegisteredDomain())] = true
		}
	}
	return domains
}

// someOf lists the first of many names.
func someOf(names []string) string {
	const shown = 5
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return strings.Join(names, ", ")
}
