package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A route is a path and what answers there.
type route struct {
	path    string
	methods map[string]func(*Service, http.ResponseWriter, *http.Request)
	open    bool // no key is needed, and no rate limit holds: probes must get through
	polled  bool // all the time, so that it is logged only when it fails
	page    bool // for people; the description is of what programs ask
}

type methods = map[string]func(*Service, http.ResponseWriter, *http.Request)

// routes are all that the service answers. The last one is every other path.
var routes = []route{
	{path: "/model", methods: methods{"PUT": (*Service).original, "POST": (*Service).original, "GET": (*Service).getModel}},
	{path: "/v1/score", methods: methods{"POST": (*Service).score}},
	{path: "/v1/explain", methods: methods{"POST": (*Service).explain}},
	{path: "/v1/model", methods: methods{"GET": (*Service).getModel}},
	{path: "/v2", methods: methods{"GET": (*Service).inferenceServer}},
	{path: "/v2/health/live", methods: methods{"GET": (*Service).inferenceLive}, open: true, polled: true},
	{path: "/v2/health/ready", methods: methods{"GET": (*Service).inferenceReady}, open: true, polled: true},
	{path: "/v2/models/{model}", methods: methods{"GET": (*Service).inferenceModel}},
	{path: "/v2/models/{model}/ready", methods: methods{"GET": (*Service).inferenceModelReady}},
	{path: "/v2/models/{model}/infer", methods: methods{"POST": (*Service).infer}},
	{path: "/v2/models/{model}/versions/{version}", methods: methods{"GET": (*Service).inferenceModel}},
	{path: "/v2/models/{model}/versions/{version}/ready", methods: methods{"GET": (*Service).inferenceModelReady}},
	{path: "/v2/models/{model}/versions/{version}/infer", methods: methods{"POST": (*Service).infer}},
	{path: "/openapi.json", methods: methods{"GET": (*Service).description}, open: true},
	{path: "/healthz", methods: methods{"GET": (*Service).live}, open: true, polled: true},
	{path: "/readyz", methods: methods{"GET": (*Service).ready}, open: true, polled: true},
	{path: "/metrics", methods: methods{"GET": (*Service).serveMetrics}, polled: true},
	{path: "/{$}", methods: methods{"GET": (*Service).page}, open: true, page: true},
	{path: "/card", methods: methods{"GET": (*Service).card}, open: true, page: true},
	{path: "/assets/picture.css", methods: methods{"GET": (*Service).pictureStyle}, open: true, page: true},
	{path: "/assets/{file}", methods: methods{"GET": (*Service).asset}, open: true, page: true},
	{path: "/", methods: nil},
}

// handler returns what answers a route: it lets in who may ask, and counts and logs what was answered.
func (s *Service) handler(r route) http.Handler {
	name := strings.TrimSuffix(r.path, "{$}")
	if r.methods == nil {
		name = "other"
	}
	counts := s.metrics.route(name)
	allowed := slices.Sorted(maps.Keys(r.methods))
	if slices.Contains(allowed, http.MethodGet) {
		allowed = slices.Sorted(slices.Values(append(allowed, http.MethodHead)))
	}
	allow := strings.Join(allowed, ", ")

	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		start := time.Now()
		a := newAnswer(w, request)
		defer func() {
			failure := recover()
			if failure != nil && a.code == 0 {
				a.code = http.StatusInternalServerError // of which the client sees a connection that ends
			}
			counts.count(a.status())
			if s.options.Log != nil && (!r.polled || a.status() != http.StatusOK) {
				s.log(a, request, name, time.Since(start))
			}
			a.free()
			if failure != nil {
				panic(failure)
			}
		}()
		s.metrics.underWay.Inc()
		defer s.metrics.underWay.Dec()

		if s.crossOrigin(a, request, allow) {
			return
		}
		if !r.open && !s.admit(a, request) {
			return
		}
		method := request.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		answer := r.methods[method]
		switch {
		case answer != nil:
			answer(s, a, request)
		case r.methods == nil:
			refuseUnknown(a, request)
		default:
			a.Header().Set("Allow", allow)
			refuse(a, http.StatusMethodNotAllowed, fmt.Sprintf("%s is not allowed, only %s", abbreviate(request.Method), allow))
		}
	})
}

// refuseUnknown answers that there is nothing at a path.
func refuseUnknown(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, fmt.Sprintf("there is nothing at %q; GET /openapi.json says what there is", abbreviate(r.URL.Path)))
}

// live says that the process answers.
func (s *Service) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// ready says whether new requests should be sent here.
func (s *Service) ready(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.draining.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "shutting down")
		return
	}
	fmt.Fprintln(w, "ok")
}

// abbreviate shortens what a client sent for an error.
func abbreviate(text string) string {
	return visible.Abbreviate(text, 80)
}
