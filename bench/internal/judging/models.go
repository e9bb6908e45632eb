package judging

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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

// A Model is one to judge.
type Model struct {
	*snowman.Model
	Name    string // of its file, in tables
	Recipe  string // the file of its recipe
	Levels  []eval.Level
	Popular []string // its list of popular names
}

// ListedNames is how many names of a model's list are scored.
const ListedNames = 500

// OpenModels opens models, each named FILE or FILE,RECIPE. An empty FILE stands for the shipped
// model. recipe is that of a model that names none.
func OpenModels(named []string, recipe string) ([]Model, error) {
	var opened []Model
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
		opened = append(opened, Model{parsed, modelName(path), own, measure.Levels(parsed.Info()), popular})
	}
	return opened, nil
}

// modelName is what the tables call a model.
func modelName(path string) string {
	if path == "" {
		return "shipped"
	}
	return strings.TrimSuffix(filepath.Base(path), ".safetensors")
}

// MostCopied returns the names of the model's list that most malicious texts copy.
func (m Model) MostCopied(copied map[string]int) []dataset.Row {
	mostCopied := slices.Clone(m.Popular)
	slices.SortStableFunc(mostCopied, func(a, b string) int { return copied[b] - copied[a] })
	var rows []dataset.Row
	for _, domain := range mostCopied[:min(ListedNames, len(mostCopied))] {
		rows = append(rows, dataset.Row{Text: domain, Kind: dataset.Benign})
	}
	return rows
}

// A Verdict is a score, and how many of the model's levels it reaches.
type Verdict struct {
	Score   float64
	Reached int // by the thresholds alone
	Ruled   int // by the rule for popular names as well
}

// Score scores all rows with all models.
func (r *Rows) Score(ctx context.Context, models []Model) error {
	for i, m := range models {
		listed, err := m.Verdicts(ctx, r.popular[i])
		if err != nil {
			return err
		}
		r.Listed = append(r.Listed, listed)
		for j := range r.Files {
			f := &r.Files[j]
			verdicts, err := m.Verdicts(ctx, f.Rows)
			if err != nil {
				return fmt.Errorf("%s: %w", f.Title(), err)
			}
			f.Verdicts = append(f.Verdicts, verdicts)
		}
	}
	return nil
}

// Verdicts scores rows on all CPUs. What is no public name reaches no level.
func (m Model) Verdicts(ctx context.Context, rows []dataset.Row) ([]Verdict, error) {
	const rowsAtOnce = 1 << 13
	verdicts := make([]Verdict, len(rows))
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
					verdicts[start+i].Score, verdicts[start+i].Ruled = v.Score, int(v.Level)
					for _, level := range m.Levels {
						if v.NotPublic == "" && level.IsReached(v.Score, rows[start+i].IsURL()) {
							verdicts[start+i].Reached++
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
