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
	e := encoder{alphabet: alphabet, limit: options.SymbolLimit, views: options.Views, kinds: kinds, folds: max(options.Folds, 1)}
	x := &texts{alphabet: alphabet, kinds: kinds}
	var err error
	encode := func(rows []dataset.Row) (all encoded) {
		if err == nil {
			all, err = e.encode(rows)
		}
		return all
	}
	x.train = encode(set.Parts[dataset.Train])
	x.train.dropFloor()
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
	views    int // read side by side: 1 or 2
	kinds    []string
	folds    int // at least 1
}

// viewCount is how many views a row has, which are at most as many texts.
const viewCount = len(canon.Views{}.Ends)

// encoded are the symbols and labels of many rows. All symbols lie in one slice: the headers of
// millions of slices would take more memory than the symbols.
type encoded struct {
	symbols []uint8
	rows    []row
	kinds   []int // an index, or cnn.UnknownMalicious
	folds   []int // of the row's registered domain
	weights []float32
}

// A row has neighbouring symbols: its views, as canon.Views has them.
type row struct {
	first    int              // of encoded.symbols
	views    [viewCount]int32 // where each ends, counted from first
	hasFloor bool
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
		all.symbols, all.rows = e.append(all.symbols, all.rows, &u)
		all.kinds = append(all.kinds, kind)
		all.folds = append(all.folds, fold(u.RegisteredDomain(), e.folds))
		all.weights = append(all.weights, row.Weight)
	}
	return all, nil
}

// append appends the symbols and the row of a text.
func (e encoder) append(symbols []uint8, rows []row, u *canon.URL) ([]uint8, []row) {
	r := row{first: len(symbols)}
	if e.views == 1 {
		symbols = e.alphabet.Append(symbols, u, e.limit)
		for view := range r.views {
			r.views[view] = int32(len(symbols) - r.first)
		}
		return symbols, append(rows, r)
	}
	symbols, views := e.alphabet.AppendViews(symbols, u, e.limit)
	for view, end := range views.Ends {
		r.views[view] = int32(end - r.first)
	}
	r.hasFloor = views.IsPaid
	return symbols, append(rows, r)
}

// fold returns the fold of a registered domain, 0 ... folds-1.
func fold(domain []byte, folds int) int {
	sum := fnv.New32a()
	sum.Write(domain)
	return int(sum.Sum32() % uint32(folds))
}

func (e encoded) len() int { return len(e.rows) }

// text returns the symbols of one view of a row.
func (e encoded) text(i, view int) []uint8 {
	r := e.rows[i]
	for view > 0 && r.views[view] == r.views[view-1] {
		view-- // they are one text
	}
	start := int32(0)
	if view > 0 {
		start = r.views[view-1]
	}
	return e.symbols[r.first+int(start) : r.first+int(r.views[view])]
}

// frequency returns each symbol's share of all symbols, which count as much as their text weighs,
// to six decimals. It is nil if all weights are 0.
func (e encoded) frequency(symbols int) []float64 {
	shares, total := make([]float64, symbols), 0.0
	for i := range e.len() {
		weight := float64(e.weights[i])
		for _, symbol := range e.text(i, canon.WholeView) {
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

// keepHosts leaves each row the host as its only view. Where the network has one view, that stays.
func (e encoded) keepHosts() {
	for i := range e.rows {
		host := e.text(i, canon.HostView)
		r := &e.rows[i]
		r.first += int(r.views[canon.HostView]) - len(host)
		for view := range r.views {
			r.views[view] = int32(len(host))
		}
	}
}

// dropFloor leaves each row the views that are read side by side: the loss has no floor, for which
// the registered domain is read alone.
func (e encoded) dropFloor() {
	for i := range e.rows {
		r := &e.rows[i]
		r.hasFloor = false
		if domain := r.views[canon.RegisteredDomainView]; domain < r.views[canon.HostView] {
			r.first += int(domain)
			r.views = [viewCount]int32{r.views[canon.HostView] - domain, r.views[canon.HostView] - domain, r.views[canon.WholeView] - domain}
		}
	}
}

// add adds a row to a batch.
func (e encoded) add(batch *cnn.Batch, i int) {
	r, before := e.rows[i], len(batch.Symbols)
	batch.Symbols = append(batch.Symbols, e.symbols[r.first:r.first+int(r.views[canon.WholeView])]...)
	var ends [viewCount]int
	for view, end := range r.views {
		ends[view] = before + int(end)
	}
	batch.Add(ends, r.hasFloor)
}

// fill makes these rows the batch, in its memory.
func (e encoded) fill(batch *cnn.TrainingBatch, rows []int) {
	batch.Clear()
	batch.Kinds, batch.Weights = batch.Kinds[:0], batch.Weights[:0]
	for _, i := range rows {
		e.add(&batch.Batch, i)
		batch.Kinds = append(batch.Kinds, e.kinds[i])
		batch.Weights = append(batch.Weights, e.weights[i])
	}
}

// inFold returns the rows of a fold, which share the symbols.
func (e encoded) inFold(fold int) encoded {
	some := encoded{symbols: e.symbols}
	for i := range e.len() {
		if e.folds[i] == fold {
			some.rows = append(some.rows, e.rows[i])
			some.kinds = append(some.kinds, e.kinds[i])
			some.folds = append(some.folds, fold)
			some.weights = append(some.weights, e.weights[i])
		}
	}
	return some
}
