package snowman

import (
	"encoding/json"
	"io"
	"slices"
)

// Info says what a model is, for people and for JSON.
type Info struct {
	SHA256      string          `json:"sha256"` // of its weights
	Created     string          `json:"created,omitempty"`
	Kinds       []string        `json:"kinds"`
	Families    []string        `json:"families,omitempty"` // of generated names, that it tells apart
	Parameters  int             `json:"parameters"`         // of the network that scores
	Embedding   int             `json:"embedding"`
	Widths      []int           `json:"widths"`
	Filters     int             `json:"filters"` // of each width
	Hidden      int             `json:"hidden"`
	Symbols     int             `json:"symbols"`
	SymbolLimit int             `json:"symbol_limit"` // characters read of a text
	Temperature float64         `json:"temperature"`
	Thresholds  []Threshold     `json:"thresholds"`
	Seed        uint64          `json:"seed"`
	Training    json.RawMessage `json:"training,omitempty"` // what it was trained on, and how
	Figures     json.RawMessage `json:"figures,omitempty"`  // what was measured of it
}

// A Threshold is the lowest score of a level.
type Threshold struct {
	Level             Level   `json:"level"`
	Score             float64 `json:"score"`
	FalsePositiveRate float64 `json:"false_positive_rate"` // that the level stands for
	FalsePositives    int     `json:"false_positives"`     // measured: benign texts at or above the score
	Benign            int     `json:"benign"`              // measured: all benign texts
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
		Symbols:     metadata.Shape.Symbols,
		SymbolLimit: metadata.SymbolLimit,
		Temperature: metadata.Temperature,
		Seed:        metadata.Seed,
		Training:    slices.Clone(metadata.Training),
		Figures:     slices.Clone(metadata.Figures),
	}
	for i, t := range metadata.Thresholds {
		info.Thresholds = append(info.Thresholds, Threshold{Level(i + 1), t.Score, t.FalsePositiveRate, t.FalsePositives, t.Benign})
	}
	return info
}

// WriteONNX writes the model as an ONNX graph, for programs in other languages: docs/onnx.md says
// what goes in and comes out. Equal models are written as equal bytes.
func (m *Model) WriteONNX(w io.Writer) error { return m.file.WriteONNX(w) }
