package web

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/snowman-ml/snowman/internal/verdict"
)

// A judge is one that requests share, one after the other.
type judge struct {
	*verdict.Judge
	pool *sync.Pool
}

// free ends the use of a judge.
func (j *judge) free() { j.pool.Put(j) }

// judge returns a judge, which may name the families of texts.
func (in *served) judge(families bool) *judge {
	pool := &in.judges
	if families {
		pool = &in.namingJudges
	}
	if j, ok := pool.Get().(*judge); ok {
		return j
	}
	return &judge{verdict.New(in.model, verdict.Options{Allow: in.allow, Families: families, Probabilities: true}), pool}
}

// plainJudge returns a judge that says no probabilities.
func (in *served) plainJudge() *judge {
	if j, ok := in.plainJudges.Get().(*judge); ok {
		return j
	}
	return &judge{verdict.New(in.model, verdict.Options{Allow: in.allow}), &in.plainJudges}
}

// wantsFamilies reports whether a request asks for families.
func wantsFamilies(r *http.Request) bool {
	if r.URL.RawQuery == "" {
		return false
	}
	wanted, _ := strconv.ParseBool(r.URL.Query().Get("families")) // checkQuery has refused what is wrong
	return wanted
}
