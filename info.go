package snowman

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// Info says what a model is, for people and for JSON.
type Info struct {
	SHA256        string          `json:"sha256"` // of its weights
	Created       string          `json:"created,omitempty"`
	Kinds         []string        `json:"kinds"`
	Families      []string        `json:"families,omitempty"` // of generated names, which it tells apart
	Parameters    int             `json:"parameters"`         // of the network that scores
	Embedding     int             `json:"embedding"`
	Widths        []int           `json:"widths"`
	Filters       int             `json:"filters"` // of each width
	Hidden        int             `json:"hidden"`
	Views         int             `json:"views"`                  // 2 where host and whole are read side by side, or 1
	HostFloor     float64         `json:"host_floor,omitempty"`   // log-odds that a text may be below its host alone; 0 for none
	DomainFloor   float64         `json:"domain_floor,omitempty"` // likewise, below its registered domain alone
	Symbols       int             `json:"symbols"`
	SymbolLimit   int             `json:"symbol_limit"`       // characters read of a text
	Imitated      int             `json:"imitated,omitempty"` // popular names that it knows
	Temperature   float64         `json:"temperature"`
	Thresholds    []Threshold     `json:"thresholds"`               // of names
	URLThresholds []Threshold     `json:"url_thresholds,omitempty"` // of texts with a path, where they have their own
	Seed          uint64          `json:"seed"`
	Training      json.RawMessage `json:"training,omitempty"` // what it was trained on, and how
	Figures       json.RawMessage `json:"figures,omitempty"`  // what was measured of it
}

// A Threshold is the lowest score of a level.
type Threshold struct {
	Level             Level   `json:"level"`
	Score             float64 `json:"score"`
	FalsePositiveRate float64 `json:"false_positive_rate"` // that the level stands for
	FalsePositives    int     `json:"false_positives"`     // measured: benign texts at or above the score
	Benign            int     `json:"benign"`              // measured: all benign texts

	// The same of each kind of benign site, and of each country suffix with enough texts. Older
	// models lack both.
	Groups    []GroupCount `json:"groups,omitempty"`
	Countries []GroupCount `json:"countries,omitempty"`

	Own *OwnLevel `json:"own,omitempty"` // nil where the level is as training left it
}

// An OwnLevel says that somebody set a level on traffic of their own. The false positives of the
// level are then its alarms in that traffic, malicious texts included.
type OwnLevel struct {
	AlarmsPerDay float64 `json:"alarms_per_day"` // at most; 0 where the level gave way to a lower one
	Days         float64 `json:"days"`           // of traffic
	EachOnce     bool    `json:"each_once"`      // a text is one alarm, however often it comes
	Set          string  `json:"set"`            // on this day, as 2006-01-02
}

// HasOwnLevels reports whether a level was set on traffic of somebody's own. What was measured of
// the model's levels, and what its card promises of them, does then not hold.
func (i Info) HasOwnLevels() bool {
	return slices.ContainsFunc(slices.Concat(i.Thresholds, i.URLThresholds), func(t Threshold) bool { return t.Own != nil })
}

// A GroupCount is how many benign texts of a kind of site, or of a country suffix, reach a level.
type GroupCount struct {
	Name           string `json:"name"`
	FalsePositives int    `json:"false_positives"`
	Benign         int    `json:"benign"`
}

// Exceeding returns the kinds of site and country suffixes in which more than three times as many
// texts reach the level as it says, of those with enough texts to tell.
func (t Threshold) Exceeding() []GroupCount {
	rate := modelfile.Threshold{FalsePositiveRate: t.FalsePositiveRate}
	return slices.DeleteFunc(slices.Concat(t.Groups, t.Countries), func(g GroupCount) bool {
		return !rate.HasSay(g.Benign) || float64(g.FalsePositives) <= modelfile.GroupTolerance*t.FalsePositiveRate*float64(g.Benign)
	})
}

// TooFew reports whether there were too few benign texts to measure the level: fewer than one of
// them may reach it.
func (t Threshold) TooFew() bool {
	return modelfile.Threshold{FalsePositiveRate: t.FalsePositiveRate, Benign: t.Benign}.TooFew()
}

// MarshalJSON writes the threshold, with a member too_few if there were too few texts.
func (t Threshold) MarshalJSON() ([]byte, error) {
	type members Threshold
	return json.Marshal(struct {
		members
		TooFew bool `json:"too_few,omitempty"`
	}{members(t), t.TooFew()})
}

// Info returns what the model is.
func (m *Model) Info() Info {
	metadata := m.file.Metadata
	info := Info{
		SHA256:      m.file.SHA256,
		Created:     metadata.Created,
		Kinds:       m.Kinds(),
		Families:    m.FamilyNames(),
		Parameters:  len(m.file.Parameters.Flat),
		Embedding:   metadata.Shape.Embedding,
		Widths:      slices.Clone(metadata.Shape.Widths),
		Filters:     metadata.Shape.Filters,
		Hidden:      metadata.Shape.Hidden,
		Views:       max(1, metadata.Shape.Views),
		HostFloor:   metadata.Floor.Host,
		DomainFloor: metadata.Floor.RegisteredDomain,
		Symbols:     metadata.Shape.Symbols,
		SymbolLimit: metadata.SymbolLimit,
		Imitated:    len(metadata.Imitated),
		Temperature: metadata.Temperature,
		Seed:        metadata.Seed,
		Training:    slices.Clone(metadata.Training),
		Figures:     slices.Clone(metadata.Figures),
	}
	info.Thresholds, info.URLThresholds = levelThresholds(metadata.Thresholds), levelThresholds(metadata.URLThresholds)
	return info
}

// IsPopular reports whether the registered domain of a text is on the model's list of popular
// names. Verdict.Popular says so of the domain itself alone. What is on the list is no test of a
// model.
func (m *Model) IsPopular(text string) bool {
	var u canon.URL
	return u.Parse(text) == nil && m.imitated.Has(u.RegisteredDomain())
}

// A Reference is what the scores, characters and public suffixes of benign texts were that the
// network was not trained on.
type Reference = modelfile.Reference

// ReferenceTexts are the counts of a Reference over names, or over URLs.
type ReferenceTexts = modelfile.ReferenceTexts

// Reference returns the model's reference, which must not be changed. It is nil if the file has
// none.
func (m *Model) Reference() *Reference { return m.file.Metadata.Reference }

func levelThresholds(measured []modelfile.Threshold) []Threshold {
	var thresholds []Threshold
	for i, t := range measured {
		thresholds = append(thresholds, Threshold{
			Level(i + 1), t.Score, t.FalsePositiveRate, t.FalsePositives, t.Benign,
			groupCounts(t.Groups), groupCounts(t.Countries), (*OwnLevel)(t.Own),
		})
	}
	return thresholds
}

func groupCounts(measured []modelfile.GroupCount) []GroupCount {
	var counts []GroupCount
	for _, g := range measured {
		counts = append(counts, GroupCount(g))
	}
	return counts
}

// WriteONNX writes the model as an ONNX graph, for programs in other languages: docs/onnx.md says
// what goes in and comes out. Equal models are written as equal bytes.
func (m *Model) WriteONNX(w io.Writer) error { return m.file.WriteONNX(w) }
