package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
)

// An experiment is what the flags say of it.
type experiment struct {
	data, recipe, work string
	workers            int
	kept               bool
	log                io.Writer
	design
}

// A design decides what the models are.
type design struct {
	Dates   []month `json:"dates"`
	Months  int     `json:"months"` // judged after each date
	OneIn   int     `json:"one_in"` // registered domains
	Epochs  int     `json:"epochs"` // of a new model
	Filters int     `json:"filters"`
	Seeds   int     `json:"seeds"`
}

// A way is how a model is kept from one month to the next.
type way string

// The ways that go on from the model of the month before.
const (
	fromAll    way = "from-all"    // with all rows
	fromSample way = "from-sample" // with the rows of the month before, and a sample of older ones
	fromOwn    way = "from-own"    // with the user's rows of the month before, and a sample of those of the date

	// More epochs help a network by themselves. These two have the epochs, and no newer row.
	fromOldAll    way = "from-old-all"    // with all rows of the date
	fromOldSample way = "from-old-sample" // with a sample of them
)

var fromWays = []way{fromAll, fromSample, fromOwn, fromOldAll, fromOldSample}

// What the ways that go on are.
const (
	oldShare     = 0.1  // of the older rows in the sample
	ownConfirmed = 100  // malicious rows of the user a month
	ownClosed    = 100  // benign rows of the user a month
	ownScored    = 2000 // benign names of which those with the highest scores are the user's
	ownWeight    = 0.1  // of the user's rows together, of that of all others
	fromRate     = 1e-3 // learning rate
)

// fromEpochs are the passes of a way over its rows.
var fromEpochs = map[way]int{fromAll: 1, fromSample: 2, fromOwn: 2, fromOldAll: 1, fromOldSample: 2}

// A trained model, and what it was measured to be.
type trained struct {
	Name      string  `json:"name"`
	AsOf      month   `json:"as_of"` // it knows rows of the months before
	Seed      uint64  `json:"seed,omitempty"`
	Way       way     `json:"way,omitempty"` // empty for a new model
	Date      month   `json:"date,omitzero"` // of the model that the first of its line went on from
	Benign    int     `json:"benign"`        // rows that it was trained on
	Malicious int     `json:"malicious"`
	New       int     `json:"new"` // of them, rows of the month before
	Epochs    int     `json:"epochs"`
	Seconds   float64 `json:"seconds"`
	Cells     []cell  `json:"cells"`
}

// options are those of new models: the shipped model's, but for the size.
func (x experiment) options(seed uint64) train.Options {
	return train.Options{
		Options: provenance.Options{
			Widths: []int{2, 3, 4, 5}, Embedding: 48, Filters: x.Filters,
			Epochs: x.Epochs, LearningRate: 3e-3, WeightDecay: 0.1, Dropout: 0.25,
			Floor: provenance.Floor{Host: 0.3, RegisteredDomain: 1}, Seed: seed,
		},
		Workers: x.workers,
	}
}

// run trains and judges all models.
func (x experiment) run(ctx context.Context) (*session, error) {
	if err := x.claim(); err != nil {
		return nil, err
	}
	r, err := x.readRows(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{experiment: x, rows: r}
	if x.kept {
		return s, s.readKept()
	}
	for seed := range uint64(x.Seeds) {
		for _, m := range x.judgedMonths() {
			if seed > 0 && !slices.Contains(x.Dates, m) {
				continue
			}
			if _, err := s.scratch(ctx, m, seed+1); err != nil {
				return nil, err
			}
		}
		if seed > 0 {
			continue
		}
		for _, date := range x.Dates {
			for _, w := range fromWays {
				if err := s.line(ctx, w, date); err != nil {
					return nil, err
				}
			}
		}
	}
	return s, nil
}

// claim makes the folder of -work the experiment's, and refuses that of another one.
func (x experiment) claim() error {
	if err := os.MkdirAll(x.work, 0o755); err != nil {
		return fmt.Errorf("making the folder of -work: %w", err)
	}
	own := x.design
	own.Seeds = 0 // more of them are no other experiment
	text, err := json.Marshal(own)
	if err != nil {
		return err
	}
	path := filepath.Join(x.work, "design.json")
	before, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.WriteFile(path, text, 0o644)
	case err != nil:
		return err
	case string(before) != string(text):
		return fmt.Errorf("the folder %q is of another experiment, %s: name another folder", x.work, before)
	}
	return nil
}

// judgedMonths returns the months that are judged, in order.
func (x experiment) judgedMonths() []month {
	var months []month
	for _, date := range x.Dates {
		for k := range x.Months {
			months = append(months, date.plus(k))
		}
	}
	slices.Sort(months)
	return slices.Compact(months)
}

// A session makes models of rows.
type session struct {
	experiment
	rows   *rows
	models []trained
}

// A plan says what a model is made of.
type plan struct {
	trained
	options train.Options
	rows    func() (*dataset.Set, error)
}

// scratch returns the file of the new model as of a month.
func (s *session) scratch(ctx context.Context, m month, seed uint64) (string, error) {
	name := "new-" + string(m)
	if seed > 1 {
		name += fmt.Sprintf("-seed%d", seed)
	}
	return s.make(ctx, plan{
		trained: trained{Name: name, AsOf: m, Seed: seed, Epochs: s.Epochs},
		options: s.options(seed),
		rows: func() (*dataset.Set, error) {
			return s.set(m, slices.Concat(s.rows.Benign, s.asOf(m))), nil
		},
	})
}

// asOf returns the malicious rows to train on that are known at the beginning of a month.
func (s *session) asOf(m month) []dataset.Row { return s.rows.limited(known(s.rows.Malicious, m)) }

// set returns a set to train on, and rows that were known at the beginning of a month to choose the
// epoch by.
func (s *session) set(m month, rows []dataset.Row) *dataset.Set {
	set := &dataset.Set{Kinds: []string{dataset.Benign, dataset.DGA, dataset.Phishing, dataset.Malware}}
	set.Parts[dataset.Train] = rows
	malicious := known(s.rows.ChooseMalicious, m)
	set.Parts[dataset.Choose] = slices.Concat(s.rows.ChooseBenign, malicious[:min(chosenFrom, len(malicious))])
	return set
}

// line trains a model on, month by month, from the new one as of a date.
func (s *session) line(ctx context.Context, w way, date month) error {
	before, err := s.scratch(ctx, date, 1)
	if err != nil {
		return err
	}
	for k := 1; k < s.Months; k++ {
		if before, err = s.goOn(ctx, w, date, date.plus(k), before); err != nil {
			return err
		}
	}
	return nil
}

// goOn returns the file of a model that was trained on from another, at the beginning of a month.
func (s *session) goOn(ctx context.Context, w way, date, m month, before string) (string, error) {
	from, err := modelfile.Open(before)
	if err != nil {
		return "", err
	}
	return s.make(ctx, plan{
		trained: trained{Name: fmt.Sprintf("%s-%s-%s", w, date, m), AsOf: m, Way: w, Date: date, Epochs: fromEpochs[w]},
		options: train.Options{
			From:    from,
			Workers: s.workers,
			Options: provenance.Options{Epochs: fromEpochs[w], LearningRate: fromRate, WeightDecay: 0.1, Dropout: 0.25, Seed: 1},
		},
		rows: func() (*dataset.Set, error) {
			switch w {
			case fromAll:
				return s.set(m, slices.Concat(s.rows.Benign, s.asOf(m))), nil
			case fromSample:
				last := some(s.rows.Malicious, func(row dataset.Row) bool { return month(row.Month()) == m.plus(-1) })
				return s.set(m, slices.Concat(s.older(m, m.plus(-1)), s.rows.limited(last))), nil
			case fromOldAll:
				return s.set(date, slices.Concat(s.rows.Benign, s.asOf(date))), nil
			case fromOldSample:
				return s.set(date, s.older(m, date)), nil
			}
			own, err := s.own(ctx, m, before)
			if err != nil {
				return nil, err
			}
			older := s.older(m, date)
			weigh(own, older)
			return s.set(date, slices.Concat(older, own)), nil
		},
	})
}

// older returns a sample, which is another one each month, of the benign rows and of the malicious
// ones that were known at a date.
func (s *session) older(m, date month) []dataset.Row {
	return some(slices.Concat(s.rows.Benign, s.asOf(date)), func(row dataset.Row) bool {
		return share(string(m)+" "+row.Text) < oldShare
	})
}

// own returns what a user found in the month before m: malicious names that they confirm, and
// benign ones that the model has the highest scores of.
func (s *session) own(ctx context.Context, m month, model string) ([]dataset.Row, error) {
	confirmed := s.rows.Confirmed[m.plus(-1)]
	own := slices.Clone(confirmed[:min(ownConfirmed, len(confirmed))])
	first := m.since("2000-01") * ownScored // other names each month
	var seen []dataset.Row
	for i := range min(ownScored, len(s.rows.Closed)) {
		seen = append(seen, s.rows.Closed[(first+i)%len(s.rows.Closed)])
	}
	opened, err := snowman.Open(model)
	if err != nil {
		return nil, err
	}
	scores, err := scoresOf(ctx, opened, seen)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(seen))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	for _, i := range order[:min(ownClosed, len(order))] {
		own = append(own, seen[i])
	}
	return own, nil
}

// weigh gives the user's rows their share of the weight of all others.
func weigh(own, others []dataset.Row) {
	total := float32(0)
	for _, row := range others {
		total += row.Weight
	}
	for i := range own {
		own[i].Weight = ownWeight * total / float32(ownConfirmed+ownClosed)
	}
}

// readKept takes the models that are there.
func (s *session) readKept() error {
	records, err := filepath.Glob(filepath.Join(s.work, "*-*.json"))
	if err != nil {
		return err
	}
	for _, record := range records {
		var t trained
		text, err := os.ReadFile(record)
		if err == nil {
			err = json.Unmarshal(text, &t)
		}
		if err != nil {
			return fmt.Errorf("reading %q: %w", record, err)
		}
		s.models = append(s.models, t)
	}
	return nil
}

// make returns the file of a model, which is trained and judged unless it is there.
func (s *session) make(ctx context.Context, p plan) (string, error) {
	path := filepath.Join(s.work, p.Name+".safetensors")
	record := filepath.Join(s.work, p.Name+".json")
	for _, known := range s.models {
		if known.Name == p.Name {
			return path, nil
		}
	}
	if text, err := os.ReadFile(record); err == nil {
		if err := json.Unmarshal(text, &p.trained); err != nil {
			return "", fmt.Errorf("reading %q: %w", record, err)
		}
		s.models = append(s.models, p.trained)
		return path, nil
	}
	set, err := p.rows()
	if err != nil {
		return "", err
	}
	for _, row := range set.Parts[dataset.Train] {
		if !row.Malicious {
			p.Benign++
			continue
		}
		p.Malicious++
		if month(row.Month()) == p.AsOf.plus(-1) {
			p.New++
		}
	}
	begun := time.Now()
	model, err := train.Run(ctx, set, p.options)
	if err != nil {
		return "", err
	}
	p.Seconds = time.Since(begun).Seconds()
	if err := atomicfile.Write(path, model.Write); err != nil {
		return "", err
	}
	if p.Cells, err = s.judge(ctx, path, p.trained); err != nil {
		return "", err
	}
	fmt.Fprintf(s.log, "%s %s: %d benign and %d malicious rows, %.0f s, judged after %.0f s\n",
		time.Now().Format(time.TimeOnly), p.Name, p.Benign, p.Malicious, p.Seconds, time.Since(begun).Seconds())
	s.models = append(s.models, p.trained)
	return path, atomicfile.Write(record, func(w io.Writer) error { return json.NewEncoder(w).Encode(p.trained) })
}
