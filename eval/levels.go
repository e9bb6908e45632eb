package eval

import (
	"cmp"
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

// byLevel counts the rows that reach each level, by name. Benign groups come first, each side is
// sorted by name, and rows without a name are in no group.
func (m *Meter) byLevel(name func(label Example) string) []LevelGroup {
	var groups []LevelGroup
	for label, scores := range m.scores {
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
			for _, score := range scores {
				if !label.Allowed && level.IsReached(score, label.IsURL) {
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
