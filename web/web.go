// Package web answers over HTTP what the library answers in Go.
//
//	service := web.New(web.Options{Model: snowman.Default()})
//	http.ListenAndServe(":5000", service)
//
// PUT and POST /model answer in the bytes of the original Snowman of 2017. Under /v1 is what is
// new, under /v2 the Open Inference Protocol; /modules and /query are a module of MISP.
// /openapi.json describes all of it. Two pages are for people: / looks names up, and /card shows
// the model.
//
// No request makes a Service fail, use memory without bound, or wait for ever. It refuses what is
// too large with 413, and what is too much at a time with 429. Model and lists can be replaced
// while it answers; each request is answered by one of them. Texts are private: the service keeps
// none, looks none up, and logs none unless Options.LogTexts says so.
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

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/card"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// Options say how a Service answers. The zero value works.
type Options struct {
	Model    *snowman.Model // default: the one that comes with the package
	Allow    *allow.List    // texts that reach no level; default: none
	Keys     *Keys          // who may ask; default: everybody
	Rate     float64        // requests a second that a client may make, in bursts of as many; default: any number
	Origins  []string       // web origins whose pages may ask and read answers, "*" for all; default: none
	Hosts    []string       // hosts that a request may name beside loopback ones and the address that it came to; default: all
	Log      *slog.Logger   // gets a line for each request; default: none
	LogTexts bool           // Log also gets a line for each text
	Stall    time.Duration  // a client that reads nothing for this long is given up; default: 10 seconds
	Version  string         // of the program
}

// A Service is an http.Handler. It is safe for any number of goroutines.
type Service struct {
	options   Options
	mux       *http.ServeMux
	notFound  http.Handler
	metrics   *metrics
	current   atomic.Pointer[served]
	replacing sync.Mutex // held while current is replaced
	keys      atomic.Pointer[Keys]
	clients   *clients
	account   account
	work      *gate // for all that is done with many texts at a time
	files     func() map[string]*pageFile
	slow      *gate // for requests that take long for each text
	draining  atomic.Bool

	streams        *openStreams
	streamsContext context.Context // done when streams are to end
	endStreams     context.CancelFunc
	lastLines      sync.WaitGroup // streams that ended early and are writing why

	decoding decoding
}

// served is what answers one request, from its beginning to its end.
type served struct {
	model                *snowman.Model
	allow                *allow.List // nil if there is none
	info                 snowman.Info
	encoder              *verdict.Encoder
	combiner             *combiner
	judges, namingJudges sync.Pool
	plainJudges          sync.Pool
	card                 func() (*pageFile, error) // makes the page about the model when it is first asked for
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
		metrics: newMetrics(options.Version),
		clients: newClients(options.Rate),
		streams: newOpenStreams(maxStreams, options.Stall),
		files:   sync.OnceValue(readPageFiles),
		work:    newGate(max(2, int64(runtime.GOMAXPROCS(0))), 4096),
		slow:    newGate(2*int64(runtime.GOMAXPROCS(0)), 64),
	}
	s.streamsContext, s.endStreams = context.WithCancel(context.Background())
	s.SetKeys(options.Keys)
	s.setServed(options.Model, options.Allow)
	s.options.Model, s.options.Allow, s.options.Keys = nil, nil, nil // those that follow free them
	s.options.Hosts = nil
	for _, host := range options.Hosts {
		s.options.Hosts = append(s.options.Hosts, hostName(host))
	}
	for _, r := range routes {
		s.notFound = s.handler(r, &s.account)
		s.mux.Handle(r.path, s.notFound)
	}
	return s
}

// Probes returns a handler for a listener of its own. It answers probes and /metrics as the service
// does, also where clients hold all that the service lets them hold.
func (s *Service) Probes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		if r.polled || r.methods == nil {
			mux.Handle(r.path, s.handler(r, new(account)))
		}
	}
	return mux
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != path.Clean(r.URL.Path) { // the mux would answer with a redirection
		s.notFound.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// SetModel replaces the model for the requests that come from now on.
func (s *Service) SetModel(model *snowman.Model) {
	s.replacing.Lock()
	defer s.replacing.Unlock()
	s.setServed(model, s.current.Load().allow)
}

// SetAllow replaces the allow list for the requests that come from now on; nil is none.
func (s *Service) SetAllow(list *allow.List) {
	s.replacing.Lock()
	defer s.replacing.Unlock()
	s.setServed(s.current.Load().model, list)
}

func (s *Service) setServed(model *snowman.Model, list *allow.List) {
	in := &served{model: model, allow: list, info: model.Info(), encoder: verdict.NewEncoder(model.Kinds())}
	in.combiner = newCombiner(in)
	in.card = sync.OnceValues(func() (*pageFile, error) {
		page, err := card.Page(in.info, s.options.Version)
		return newPageFile(contentTypes[".html"], page), err
	})
	s.current.Store(in)
	s.metrics.setModel(model, in.info)
}

// SetKeys says who may ask from now on; nil is everybody.
func (s *Service) SetKeys(keys *Keys) { s.keys.Store(keys) }

// CountReload counts an attempt to read something anew, such as "model". After an error the service
// goes on with what it had.
func (s *Service) CountReload(what string, err error) { s.metrics.countReload(what, err) }

// Drain makes /readyz say that the service is not ready, so that load balancers send it no new
// requests. It still answers those that come.
func (s *Service) Drain() { s.draining.Store(true) }

// EndStreams ends the answers to lines. Lines that were read are answered, and a last line says why
// no others are.
func (s *Service) EndStreams() { s.endStreams() }

// Wait waits, for a second at most, until the last lines of streams that ended early are written.
// http.Server.Shutdown does not wait for these.
func (s *Service) Wait() { s.lastLines.Wait() }
