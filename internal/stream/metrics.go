package stream

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/snowman-ml/snowman"
)

// A tally counts what is said of messages. It belongs to one goroutine.
type tally struct {
	levels                   [snowman.High + 1]int
	nameless, failed, broken int

	problem string      // of the first message without a verdict for a reason; empty if there is none
	of      *kgo.Record // the message
}

func (t *tally) count(r *kgo.Record, what *said) {
	if t.problem == "" && what.problem != "" {
		t.problem, t.of = strings.Clone(what.problem), r
	}
	switch {
	case what.has:
		t.levels[what.level]++
	case what.broken:
		t.broken++
	case what.problem != "":
		t.failed++
	default:
		t.nameless++
	}
}

// metrics are what /metrics shows, in a registry of the worker's own.
type metrics struct {
	verdicts   [snowman.High + 1]prometheus.Counter
	without    *prometheus.CounterVec
	written    [len(targetNames)]prometheus.Counter
	commits    *prometheus.CounterVec
	lag        *prometheus.GaugeVec
	delay      prometheus.Gauge
	rebalances prometheus.Counter
	restarts   prometheus.Counter
	model      *prometheus.GaugeVec
	reloads    *prometheus.CounterVec
	page       http.Handler
}

func newMetrics(version string) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		without:    counter("snowman_stream_without_verdict_total", "Messages without a verdict, by why: broken, no name, no score.", "why"),
		commits:    counter("snowman_stream_commits_total", "Batches or transactions, by what became of them. What was aborted or refused is read again.", "result"),
		lag:        prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "snowman_stream_lag_records", Help: "Records of a partition that waited when it was read last."}, []string{"topic", "partition"}),
		delay:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "snowman_stream_delay_seconds", Help: "Age of the record that was read last, when it was read."}),
		rebalances: prometheus.NewCounter(prometheus.CounterOpts{Name: "snowman_stream_rebalances_total", Help: "How often partitions were given to this worker or taken from it."}),
		restarts:   prometheus.NewCounter(prometheus.CounterOpts{Name: "snowman_stream_restarts_total", Help: "How often the worker started anew from what was committed last."}),
		model:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "snowman_model_info", Help: "The model in use: the day on which it was made, and the SHA-256 of its weights."}, []string{"version", "sha256"}),
		reloads:    counter("snowman_reloads_total", "Attempts to read a file again. After a refused one the old content stays in use.", "what", "result"),
	}
	verdicts := counter("snowman_stream_verdicts_total", "Messages with a verdict, by the level of their worst name.", "level")
	for level := range m.verdicts {
		m.verdicts[level] = verdicts.WithLabelValues(snowman.Level(level).String())
	}
	written := counter("snowman_stream_written_total", "Messages written, committed or not, by the topic's role.", "to")
	for to, name := range targetNames {
		m.written[to] = written.WithLabelValues(name)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "snowman_build_info", Help: "The program: its version and that of Go. The value is always 1."}, []string{"version", "goversion"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(verdicts, m.without, written, m.commits, m.lag, m.delay, m.rebalances, m.restarts, m.model, m.reloads, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.page = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// add adds what a scorer counted and made, and empties its tally.
func (m *metrics) add(s *scorer) {
	for level, count := range s.tally.levels {
		m.verdicts[level].Add(float64(count))
	}
	for why, count := range map[string]int{"broken": s.tally.broken, "no name": s.tally.nameless, "no score": s.tally.failed} {
		if count > 0 {
			m.without.WithLabelValues(why).Add(float64(count))
		}
	}
	s.tally = tally{}
	for i := range s.outputs {
		m.written[s.outputs[i].to].Inc()
	}
}

// noteLag notes how far a partition was behind when it was polled, with records.
func (m *metrics) noteLag(p kgo.FetchTopicPartition) {
	last := p.Records[len(p.Records)-1]
	m.lag.WithLabelValues(p.Topic, strconv.Itoa(int(p.Partition))).Set(float64(max(0, p.HighWatermark-last.Offset-1)))
	m.delay.Set(max(0, time.Since(last.Timestamp).Seconds()))
}

func (m *metrics) forgetLag(topic string, partition int32) {
	m.lag.DeleteLabelValues(topic, strconv.Itoa(int(partition)))
}

func (m *metrics) setModel(info snowman.Info) {
	m.model.Reset()
	m.model.WithLabelValues(modelVersion(info), info.SHA256).Set(1)
}

// CountReload counts that a file was read anew, or not.
func (w *Worker) CountReload(what string, err error) {
	result := "ok"
	if err != nil {
		result = "refused"
	}
	w.metrics.reloads.WithLabelValues(what, result).Inc()
}

// modelVersion names a model to people: the day on which it was made, or the start of its hash.
func modelVersion(info snowman.Info) string {
	if info.Created != "" {
		return info.Created
	}
	return info.SHA256[:min(12, len(info.SHA256))]
}

// health is what probes ask for. It is safe for any number of goroutines.
type health struct {
	mu        sync.Mutex
	isMember  bool
	isLeaving bool
	trouble   string    // what failed last; empty when something has gone well since
	failed    time.Time // when it did
	since     time.Time // when a batch was begun that is not written; zero if there is none
}

func (h *health) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *health) join()          { h.set(func() { h.isMember, h.trouble = true, "" }) }
func (h *health) leave()         { h.set(func() { h.isMember = false }) }
func (h *health) drain()         { h.set(func() { h.isLeaving = true }) }
func (h *health) fail(err error) { h.set(func() { h.trouble, h.failed = fmt.Sprint(err), time.Now() }) }
func (h *health) succeed()       { h.set(func() { h.trouble = "" }) }
func (h *health) begin()         { h.set(func() { h.since = time.Now() }) }
func (h *health) end()           { h.set(func() { h.since = time.Time{} }) }

// problem says why the worker is not ready, or "".
func (h *health) problem() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.isLeaving:
		return "shutting down"
	case h.trouble != "" && time.Since(h.failed) < forgiven:
		return h.trouble
	case !h.isMember:
		return "not in the group yet"
	case !h.since.IsZero() && time.Since(h.since) > stalled:
		return fmt.Sprintf("no broker has taken what was written for %v", time.Since(h.since).Round(time.Second))
	}
	return ""
}

// Probes answers /healthz, /readyz and /metrics.
func (w *Worker) Probes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") })
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, _ *http.Request) {
		if problem := w.health.problem(); problem != "" {
			http.Error(rw, problem, http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(rw, "ready")
	})
	mux.Handle("GET /metrics", w.metrics.page)
	return mux
}
