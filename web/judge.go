package web

import (
	"net/http"
	"sync"

	"github.com/snowman-ml/snowman/internal/verdict"
)

// A judge is one of those that requests share.
type judge struct {
	*verdict.Judge
	pool *sync.Pool
}

// free puts a judge back.
func (j *judge) free() { j.pool.Put(j) }

// setJudges fills the pools.
func (a *answers) setJudges() {
	for _, families := range []bool{false, true} {
		pool := a.judgesOf(families)
		pool.New = func() any {
			return &judge{verdict.New(a.model, verdict.Options{Allow: a.allow, Families: families, Probabilities: true}), pool}
		}
	}
}

// judgesOf returns the judges that name families, or those that do not.
func (a *answers) judgesOf(families bool) *sync.Pool {
	if families {
		return &a.namingJudges
	}
	return &a.judges
}

// judge returns a judge, to be freed.
func (a *answers) judge(families bool) *judge { return a.judgesOf(families).Get().(*judge) }

// wantsFamilies reports whether a request asks for families.
func wantsFamilies(r *http.Request) bool {
	if r.URL.RawQuery == "" {
		return false
	}
	value := r.URL.Query().Get("families")
	return value == "true" || value == "1"
}
