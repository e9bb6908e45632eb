// Package eval holds a model's scores against the truth and says how good they are, in numbers
// only.
//
// A [Meter] takes one [Example] after another and derives a [Result] from them: the area under the
// ROC curve, the true positive rate at fixed false positive rates, and how far the scores are from
// being probabilities, for all rows and for each kind, source, family and month. From the same
// examples it derives the [Curves] that charts are drawn from.
//
// For plain slices of scores, [NewROC], [NewROCOf] and [CalibrationError] give the same figures,
// [Compare] says how far two arithmetics are apart, and [Worst] which rows a model is most wrong
// about. A [FamilyMeter] says how well a model names the families of generated names.
//
// A text is called malicious if its score is at or above a threshold. Ranks and counts are exact,
// ties included, and do not depend on the order of the rows. A figure that the rows cannot give,
// such as the area under the curve without benign rows, is absent rather than NaN, so everything
// here can be written as JSON. The package reads no files, starts no goroutines and prints nothing.
package eval

import (
	"maps"
	"slices"
)

// limits are the false positive rates at which a Meter measures the true positive rate.
var limits = [...]float64{1e-2, 1e-3, 1e-4}

// An Example is one text's score and what is known about the text. Where Kind, Family, Source,
// Month or Host is empty, the example is in no group of that sort.
type Example struct {
	Score     float64 // the probability of malicious that the model gave
	Malicious bool    // the truth
	Kind      string
	Family    string
	Source    string
	Month     string
	Host      string // what kind of host it has, such as an IP address
	Group     string // what kind of site a benign text is of, such as small sites
	Country   string // the country suffix of a benign text, such as .br
	IsURL     bool   // it has a path
	Allowed   bool   // it is on an allow list, and so reaches no level
	NotPublic bool   // it is no public name, and so reaches no level
	Popular   bool   // it is a name on the model's own list, which is no test: it is in no figure but PopularRows
}

// A Meter collects examples. The zero value is ready to use, by one goroutine at a time. It takes
// about ten bytes an example, and a few hundred for each different set of labels.
type Meter struct {
	// Levels are given thresholds, at which rows are counted as well; default none.
	Levels []Level

	// Scores by label, which is an example without its score: millions of examples share a few
	// thousand labels.
	scores, popular map[Example][]float64
}

// Add takes one more example.
func (m *Meter) Add(e Example) {
	scores := &m.scores
	if e.Popular {
		scores = &m.popular
	}
	if *scores == nil {
		*scores = make(map[Example][]float64)
	}
	score := e.Score
	e.Score = 0
	(*scores)[e] = append((*scores)[e], score)
}

// Rates say how well a model tells a set of rows apart.
type Rates struct {
	Benign    int `json:"benign"`
	Malicious int `json:"malicious"`

	// AUC is the area under the ROC curve, nil if there are no malicious or no benign rows.
	AUC *float64 `json:"auc"`

	// OperatingPoints are at false positive rates of at most 1e-2, 1e-3 and 1e-4, in this order.
	// There are none if there are no benign rows to measure a false positive rate on.
	OperatingPoints []OperatingPoint `json:"operating_points"`
}

// A Group is the rows that share a name, such as a family. So that groups can be compared, its rows
// are counted at the thresholds chosen on all benign rows, and its AUC ranks its malicious rows
// among all benign rows.
type Group struct {
	Name string `json:"name"`
	Rates
}

// A Result is every figure of a Meter. Groups are sorted by name.
type Result struct {
	Overall          Rates   `json:"overall"`
	CalibrationError float64 `json:"calibration_error"`
	CalibrationBins  []Bin   `json:"calibration_bins"`
	ByKind           []Group `json:"by_kind"`
	BySource         []Group `json:"by_source"`
	ByFamily         []Group `json:"by_family"`
	ByMonth          []Group `json:"by_month"`

	// How many rows reach each of the Meter's levels, by source, by kind of host, and of benign
	// rows by group and by country suffix, if that has at least 1,000 of them. Rows on an allow
	// list, and what is no public name, reach none. All are nil where the Meter has no levels.
	Levels    []Level      `json:"levels,omitempty"`
	ByLevel   []LevelGroup `json:"by_level,omitempty"`
	ByHost    []LevelGroup `json:"by_host,omitempty"`
	ByGroup   []LevelGroup `json:"by_group,omitempty"`
	ByCountry []LevelGroup `json:"by_country,omitempty"`

	// Popular counts the rows on the model's own list of popular names, nil where there are none.
	Popular *PopularRows `json:"popular,omitempty"`

	// Allowed counts the rows on an allow list, nil where there is no list. A Meter leaves it nil.
	Allowed *AllowedRows `json:"allowed,omitempty"`

	// Families is the result of a FamilyMeter, nil where nothing names families. A Meter leaves it
	// nil.
	Families *FamilyResult `json:"families,omitempty"`

	// Changes says how many verdicts survive cheap changes. A Meter leaves it nil.
	Changes []Survival `json:"changes,omitempty"`
}

// Result measures the examples added so far.
func (m *Meter) Result() Result {
	var benign, malicious [][]float64
	for label, scores := range m.scores {
		if label.Malicious {
			malicious = append(malicious, scores)
		} else {
			benign = append(benign, scores)
		}
	}
	roc := ROC{benign: sorted(benign...), malicious: sorted(malicious...)}

	overall := Rates{
		Benign:          len(roc.benign),
		Malicious:       len(roc.malicious),
		OperatingPoints: []OperatingPoint{},
	}
	if auc, ok := roc.AUC(); ok {
		overall.AUC = &auc
	}
	for _, limit := range limits {
		if point, ok := roc.AtFalsePositiveRate(limit); ok {
			overall.OperatingPoints = append(overall.OperatingPoints, point)
		}
	}

	// Every figure of a group is a sum over its rows, so each label is measured once for all of its
	// groups.
	tallies := make(map[Example]tally, len(m.scores))
	for label, scores := range m.scores {
		t := tally{rows: len(scores)}
		if label.Malicious {
			t.wins = wins(roc.benign, scores)
		}
		for i, point := range overall.OperatingPoints {
			for _, score := range scores {
				if score >= point.Threshold {
					t.called[i]++
				}
			}
		}
		tallies[label] = t
	}

	result := Result{
		Overall:  overall,
		ByKind:   groupBy(tallies, overall, func(label Example) string { return label.Kind }),
		BySource: groupBy(tallies, overall, func(label Example) string { return label.Source }),
		ByFamily: groupBy(tallies, overall, func(label Example) string { return label.Family }),
		ByMonth:  groupBy(tallies, overall, func(label Example) string { return label.Month }),
	}
	if len(m.Levels) > 0 {
		result.Levels = m.Levels
		result.ByLevel = m.byLevel(m.scores, func(label Example) string { return label.Source })
		result.ByHost = m.byLevel(m.scores, func(label Example) string { return label.Host })
		result.ByGroup = benignOf(m.byLevel(m.scores, func(label Example) string { return label.Group }), 1)
		result.ByCountry = benignOf(m.byLevel(m.scores, func(label Example) string { return label.Country }), fewestOfCountry)
	}
	result.Popular = m.popularRows()
	// The order of the map does not matter: sorted scores are summed, so equal rows give equal
	// bits.
	result.CalibrationError, result.CalibrationBins = CalibrationError(roc.benign, roc.malicious, 0)
	return result
}

// A tally is what the rows of one label add to the rates of a group.
type tally struct {
	rows   int
	wins   float64          // see the function wins
	called [len(limits)]int // rows called malicious, for each operating point
}

func (t *tally) add(other tally) {
	t.rows += other.rows
	t.wins += other.wins
	for i := range t.called {
		t.called[i] += other.called[i]
	}
}

func groupBy(tallies map[Example]tally, overall Rates, name func(label Example) string) []Group {
	type sides struct{ benign, malicious tally }
	byName := make(map[string]*sides)
	for label, t := range tallies {
		n := name(label)
		if n == "" {
			continue
		}
		if byName[n] == nil {
			byName[n] = new(sides)
		}
		if label.Malicious {
			byName[n].malicious.add(t)
		} else {
			byName[n].benign.add(t)
		}
	}

	groups := make([]Group, 0, len(byName))
	for _, n := range slices.Sorted(maps.Keys(byName)) {
		benign, malicious := byName[n].benign, byName[n].malicious
		rates := Rates{
			Benign:          benign.rows,
			Malicious:       malicious.rows,
			OperatingPoints: slices.Clone(overall.OperatingPoints),
		}
		if overall.Benign > 0 && malicious.rows > 0 {
			rates.AUC = new(malicious.wins / (float64(overall.Benign) * float64(malicious.rows)))
		}
		for i := range rates.OperatingPoints {
			point := &rates.OperatingPoints[i]
			point.FalsePositives = Proportion{Count: benign.called[i], Total: benign.rows}
			point.TruePositives = Proportion{Count: malicious.called[i], Total: malicious.rows}
		}
		groups = append(groups, Group{Name: n, Rates: rates})
	}
	return groups
}
