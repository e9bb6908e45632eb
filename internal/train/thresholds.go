package train

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/snowman-ml/snowman/internal/modelfile"
)

// falsePositiveRates are what the levels above none stand for.
var falsePositiveRates = [len(modelfile.Levels)]float64{1e-2, 1e-3, 1e-4}

// Of all texts together at least leastOfAll and at most mostOfAll times the rate reach a level, so
// that none is stricter or laxer than it says.
const leastOfAll, mostOfAll = 0.7, 1.3

// thresholds measures the levels on benign texts. Without texts it returns nil.
//
// A threshold is the lowest number at which the mean of the groups' false positive rates is at most
// the level's rate, and in no group or country with enough texts more than three times it. A
// group weighs as the square root of its texts: the largest does not decide alone, nor does one
// text of the smallest. If fewer than leastOfAll of all texts reach it, the threshold is lower and
// some groups have more than they should, which the model says.
func thresholds(b benign) []modelfile.Threshold {
	if len(b.scores) == 0 {
		return nil
	}
	descending := newStrata(b)
	lowest := 0.0
	var measured []modelfile.Threshold
	for i, rate := range falsePositiveRates {
		steps := descending.steps(rate)
		threshold := modelfile.Threshold{
			Level:             modelfile.Levels[i],
			Score:             max(lowest, descending.above(steps)),
			FalsePositiveRate: rate,
			Benign:            len(b.scores),
		}
		lowest = threshold.Score
		for _, score := range b.scores {
			if score >= threshold.Score {
				threshold.FalsePositives++
			}
		}
		threshold.Groups, threshold.Countries = descending.counts(threshold.Score, rate)
		measured = append(measured, threshold)
	}
	return measured
}

// strata are benign texts in the order of their scores, the highest first.
type strata struct {
	scores            []float64
	group, country    []int // of each text, an index; -1 for no country
	groups, countries []strataTotal
}

type strataTotal struct {
	name  string
	texts int
}

func newStrata(b benign) strata {
	order := make([]int, len(b.scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(b.scores[j], b.scores[i]) })
	var s strata
	group, country := map[string]int{}, map[string]int{}
	for _, i := range order {
		group[b.strata[i].group]++
		if name := b.strata[i].country; name != "" {
			country[name]++
		}
	}
	number := func(counts map[string]int) (totals []strataTotal) {
		for i, name := range slices.Sorted(maps.Keys(counts)) {
			totals = append(totals, strataTotal{name, counts[name]})
			counts[name] = i
		}
		return totals
	}
	s.groups, s.countries = number(group), number(country)
	for _, i := range order {
		s.scores = append(s.scores, b.scores[i])
		s.group = append(s.group, group[b.strata[i].group])
		at, known := country[b.strata[i].country]
		if !known {
			at = -1
		}
		s.country = append(s.country, at)
	}
	return s
}

// steps returns how many of the texts may reach a level of this rate. Texts of one score reach it
// together.
func (s strata) steps(rate float64) int {
	groups, countries := make([]int, len(s.groups)), make([]int, len(s.countries))
	hasSay := func(total strataTotal) bool { return modelfile.Threshold{FalsePositiveRate: rate}.HasSay(total.texts) }
	exceeds := func(totals []strataTotal, counts []int) bool {
		for i, total := range totals {
			if hasSay(total) && float64(counts[i])/float64(total.texts) > modelfile.GroupTolerance*rate {
				return true
			}
		}
		return false
	}
	weights, sum := make([]float64, len(s.groups)), 0.0
	for i, total := range s.groups {
		weights[i] = math.Sqrt(float64(total.texts))
		sum += weights[i]
	}
	isWithin := func(overall float64) bool {
		mean := 0.0
		for i, total := range s.groups {
			mean += weights[i] / sum * (float64(groups[i]) / float64(total.texts))
		}
		return mean <= rate && overall <= mostOfAll*rate && !exceeds(s.groups, groups) && !exceeds(s.countries, countries)
	}
	accepted, holds := 0, true
	for first := 0; first < len(s.scores); {
		last := first
		for ; last < len(s.scores) && s.scores[last] == s.scores[first]; last++ {
			groups[s.group[last]]++
			if at := s.country[last]; at >= 0 {
				countries[at]++
			}
		}
		overall := float64(last) / float64(len(s.scores))
		holds = holds && isWithin(overall)
		before := float64(accepted) / float64(len(s.scores))
		if !holds && (before >= leastOfAll*rate || overall > rate) {
			break
		}
		accepted, first = last, last
	}
	return accepted
}

// above returns the lowest number that only the first texts reach.
func (s strata) above(first int) float64 {
	if first == len(s.scores) {
		return s.scores[first-1]
	}
	return math.Nextafter(s.scores[first], math.Inf(1))
}

// counts returns how many texts of each group, and of each country that is large enough to have a
// say, reach a score.
func (s strata) counts(score, rate float64) (groups, countries []modelfile.GroupCount) {
	count := func(totals []strataTotal, of []int, isCounted func(strataTotal) bool) (counted []modelfile.GroupCount) {
		reached := make([]int, len(totals))
		for i := 0; i < len(s.scores) && s.scores[i] >= score; i++ {
			if of[i] >= 0 {
				reached[of[i]]++
			}
		}
		for i, total := range totals {
			if isCounted(total) {
				counted = append(counted, modelfile.GroupCount{Name: total.name, FalsePositives: reached[i], Benign: total.texts})
			}
		}
		return counted
	}
	groups = count(s.groups, s.group, func(total strataTotal) bool { return total.name != "" })
	countries = count(s.countries, s.country, func(total strataTotal) bool {
		return modelfile.Threshold{FalsePositiveRate: rate}.HasSay(total.texts)
	})
	return groups, countries
}
