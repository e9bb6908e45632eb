package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// A Recipe says which files make a data set and what to do with each. It is plain data, and
// committed beside its model.
type Recipe struct {
	Seed    uint64   `json:"seed"`
	Kinds   []string `json:"kinds"` // default benign, dga, phishing, malware
	Sources []Source `json:"sources"`

	// Share is the share of the registered domains that goes to a part: choose, calibrate, report.
	// Default .05, .10, .10.
	Share map[Part]float64 `json:"share"`

	// ReportFrom is the date from which malicious rows, except DGA, go to report. They go to train
	// if older rows share their registered domain. Default: the date has no effect.
	ReportFrom string `json:"report_from,omitempty"`

	// HeldOut names, by part, DGA families that are not trained on. Every row of a registered
	// domain that has a name of such a family goes to the family's part.
	HeldOut map[Part][]string `json:"held_out,omitempty"`

	// Perturb says which rows train has beside those of the sources.
	Perturb Perturb `json:"perturb,omitzero"`

	// Exclude names labelled files, as a Source's File does. Rows whose registered domain is in one
	// of those files are left out, so that a model can be judged on the files.
	Exclude []string `json:"exclude,omitempty"`

	// FamilyNames renames DGA families before anything else is done with them, since two names for
	// one pattern teach a network to guess. The empty name means that the family is unknown.
	FamilyNames map[string]string `json:"family_names,omitempty"`

	// VettedYears is the number of years between two lists that vet a domain on both; at least 1.
	VettedYears int `json:"vetted_years,omitempty"`

	// Imitated is the number of popular names of the set that are worth imitating; default 0.
	Imitated int `json:"imitated,omitempty"`
}

// A Source is one file of a Recipe.
type Source struct {
	Name       string  `json:"name,omitempty"`        // default: the file's, without folder and ending
	File       string  `json:"file"`                  // without .tsv, .csv or .txt, and .gz or .zst behind it
	Kind       string  `json:"kind,omitempty"`        // of every row; default: as the file says
	Weight     float32 `json:"weight,omitempty"`      // of a row in the training loss; default 1
	Rows       int     `json:"rows,omitempty"`        // limit in train; default none
	FamilyRows int     `json:"family_rows,omitempty"` // limit for each family in train; default none
	Hosts      bool    `json:"hosts,omitempty"`       // also take the hosts of its benign URLs, as names, without the limit of Rows
	ListYear   int     `json:"list_year,omitempty"`   // the source is a list of popular names of this year
	Dated      bool    `json:"dated,omitempty"`       // the source is a list of popular names, each row of its own date
	Curated    bool    `json:"curated,omitempty"`     // people chose the links or names, and so vouch for the hosts if another collection has them too

	// Collection names what the source is a part of. Two sources of one collection are not
	// independent: together they vouch for nothing that one of them would not. Default: the file.
	Collection string `json:"collection,omitempty"`

	// Group says in words for people what kind of site the benign rows are, such as "small sites".
	// Levels are set so that they hold in each group. Default: none.
	Group string `json:"group,omitempty"`

	// Trusted sources vouch for each of their benign rows alone, addresses as well, unless a
	// malicious row has its registered domain. It is for facts that people collected and checked
	// and that no second source can have, such as addresses of public services.
	Trusted bool `json:"trusted,omitempty"`

	// Overrules lets the rows' labels stand where sources behind this one say otherwise. Elsewhere
	// a text with two labels is dropped. It is for rows that somebody has looked at one by one.
	Overrules bool `json:"overrules,omitempty"`

	// TrainOnly keeps the rows, and what shares a registered domain with them, in train: those of a
	// generator are alike, so that they would measure nothing.
	TrainOnly bool `json:"train_only,omitempty"`
}

// maxRecipe is the largest size of a recipe, in bytes. One of 300 files has 40,000.
const maxRecipe = 16 << 20

// ReadRecipe reads a recipe from a JSON file of at most 16 MiB.
func ReadRecipe(path string) (Recipe, error) {
	data, err := inputfile.Read(path, maxRecipe)
	if err != nil {
		return Recipe{}, fmt.Errorf("reading recipe: %w", err)
	}
	recipe, err := ParseRecipe(data)
	if err != nil {
		return Recipe{}, fmt.Errorf("reading recipe %q: %w", path, err)
	}
	return recipe, nil
}

// ParseRecipe reads a recipe in JSON.
func ParseRecipe(data []byte) (Recipe, error) {
	var recipe Recipe
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&recipe)
	return recipe, err
}

// endings are the endings that a data file's name may have.
var endings = []string{".tsv.gz", ".csv.gz", ".txt.gz", ".tsv.zst", ".csv.zst", ".txt.zst", ".tsv", ".csv", ".txt"}

// DefaultRecipe takes every data file of a directory as it is.
func DefaultRecipe(directory string) (Recipe, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return Recipe{}, fmt.Errorf("reading data: %w", err)
	}
	recipe := Recipe{Seed: 1}
	for _, entry := range entries {
		for _, ending := range endings {
			if name, found := strings.CutSuffix(entry.Name(), ending); found {
				recipe.Sources = append(recipe.Sources, Source{File: name})
				break
			}
		}
	}
	if len(recipe.Sources) == 0 {
		return Recipe{}, fmt.Errorf("reading data: no file in %q ends in one of %s", directory, strings.Join(endings, ", "))
	}
	return recipe, nil
}

// ListsRecipe takes a list of malicious names and a list of benign names, one a line. Its kinds are
// benign and malicious.
func ListsRecipe(black, white string) Recipe {
	return Recipe{
		Seed:    1,
		Kinds:   []string{Benign, "malicious"},
		Sources: []Source{{Name: "black", File: black, Kind: "malicious"}, {Name: "white", File: white, Kind: Benign}},
	}
}

// withDefaults fills in what the recipe leaves open.
func (r Recipe) withDefaults() (Recipe, error) {
	if len(r.Kinds) == 0 {
		r.Kinds = []string{Benign, DGA, Phishing, Malware}
	}
	if r.Kinds[0] != Benign {
		return r, fmt.Errorf("recipe: the first kind is %q, want %q", r.Kinds[0], Benign)
	}
	names := make(map[string]bool)
	for _, source := range r.Sources {
		if names[source.ShortName()] { // caps and accounts go by the name
			return r, fmt.Errorf("recipe: two sources are named %q", source.ShortName())
		}
		names[source.ShortName()] = true
		if !(source.Weight >= 0) || source.Rows < 0 || source.FamilyRows < 0 {
			return r, fmt.Errorf("recipe: source %q: weight %v, rows %d, family_rows %d, want at least 0", source.ShortName(), source.Weight, source.Rows, source.FamilyRows)
		}
	}
	if r.Imitated < 0 || r.Imitated > lookalike.MaxNames {
		return r, fmt.Errorf("recipe: %d names to imitate, want 0 to %d", r.Imitated, lookalike.MaxNames)
	}
	if r.Share == nil {
		r.Share = map[Part]float64{Choose: 0.05, Calibrate: 0.10, Report: 0.10}
	}
	for part, share := range r.Share {
		if !part.isSetApart() || share < 0 {
			return r, fmt.Errorf("recipe: share of %q is %v, want choose, calibrate or report and at least 0", part, share)
		}
	}
	total := 0.0
	for part := Choose; part < parts; part++ {
		total += r.Share[part]
	}
	if total >= 1 {
		return r, fmt.Errorf("recipe: the shares add up to %v and leave nothing to train on", total)
	}
	if err := r.Perturb.validate(); err != nil {
		return r, err
	}
	for part := range r.HeldOut {
		if !part.isSetApart() {
			return r, fmt.Errorf("recipe: families held out for %q, want choose, calibrate or report", part)
		}
	}
	return r, nil
}

// Paths returns the files that Build reads.
func (r Recipe) Paths(directory string) ([]string, error) {
	files := slices.Clone(r.Sources)
	for _, file := range r.Exclude {
		files = append(files, Source{File: file})
	}
	var paths []string
	for _, source := range files {
		path, err := source.Path(directory)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Path returns the path of a source's file.
func (s Source) Path(directory string) (string, error) {
	path := filepath.Join(directory, s.File)
	if filepath.IsAbs(s.File) {
		path = s.File
	}
	for _, ending := range append([]string{""}, endings...) {
		if info, err := os.Stat(path + ending); err == nil && !info.IsDir() {
			return path + ending, nil
		}
	}
	return "", fmt.Errorf("reading source %q: no such file in %q", s.File, directory)
}
