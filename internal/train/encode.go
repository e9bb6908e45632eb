package train

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
)

// texts are the rows of a set, encoded once for all networks.
type texts struct {
	alphabet                 *canon.Alphabet
	kinds                    []string
	train, choose, calibrate encoded
	names, urls              encoded // vetted: thresholds are measured on them
	nameStrata, urlStrata    []stratum
}

// heldOut is the fold of a text that no network was trained on.
const heldOut = -1

func encodeSet(set *dataset.Set, options Options, alphabet *canon.Alphabet, kinds []string) (*texts, error) {
	e := encoder{alphabet: alphabet, limit: options.SymbolLimit, kinds: kinds, folds: max(options.Folds, 1)}
	x := &texts{alphabet: alphabet, kinds: kinds}
	var err error
	encode := func(rows []dataset.Row) (all encoded) {
		if err == nil {
			all, err = e.encode(rows)
		}
		return all
	}
	x.train = encode(set.Parts[dataset.Train])
	x.choose = encode(set.Parts[dataset.Choose])
	x.calibrate = encode(calibrationRows(set, options))
	for i := range x.calibrate.weights {
		x.calibrate.weights[i] = 1 // probabilities are to be right for the rows as they are
	}
	names, urls := vettedTexts(set, options)
	x.nameStrata, x.urlStrata = strataOf(names), strataOf(urls)
	encodeVetted := func(vetted []dataset.Vetted) encoded {
		rows := make([]dataset.Row, len(vetted))
		for i, v := range vetted {
			rows[i] = dataset.Row{Text: v.Text, Kind: dataset.Benign}
		}
		all := encode(rows)
		for i := range all.folds {
			if vetted[i].Part == dataset.Calibrate {
				all.folds[i] = heldOut
			}
		}
		return all
	}
	x.names, x.urls = encodeVetted(names), encodeVetted(urls)
	return x, err
}

// An encoder turns rows into what the network trains on.
type encoder struct {
	alphabet *canon.Alphabet
	limit    int
	kinds    []string
	folds    int // at least 1
}

// encoded are the symbols and labels of many texts. All symbols lie in one slice: the headers of
// millions of slices would take more memory than the symbols.
type encoded struct {
	symbols []uint8
	ends    []int // of each text in symbols, which may be more than an int32 counts
	kinds   []int // an index, or cnn.UnknownMalicious
	folds   []int // of the text's registered domain
	weights []float32
}

// encode encodes rows. Their texts are in canonical form.
func (e encoder) encode(rows []dataset.Row) (encoded, error) {
	var all encoded
	var u canon.URL
	for _, row := range rows {
		if err := u.Parse(row.Text); err != nil {
			return encoded{}, fmt.Errorf("encoding %q: %w", row.Text, err)
		}
		kind := 0
		if row.Malicious {
			// A row of a kind that the network does not have is malicious all the same.
			if kind = slices.Index(e.kinds, row.Kind); kind < 1 {
				kind = cnn.UnknownMalicious
			}
		}
		all.symbols = e.alphabet.Append(all.symbols, &u, e.limit)
		all.ends = append(all.ends, len(all.symbols))
		all.kinds = append(all.kinds, kind)
		all.folds = append(all.folds, fold(u.RegisteredDomain(), e.folds))
		all.weights = append(all.weights, row.Weight)
	}
	return all, nil
}

// fold returns the fold of a registered domain, 0 ... folds-1.
func fold(domain []byte, folds int) int {
	sum := fnv.New32a()
	sum.Write(domain)
	return int(sum.Sum32() % uint32(folds))
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

// frequency returns each symbol's share of all symbols, which count as much as their text weighs,
// to six decimals. It is nil if all weights are 0.
func (e encoded) frequency(symbols int) []float64 {
	shares, total := make([]float64, symbols), 0.0
	for i := range e.len() {
		weight := float64(e.weights[i])
		for _, symbol := range e.text(i) {
			shares[symbol] += weight
			total += weight
		}
	}
	if !(total > 0) {
		return nil
	}
	for symbol := range shares {
		shares[symbol] = math.Round(shares[symbol]/total*1e6) / 1e6
	}
	return shares
}

// texts returns the texts first ... last-1.
func (e encoded) texts(first, last int) cnn.Texts {
	var texts cnn.Texts
	for i := first; i < last; i++ {
		texts.Symbols = append(texts.Symbols, e.text(i)...)
		texts.Ends = append(texts.Ends, int32(len(texts.Symbols)))
	}
	return texts
}

// batch returns a batch of these texts, in the memory of another.
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

// inFold returns the texts of a fold.
func (e encoded) inFold(fold int) encoded {
	var some encoded
	for i := range e.len() {
		if e.folds[i] == fold {
			some.symbols = append(some.symbols, e.text(i)...)
			some.ends = append(some.ends, len(some.symbols))
			some.kinds = append(some.kinds, e.kinds[i])
			some.folds = append(some.folds, fold)
			some.weights = append(some.weights, e.weights[i])
		}
	}
	return some
}
