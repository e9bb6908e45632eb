package retrain

import (
	"math/rand/v2"

	"github.com/snowman-ml/snowman"
)

// A sample is some of many texts, chosen at random and the same each time.
type sample struct {
	texts  []string
	scores []float64
	seen   int
	random *rand.Rand
}

// sampled is how many texts a sample has.
const sampled = 2000

func newSample() sample { return sample{random: rand.New(rand.NewPCG(1, 1))} }

// add is algorithm R of Vitter (1985).
func (s *sample) add(text string) {
	s.seen++
	if len(s.texts) < sampled {
		s.texts = append(s.texts, text)
	} else if at := s.random.IntN(s.seen); at < sampled {
		s.texts[at] = text
	}
}

// score scores the texts of a sample, which are in canonical form.
func (s *sample) score(model *snowman.Model) {
	s.scores, _ = model.ScoreAll(s.texts) // what has no score has 0
}
