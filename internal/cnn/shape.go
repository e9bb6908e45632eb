// Package cnn is the network: a convolutional network over the characters of one short text.
//
// It is Kim's text CNN (2014, D14-1181) over characters, as eXpose has it (Saxe and Berlin 2017,
// arXiv 1702.08568). For a text of symbols s_0 ... s_{T-1}:
//
//	s_t -> E[s_t]                                     embedding
//	c_wf(t) = b_wf + sum_{j<w} W_wf[j] . E[s_{t+j}]   convolution, for each width w and filter f
//	m_wf    = relu(max_t c_wf(t))                     max over time
//	h       = relu(A m + a)                           dense, left out where Hidden is 0
//	p       = softmax(B h + c)                        kinds; kind 0 is benign
//
// A network with two views looks in this way at the host and at the whole of a text, and reads
// their hidden layers h_1 and h_2 side by side:
//
//	p = softmax(B_1 h_1 + B_2 h_2 + c)
//
// Under its verdict there may be a floor. It demands what the network says of the host alone and of
// the registered domain alone, each in both places: head.applyFloor defines it (floor.go).
//
// reference.go is these lines and nothing more. What precedes the maximum is linear, so fold.go
// computes it once for each symbol instead of once for each text: scoring (network.go, quantize.go)
// and training (gradient.go) only add table rows.
//
// The loss of a text of kind k is the cross-entropy -log p_k; where it is only known to be
// malicious, -log sum_{k>0} p_k (loss.go).
//
// Shapes, throughout: R rows, B texts that are their views, T positions, V symbols, D embedding, w
// width, F filters of one width, P = F times the number of widths, H hidden, K kinds. The next
// layer is the one that reads the pooled features m: the hidden layer or, where Hidden is 0, the
// output.
//
// A filter that reads beyond a text finds Start before its first symbol and End after its last one,
// so that a short text fills every window and a filter can see where a text starts and ends: a
// filter of width w has the windows 1-w <= t < T.
//
// The package reads no files, starts no goroutines and prints nothing.
package cnn

import (
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// The padding symbols.
const (
	Start = 0
	End   = 1
)

// Texts are the symbols of a batch of texts.
type Texts struct {
	Symbols []uint8 // of all texts, one after the other
	Ends    []int32 // of each text in Symbols, ascending
}

// Len is the number of texts.
func (x Texts) Len() int { return len(x.Ends) }

// Text returns the symbols of one text.
func (x Texts) Text(i int) []uint8 {
	first := int32(0)
	if i > 0 {
		first = x.Ends[i-1]
	}
	return x.Symbols[first:x.Ends[i]]
}

func (x Texts) padded() kernel.Texts {
	return kernel.Texts{Symbols: x.Symbols, Ends: x.Ends, Start: Start, End: End}
}

// A Shape says how large each layer is.
type Shape struct {
	Symbols   int   `json:"symbols"`   // V, at most 256: a symbol is a byte
	Embedding int   `json:"embedding"` // D
	Widths    []int `json:"widths"`    // of the filters, in characters, ascending
	Filters   int   `json:"filters"`   // F, of each width
	Hidden    int   `json:"hidden"`    // H; 0 connects the pooled features to the output
	Kinds     int   `json:"kinds"`     // K, at least 2

	// Views is how many views of a text the output layer reads side by side: 2, the host and the
	// whole, which need a hidden layer, or 1, the whole. 0 stands for 1: older files lack it.
	Views int `json:"views,omitempty"`
}

// The largest layers that Validate accepts: no model needs larger ones, and a hostile model file
// could ask for all memory.
const (
	maxSymbols   = 256
	maxEmbedding = 256
	maxWidth     = kernel.MaxWidth
	maxFilters   = 4096
	maxHidden    = 4096
	maxKinds     = 64
)

// Validate reports whether a network of this shape can be built.
func (s Shape) Validate() error {
	for _, field := range []struct {
		name            string
		size, low, high int
	}{
		{"symbols", s.Symbols, 2, maxSymbols},
		{"embedding", s.Embedding, 1, maxEmbedding},
		{"filters", s.Filters, 1, maxFilters},
		{"hidden", s.Hidden, 0, maxHidden},
		{"kinds", s.Kinds, 2, maxKinds},
		{"number of widths", len(s.Widths), 1, maxWidth},
	} {
		if field.size < field.low || field.size > field.high {
			return fmt.Errorf("network shape: %s is %d, want %d to %d", field.name, field.size, field.low, field.high)
		}
	}
	if s.Views < 0 || s.Views > sideBySide {
		return fmt.Errorf("network shape: %d views, want 1 or %d", s.Views, sideBySide)
	}
	if s.views() > 1 && s.Hidden == 0 {
		return fmt.Errorf("network shape: %d views need a hidden layer", s.Views)
	}
	for i, width := range s.Widths {
		if width < 1 || width > maxWidth {
			return fmt.Errorf("network shape: width %d, want 1 to %d", width, maxWidth)
		}
		if i > 0 && width <= s.Widths[i-1] {
			return fmt.Errorf("network shape: widths %v do not ascend", s.Widths)
		}
	}
	if tables, most := s.tableValues(), freeTableValues+tableGrowth*s.parameters(); tables > most {
		return fmt.Errorf("network shape: the folded tables have %d values, want at most %d: the embedding is too small for this many symbols and filters", tables, most)
	}
	return nil
}

// Folding turns a weight that all symbols share into one for each symbol, so that a small file with
// a tiny embedding would take a hundred times its size. Tables may have no more values than a free
// amount, below which small networks stay, and a multiple of the parameters.
const (
	freeTableValues = 4 << 20
	tableGrowth     = 32 // the shipped shape has 2
)

// tableValues is the number of values in the folded tables, those of lanes that are left over
// included.
func (s Shape) tableValues() int {
	values := 0
	for _, width := range s.Widths {
		values += s.Symbols * width * roundUp(s.Filters, kernel.Lanes)
	}
	return values
}

// parameters is the number of all weights.
func (s Shape) parameters() int {
	p := &Parameters{Shape: s, Convolutions: make([]Convolution, len(s.Widths))}
	count := 0
	for _, view := range p.views() {
		count += product(view.shape)
	}
	return count
}

// Equal reports whether both shapes are the same.
func (s Shape) Equal(other Shape) bool {
	return s.Symbols == other.Symbols && s.Embedding == other.Embedding && slices.Equal(s.Widths, other.Widths) &&
		s.Filters == other.Filters && s.Hidden == other.Hidden && s.Kinds == other.Kinds && s.views() == other.views()
}

// Pooled is P, the number of features after the max over time.
func (s Shape) Pooled() int { return len(s.Widths) * s.Filters }

// Padding is the number of padding symbols that the widest filter reads on either side of a text.
func (s Shape) Padding() int { return s.Widths[len(s.Widths)-1] - 1 }

// HasViews reports whether the network reads several views of a text.
func (s Shape) HasViews() bool { return s.views() > 1 }

func (s Shape) views() int { return max(1, s.Views) }

// features is the number of inputs of the output layer: H of each view, or P where there is no
// hidden layer.
func (s Shape) features() int {
	if s.Hidden > 0 {
		return s.views() * s.Hidden
	}
	return s.Pooled()
}
