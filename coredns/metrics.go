package coredns

import (
	"github.com/coredns/coredns/plugin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/snowman-ml/snowman"
)

var (
	namesCount = counter("names_total", "Counter of names that got a verdict, in questions and in answers.",
		"server", "zone", "view", "section", "level", "kind")
	allowedCount = counter("allowed_names_total", "Counter of names that were on an allow list.",
		"server", "zone", "view", "section")
	blockedCount = counter("blocked_requests_total", "Counter of requests that were blocked.",
		"server", "zone", "view", "section", "level", "response")
	fallthroughCount = counter("fallthrough_requests_total", "Counter of requests that were not blocked since fallthrough says so.",
		"server", "zone", "view", "section", "level")
	reloadFailedCount = counter("reload_failed_total", "Counter of files that could not be read anew.", "what")

	missesCount = promauto.NewCounter(prometheus.CounterOpts{
		Namespace: plugin.Namespace, Subsystem: pluginName,
		Name: "cache_misses_total", Help: "Counter of names that had to be scored, since no verdict was remembered.",
	})
	modelsInUse = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace, Subsystem: pluginName,
		Name: "model_info", Help: "Number of server blocks that use a model.",
	}, []string{"sha256"})
)

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return promauto.NewCounterVec(prometheus.CounterOpts{Namespace: plugin.Namespace, Subsystem: pluginName, Name: name, Help: help}, labels)
}

// inUse returns the gauge of a model.
func inUse(model *snowman.Model) prometheus.Gauge {
	return modelsInUse.WithLabelValues(model.Info().SHA256)
}
