// Package snowman says how likely a URL or a domain name is to be malicious, from its characters
// alone: nothing is looked up, resolved or sent.
//
//	score, err := snowman.Default().Score("zis32msdi3.com")
//
// The network is a character-level convolutional network whose convolutions are folded into tables:
//
//	text -> canonical URL -> symbols -> table rows added, maximum over time -> dense -> Verdict
//	        internal/canon              internal/kernel, internal/cnn
//
// Default is the model that comes with the package, Open reads another one. A Model is immutable and
// safe for any number of goroutines. A Scorer, one for each goroutine, does the same without
// allocating memory. Explain says what a score is made of.
//
// A score is a probability only where malicious texts are as common as they were in training. What
// carries over to other traffic are the levels: each stands for the share of ordinary names that
// score as high.
package snowman

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/lookalike"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

// MaxLength is the length in bytes beyond which a text is refused.
const MaxLength = canon.MaxLength

// A Model scores texts. It is immutable and safe for any number of goroutines.
type Model struct {
	network       network
	families      func() *cnn.Network   // what names families, folded once; it returns nil where the model names none
	explainer     func() *cnn.Explainer // folded once
	alphabet      *canon.Alphabet
	thresholds    thresholds // of names
	urlThresholds thresholds // of texts with a path
	imitated      *lookalike.List
	file          *modelfile.Model
	scorers       sync.Pool
}

// A network is what a model computes with: *cnn.Quantized or, exactly, *cnn.Network.
type network interface {
	Logits(logits []float32, scratch *cnn.Scratch, texts cnn.Texts)
}

// A Verdict is what a model says of one text. What a host imitates and that it mixes scripts are facts
// beside the score, on which they have no effect.
type Verdict struct {
	Score         float64   // probability of malicious, 0 to 1
	Level         Level     // how rarely ordinary names score as high
	Kind          string    // the likeliest malicious kind, or benign where the level is None
	Probabilities []float64 // of each of the model's kinds; they add up to 1
	Imitates      string    // the popular registered domain that the host looks like (UTS #39), or empty
	MixedScript   bool      // a label mixes scripts beyond "highly restrictive" (UTS #39, section 5.2)
}

var loadDefault = sync.OnceValue(func() *Model {
	m, err := Parse(models.Default)
	if err != nil {
		panic("snowman: the embedded model is damaged: " + err.Error()) // a test reads it
	}
	return m
})

// Default returns the model that comes with the package. The first call takes some milliseconds.
func Default() *Model { return loadDefault() }

// Open reads a model from a file, as snowman train writes it.
func Open(path string) (*Model, error) {
	file, err := modelfile.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := newModel(file)
	if err != nil {
		return nil, fmt.Errorf("reading model %q: %w", path, err)
	}
	return m, nil
}

// Parse reads a model that is in memory, such as one that a program embeds.
func Parse(file []byte) (*Model, error) {
	parsed, err := modelfile.ParseModel(file)
	if err != nil {
		return nil, err
	}
	m, err := newModel(parsed)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	return m, nil
}

func newModel(file *modelfile.Model) (*Model, error) {
	metadata := file.Metadata
	alphabet, err := canon.ParseAlphabet(metadata.Alphabet)
	if err != nil {
		return nil, err
	}
	if alphabet.Symbols() != metadata.Shape.Symbols {
		return nil, fmt.Errorf("alphabet has %d symbols, the network %d", alphabet.Symbols(), metadata.Shape.Symbols)
	}
	quantized, err := cnn.Quantize(file.Parameters)
	if err != nil {
		return nil, err
	}
	families := sync.OnceValue(func() *cnn.Network {
		if file.Families == nil {
			return nil
		}
		return cnn.NewNetwork(file.Families)
	})
	explainer := sync.OnceValue(func() *cnn.Explainer {
		return cnn.NewExplainer(file.Parameters, metadata.Temperature, metadata.SymbolFrequency)
	})
	m := &Model{
		network:    quantized,
		families:   families,
		explainer:  explainer,
		alphabet:   alphabet,
		thresholds: newThresholds(metadata.Thresholds),
		imitated:   lookalike.New(metadata.Imitated),
		file:       file,
	}
	m.urlThresholds = m.thresholds
	if len(metadata.URLThresholds) > 0 {
		m.urlThresholds = newThresholds(metadata.URLThresholds)
	}
	return m, nil
}

// Exact returns the same model computing in float32 throughout. A Model computes in int16 where it can,
// about twice as fast; the scores differ in the fourth digit at most, but for one text in 10,000. The
// network is folded again for it, which takes some milliseconds: keep what Exact returns.
func (m *Model) Exact() *Model {
	return &Model{
		network:       cnn.NewNetwork(m.file.Parameters),
		families:      m.families,
		explainer:     m.explainer,
		alphabet:      m.alphabet,
		thresholds:    m.thresholds,
		urlThresholds: m.urlThresholds,
		imitated:      m.imitated,
		file:          m.file,
	}
}

// Kinds names what the model tells apart, benign first.
func (m *Model) Kinds() []string { return slices.Clone(m.file.Metadata.Kinds) }

// Score returns the probability that the text is malicious. An error says what keeps the text from
// being a URL or a name.
func (m *Model) Score(text string) (float64, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	return s.Score(text)
}

// Classify returns the model's whole verdict on the text.
func (m *Model) Classify(text string) (Verdict, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	verdict, err := s.Classify(text)
	verdict.Probabilities = slices.Clone(verdict.Probabilities)
	return verdict, err
}

// ScoreAll returns the scores of many texts, computed on all cores. Where every text has one, errs is nil;
// otherwise errs[i] says what keeps texts[i] from being a URL or a name, or is nil.
func (m *Model) ScoreAll(texts []string) (scores []float64, errs []error) {
	const part = 8 * batchTexts
	scores, failures := make([]float64, len(texts)), make([]error, len(texts))
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(texts)+part-1)/part) {
		workers.Go(func() {
			s := m.scorer()
			defer m.scorers.Put(s)
			for {
				first := int(next.Add(part)) - part
				if first >= len(texts) {
					return
				}
				s.ClassifyAll(texts[first:min(first+part, len(texts))], func(i int, verdict Verdict, err error) {
					scores[first+i], failures[first+i] = verdict.Score, err
					if err != nil {
						failed.Store(true)
					}
				})
			}
		})
	}
	workers.Wait()
	if failed.Load() {
		errs = failures
	}
	return scores, errs
}

func (m *Model) scorer() *Scorer {
	if s, ok := m.scorers.Get().(*Scorer); ok {
		return s
	}
	return m.NewScorer()
}

// A Scorer scores texts without allocating memory. It belongs to one goroutine.
type Scorer struct {
	model         *Model
	url           canon.URL
	batch         cnn.Texts
	errors        []error // of each text given
	looks         []look  // of each text of the batch
	scratch       cnn.Scratch
	logits        []float32
	probabilities []float64
	families      familyScratch
}

// look is what a text looks like.
type look struct {
	isURL       bool // it has a path
	imitates    string
	mixedScript bool
}

// NewScorer returns a Scorer for this model.
func (m *Model) NewScorer() *Scorer {
	return &Scorer{model: m, probabilities: make([]float64, len(m.file.Metadata.Kinds))}
}

// Score is Model.Score.
func (s *Scorer) Score(text string) (float64, error) {
	s.clear()
	if err := s.add(text); err != nil {
		return 0, err
	}
	s.run()
	return s.score(0)
}

// Classify is Model.Classify. The verdict's probabilities hold until the next call.
func (s *Scorer) Classify(text string) (Verdict, error) {
	score, err := s.Score(text)
	if err != nil {
		return Verdict{}, err
	}
	return s.verdict(0, score), nil
}

// ClassifyAll classifies many texts, which is faster than one at a time. It calls each with the
// verdict on every text, in their order, or the error that keeps it from having one. The verdict's
// probabilities hold until the call returns, in which the Scorer must not be used.
func (s *Scorer) ClassifyAll(texts []string, each func(i int, verdict Verdict, err error)) {
	for first := 0; first < len(texts); {
		s.clear()
		last := first
		for ; last < len(texts) && len(s.errors) < batchTexts && len(s.batch.Symbols) < batchSymbols; last++ {
			s.errors = append(s.errors, s.add(texts[last]))
		}
		s.run()
		scored := 0
		for i, err := range s.errors {
			var verdict Verdict
			if err == nil {
				var score float64
				if score, err = s.score(scored); err == nil {
					verdict = s.verdict(scored, score)
				}
				scored++
			}
			each(first+i, verdict, err)
		}
		first = last
	}
}

// A batch is full at so many texts or symbols: enough of them for a block of filters to be worth its
// way into the cache, few enough for their features to stay there.
const (
	batchTexts   = 128
	batchSymbols = 1 << 20
)

func (s *Scorer) clear() {
	s.batch.Symbols, s.batch.Ends = s.batch.Symbols[:0], s.batch.Ends[:0]
	s.errors, s.looks = s.errors[:0], s.looks[:0]
}

// add adds a text to the batch.
func (s *Scorer) add(text string) error {
	if err := s.url.Parse(text); err != nil {
		return err
	}
	s.batch.Symbols = s.model.alphabet.Append(s.batch.Symbols, &s.url, s.model.file.Metadata.SymbolLimit)
	s.batch.Ends = append(s.batch.Ends, int32(len(s.batch.Symbols)))
	l := look{isURL: s.url.HasPath()}
	if host := s.url.Host(); lookalike.IsOdd(host) {
		domain := len(host) - len(s.url.RegisteredDomain())
		l.imitates, l.mixedScript = s.model.imitated.Look(host, domain)
	}
	s.looks = append(s.looks, l)
	return nil
}

// run computes the logits of the batch.
func (s *Scorer) run() {
	if s.batch.Len() == 0 {
		return
	}
	size := s.batch.Len() * len(s.probabilities)
	s.logits = slices.Grow(s.logits[:0], size)[:size]
	s.model.network.Logits(s.logits, &s.scratch, s.batch)
}

// score sets the probabilities to those of the batch's i-th text.
func (s *Scorer) score(i int) (float64, error) {
	kinds := len(s.probabilities)
	cnn.Softmax(s.probabilities, s.logits[i*kinds:][:kinds], s.model.file.Metadata.Temperature)
	score := cnn.Score(s.probabilities)
	if math.IsNaN(score) {
		return 0, errOverflow
	}
	return score, nil
}

// errOverflow is what becomes of weights that are finite, but so large that their sums are not.
var errOverflow = errors.New("the model's numbers overflow on this text: it is damaged")

// verdict returns the verdict on the batch's i-th text, whose probabilities were set last.
func (s *Scorer) verdict(i int, score float64) Verdict {
	kinds := s.model.file.Metadata.Kinds
	verdict := Verdict{Score: score, Level: s.model.level(score, s.looks[i].isURL), Kind: kinds[0], Probabilities: s.probabilities}
	verdict.Imitates, verdict.MixedScript = s.looks[i].imitates, s.looks[i].mixedScript
	if verdict.Level > None {
		likeliest := 1
		for k := range s.probabilities {
			if k > 0 && s.probabilities[k] > s.probabilities[likeliest] {
				likeliest = k
			}
		}
		verdict.Kind = kinds[likeliest]
	}
	return verdict
}

// Canonical returns what the last text of Score or Classify was scored as, its canonical form.
func (s *Scorer) Canonical() string { return s.url.String() }
