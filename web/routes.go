package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A route is a path and what answers there.
type route struct {
	path    string
	methods methods
	query   []string // the parameters that it takes; it refuses others, or ignores them if this is nil
	open    bool     // needs no key and has no rate limit: probes must get through
	polled  bool     // asked all the time, so it is logged only when it fails
	page    bool     // for people; openapi.json describes what programs ask
}

type methods = map[string]func(*Service, *response, *http.Request)

var (
	noQuery  = []string{}
	families = []string{"families"}
)

// routes are all that the service answers. The last one is every other path.
var routes = []route{
	{path: "/model", methods: methods{"PUT": (*Service).original, "POST": (*Service).original, "GET": (*Service).getModel}},
	{path: "/v1/score", methods: methods{"POST": (*Service).score}, query: families},
	{path: "/v1/logs", methods: methods{"POST": (*Service).scoreLog}, query: logsQuery},
	{path: "/v1/explain", methods: methods{"POST": (*Service).explain}, query: families},
	{path: "/v1/model", methods: methods{"GET": (*Service).getModel}, query: noQuery},
	{path: "/v2", methods: methods{"GET": (*Service).inferenceServer}, query: noQuery},
	{path: "/v2/health/live", methods: methods{"GET": (*Service).inferenceLive}, open: true, polled: true},
	{path: "/v2/health/ready", methods: methods{"GET": (*Service).inferenceReady}, open: true, polled: true},
	{path: "/v2/models/{model}", methods: methods{"GET": (*Service).inferenceModel}, query: noQuery},
	{path: "/v2/models/{model}/ready", methods: methods{"GET": (*Service).inferenceModelReady}, query: noQuery},
	{path: "/v2/models/{model}/infer", methods: methods{"POST": (*Service).infer}, query: noQuery},
	{path: "/v2/models/{model}/versions/{version}", methods: methods{"GET": (*Service).inferenceModel}, query: noQuery},
	{path: "/v2/models/{model}/versions/{version}/ready", methods: methods{"GET": (*Service).inferenceModelReady}, query: noQuery},
	{path: "/v2/models/{model}/versions/{version}/infer", methods: methods{"POST": (*Service).infer}, query: noQuery},
	{path: "/modules", methods: methods{"GET": (*Service).mispModules}, query: noQuery},
	{path: "/query", methods: methods{"POST": (*Service).mispQuery}, query: noQuery},
	{path: "/openapi.json", methods: methods{"GET": (*Service).description}, open: true},
	{path: "/healthz", methods: methods{"GET": (*Service).live}, open: true, polled: true},
	{path: "/readyz", methods: methods{"GET": (*Service).ready}, open: true, polled: true},
	{path: "/metrics", methods: methods{"GET": (*Service).serveMetrics}, polled: true},
	{path: "/{$}", methods: methods{"GET": (*Service).page}, open: true, page: true},
	{path: "/card", methods: methods{"GET": (*Service).card}, open: true, page: true},
	{path: "/assets/picture.css", methods: methods{"GET": (*Service).chartStyle}, open: true, page: true},
	{path: "/assets/{file}", methods: methods{"GET": (*Service).asset}, open: true, page: true},
	{path: "/", methods: nil},
}

// handler returns what answers a route: it checks keys and limits, and counts and logs each
// response. What it holds meanwhile is counted in an account.
func (s *Service) handler(r route, held *account) http.Handler {
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

	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		start := time.Now()
		w := newResponse(writer, request)
		defer func() {
			failure := recover()
			if failure != nil && w.code == 0 {
				w.code = http.StatusInternalServerError // the client sees a connection that ends
			}
			counts.count(w.status())
			if s.options.Log != nil && (!r.polled || w.status() != http.StatusOK) {
				s.log(w, request, name, time.Since(start))
			}
			w.free()
			if failure != nil {
				panic(failure)
			}
		}()
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		isRead := request.Method == http.MethodGet || request.Method == http.MethodHead
		if isRead && request.ContentLength != 0 {
			w.refuseUncounted(request, http.StatusBadRequest, errBodyOfGet)
			return
		}
		bytes, network := bytesOfRequest(request), networkOf(request)
		isProbe := r.open && r.polled
		if r.polled && !r.open {
			bytes += metricsBytes
		}
		switch {
		case held.takeRequest(network, bytes):
			defer held.giveRequest(network, bytes)
		case isProbe && isRead && held.take(bytes, roomForAll):
			defer held.give(bytes)
			w.brief = request.ProtoMajor > 1
		default:
			w.refuseUncounted(request, http.StatusTooManyRequests, errBusy)
			return
		}
		switch {
		case !isProbe && s.refuseForeign(w, request), s.crossOrigin(w, request, allow), !r.open && !s.admit(w, request):
		default:
			r.answer(s, w, request, allow)
		}
		s.flush(w, request)
	})
}

// answer answers a request that was let in. The methods of the route are those in allow.
func (r route) answer(s *Service, w *response, request *http.Request, allow string) {
	method := request.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handle := r.methods[method]
	switch {
	case r.methods == nil:
		w.refuseUnknown(request)
		return
	case handle == nil:
		w.Header().Set("Allow", allow)
		w.refuse(http.StatusMethodNotAllowed, fmt.Sprintf("%s is not allowed, only %s", abbreviate(request.Method), allow))
		return
	}
	if err := r.checkQuery(request.URL.RawQuery); err != nil {
		w.refuseError(err)
		return
	}
	if method == http.MethodPut || method == http.MethodPost {
		done, err := s.openBody(w, request)
		if err != nil {
			w.refuseError(err)
			return
		}
		defer done()
	}
	handle(s, w, request)
}

// checkQuery returns an error for a parameter that the route does not take.
func (r route) checkQuery(query string) error {
	if query == "" || r.query == nil {
		return nil
	}
	given, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("reading the query: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(r.query, name) {
			return fmt.Errorf("there is no query parameter %q, %s", abbreviate(name), only(r.query))
		}
		if len(given[name]) > 1 && name != "column" {
			return fmt.Errorf("the query parameter %s is given several times, want it once", name)
		}
		isSwitch := name == "families" || name == "more"
		if _, err := strconv.ParseBool(given.Get(name)); isSwitch && err != nil {
			return fmt.Errorf("the query parameter %s is %q, want true or false", name, abbreviate(given.Get(name)))
		}
	}
	return nil
}

// only says which names there are instead of one that there is not.
func only(names []string) string {
	switch last := len(names) - 1; last {
	case -1:
		return "and no other"
	case 0:
		return "only " + names[0]
	default:
		return "only " + strings.Join(names[:last], ", ") + " and " + names[last]
	}
}

// refuseUnknown answers that there is nothing at a path.
func (w *response) refuseUnknown(r *http.Request) {
	w.refuse(http.StatusNotFound, fmt.Sprintf("there is nothing at %q; GET /openapi.json says what there is", abbreviate(r.URL.Path)))
}

// live says that the process answers.
func (s *Service) live(w *response, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// ready says whether new requests should be sent here.
func (s *Service) ready(w *response, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.draining.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "shutting down")
		return
	}
	fmt.Fprintln(w, "ok")
}
