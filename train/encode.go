package train

import (
	"fmt"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
)

// encoder turns rows into what the network trains on.
type encoder struct {
	alphabet *canon.Alphabet
	limit    int
	kinds    []string
}

// encoded are the symbols and labels of many texts. The symbols lie in one slice, since millions of
// small ones would cost more than they hold.
type encoded struct {
	symbols []uint8
	ends    []int // of each text in symbols: there may be more than an int32 counts
	kinds   []int // an index, or cnn.UnknownMalicious
	weights []float32
}

// encode encodes rows, whose texts are in canonical form.
func (e encoder) encode(rows []dataset.Row) (encoded, error) {
	var all encoded
	var u canon.URL
	for _, row := range rows {
		if err := u.Parse(row.Text); err != nil {
			return encoded{}, fmt.Errorf("encoding %q: %w", row.Text, err)
		}
		kind := 0
		if row.Malicious {
			// A kind that the network does not know is no less malicious.
			if kind = slices.Index(e.kinds, row.Kind); kind < 1 {
				kind = cnn.UnknownMalicious
			}
		}
		all.symbols = e.alphabet.Append(all.symbols, &u, e.limit)
		all.ends = append(all.ends, len(all.symbols))
		all.kinds = append(all.kinds, kind)
		all.weights = append(all.weights, row.Weight)
	}
	return all, nil
}

func (e encoded) len() int { return len(e.ends) }

// text returns the symbols of one text.
func (e encoded) text(i int) []uint8 {
	start := 0
	if i > 0 {
		start = e.ends[i-1]
	}
	return e.symbols[start:e.ends[i]]
}

// texts gathers the texts from first to last-1.
func (e encoded) texts(first, last int) cnn.Texts {
	var texts cnn.Texts
	for i := first; i < last; i++ {
		texts.Symbols = append(texts.Symbols, e.text(i)...)
		texts.Ends = append(texts.Ends, int32(len(texts.Symbols)))
	}
	return texts
}

// batch gathers texts into the batch's memory.
func (e encoded) batch(batch cnn.Batch, texts []int) cnn.Batch {
	batch.Symbols, batch.Ends, batch.Kinds, batch.Weights = batch.Symbols[:0], batch.Ends[:0], batch.Kinds[:0], batch.Weights[:0]
	for _, i := range texts {
		batch.Symbols = append(batch.Symbols, e.text(i)...)
		batch.Ends = append(batch.Ends, int32(len(batch.Symbols)))
		batch.Kinds = append(batch.Kinds, e.kinds[i])
		batch.Weights = append(batch.Weights, e.weights[i])
	}
	return batch
}
