package snowman

import (
	"math"
	"slices"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// A Family is a guess at the algorithm that made a generated name.
type Family struct {
	Name        string  `json:"name"`
	Probability float64 `json:"probability"` // among the families that the model names, mixed as in training
}

// Families returns the likeliest families of a generated name, at most n, the likeliest first. It
// returns nothing if the model names no families. A family means something only if the text's kind
// is DGA. A name from an algorithm that the model does not know gets another family.
//
// Families are computed in float32, apart from the score. The first call folds the network for it,
// which takes some milliseconds.
func (m *Model) Families(text string, n int) ([]Family, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	families, err := s.Families(text, n)
	return slices.Clone(families), err
}

// FamilyNames lists the families that the model names, in the order of their names.
func (m *Model) FamilyNames() []string {
	if m.file.Metadata.Families == nil {
		return nil
	}
	return slices.Clone(m.file.Metadata.Families.Names)
}

// A familyScratch is a Scorer's memory for naming families.
type familyScratch struct {
	logits        []float32
	probabilities []float64
	likeliest     []Family
}

// Families is Model.Families. What it returns holds until the next call.
func (s *Scorer) Families(text string, n int) ([]Family, error) {
	s.clear(nil)
	if err := s.add(text); err != nil {
		return nil, err
	}
	network := s.model.families()
	if network == nil || n <= 0 {
		return nil, nil
	}
	f := &s.families
	if f.logits == nil {
		f.logits, f.probabilities = make([]float32, network.Kinds()), make([]float64, network.Kinds())
	}
	views := &s.batch.Rows[0].Views
	views[cnn.Whole] = views[cnn.Host] // this head reads one view: that of the host
	network.Logits(f.logits, &s.scratch, &s.batch)
	cnn.Softmax(f.probabilities, f.logits, 1)
	f.likeliest = f.likeliest[:0]
	for i, probability := range f.probabilities {
		if math.IsNaN(probability) {
			return nil, errOverflow
		}
		at := len(f.likeliest)
		for at > 0 && f.likeliest[at-1].Probability < probability {
			at--
		}
		if at == n {
			continue
		}
		if len(f.likeliest) == n {
			f.likeliest = f.likeliest[:n-1]
		}
		f.likeliest = slices.Insert(f.likeliest, at, Family{s.model.file.Metadata.Families.Names[i], probability})
	}
	return f.likeliest, nil
}
