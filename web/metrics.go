package web

import (
	"net/http"
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
	underWay prometheus.Gauge
	texts    [snowman.High + 1]prometheus.Counter
	failures prometheus.Counter
	seconds  prometheus.Histogram
	model    *prometheus.GaugeVec
	reloads  *prometheus.CounterVec
	page     http.Handler
}

func newMetrics() *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "snowman_requests_total", Help: "Requests answered, by route and status code."}, []string{"route", "code"}),
		underWay: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "snowman_requests_in_flight", Help: "Requests that are being answered."}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "snowman_texts_refused_total", Help: "Texts that are no name or URL."}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "snowman_score_duration_seconds", Help: "Time from the texts of a request, read, to their verdicts, waiting included; not of streams.",
			Buckets: []float64{1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 1}}),
		model: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "snowman_model_info", Help: "The model that answers: the day it was made and the SHA-256 of its weights."}, []string{"version", "sha256"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "snowman_reloads_total", Help: "Files read anew; refused ones are served on as they were."}, []string{"what", "result"}),
	}
	texts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "snowman_texts_scored_total", Help: "Texts scored, by level."}, []string{"level"})
	for level := range m.texts {
		m.texts[level] = texts.WithLabelValues(snowman.Level(level).String())
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.underWay, m.failures, m.seconds, m.model, m.reloads, texts,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.page = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// serveMetrics answers with the metrics in the format of Prometheus.
func (s *Service) serveMetrics(w http.ResponseWriter, r *http.Request) {
	s.metrics.page.ServeHTTP(w, r)
}

// add counts what was said of some texts: how many have each level, and how many have none.
func (m *metrics) add(levels [snowman.High + 1]int, failures int) {
	for level, texts := range levels {
		if texts > 0 {
			m.texts[level].Add(float64(texts))
		}
	}
	if failures > 0 {
		m.failures.Add(float64(failures))
	}
}

func (m *metrics) setModel(info snowman.Info) {
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

// modelVersion names a model to people: the day on which it was made, or how its hash starts.
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
	byCode   [600]atomic.Pointer[prometheus.Counter] // made when first needed
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
