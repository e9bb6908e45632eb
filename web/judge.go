package web

import (
	"net/http"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/record"
)

// A judge says of texts all that the service says. It belongs to one goroutine.
type judge struct {
	scorer   *snowman.Scorer
	namer    *snowman.Scorer // of families; the scorer is busy while its verdicts are put out
	matcher  *allow.Matcher  // nil where nothing is allowed
	benign   string          // the kind
	families bool            // name them
}

func (in *served) newJudge() *judge {
	j := &judge{scorer: in.model.NewScorer(), namer: in.model.NewScorer(), benign: in.info.Kinds[0]}
	if in.allow != nil {
		j.matcher = in.allow.NewMatcher()
	}
	return j
}

// judge returns a judge for a request, to be put back.
func (in *served) judge(r *http.Request) *judge {
	j := in.judges.Get().(*judge)
	j.families = false
	if r.URL.RawQuery != "" {
		value := r.URL.Query().Get("families")
		j.families = value == "true" || value == "1"
	}
	return j
}

const namedFamilies = 3

// All calls each with what is said of every text, in their order. It holds until the call returns.
func (j *judge) All(texts []string, each func(i int, r record.Record, err error)) {
	j.scorer.ClassifyAll(texts, func(i int, verdict snowman.Verdict, err error) {
		r := record.Record{Text: texts[i], Verdict: verdict}
		if err == nil {
			err = j.addToVerdict(&r)
		}
		each(i, r, err)
	})
}

// addToVerdict adds to a verdict what else is said: whether the text is allowed, and where that is asked for
// the likeliest families. They hold until the next call.
func (j *judge) addToVerdict(r *record.Record) (err error) {
	r.Allow(j.matcher, j.benign)
	if j.families && r.Verdict.Kind == "dga" {
		r.Families, err = j.namer.Families(r.Text, namedFamilies)
	}
	return err
}
