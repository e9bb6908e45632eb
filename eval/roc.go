package eval

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// A ROC is the receiver operating characteristic of a set of scores: as the threshold falls, how
// many malicious texts are called malicious, against how many benign ones.
//
// Scores need not be probabilities. NaN ranks below every number and is at or above no threshold:
// a text whose score is broken is never called malicious.
type ROC struct {
	benign, malicious []float64 // ascending
}

// NewROC returns the curve of the scores of benign and of malicious texts, in any order. It keeps
// copies.
func NewROC(benign, malicious []float64) ROC {
	return ROC{benign: sorted(benign), malicious: sorted(malicious)}
}

// NewROCOf returns the curve of the scores of texts, of which malicious[i] says whether text i is
// malicious. It keeps copies.
func NewROCOf(scores []float64, malicious []bool) ROC {
	var r ROC
	for i, score := range scores {
		if malicious[i] {
			r.malicious = append(r.malicious, score)
		} else {
			r.benign = append(r.benign, score)
		}
	}
	slices.Sort(r.benign)
	slices.Sort(r.malicious)
	return r
}

// AUC returns the area under the curve: the share of pairs, one benign and one malicious, in which
// the malicious text has the higher score. A tie counts half (Mann and Whitney 1947). There is no
// area, and ok is false, if either side is empty.
func (r ROC) AUC() (auc float64, ok bool) {
	if len(r.benign) == 0 || len(r.malicious) == 0 {
		return 0, false
	}
	pairs := float64(len(r.benign)) * float64(len(r.malicious))
	return wins(r.benign, r.malicious) / pairs, true
}

// An OperatingPoint is a threshold, chosen so that at most a share Limit of the benign texts is
// called malicious, and what is called malicious at it. The intervals of its proportions take the
// threshold as given.
type OperatingPoint struct {
	Limit          float64    `json:"limit"`
	Threshold      float64    `json:"threshold"`
	FalsePositives Proportion `json:"false_positives"` // of the benign texts
	TruePositives  Proportion `json:"true_positives"`  // of the malicious texts
}

// AtFalsePositiveRate returns the lowest threshold at which the share of benign texts called
// malicious is at most limit. It is the number just above the highest benign score that must stay
// below it. That is the highest of all benign scores where the limit allows less than one text, or
// fewer than are tied for the highest score. At a limit of 1 nothing must stay below, and the
// threshold is the lowest finite number.
//
// There is no such threshold, and ok is false, if there are no benign scores, if limit is not in
// [0, 1], or if no finite number is above the benign score that must stay below it.
func (r ROC) AtFalsePositiveRate(limit float64) (point OperatingPoint, ok bool) {
	total := len(r.benign)
	if total == 0 || !(limit >= 0 && limit <= 1) {
		return OperatingPoint{}, false
	}
	// Dividing, unlike limit*total, is right to the last text: 3/30000 is the float64 1e-4.
	allowed := sort.Search(total, func(n int) bool { return float64(n+1)/float64(total) > limit })
	below := math.Inf(-1)
	if allowed < total {
		below = r.benign[total-1-allowed]
	}
	threshold := math.Nextafter(below, math.Inf(1))
	if math.IsNaN(threshold) || math.IsInf(threshold, 0) {
		return OperatingPoint{}, false
	}
	return OperatingPoint{
		Limit:          limit,
		Threshold:      threshold,
		FalsePositives: atOrAbove(r.benign, threshold),
		TruePositives:  atOrAbove(r.malicious, threshold),
	}, true
}

// sorted returns all scores in one new slice, ascending, NaN first.
func sorted(scores ...[]float64) []float64 {
	all := slices.Concat(scores...)
	slices.Sort(all)
	return all
}

// atOrAbove returns the share of the ascending scores that is at or above threshold.
func atOrAbove(scores []float64, threshold float64) Proportion {
	below, _ := slices.BinarySearch(scores, threshold)
	return Proportion{Count: len(scores) - below, Total: len(scores)}
}

// wins returns in how many pairs a malicious score is above a benign one, a tie counting half. The
// benign scores are ascending, the malicious ones in any order. The sum is exact up to 2^52 pairs.
func wins(benign, malicious []float64) float64 {
	var sum float64
	for _, score := range malicious {
		below, tied := slices.BinarySearch(benign, score)
		notAbove := below
		if tied {
			// Searched for, not walked: a model that is sure of itself ties thousands of rows.
			rest := benign[below:]
			notAbove += sort.Search(len(rest), func(i int) bool { return cmp.Less(score, rest[i]) })
		}
		sum += float64(below+notAbove) / 2
	}
	return sum
}
