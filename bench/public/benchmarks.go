package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// A benchmark is a data set whose split into train, development and test rows others have fixed.
type benchmark struct {
	name         string
	trainSource  string // the file of -sources to train on, where the benchmark has test rows alone
	byHost       bool   // also measured on the test rows whose host no train row has
	published    []publishedFigures
	alone, tuned provenance.Options
}

var benchmarks = []benchmark{
	{
		name: "threatfox_domains",
		published: []publishedFigures{
			{Model: "DomURLs_BERT, 110 M", Source: "El Mahdaouy et al. 2024, arXiv 2409.09143", Accuracy: 0.8856, MacroF1: 0.8816},
			{Model: "linear SVM", Source: "on character n-grams; the figure alone is at hand, no paper", MacroF1: 0.852},
		},
		alone: provenance.Options{
			Widths: allWidths, Embedding: 64, Hidden: -1, Epochs: 8, BatchSize: 256, LearningRate: 6e-3, Dropout: 0.4, Seed: 1,
		},
		tuned: provenance.Options{Epochs: 6, BatchSize: 256, LearningRate: 4e-3, Dropout: 0.3, Seed: 1},
	},
	{name: "phishcrawl_urls", byHost: true, alone: urlsAlone, tuned: urlsTuned},
	{name: "phishstorm_urls", trainSource: "url_phishstorm", byHost: true, alone: urlsAlone, tuned: urlsTuned},
}

// The options were chosen on the development rows: docs/experiments/benchmark-options.md.
var (
	allWidths   = []int{1, 2, 3, 4, 5, 6, 7, 8}
	baseOptions = provenance.Options{Widths: allWidths, Embedding: 64, Epochs: 4, LearningRate: 4e-3, Seed: 1}
	urlsAlone   = provenance.Options{Views: 1, Widths: allWidths, Embedding: 64, Epochs: 8, BatchSize: 256, LearningRate: 6e-3, WeightDecay: 0.2, Seed: 1}
	urlsTuned   = provenance.Options{Epochs: 8, BatchSize: 256, LearningRate: 6e-3, WeightDecay: 0.2, Seed: 1}
)

// The endings of a benchmark's files.
const (
	trainSplit = "_train"
	devSplit   = "_dev"
	testSplit  = "_test"
)

// path returns the file that holds a benchmark's split.
func (o options) path(b benchmark, split string) (string, error) {
	if split == trainSplit && b.trainSource != "" {
		return dataset.Source{File: b.trainSource}.Path(o.sources)
	}
	folder, err := filepath.Abs(o.data)
	if err != nil {
		return "", fmt.Errorf("finding %q: %w", o.data, err)
	}
	return dataset.Source{File: b.name + split}.Path(folder)
}

// read returns a benchmark's rows. The test split is the last source of their account. The
// development rows serve for whatever is chosen: the epoch, the temperature and the threshold.
func (o options) read(ctx context.Context, b benchmark) (*dataset.Set, error) {
	files := map[dataset.Part]string{}
	for _, split := range []struct {
		part dataset.Part
		name string
	}{{dataset.Train, trainSplit}, {dataset.Choose, devSplit}, {dataset.Report, testSplit}} {
		if split.name == devSplit && b.trainSource != "" {
			continue
		}
		path, err := o.path(b, split.name)
		if err != nil {
			return nil, err
		}
		files[split.part] = path
	}
	set, err := dataset.ReadSplit(ctx, []string{dataset.Benign, "malicious"}, files)
	if err != nil {
		return nil, err
	}
	if _, given := files[dataset.Choose]; !given {
		setAside(set)
	}
	set.Parts[dataset.Calibrate] = set.Parts[dataset.Choose]
	for _, malicious := range []bool{false, true} {
		isSo := func(row dataset.Row) bool { return row.Malicious == malicious }
		for _, part := range []dataset.Part{dataset.Choose, dataset.Report} {
			if !slices.ContainsFunc(set.Parts[part], isSo) {
				return nil, errors.New("the development and the test split need both benign and malicious rows")
			}
		}
	}
	return set, nil
}

// setAside makes every fifth row of train a development row.
func setAside(set *dataset.Set) {
	rows := set.Parts[dataset.Train]
	set.Parts[dataset.Train] = nil
	for i, row := range rows {
		part := dataset.Train
		if i%5 == 4 {
			part = dataset.Choose
		}
		set.Parts[part] = append(set.Parts[part], row)
	}
}

// measureSplit measures a model on the part report, at the threshold that is best on choose. With
// newHosts it also measures the rows whose host no row of train has.
func measureSplit(ctx context.Context, name, path string, set *dataset.Set, newHosts bool) ([]measuredModel, error) {
	model, err := snowman.Open(path)
	if err != nil {
		return nil, err
	}
	chosen, err := measure.ROC(ctx, model, set.Parts[dataset.Choose])
	if err != nil {
		return nil, err
	}
	threshold, ok := chosen.BestThreshold()
	if !ok {
		return nil, errors.New("there are no development rows to choose a threshold on")
	}
	var measured []measuredModel
	add := func(rows []dataset.Row, newHosts bool) error {
		roc, err := measure.ROC(ctx, model, rows)
		measured = append(measured, measuredModel{
			Model: name, NewHosts: newHosts, SHA256: model.Info().SHA256, Decision: roc.Decide(threshold),
		})
		return err
	}
	if err := add(set.Parts[dataset.Report], false); err != nil || !newHosts {
		return measured, err
	}
	return measured, add(withNewHosts(set), true)
}

// withNewHosts returns the rows of report whose host no row of train has.
func withNewHosts(set *dataset.Set) []dataset.Row {
	hosts := make(map[string]bool)
	var u canon.URL
	host := func(row dataset.Row) string {
		if u.Parse(row.Text) != nil { // it is in canonical form, so this does not happen
			return ""
		}
		return string(u.Host())
	}
	for _, row := range set.Parts[dataset.Train] {
		hosts[host(row)] = true
	}
	return slices.DeleteFunc(slices.Clone(set.Parts[dataset.Report]), func(row dataset.Row) bool { return hosts[host(row)] })
}
