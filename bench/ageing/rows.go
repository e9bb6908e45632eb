package main

import (
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/canon"
)

// judgedSources are those whose rows are dated by the day of a report, and that go on for years.
// Others were published in a few heaps, whose date is that of the heap: they are trained on alone.
var judgedSources = []string{
	"domain_tweetfeed_domains", "url_tweetfeed_urls", "url_jpcert_phishurl", "domain_polkadot",
	"domain_phishtank_2020_2022",
}

// userSource has what the user of the experiment confirms: names of phishing for cryptocurrency,
// dated by day, in nearly every month.
const userSource = "domain_polkadot"

// How many rows are judged, at most.
const (
	judgedOfMonth = 4_000  // names, and as many URLs
	judgedBenign  = 40_000 // names, and as many URLs
	chosenFrom    = 8_000  // benign, and as many malicious, to choose the epoch
)

// rows are all rows of the experiment. Those of each field are in random order, so that the first
// ones are a sample.
type rows struct {
	Benign          []dataset.Row // to train on
	Malicious       []dataset.Row // to train on, of all months
	ChooseBenign    []dataset.Row
	ChooseMalicious []dataset.Row // of all months
	JudgedNames     []dataset.Row // benign, vetted, one of each registered domain
	JudgedURLs      []dataset.Row // benign, one of each registered domain
	Judged          map[month]*judged
	Closed          []dataset.Row           // benign names, vetted, that the user may be alarmed by
	Confirmed       map[month][]dataset.Row // malicious rows of the user
	Caps            map[string]caps
	Sources         []dated
}

// judged are the malicious rows of one month, one of each registered domain, that are judged.
type judged struct {
	Names, URLs []dataset.Row

	// Rows left out: another row of this month has their registered domain, an earlier malicious
	// row has it, a benign row that is trained on has it, there are enough, or it is an address
	// without a path, of which no letter says anything.
	Siblings, Known, Benign, Enough, Addresses int
}

// A dated source has malicious rows.
type dated struct {
	Name    string        `json:"name"`
	Undated int           `json:"undated"`
	Other   int           `json:"other"`    // of months that are not judged
	ByMonth map[month]int `json:"by_month"` // of those that are
}

// readRows reads the labelled files, or what was made of them before.
func (x experiment) readRows(ctx context.Context) (*rows, error) {
	kept := filepath.Join(x.work, "rows.gob")
	file, err := os.Open(kept)
	if err == nil {
		defer file.Close()
		r := new(rows)
		if err := gob.NewDecoder(file).Decode(r); err != nil {
			return nil, fmt.Errorf("reading %q: %w", kept, err)
		}
		return r, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	recipe, err := dataset.ReadRecipe(x.recipe)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(x.log, "reading the data")
	set, err := unsampled(recipe).Build(ctx, x.data)
	if err != nil {
		return nil, err
	}
	r := x.divide(set)
	r.Caps = capsOf(recipe, x.OneIn)
	r.Benign = r.limited(r.Benign)
	return r, atomicfile.Write(kept, func(w io.Writer) error { return gob.NewEncoder(w).Encode(r) })
}

// unsampled returns the recipe without what depends on other rows than those known at a date: caps,
// rows made of others, and the list of popular names. Of the parts, calibrate is the user's.
func unsampled(recipe dataset.Recipe) dataset.Recipe {
	recipe.Share = map[dataset.Part]float64{dataset.Choose: 0.03, dataset.Calibrate: 0.05, dataset.Report: 0.15}
	recipe.ReportFrom, recipe.HeldOut, recipe.Imitated = "", nil, 0
	recipe.Perturb = dataset.Perturb{}
	recipe.Sources = slices.Clone(recipe.Sources)
	for i := range recipe.Sources {
		recipe.Sources[i].Rows, recipe.Sources[i].FamilyRows = 0, 0
	}
	return recipe
}

// caps are how many rows of a source, and of each of its families, are trained on; 0 for all.
type caps struct{ Rows, FamilyRows int }

// capsOf returns the recipe's caps for a sample of the rows.
func capsOf(recipe dataset.Recipe, oneIn int) map[string]caps {
	sampled := func(limit int) int { return (limit + oneIn - 1) / oneIn }
	all := make(map[string]caps)
	for _, s := range recipe.Sources {
		all[s.File] = caps{sampled(s.Rows), sampled(s.FamilyRows)}
	}
	return all
}

// monthOf returns the month of a malicious row. Rows without one may be of any time, and a model of
// the past must not know them.
func monthOf(row dataset.Row) (month, bool) {
	m := row.Month()
	return month(m), len(m) == len(monthLayout)
}

// divide says what each row is for.
func (x experiment) divide(set *dataset.Set) *rows {
	r := &rows{Judged: make(map[month]*judged), Confirmed: make(map[month][]dataset.Row)}
	for _, m := range x.judgedMonths() {
		r.Judged[m] = new(judged)
	}
	first := make(map[string]month)   // in which a malicious row has the registered domain
	benign := make(map[string]bool)   // registered domains that are trained on as benign
	sources := make(map[string]dated) // with malicious rows
	eachRow(set, func(part dataset.Part, row dataset.Row, domain string) {
		sampled := share(domain) < 1/float64(x.OneIn)
		if !row.Malicious {
			switch {
			case part == dataset.Train && sampled:
				r.Benign = append(r.Benign, row)
				benign[domain] = true
			case part == dataset.Choose:
				r.ChooseBenign = append(r.ChooseBenign, row)
			}
			return
		}
		m, isDated := monthOf(row)
		countDated(sources, row.Source, m, isDated, r.Judged[m] != nil)
		if !isDated {
			return
		}
		if known, found := first[domain]; !found || m < known {
			first[domain] = m
		}
		switch {
		case part == dataset.Train && sampled:
			r.Malicious = append(r.Malicious, row)
		case part == dataset.Choose:
			r.ChooseMalicious = append(r.ChooseMalicious, row)
		}
		if row.Source == userSource {
			r.Confirmed[m] = append(r.Confirmed[m], row)
		}
	})
	for name := range sources {
		r.Sources = append(r.Sources, sources[name])
	}
	slices.SortFunc(r.Sources, func(a, b dated) int { return strings.Compare(a.Name, b.Name) })
	r.judge(set, first, benign)
	r.JudgedNames = oneOfEach(vettedNames(set, dataset.Report))
	r.JudgedURLs = oneOfEach(some(set.Parts[dataset.Report], func(row dataset.Row) bool { return !row.Malicious && row.IsURL() }))
	r.Closed = vettedNames(set, dataset.Calibrate)
	r.leaveOutAddresses()
	r.ChooseBenign = r.ChooseBenign[:min(chosenFrom, len(r.ChooseBenign))]
	return r
}

func countDated(sources map[string]dated, name string, m month, isDated, isJudged bool) {
	s, found := sources[name]
	if !found {
		s = dated{Name: name, ByMonth: make(map[month]int)}
	}
	switch {
	case !isDated:
		s.Undated++
	case isJudged:
		s.ByMonth[m]++
	default:
		s.Other++
	}
	sources[name] = s
}

// eachRow calls use with all rows, in an order that is as good as random within a part.
func eachRow(set *dataset.Set, use func(part dataset.Part, row dataset.Row, domain string)) {
	var u canon.URL
	for part := range set.Parts {
		for _, row := range set.Parts[part] {
			if u.Parse(row.Text) == nil { // always, since it is in canonical form
				use(dataset.Part(part), row, string(u.RegisteredDomain()))
			}
		}
	}
}

// judge takes the rows of each month that a model is judged by: one of each registered domain that
// no malicious row had before.
func (r *rows) judge(set *dataset.Set, first map[string]month, benign map[string]bool) {
	taken := make(map[string]bool)
	eachRow(set, func(_ dataset.Part, row dataset.Row, domain string) {
		m, _ := monthOf(row)
		j := r.Judged[m]
		if !row.Malicious || row.Kind == dataset.DGA || j == nil || !slices.Contains(judgedSources, row.Source) {
			return
		}
		side := &j.Names
		if row.IsURL() {
			side = &j.URLs
		}
		switch {
		case benign[domain]:
			j.Benign++
		case first[domain] < m:
			j.Known++
		case taken[domain]:
			j.Siblings++
		case len(*side) == judgedOfMonth:
			j.Enough++
		default:
			taken[domain] = true
			*side = append(*side, row)
		}
	})
}

// leaveOutAddresses leaves addresses out of the names that are judged.
func (r *rows) leaveOutAddresses() {
	var u canon.URL
	isName := func(row dataset.Row) bool { return u.Parse(row.Text) == nil && !u.IsAddress() }
	r.JudgedNames, r.Closed = some(r.JudgedNames, isName), some(r.Closed, isName)
	for _, j := range r.Judged {
		before := len(j.Names)
		j.Names = some(j.Names, isName)
		j.Addresses = before - len(j.Names)
	}
}

// vettedNames returns the vetted benign names of a part, in random order. Names come from lists of
// popular ones, of which one in a hundred is bad; people chose the URLs.
func vettedNames(set *dataset.Set, part dataset.Part) []dataset.Row {
	var vetted []dataset.Row
	for _, v := range set.Vetted {
		if v.Part == part && !v.IsURL() {
			vetted = append(vetted, dataset.Row{Text: v.Text, Kind: dataset.Benign})
		}
	}
	slices.SortFunc(vetted, func(a, b dataset.Row) int {
		return cmp.Or(cmp.Compare(share(a.Text), share(b.Text)), strings.Compare(a.Text, b.Text))
	})
	return vetted
}

// oneOfEach returns one row of each registered domain, at most judgedBenign.
func oneOfEach(rows []dataset.Row) []dataset.Row {
	taken := make(map[string]bool)
	var u canon.URL
	kept := some(rows, func(row dataset.Row) bool {
		if u.Parse(row.Text) != nil || taken[string(u.RegisteredDomain())] {
			return false
		}
		taken[string(u.RegisteredDomain())] = true
		return true
	})
	return kept[:min(judgedBenign, len(kept))]
}

// known returns the malicious rows of the months before m.
func known(rows []dataset.Row, m month) []dataset.Row {
	return some(rows, func(row dataset.Row) bool { return month(row.Month()) < m })
}

// some returns the rows that are wanted.
func some(rows []dataset.Row, isWanted func(dataset.Row) bool) []dataset.Row {
	var wanted []dataset.Row
	for _, row := range rows {
		if isWanted(row) {
			wanted = append(wanted, row)
		}
	}
	return wanted
}

// limited returns of each source and family what its caps let.
func (r *rows) limited(rows []dataset.Row) []dataset.Row {
	type family struct{ source, name string }
	bySource, byFamily := make(map[string]int), make(map[family]int)
	return some(rows, func(row dataset.Row) bool {
		c, key := r.Caps[row.Source], family{row.Source, row.Family}
		if c.Rows > 0 && bySource[row.Source] >= c.Rows || c.FamilyRows > 0 && byFamily[key] >= c.FamilyRows {
			return false
		}
		bySource[row.Source]++
		byFamily[key]++
		return true
	})
}

// share returns a number from 0 to 1 that is as good as random and the same for the same text.
func share(text string) float64 {
	sum := fnv.New64a()
	io.WriteString(sum, "ageing ")
	io.WriteString(sum, text)
	h := sum.Sum64()
	for range 2 { // the last bytes are spread over all bits
		h = (h ^ h>>32) * 0xd6e8feb86659fd93
	}
	return float64(h>>11) / (1 << 53)
}
