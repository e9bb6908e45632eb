package eval

import (
	"cmp"
	"maps"
	"slices"
)

// A Level is a threshold that is given, such as one of a model's own, and not chosen on the rows.
type Level struct {
	Name         string  `json:"name"`
	Threshold    float64 `json:"threshold"`               // of names
	URLThreshold float64 `json:"url_threshold,omitempty"` // of texts with a path, where they have their own
}

// IsReached reports whether a score reaches the level.
func (l Level) IsReached(score float64, isURL bool) bool {
	if isURL && l.URLThreshold > 0 {
		return score >= l.URLThreshold
	}
	return score >= l.Threshold
}

// A LevelGroup is the benign or the malicious rows that share a name, such as a source, and how
// many of them reach each level.
type LevelGroup struct {
	Name      string       `json:"name"`
	Malicious bool         `json:"malicious"`
	Reached   []Proportion `json:"reached"`
}

// AllowedRows count the benign and the malicious rows that are on an allow list.
type AllowedRows struct {
	Benign    Proportion `json:"benign"`
	Malicious Proportion `json:"malicious"`
}

// PopularRows are the rows whose text is a name on the model's own list of popular names. What
// stands in a model is no test of it, so they are in no other figure.
type PopularRows struct {
	Benign    int `json:"benign"`
	Malicious int `json:"malicious"`

	// WithRule counts the rows that reach each level, by source, with these among them. The rule is
	// that a name on the list reaches the lowest level at most.
	WithRule []LevelGroup `json:"with_rule,omitempty"`
}

// popularRows returns nil where there are none.
func (m *Meter) popularRows() *PopularRows {
	if len(m.popular) == 0 {
		return nil
	}
	rows, all := &PopularRows{}, maps.Clone(m.scores)
	if all == nil {
		all = make(map[Example][]float64)
	}
	for label, scores := range m.popular {
		if label.Malicious {
			rows.Malicious += len(scores)
		} else {
			rows.Benign += len(scores)
		}
		all[label] = scores
	}
	if len(m.Levels) > 0 {
		rows.WithRule = m.byLevel(all, func(label Example) string { return label.Source })
	}
	return rows
}

// fewestOfCountry is how many benign rows a country suffix has at least to be in a Result.
const fewestOfCountry = 1000

// benignOf returns the groups of at least so many benign rows.
func benignOf(groups []LevelGroup, fewest int) []LevelGroup {
	return slices.DeleteFunc(groups, func(g LevelGroup) bool { return g.Malicious || g.Reached[0].Total < fewest })
}

// byLevel counts the rows that reach each level, by name. Benign groups come first, each side is
// sorted by name, and rows without a name are in no group.
func (m *Meter) byLevel(all map[Example][]float64, name func(label Example) string) []LevelGroup {
	var groups []LevelGroup
	for label, scores := range all {
		n := name(label)
		if n == "" {
			continue
		}
		at := slices.IndexFunc(groups, func(g LevelGroup) bool {
			return g.Name == n && g.Malicious == label.Malicious
		})
		if at < 0 {
			at = len(groups)
			groups = append(groups, LevelGroup{n, label.Malicious, make([]Proportion, len(m.Levels))})
		}
		for i, level := range m.Levels {
			reached := &groups[at].Reached[i]
			reached.Total += len(scores)
			if label.Allowed || label.NotPublic || label.Popular && i > 0 {
				continue
			}
			for _, score := range scores {
				if level.IsReached(score, label.IsURL) {
					reached.Count++
				}
			}
		}
	}
	slices.SortFunc(groups, func(a, b LevelGroup) int {
		if a.Malicious != b.Malicious {
			if b.Malicious {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return groups
}
