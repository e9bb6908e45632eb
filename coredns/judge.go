package coredns

import (
	"hash/maphash"
	"strings"
	"sync"

	"github.com/coredns/coredns/plugin/pkg/cache"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/canon"
	scoring "github.com/snowman-ml/snowman/internal/verdict"
)

// What a judge remembers at most.
const (
	rememberedNames = 1 << 16
	rememberedName  = 128 // bytes of a name
)

// A verdict is what is said of a name.
type verdict struct {
	score   float64
	level   snowman.Level
	kind    string
	allowed bool // the name is on an allow list; its level is none
}

// A judge gives verdicts by one model and allow list, and remembers them. It is safe for any number
// of goroutines.
type judge struct {
	model   *snowman.Model
	list    *allow.List // nil where there is none
	seed    maphash.Seed
	known   *cache.Cache[knownName]
	scorers sync.Pool // of *scorer
}

// A knownName stands with the verdict, since two names may share a hash.
type knownName struct {
	name string
	verdict
}

// A scorer belongs to one goroutine at a time.
type scorer struct {
	url  canon.URL
	text [1]string
	all  *scoring.Judge
}

// newJudge returns a judge that knows no name yet.
func newJudge(model *snowman.Model, list *allow.List) *judge {
	j := &judge{model: model, list: list, seed: maphash.MakeSeed(), known: cache.New[knownName](rememberedNames)}
	j.scorers.New = func() any { return &scorer{all: scoring.New(model, scoring.Options{Allow: list})} }
	return j
}

// verdict returns the verdict on a name in the presentation format of RFC 1035, section 5.1, in
// lower case.
func (j *judge) verdict(name string) verdict {
	hash := hashOf(j, name)
	if known, ok := j.known.Get(hash); ok && known.name == name {
		return known.verdict
	}
	missesCount.Inc()
	s := j.scorers.Get().(*scorer)
	v := s.score(name)
	j.scorers.Put(s)
	if len(name) <= rememberedName {
		j.known.Add(hash, knownName{strings.Clone(name), v}) // the name may be part of a message
	}
	return v
}

func hashOf(j *judge, name string) uint64 { return maphash.String(j.seed, name) }

// score returns the verdict on a name. The root, and what else cannot be scored, is benign.
func (s *scorer) score(name string) verdict {
	v := verdict{kind: snowman.Benign}
	if s.url.ParseName(name) != nil {
		return v
	}
	s.text[0] = s.url.String()
	s.all.All(s.text[:], func(_ int, r scoring.Record, err error) {
		if err == nil {
			v = verdict{r.Score, r.Level, r.Kind, r.Allowed != nil}
		}
	})
	return v
}
