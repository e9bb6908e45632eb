// Package web answers over HTTP what the library answers in Go.
//
//	service := web.New(web.Options{Model: snowman.Default()})
//	http.ListenAndServe(":5000", service)
//
// PUT and POST /model answer in the bytes of the original Snowman of 2017. What is new stands under
// /v1, the Open Inference Protocol under /v2; /openapi.json describes all of it. Two pages are for people: /
// looks names up, in a browser that asks the same of /v1, and /card shows the model.
//
// A Service promises that no request makes it fail, hold memory without bound, or wait for ever: what
// is too large is refused with 413, what is too much at a time with 429. The model and the lists can be
// replaced while it answers; a request is answered by one of them. Texts are private: none is logged
// unless Options.LogTexts says so, and none is kept or looked up.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// Options say how a Service answers. The zero value works.
type Options struct {
	Model    *snowman.Model // default: the one that comes with the package
	Allow    *allow.List    // texts that reach no level; default: none
	Keys     *Keys          // who may ask; default: everybody
	Rate     float64        // requests a second that one client may make, in bursts of as many; default: any number
	Origins  []string       // web origins whose pages may ask, "*" for all; default: none
	Log      *slog.Logger   // gets one line for each request; default: none
	LogTexts bool           // the log gets one line for each text, too
	Stall    time.Duration  // after so long without reading its answer, a client is given up; default: 10 seconds
	Version  string         // of the program
}

// A Service is an http.Handler. It is safe for any number of goroutines.
type Service struct {
	options  Options
	mux      *http.ServeMux
	nothing  http.Handler // of the last route
	metrics  *metrics
	current  atomic.Pointer[answers]
	keys     atomic.Pointer[Keys]
	reading  sync.Mutex // held while one of the answers is replaced
	clients  *clients
	large    *semaphore.Weighted // bytes of bodies that are not small
	streams  *openStreams
	hard     *gate // requests that take long for each text
	draining atomic.Bool
	endings  sync.WaitGroup  // of streams that ended early
	ending   context.Context // done when streams are to end
	end      context.CancelFunc
}

// answers is what one request is answered with, from its beginning to its end.
type answers struct {
	model                *snowman.Model
	allow                *allow.List // nil for none
	info                 snowman.Info
	encoder              *verdict.Encoder
	combiner             *combiner
	judges, namingJudges sync.Pool
	card                 func() ([]byte, error) // the page about the model, made when it is asked for
}

// New returns a service.
func New(options Options) *Service {
	if options.Model == nil {
		options.Model = snowman.Default()
	}
	if options.Stall == 0 {
		options.Stall = 10 * time.Second
	}
	s := &Service{
		options: options,
		mux:     http.NewServeMux(),
		metrics: newMetrics(),
		clients: newClients(options.Rate),
		large:   semaphore.NewWeighted(48 << 20),
		streams: newOpenStreams(64, options.Stall),
		hard:    newGate(2*int64(runtime.GOMAXPROCS(0)), 64),
	}
	s.ending, s.end = context.WithCancel(context.Background())
	s.SetKeys(options.Keys)
	s.setAnswers(options.Model, options.Allow)
	for _, r := range routes {
		s.nothing = s.handler(r)
		s.mux.Handle(r.path, s.nothing)
	}
	return s
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != path.Clean(r.URL.Path) { // which the mux would answer itself, with a redirection
		s.nothing.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// SetModel makes a model answer the requests that come from now on.
func (s *Service) SetModel(model *snowman.Model) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.setAnswers(model, s.current.Load().allow)
}

// SetAllow makes an allow list, or nil for none, hold for the requests that come from now on.
func (s *Service) SetAllow(list *allow.List) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.setAnswers(s.current.Load().model, list)
}

func (s *Service) setAnswers(model *snowman.Model, list *allow.List) {
	a := &answers{model: model, allow: list, info: model.Info(), encoder: verdict.NewEncoder(model.Kinds())}
	a.setJudges()
	a.combiner = newCombiner(a)
	a.card = sync.OnceValues(func() ([]byte, error) { return newCard(a.info, s.options.Version) })
	s.current.Store(a)
	s.metrics.setModel(a.info)
}

// SetKeys says who may ask from now on; nil is everybody.
func (s *Service) SetKeys(keys *Keys) { s.keys.Store(keys) }

// CountReload counts one attempt to read something anew, such as "model", which is served on as it was
// if there was an error.
func (s *Service) CountReload(what string, err error) { s.metrics.countReload(what, err) }

// Drain makes /readyz say that the service is not ready, so that no new requests are sent to it.
// Requests are still answered.
func (s *Service) Drain() { s.draining.Store(true) }

// EndStreams ends the answers that are as long as the client likes: what was read is answered, and a
// last line says why nothing more is.
func (s *Service) EndStreams() { s.end() }

// Wait waits for the last lines of streams that ended early, a second at most: http.Server.Shutdown does not
// know of them.
func (s *Service) Wait() { s.endings.Wait() }
