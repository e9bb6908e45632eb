// Package verdict says of a text all that Snowman says: score, level, kind, families, allow list.
//
//	judge := verdict.New(model, verdict.Options{Allow: list, Probabilities: true})
//	encoder := verdict.NewEncoder(model.Kinds())
//	judge.All(texts, func(i int, r verdict.Record, err error) { line = encoder.Append(line, r) })
//
// A Judge belongs to one goroutine. It allocates nothing for most texts that a Scorer allocates
// nothing for; it does for one that is on an allow list, or that a memory holds and that imitates
// or mentions another, had user-info or was unwrapped.
package verdict

import (
	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
)

// Options say what a Judge says beside score, level and kind. The zero value asks for nothing more.
type Options struct {
	Allow         *allow.List   // a text on it has the level none and the kind benign; default: no list
	Families      bool          // name the likeliest three families of a text whose kind is dga
	Minimum       snowman.Level // families are named of texts that reach it; default: of all
	Probabilities bool          // say the probability of each kind
	Memory        int           // bytes to remember verdicts on recent texts in; default: none
}

// namedFamilies is how many likely families a record has.
const namedFamilies = 3

// A Judge says all that is said of texts. It belongs to one goroutine.
type Judge struct {
	model   *snowman.Model
	options Options
	benign  string // the kind
	scorer  *snowman.Scorer
	namer   *snowman.Scorer // names families: scorer is busy while its verdicts are given
	allower *allow.Matcher  // nil where nothing is allowed
	memory  *memory         // nil where nothing is remembered
}

// New returns a Judge.
func New(model *snowman.Model, options Options) *Judge {
	kinds := model.Kinds()
	j := &Judge{model: model, options: options, benign: kinds[0], scorer: model.NewScorer()}
	if options.Families {
		j.namer = model.NewScorer()
	}
	if options.Allow != nil {
		j.allower = options.Allow.NewMatcher()
	}
	if options.Memory > 0 {
		j.memory = newMemory(kinds, options.Probabilities, options.Memory)
	}
	return j
}

// All calls each with the record of every text, in their order, or the error that keeps it from
// having a score. A record holds until the call returns, in which the Judge must not be used.
func (j *Judge) All(texts []string, each func(i int, r Record, err error)) {
	if j.memory != nil {
		for first := 0; first < len(texts); first += longestFind {
			j.remember(first, texts[first:min(first+longestFind, len(texts))], each)
		}
		return
	}
	j.scorer.ClassifyAll(texts, func(i int, verdict snowman.Verdict, err error) {
		j.give(i, texts[i], verdict, err, each)
	})
}

// remember is All for texts, the first of which has the number first, that may be known.
func (j *Judge) remember(first int, texts []string, each func(i int, r Record, err error)) {
	j.memory.find(texts)
	next := 0 // text to give
	giveKnown := func(end int) {
		for ; next < end; next++ {
			verdict, err := j.memory.verdict(next)
			j.give(first+next, texts[next], verdict, err, each)
		}
	}
	j.scorer.ClassifyAll(j.memory.newTexts, func(i int, verdict snowman.Verdict, err error) {
		giveKnown(j.memory.newIndices[i])
		j.memory.keep(next, texts[next], verdict, err)
		j.give(first+next, texts[next], verdict, err, each)
		next++
	})
	giveKnown(len(texts))
}

// give calls each with what the model's verdict and the rest come to.
func (j *Judge) give(i int, text string, verdict snowman.Verdict, err error, each func(int, Record, error)) {
	r := Record{Text: text, Verdict: verdict}
	if err == nil {
		err = j.complete(&r)
	}
	each(i, r, err)
}

// complete adds to a record what is said beside the model's verdict.
func (j *Judge) complete(r *Record) (err error) {
	if !j.options.Probabilities {
		r.Probabilities = snowman.Probabilities{}
	}
	if j.allower != nil {
		if match, allowed := j.allower.Match(r.Text); allowed {
			onList := match // moved to the heap for allowed texts alone
			r.Level, r.Kind, r.Allowed = snowman.None, j.benign, &onList
		}
	}
	if j.options.Families && r.Kind == snowman.DGA && r.Level >= j.options.Minimum {
		r.Families, err = j.namer.Families(r.Text, namedFamilies)
	}
	return err
}

// Explain returns the record of one text, and what its score is made of.
func (j *Judge) Explain(text string) (Record, snowman.Explanation, error) {
	x, err := j.model.Explain(text)
	r := Record{Text: text, Verdict: x.Verdict}
	if err == nil {
		err = j.complete(&r)
	}
	return r, x, err
}
