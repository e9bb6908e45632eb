package eval

import (
	"cmp"
	"maps"
	"slices"
)

// NamedFamilies is how many of a row's likeliest families count as named.
const NamedFamilies = 3

// A FamilyMeter holds the families that a model names against the true ones. The zero value is
// ready to use, by one goroutine at a time.
type FamilyMeter struct {
	rows map[string]*familyRows // by true family
}

type familyRows struct {
	first map[string]int // rows, by the family that was named first
	named int            // rows whose family was among those named
}

// Add takes one more row: its family, and the families that the model names, at least one, the
// likeliest first.
func (m *FamilyMeter) Add(family string, likeliest []string) {
	if m.rows == nil {
		m.rows = make(map[string]*familyRows)
	}
	rows := m.rows[family]
	if rows == nil {
		rows = &familyRows{first: make(map[string]int)}
		m.rows[family] = rows
	}
	rows.first[likeliest[0]]++
	if slices.Contains(likeliest[:min(NamedFamilies, len(likeliest))], family) {
		rows.named++
	}
}

// A FamilyResult says how well families are named.
type FamilyResult struct {
	Top1     Proportion    `json:"top_1"`     // rows whose family is named first
	Top3     Proportion    `json:"top_3"`     // rows whose family is among the first three
	MacroF1  Estimate      `json:"macro_f1"`  // mean of the families' F1, each family alike
	Families []FamilyRates `json:"by_family"` // lowest F1 first
}

// FamilyRates say how well one family is named.
type FamilyRates struct {
	Name      string     `json:"name"`
	Recall    Proportion `json:"recall"`    // of its rows, those for which it is named first
	Precision Proportion `json:"precision"` // of the rows for which it is named first, its own
	Top3      Proportion `json:"top_3"`
	F1        float64    `json:"f1"` // harmonic mean of recall and precision

	// TakenFor is the family that is named first for most of its other rows, empty if there are
	// none.
	TakenFor     string `json:"taken_for,omitempty"`
	TakenForRows int    `json:"taken_for_rows,omitempty"`
}

// Result measures the rows added so far. Only families that a row belongs to are listed.
func (m *FamilyMeter) Result() FamilyResult {
	predicted := make(map[string]int)
	for _, rows := range m.rows {
		for name, count := range rows.first {
			predicted[name] += count
		}
	}
	var result FamilyResult
	for _, name := range slices.Sorted(maps.Keys(m.rows)) {
		rows := m.rows[name]
		f := FamilyRates{Name: name}
		for _, guess := range slices.Sorted(maps.Keys(rows.first)) {
			count := rows.first[guess]
			f.Recall.Total += count
			if guess != name && count > f.TakenForRows {
				f.TakenFor, f.TakenForRows = guess, count
			}
		}
		f.Recall.Count = rows.first[name]
		f.Precision = Proportion{f.Recall.Count, predicted[name]}
		f.Top3 = Proportion{rows.named, f.Recall.Total}
		f.F1 = 2 * float64(f.Recall.Count) / float64(f.Recall.Total+f.Precision.Total)
		result.Families = append(result.Families, f)
		result.Top1 = result.Top1.plus(f.Recall)
		result.Top3 = result.Top3.plus(f.Top3)
	}
	result.MacroF1 = m.macroF1(result.Families)
	slices.SortStableFunc(result.Families, func(f, g FamilyRates) int { return cmp.Compare(f.F1, g.F1) })
	return result
}

func (p Proportion) plus(other Proportion) Proportion {
	return Proportion{p.Count + other.Count, p.Total + other.Total}
}

// macroF1 returns the families' mean F1. Its interval is that of Takahashi et al. (2022, Applied
// Intelligence 52, 4961-4972): the delta method, with the rows taken for a sample of the
// multinomial distribution over pairs of true and named family.
func (m *FamilyMeter) macroF1(families []FamilyRates) Estimate {
	if len(families) == 0 {
		return Estimate{}
	}
	// F1 = 2 correct / size, where size is the rows of the family plus the rows named so. A row
	// adds 1 to the size of its family and 1 to the size of the family that is named for it. These
	// are the derivatives of F1 by size and by correct.
	toSize := make(map[string]float64)
	toCorrect := make(map[string]float64)
	mean := 0.0
	for _, f := range families {
		size := float64(f.Recall.Total + f.Precision.Total)
		mean += f.F1
		toSize[f.Name] = -f.F1 / size
		toCorrect[f.Name] = 2 / size
	}
	mean /= float64(len(families))
	// The changes add up to 0 over all rows: F1 stays the same when every row counts twice.
	variance := 0.0
	for _, f := range families {
		first := m.rows[f.Name].first
		for _, guess := range slices.Sorted(maps.Keys(first)) {
			change := toSize[f.Name] + toSize[guess]
			if guess == f.Name {
				change += toCorrect[f.Name]
			}
			change /= float64(len(families))
			variance += float64(first[guess]) * change * change
		}
	}
	return newEstimate(mean, variance)
}
