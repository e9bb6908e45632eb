package retrain

import (
	"fmt"
	"maps"
	"slices"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/report"
)

// facts says what is compared with what.
func (r *run) facts() []report.Fact {
	info := r.present.model.Info()
	model := r.Model
	if r.present.builtIn {
		model = "the built-in one, since there is no " + r.Model
	}
	if info.Created != "" {
		model += ", of " + info.Created
	}
	way := "from scratch"
	if r.From {
		way = "from the present model"
	}
	return []report.Fact{
		{Name: "before", Value: fmt.Sprintf("%s, SHA-256 %.16s", model, info.SHA256)},
		{Name: "after", Value: fmt.Sprintf("trained %s on %d files of %s and %d of own rows", way, len(r.plan.feeds), r.Data, len(r.Mine))},
		{Name: "rules", Value: r.Rules.String()},
	}
}

// domainOf returns the registered domain of a text in canonical form.
func domainOf(text string) string {
	var u canon.URL
	if u.Parse(text) != nil {
		return ""
	}
	return string(u.RegisteredDomain())
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
