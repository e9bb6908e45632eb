package modelfile

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// A Reference is what benign texts looked like that the network was not trained on, so that others
// can be held against them later.
type Reference struct {
	Names    ReferenceTexts `json:"names"`
	URLs     ReferenceTexts `json:"urls"`               // texts with a path
	Suffixes []string       `json:"suffixes,omitempty"` // public suffixes that training had often enough, ascending
	Months   []MonthCount   `json:"months,omitempty"`   // of the malicious rows of training, ascending
}

// ReferenceTexts are counts over texts.
type ReferenceTexts struct {
	Texts       int   `json:"texts"`
	LogOdds     []int `json:"log_odds,omitempty"`     // texts by Bin
	Characters  []int `json:"characters,omitempty"`   // of their canonical forms, by Character
	NewSuffixes int   `json:"new_suffixes,omitempty"` // texts below a public suffix that is not among Suffixes
}

// A MonthCount is how many rows were first seen in a month.
type MonthCount struct {
	Month string `json:"month"` // as 2006-01
	Rows  int    `json:"rows"`
}

// The bins of log-odds: binsOfOne for each 1, from lowestLogOdds on.
const (
	Bins          = 256
	binsOfOne     = 8
	lowestLogOdds = -Bins / binsOfOne / 2
)

// Bin returns which of the bins a score is in. The first and the last have all that is beyond.
func Bin(score float64) int {
	logOdds := math.Log(score) - math.Log1p(-score)
	return int(min(max((logOdds-lowestLogOdds)*binsOfOne, 0), Bins-1))
}

// BinStart returns the lowest score of a bin, which is 0 for the first. Bin and BinStart may differ
// by rounding where a score is exactly on a border.
func BinStart(bin int) float64 {
	if bin <= 0 {
		return 0
	}
	return 1 / (1 + math.Exp(-(lowestLogOdds + float64(bin)/binsOfOne)))
}

// Characters is how many characters are told apart: those of printable ASCII but the space, and all
// other bytes together.
const Characters = '~' - '!' + 2

// Character returns which of the characters a byte is.
func Character(c byte) int {
	if c < '!' || c > '~' {
		return Characters - 1
	}
	return int(c - '!')
}

// Add adds a text in canonical form.
func (t *ReferenceTexts) Add(text string, score float64) {
	if t.LogOdds == nil {
		t.LogOdds, t.Characters = make([]int, Bins), make([]int, Characters)
	}
	t.Texts++
	t.LogOdds[Bin(score)]++
	for i := range len(text) {
		t.Characters[Character(text[i])]++
	}
}

// A Part is a range of scores that holds some share of reference texts.
type Part struct {
	First, End int // bins, without End
	Texts      int
}

// Start returns the lowest score of the part.
func (p Part) Start() float64 { return BinStart(p.First) }

// Parts divides the bins at the tenths of the texts, and the last tenth once more where one text in
// a hundred is left. A part that would be empty is none. Without texts there are no parts.
func (t *ReferenceTexts) Parts() []Part {
	if t.Texts == 0 {
		return nil
	}
	var parts []Part
	hundredths := []int{10, 20, 30, 40, 50, 60, 70, 80, 90, 99}
	part, before := Part{}, 0
	for bin, texts := range t.LogOdds {
		part.Texts += texts
		before += texts
		part.End = bin + 1
		reached := 0 // cuts that lie in what is counted so far
		for _, h := range hundredths {
			if before*100 >= h*t.Texts {
				reached++
			}
		}
		if reached > 0 && before < t.Texts {
			parts = append(parts, part)
			part = Part{First: bin + 1}
		}
		hundredths = hundredths[reached:]
	}
	if part.First < part.End { // the last has all bins that are left
		parts = append(parts, part)
	}
	return parts
}

func (r *Reference) validate() error {
	for _, t := range []*ReferenceTexts{&r.Names, &r.URLs} {
		if err := t.validate(); err != nil {
			return fmt.Errorf("reference: %w", err)
		}
	}
	for i, suffix := range r.Suffixes {
		if suffix == "" || i > 0 && suffix <= r.Suffixes[i-1] {
			return fmt.Errorf("reference: suffix %q is empty or not in order", suffix)
		}
	}
	for i, m := range r.Months {
		if _, err := time.Parse("2006-01", m.Month); err != nil || m.Rows < 1 || i > 0 && m.Month <= r.Months[i-1].Month {
			return fmt.Errorf("reference: %d rows of the month %q, want months in order with rows", m.Rows, m.Month)
		}
	}
	return nil
}

func (t *ReferenceTexts) validate() error {
	if t.Texts == 0 && len(t.LogOdds) == 0 && len(t.Characters) == 0 && t.NewSuffixes == 0 {
		return nil
	}
	if len(t.LogOdds) != Bins || len(t.Characters) != Characters {
		return fmt.Errorf("%d bins and %d characters, want %d and %d", len(t.LogOdds), len(t.Characters), Bins, Characters)
	}
	const most = 1 << 40 // sums do not overflow
	sum := 0
	for _, counts := range [][]int{t.Characters, t.LogOdds} {
		sum = 0
		for _, count := range counts {
			if count < 0 || count > most {
				return fmt.Errorf("a count is %d, want 0 to %d", count, most)
			}
			sum += count
		}
	}
	if sum != t.Texts || t.Texts < 1 {
		return fmt.Errorf("the bins have %d texts, want %d", sum, t.Texts)
	}
	if t.NewSuffixes < 0 || t.NewSuffixes > t.Texts {
		return fmt.Errorf("%d of %d texts have a new suffix", t.NewSuffixes, t.Texts)
	}
	return nil
}

// An OwnLevel says that somebody set a level on traffic of their own, and how. What the level
// counts as false positives are then the alarms of that traffic, malicious texts included.
type OwnLevel struct {
	AlarmsPerDay float64 `json:"alarms_per_day"` // at most; 0 where the level gave way to a lower one
	Days         float64 `json:"days"`           // of traffic
	EachOnce     bool    `json:"each_once"`      // a text is one alarm, however often it comes
	Set          string  `json:"set"`            // on this day, as 2006-01-02
}

func (o *OwnLevel) validate() error {
	if !(o.AlarmsPerDay >= 0) || math.IsInf(o.AlarmsPerDay, 1) || !(o.Days > 0) || math.IsInf(o.Days, 1) {
		return fmt.Errorf("at most %v alarms a day in %v days", o.AlarmsPerDay, o.Days)
	}
	if _, err := time.Parse(time.DateOnly, o.Set); err != nil {
		return errors.New("want the day on which it was set")
	}
	return nil
}
