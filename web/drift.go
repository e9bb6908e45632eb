package web

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/snowman-ml/snowman"
)

// textSorts are the sorts of texts that have levels of their own, as metrics name them.
var textSorts = [...]string{"names", "urls"}

// mostParts is how many parts of the scores are counted: those of a model's reference.
const mostParts = 11

// drift counts what says whether the model still fits what comes in. It is a collector of its own,
// since shares are only computed when somebody asks.
type drift struct {
	levels [len(textSorts)][snowman.High + 1]atomic.Uint64 // public texts by level
	parts  [len(textSorts)][mostParts]atomic.Uint64        // public texts by part of the reference
	model  atomic.Pointer[modelParts]

	mu     sync.Mutex
	before [len(textSorts)][snowman.High + 1]uint64 // levels when the model came
}

// modelParts are what a model promises and refers to.
type modelParts struct {
	starts   [len(textSorts)][]float64             // the lowest scores of all parts but the first
	shares   [len(textSorts)][]float64             // of reference texts in each part
	promises [len(textSorts)][snowman.High]float64 // of levels
	scores   [len(textSorts)][snowman.High]float64 // the lowest of each level
	created  float64                               // seconds since 1970; 0 if the model does not say
}

// setModel takes another model. Counters go on, shares of levels begin anew.
func (d *drift) setModel(model *snowman.Model) {
	m := &modelParts{}
	info := model.Info()
	for sort := range textSorts {
		thresholds := info.Thresholds
		if sort == 1 && len(info.URLThresholds) > 0 {
			thresholds = info.URLThresholds
		}
		for i, t := range thresholds[:min(len(thresholds), int(snowman.High))] {
			m.promises[sort][i], m.scores[sort][i] = t.FalsePositiveRate, t.Score
		}
	}
	if day, err := time.Parse(time.DateOnly, info.Created); err == nil {
		m.created = float64(day.Unix())
	}
	if reference := model.Reference(); reference != nil {
		for sort, texts := range []*snowman.ReferenceTexts{&reference.Names, &reference.URLs} {
			parts := texts.Parts()
			for i, part := range parts[:min(len(parts), mostParts)] {
				if i > 0 {
					m.starts[sort] = append(m.starts[sort], part.Start())
				}
				m.shares[sort] = append(m.shares[sort], float64(part.Texts)/float64(texts.Texts))
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for sort := range d.levels {
		for level := range d.levels[sort] {
			d.before[sort][level] = d.levels[sort][level].Load()
		}
	}
	d.model.Store(m)
}

// driftTally counts the public texts of one request.
type driftTally struct {
	model  *modelParts
	levels [len(textSorts)][snowman.High + 1]int
	parts  [len(textSorts)][mostParts]int
}

// count counts a text that has a score. Other than public names reach no level.
func (t *driftTally) count(verdict *snowman.Verdict) {
	if verdict.NotPublic != "" || t.model == nil {
		return
	}
	sort := 0
	if verdict.IsURL {
		sort = 1
	}
	t.levels[sort][verdict.Level]++
	part := 0
	for _, start := range t.model.starts[sort] {
		if verdict.Score < start {
			break
		}
		part++
	}
	t.parts[sort][part]++
}

// add adds what was counted.
func (d *drift) add(t *driftTally) {
	if t.model == nil {
		return
	}
	for sort := range textSorts {
		for level, n := range t.levels[sort] {
			if n > 0 {
				d.levels[sort][level].Add(uint64(n))
			}
		}
		if len(t.model.shares[sort]) == 0 {
			continue
		}
		for part, n := range t.parts[sort] {
			if n > 0 {
				d.parts[sort][part].Add(uint64(n))
			}
		}
	}
}

var (
	publicDescription = prometheus.NewDesc("snowman_public_texts_total",
		"Public names and URLs scored, by level.", []string{"texts", "level"}, nil)
	shareDescription = prometheus.NewDesc("snowman_level_share",
		"Share of public names and of URLs that reach a level, since the model came.", []string{"texts", "level"}, nil)
	promiseDescription = prometheus.NewDesc("snowman_level_promise",
		"Share of names and of URLs that the level stands for: of ordinary ones, or, of a level set on somebody's own traffic, of that.", []string{"texts", "level"}, nil)
	scoreDescription = prometheus.NewDesc("snowman_level_score",
		"The lowest score of a level, of names and of URLs.", []string{"texts", "level"}, nil)
	partDescription = prometheus.NewDesc("snowman_texts_part_total",
		"Public names and URLs scored, by the part of the scores of the model's reference: tenths, the last divided once more. None if the model has no reference.", []string{"texts", "part"}, nil)
	referenceDescription = prometheus.NewDesc("snowman_reference_share",
		"Share of the texts of the model's reference that are in a part of the scores.", []string{"texts", "part"}, nil)
	createdDescription = prometheus.NewDesc("snowman_model_created_timestamp_seconds",
		"The day on which the model was made. None if its file does not say.", nil, nil)
)

// Describe sends the descriptions of all metrics.
func (d *drift) Describe(all chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{publicDescription, shareDescription, promiseDescription, scoreDescription, partDescription, referenceDescription, createdDescription} {
		all <- description
	}
}

// Collect sends all metrics.
func (d *drift) Collect(all chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.model.Load()
	if m == nil {
		return
	}
	send := func(description *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(description, kind, value, labels...)
	}
	for sort, texts := range textSorts {
		var counts [snowman.High + 1]uint64
		total := uint64(0)
		for level := range counts {
			count := d.levels[sort][level].Load()
			send(publicDescription, prometheus.CounterValue, float64(count), texts, snowman.Level(level).String())
			counts[level] = count - d.before[sort][level]
			total += counts[level]
		}
		reached := uint64(0)
		for level := snowman.High; level > snowman.None; level-- {
			reached += counts[level]
			if total > 0 {
				send(shareDescription, prometheus.GaugeValue, float64(reached)/float64(total), texts, level.String())
			}
			send(promiseDescription, prometheus.GaugeValue, m.promises[sort][level-1], texts, level.String())
			send(scoreDescription, prometheus.GaugeValue, m.scores[sort][level-1], texts, level.String())
		}
		for part, share := range m.shares[sort] {
			number := strconv.Itoa(part)
			send(partDescription, prometheus.CounterValue, float64(d.parts[sort][part].Load()), texts, number)
			send(referenceDescription, prometheus.GaugeValue, share, texts, number)
		}
	}
	if m.created > 0 {
		send(createdDescription, prometheus.GaugeValue, m.created)
	}
}
