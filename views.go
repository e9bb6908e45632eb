package snowman

import (
	"slices"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// addViews adds the views of s.url that the network reads.
func (s *Scorer) addViews() {
	alphabet, limit := s.model.alphabet, s.model.limit
	if s.model.hasViews {
		symbols, views := alphabet.AppendViews(s.batch.Symbols, &s.url, limit)
		s.batch.Symbols = symbols
		s.batch.Add(views.Ends, views.IsPaid)
		return
	}
	s.batch.Symbols = alphabet.Append(s.batch.Symbols, &s.url, limit)
	end := len(s.batch.Symbols)
	s.batch.Add([...]int{end, end, end}, false)
}

// Symbols are what the network reads of a text, between padding: what the ONNX graph of the model
// takes. In JSON a member has the name of its input and is base64.
type Symbols struct {
	Text []byte `json:"symbols,omitempty"` // where the network reads the whole text alone

	// Of a network with two views, the registered domain being there for the floor:
	RegisteredDomain []byte `json:"domain_symbols,omitempty"`
	Host             []byte `json:"host_symbols,omitempty"`
	Whole            []byte `json:"whole_symbols,omitempty"`
	HasFloor         bool   `json:"has_floor"`
}

// Symbols returns the symbols of a text from people, whose form they are of: see Canonical. The
// error is that of Score.
func (m *Model) Symbols(text string) (Symbols, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	s.clear(nil)
	if err := s.add(text); err != nil {
		return Symbols{}, err
	}
	shape, row := m.file.Metadata.Shape, s.batch.Rows[0]
	padded := func(view int) []byte {
		padding := func(symbol byte) []byte { return slices.Repeat([]byte{symbol}, shape.Padding()) }
		return slices.Concat(padding(cnn.Start), s.batch.Text(int(row.Views[view])), padding(cnn.End))
	}
	if !m.hasViews {
		return Symbols{Text: padded(cnn.Whole)}, nil
	}
	return Symbols{
		RegisteredDomain: padded(cnn.RegisteredDomain), Host: padded(cnn.Host), Whole: padded(cnn.Whole), HasFloor: row.HasFloor,
	}, nil
}
