package measure

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// fewestOfSuffix is how many rows training must have below a public suffix to know it.
const fewestOfSuffix = 20

// NewReference measures what benign texts look like that the model was not trained on: the vetted
// texts set aside for thresholds and for figures or, where no list vouches for any, the benign
// rows of the part report. Of the names of a registered domain it takes one, and one of the URLs.
// What is on the model's own list of popular names is not among them. The model must be one that
// was trained on the set.
func NewReference(ctx context.Context, model *snowman.Model, set *dataset.Set) (*modelfile.Reference, error) {
	r := &modelfile.Reference{Months: months(set.Parts[dataset.Train])}
	suffixes := make(map[string]int)
	var u canon.URL
	for _, row := range set.Parts[dataset.Train] {
		if u.Parse(row.Text) == nil && len(u.PublicSuffix()) > 0 {
			suffixes[string(u.PublicSuffix())]++
		}
	}
	maps.DeleteFunc(suffixes, func(_ string, rows int) bool { return rows < fewestOfSuffix })
	r.Suffixes = slices.Sorted(maps.Keys(suffixes))

	rows := referenceRows(model, set)
	scores, err := scoresOf(ctx, model, rows)
	if err != nil {
		return nil, fmt.Errorf("measuring the reference: %w", err)
	}
	for i, row := range rows {
		texts := &r.Names
		if row.IsURL() {
			texts = &r.URLs
		}
		texts.Add(row.Text, scores[i])
		if u.Parse(row.Text) == nil && len(u.PublicSuffix()) > 0 && suffixes[string(u.PublicSuffix())] == 0 {
			texts.NewSuffixes++
		}
	}
	return r, nil
}

// referenceRows returns the benign texts that were not trained on. All are public names.
func referenceRows(model *snowman.Model, set *dataset.Set) []dataset.Row {
	return oneOfEachDomain(setAside(model, set))
}

// oneOfEachDomain returns of the rows of each registered domain a fair one, and likewise of those
// that are URLs.
func oneOfEachDomain(rows []dataset.Row) []dataset.Row {
	type key struct {
		domain string
		isURL  bool
	}
	type chosen struct {
		row  int
		hash uint64
	}
	of := make(map[key]chosen)
	var u canon.URL
	for i, row := range rows {
		if u.Parse(row.Text) != nil {
			continue
		}
		hash := fnv.New64a()
		hash.Write([]byte(row.Text))
		k := key{string(u.RegisteredDomain()), row.IsURL()}
		if known, found := of[k]; !found || hash.Sum64() < known.hash {
			of[k] = chosen{i, hash.Sum64()}
		}
	}
	var indices []int
	for _, c := range of {
		indices = append(indices, c.row)
	}
	slices.Sort(indices)
	var some []dataset.Row
	for _, i := range indices {
		some = append(some, rows[i])
	}
	return some
}

func setAside(model *snowman.Model, set *dataset.Set) []dataset.Row {
	var rows []dataset.Row
	for _, v := range set.Vetted {
		if (v.Part == dataset.Calibrate || v.Part == dataset.Report) && !model.IsPopular(v.Text) {
			rows = append(rows, dataset.Row{Text: v.Text})
		}
	}
	if len(set.Vetted) > 0 {
		return rows
	}
	var u canon.URL
	for _, row := range set.Parts[dataset.Report] {
		if !row.Malicious && u.Parse(row.Text) == nil && u.NotPublic() == canon.Public && !model.IsPopular(row.Text) {
			rows = append(rows, row)
		}
	}
	return rows
}

// months counts the malicious rows of each month, of those that have one.
func months(rows []dataset.Row) (counts []modelfile.MonthCount) {
	known := make(map[string]int)
	for _, row := range rows {
		if month := row.Month(); row.Malicious && len(month) == len("2006-01") {
			known[month]++
		}
	}
	for _, month := range slices.Sorted(maps.Keys(known)) {
		counts = append(counts, modelfile.MonthCount{Month: month, Rows: known[month]})
	}
	return counts
}
