package web

import (
	"bytes"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/snowman-ml/snowman"
)

// metrics are what /metrics shows, in a registry of the service's own.
type metrics struct {
	requests *prometheus.CounterVec
	inFlight prometheus.Gauge
	texts    [snowman.High + 1]prometheus.Counter
	failures prometheus.Counter
	seconds  prometheus.Histogram
	model    *prometheus.GaugeVec
	reloads  *prometheus.CounterVec
	drift    drift
	page     http.Handler
}

func newMetrics(version string) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "snowman_requests_total", Help: "Requests answered, by route and status code."}, []string{"route", "code"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "snowman_requests_in_flight", Help: "Requests that are being answered."}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "snowman_texts_refused_total", Help: "Texts that are no name or URL."}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "snowman_score_duration_seconds", Help: "Time to score the texts of a request, waiting for a turn included. Streams are not measured.",
			Buckets: []float64{1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 1}}),
		model: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "snowman_model_info", Help: "The model in use: the day on which it was made, and the SHA-256 of its weights."}, []string{"version", "sha256"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "snowman_reloads_total", Help: "Attempts to read a file again. After a refused one the old content stays in use."}, []string{"what", "result"}),
	}
	texts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "snowman_texts_scored_total", Help: "Texts scored, by level."}, []string{"level"})
	for level := range m.texts {
		m.texts[level] = texts.WithLabelValues(snowman.Level(level).String())
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "snowman_build_info", Help: "The program: its version and that of Go. The value is always 1."}, []string{"version", "goversion"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.inFlight, m.failures, m.seconds, m.model, m.reloads, texts, build, &m.drift,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.page = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// serveMetrics answers with the metrics in the format of Prometheus.
func (s *Service) serveMetrics(w *response, r *http.Request) {
	page := pageBuffer{header: w.Header(), code: http.StatusOK}
	s.metrics.page.ServeHTTP(&page, r)
	w.WriteHeader(page.code)
	s.send(w, r, page.Bytes()) // metricsBytes counts it
}

// A pageBuffer holds an answer until all of it is made.
type pageBuffer struct {
	bytes.Buffer
	header http.Header
	code   int
}

func (b *pageBuffer) Header() http.Header  { return b.header }
func (b *pageBuffer) WriteHeader(code int) { b.code = code }

func (m *metrics) setModel(model *snowman.Model, info snowman.Info) {
	m.drift.setModel(model)
	m.model.Reset()
	m.model.WithLabelValues(modelVersion(info), info.SHA256).Set(1)
}

func (m *metrics) countReload(what string, err error) {
	result := "ok"
	if err != nil {
		result = "refused"
	}
	m.reloads.WithLabelValues(what, result).Inc()
}

// modelVersion names a model to people: the day on which it was made, or the start of its hash.
func modelVersion(info snowman.Info) string {
	if info.Created != "" {
		return info.Created
	}
	return info.SHA256[:min(12, len(info.SHA256))]
}

// A routeCounter counts the requests of a route.
type routeCounter struct {
	requests *prometheus.CounterVec
	route    string
	byCode   [600]atomic.Pointer[prometheus.Counter] // made when a code is first counted
}

func (m *metrics) route(name string) *routeCounter {
	return &routeCounter{requests: m.requests, route: name}
}

func (c *routeCounter) count(code int) {
	if code < 0 || code >= len(c.byCode) {
		code = 0
	}
	counter := c.byCode[code].Load()
	if counter == nil {
		made := c.requests.WithLabelValues(c.route, strconv.Itoa(code))
		counter = &made
		c.byCode[code].Store(counter)
	}
	(*counter).Inc()
}
