package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/bench/internal/judging"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/report"
)

// figures are all that the card says in numbers.
type figures struct {
	info     snowman.Info
	training provenance.Training
	account  dataset.Account
	recipe   dataset.Recipe
	highest  []scoredName

	// The part report: all of it, names and URLs alone, and generated names against benign names.
	all, names, urls, generated report.Page

	compared  eval.Comparison
	perturbed eval.Result // two characters changed
	judged    judging.Rows
	pairs     [][]string        // of files of judge, without a header
	listed    []eval.LevelGroup // the model's own list of popular names, with its rule and without
	aged      *aged             // nil where it was not measured
}

// A scoredName is a benign name that was set aside for the thresholds.
type scoredName struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// errOutOfBounds says that the shipped arithmetic does not do for a model.
var errOutOfBounds = errors.New("int8 is out of its bounds for this model")

// measure reads the data once and measures everything.
func (o options) measure(ctx context.Context) (f figures, err error) {
	if f.aged, err = readAged(o.ageing); err != nil {
		return f, err
	}
	if f.recipe, err = dataset.ReadRecipe(o.recipe); err != nil {
		return f, err
	}
	models, err := judging.OpenModels([]string{o.model}, o.recipe)
	if err != nil {
		return f, err
	}
	model := models[0]
	f.info = model.Info()
	if err := f.readKept(); err != nil {
		return f, err
	}
	fmt.Fprintln(o.stderr, "reading the data")
	set, err := f.recipe.Build(ctx, o.data)
	if err != nil {
		return f, err
	}
	f.account = set.Account
	if err := f.checkSources(); err != nil {
		return f, err
	}
	fmt.Fprintln(o.stderr, "measuring on the part report")
	if err := f.measureReport(ctx, model, set); err != nil {
		return f, err
	}
	made := judging.NewMade(set)
	set = nil // some gigabytes
	fmt.Fprintln(o.stderr, "measuring on the files of -judge")
	if f.judged, err = judging.Read(ctx, o.judge, nil, map[string]judging.Made{o.recipe: made}, models); err != nil {
		return f, err
	}
	if err := f.judged.Score(ctx, models); err != nil {
		return f, err
	}
	if err := f.measurePairs(); err != nil {
		return f, err
	}
	return f, f.measureListed(ctx, model)
}

// readKept reads what the model's file says of its making. A file may say nothing.
func (f *figures) readKept() error {
	if len(f.info.Training) > 0 {
		if err := json.Unmarshal(f.info.Training, &f.training); err != nil {
			return fmt.Errorf("reading how the model was trained: %w", err)
		}
	}
	var kept struct {
		HighestVetted []scoredName `json:"highest_vetted"`
	}
	if len(f.info.Figures) > 0 {
		if err := json.Unmarshal(f.info.Figures, &kept); err != nil {
			return fmt.Errorf("reading the figures in the model's file: %w", err)
		}
	}
	f.highest = kept.HighestVetted
	return nil
}

// checkSources refuses data that are not those that the model was trained on: rows that it has seen
// would be measured.
func (f *figures) checkSources() error {
	if len(f.training.Data.Sources) == 0 {
		return nil // the file does not say
	}
	sums := func(sources []provenance.Source) (sums []string) {
		for _, s := range sources {
			sums = append(sums, s.Name+" "+s.SHA256)
		}
		slices.Sort(sums)
		return sums
	}
	trained, read := sums(f.training.Data.Sources), sums(f.account.Sources)
	if !slices.Equal(trained, read) {
		return errors.New("the files of -recipe in the folder of -data are not those that the model was trained on")
	}
	return nil
}

// measureReport measures the model on the part report.
func (f *figures) measureReport(ctx context.Context, model judging.Model, set *dataset.Set) (err error) {
	all := measure.OnPart(set, dataset.Report)
	all.Model = model.Model
	all.Seen.Names = make(map[string]bool, len(model.Popular))
	for _, domain := range model.Popular {
		all.Seen.Names[domain] = true
	}
	names, urls := all.Only(false), all.Only(true)
	generated := names
	generated.Rows = slices.DeleteFunc(slices.Clone(names.Rows), func(row dataset.Row) bool { return row.Malicious && row.Kind != dataset.DGA })
	for _, m := range []struct {
		page *report.Page
		of   measure.Evaluation
	}{{&f.all, all}, {&f.names, names}, {&f.urls, urls}, {&f.generated, generated}} {
		if *m.page, err = m.of.Page(ctx); err != nil {
			return err
		}
	}
	if f.compared, err = all.Compare(ctx); err != nil {
		return err
	}
	if !f.compared.WithinBounds {
		return errOutOfBounds
	}
	if f.perturbed, err = measure.Perturbed(model.Model, set, dataset.Report); err != nil {
		return fmt.Errorf("changing two characters: %w", err)
	}
	f.all.Result.Changes, err = measure.Changes(ctx, model.Model, set.Parts[dataset.Report])
	return err
}

// measurePairs holds the malicious rows of files of judge against benign ones.
func (f *figures) measurePairs() error {
	for _, p := range judging.Pairs {
		malicious, err := f.judged.Scores(0, p.Malicious, true)
		if err != nil {
			return err
		}
		benign, err := f.judged.Scores(0, p.Benign, false)
		if err != nil {
			return err
		}
		found, area := judging.Rates(eval.NewROC(benign, malicious), true)
		f.pairs = append(f.pairs, []string{
			strings.Join(p.Malicious, " + "), report.Thousands(len(malicious)),
			strings.Join(p.Benign, " + "), report.Thousands(len(benign)), found[0], found[1], area,
		})
	}
	return nil
}

// measureListed measures what the rule for popular names changes for the names on the model's own
// list. The others of its names were scored with the files.
func (f *figures) measureListed(ctx context.Context, model judging.Model) error {
	var rows []dataset.Row
	for _, domain := range model.Popular {
		rows = append(rows, dataset.Row{Text: domain})
	}
	whole, err := model.Verdicts(ctx, rows)
	if err != nil {
		return err
	}
	add := func(name string, verdicts []judging.Verdict, reached func(v judging.Verdict) int) {
		f.listed = append(f.listed, levelGroup(name, false, len(model.Levels), verdicts, reached))
	}
	thresholds := func(v judging.Verdict) int { return v.Reached }
	rule := func(v judging.Verdict) int { return v.Ruled }
	if len(rows) == 0 {
		return nil
	}
	copied := f.judged.Listed[0]
	add("all, without the rule", whole, thresholds)
	add("all, with it", whole, rule)
	add(fmt.Sprintf("the %d that most malicious texts copy, without the rule", len(copied)), copied, thresholds)
	add("the same, with it", copied, rule)
	return nil
}

// levelGroup counts the verdicts that reach each of some levels.
func levelGroup(name string, malicious bool, levels int, verdicts []judging.Verdict, reached func(v judging.Verdict) int) eval.LevelGroup {
	group := eval.LevelGroup{Name: name, Malicious: malicious, Reached: make([]eval.Proportion, levels)}
	for i := range group.Reached {
		group.Reached[i].Total = len(verdicts)
		for _, v := range verdicts {
			if reached(v) > i {
				group.Reached[i].Count++
			}
		}
	}
	return group
}

// judgedLevels counts the rows of each file that reach each level.
func (f figures) judgedLevels() report.Page {
	page := report.Page{Result: eval.Result{Levels: measure.Levels(f.info)}}
	for _, malicious := range []bool{false, true} {
		for _, file := range f.judged.Files {
			var verdicts []judging.Verdict
			for i, row := range file.Rows {
				if row.Malicious == malicious {
					verdicts = append(verdicts, file.Verdicts[0][i])
				}
			}
			if len(verdicts) > 0 {
				page.Result.ByLevel = append(page.Result.ByLevel, levelGroup(file.Title(), malicious, len(page.Result.Levels), verdicts, func(v judging.Verdict) int { return v.Reached }))
			}
		}
	}
	return page
}

// aged is what was measured of a model that lacks the malicious rows since a month.
type aged struct {
	from        string // the month
	names, urls report.Page
}

// readAged reads what make ageing has written. An empty path stands for nothing.
func readAged(path string) (*aged, error) {
	if path == "" {
		return nil, nil
	}
	recipe, err := dataset.ReadRecipe(path + ".json")
	if err != nil {
		return nil, err
	}
	a := &aged{from: recipe.ReportFrom}
	for _, of := range []struct {
		page *report.Page
		path string
	}{{&a.names, path + "-names.json"}, {&a.urls, path + "-urls.json"}} {
		content, err := os.ReadFile(of.path)
		if err != nil {
			return nil, fmt.Errorf("reading how the model ages: %w", err)
		}
		if err := json.Unmarshal(content, &of.page.Result); err != nil {
			return nil, fmt.Errorf("reading %q: %w", of.path, err)
		}
		of.page.Result.ByMonth = slices.DeleteFunc(of.page.Result.ByMonth, func(g eval.Group) bool { return g.Name < a.from })
	}
	return a, nil
}
