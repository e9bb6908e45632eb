package retrain

import (
	"context"
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

// standings are what a model says of texts.
type standings struct {
	scores []float64
	levels []snowman.Level
}

// standingsOf scores texts in canonical form on all CPUs. With bareScores a popular name has the
// level of its score, which the rule for such names would hide.
func standingsOf(ctx context.Context, model *snowman.Model, texts []string, bareScores bool) (standings, error) {
	const textsAtOnce = 1 << 16 // between two looks at the context
	s := standings{levels: make([]snowman.Level, len(texts))}
	for some := range slices.Chunk(texts, textsAtOnce) {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		scores, errs := model.ScoreAll(some)
		for i, err := range errs {
			if err != nil {
				return s, fmt.Errorf("scoring %q: %w", some[i], err)
			}
		}
		s.scores = append(s.scores, scores...)
	}
	levels := measure.Levels(model.Info())
	var u canon.URL
	for i, text := range texts {
		if u.Parse(text) != nil || u.NotPublic() != canon.Public {
			continue
		}
		s.levels[i] = levelOf(levels, s.scores[i], u.HasPath())
		if !bareScores && model.IsPopular(text) && string(u.RegisteredDomain()) == text {
			s.levels[i] = min(s.levels[i], snowman.Low)
		}
	}
	return s, nil
}

func levelOf(levels []eval.Level, score float64, isURL bool) (reached snowman.Level) {
	for i, level := range levels {
		if level.IsReached(score, isURL) {
			reached = snowman.Level(i + 1)
		}
	}
	return reached
}

// reaching counts the texts at each level and above.
func (s standings) reaching() []eval.Proportion {
	reached := make([]eval.Proportion, snowman.High)
	for i := range reached {
		reached[i].Total = len(s.levels)
		for _, level := range s.levels {
			if level > snowman.Level(i) {
				reached[i].Count++
			}
		}
	}
	return reached
}

// popularDomains returns the names on the list of the built-in model and on that of the present
// one.
func popularDomains(p *present) map[string]bool {
	domains := dataset.PopularDomains(p.file.Metadata.Imitated)
	if p.builtIn {
		return domains
	}
	if builtIn, err := modelfile.ParseModel(models.Default); err == nil { // a test reads it
		for domain := range dataset.PopularDomains(builtIn.Metadata.Imitated) {
			domains[domain] = true
		}
	}
	return domains
}
