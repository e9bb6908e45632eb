package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

// A model is one to judge.
type model struct {
	*snowman.Model
	name, recipe string
	levels       []eval.Level
	popular      []string // its list of popular names
}

// listedNames is how many names of a model's list are scored.
const listedNames = 500

// openModels opens the models that -model names. recipe is that of a model that names none.
func openModels(named []string, recipe string) ([]model, error) {
	var opened []model
	for _, name := range named {
		path, own, found := strings.Cut(name, ",")
		if !found {
			own = recipe
		}
		bytes := models.Default
		if path != "" {
			var err error
			if bytes, err = os.ReadFile(path); err != nil {
				return nil, fmt.Errorf("reading a model: %w", err)
			}
		}
		parsed, err := snowman.Parse(bytes)
		if err != nil {
			return nil, fmt.Errorf("model %q: %w", path, err)
		}
		file, err := modelfile.ParseModel(bytes)
		if err != nil {
			return nil, fmt.Errorf("model %q: %w", path, err)
		}
		var popular []string
		for _, text := range file.Metadata.Imitated {
			domain, _, _ := strings.Cut(text, " ") // what follows says how it is imitated
			popular = append(popular, domain)
		}
		opened = append(opened, model{parsed, modelName(path), own, measure.Levels(parsed.Info()), popular})
	}
	return opened, nil
}

func recipesOf(models []model) (recipes []string) {
	for _, m := range models {
		recipes = append(recipes, m.recipe)
	}
	return recipes
}

// popularRows returns the names of the model's list that most malicious texts copy.
func (m model) popularRows(copied map[string]int) []dataset.Row {
	mostCopied := slices.Clone(m.popular)
	slices.SortStableFunc(mostCopied, func(a, b string) int { return copied[b] - copied[a] })
	var rows []dataset.Row
	for _, domain := range mostCopied[:min(listedNames, len(mostCopied))] {
		rows = append(rows, dataset.Row{Text: domain, Kind: dataset.Benign})
	}
	return rows
}

// A verdict is a score, and how many of the model's levels it reaches by the thresholds alone.
type verdict struct {
	score   float64
	reached int
}

// score scores all rows with all models.
func (r *rows) score(ctx context.Context, models []model) error {
	for i, m := range models {
		listed, err := m.verdicts(ctx, r.popular[i])
		if err != nil {
			return err
		}
		r.listed = append(r.listed, listed)
		for j := range r.files {
			f := &r.files[j]
			verdicts, err := m.verdicts(ctx, f.rows)
			if err != nil {
				return fmt.Errorf("%s: %w", f.title(), err)
			}
			f.verdicts = append(f.verdicts, verdicts)
		}
	}
	return nil
}

// verdicts scores rows on all CPUs. What is no public name reaches no level. No rule beside the
// thresholds counts.
func (m model) verdicts(ctx context.Context, rows []dataset.Row) ([]verdict, error) {
	const rowsAtOnce = 1 << 13
	verdicts := make([]verdict, len(rows))
	failures := make(chan error, 1)
	starts := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			scorer := m.NewScorer()
			for start := range starts {
				texts := make([]string, 0, rowsAtOnce)
				for _, row := range rows[start:min(start+rowsAtOnce, len(rows))] {
					texts = append(texts, row.Text)
				}
				scorer.ClassifyAll(texts, func(i int, v snowman.Verdict, err error) {
					if err != nil {
						select {
						case failures <- fmt.Errorf("scoring %q: %w", texts[i], err):
						default:
						}
						return
					}
					verdicts[start+i].score = v.Score
					for _, level := range m.levels {
						if v.NotPublic == "" && level.IsReached(v.Score, rows[start+i].IsURL()) {
							verdicts[start+i].reached++
						}
					}
				})
			}
		})
	}
	for start := 0; start < len(rows) && ctx.Err() == nil; start += rowsAtOnce {
		starts <- start
	}
	close(starts)
	workers.Wait()
	select {
	case err := <-failures:
		return nil, err
	default:
		return verdicts, ctx.Err()
	}
}
