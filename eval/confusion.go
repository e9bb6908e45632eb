package eval

import "math"

// A Confusion counts rows by what they are and what they were called.
type Confusion struct {
	TruePositives  int `json:"true_positives"`  // malicious, called malicious
	FalsePositives int `json:"false_positives"` // benign, called malicious
	TrueNegatives  int `json:"true_negatives"`  // benign, called benign
	FalseNegatives int `json:"false_negatives"` // malicious, called benign
}

// At counts all rows at the threshold.
func (r ROC) At(threshold float64) Confusion {
	malicious, benign := atOrAbove(r.malicious, threshold), atOrAbove(r.benign, threshold)
	return Confusion{
		TruePositives:  malicious.Count,
		FalsePositives: benign.Count,
		TrueNegatives:  benign.Total - benign.Count,
		FalseNegatives: malicious.Total - malicious.Count,
	}
}

// BestThreshold returns the score that, as a threshold, gives the highest macro-F1, and of several
// such scores the lowest. ok is false if there are no scores.
func (r ROC) BestThreshold() (threshold float64, ok bool) {
	best := -1.0
	for _, scores := range [][]float64{r.malicious, r.benign} {
		for i, score := range scores {
			if i > 0 && score == scores[i-1] || math.IsNaN(score) {
				continue
			}
			macroF1 := r.At(score).MacroF1().Value
			if macroF1 > best || macroF1 == best && score < threshold {
				best, threshold = macroF1, score
			}
		}
	}
	return threshold, best >= 0
}

// Rows is the number of rows.
func (c Confusion) Rows() int {
	return c.TruePositives + c.FalsePositives + c.TrueNegatives + c.FalseNegatives
}

// Accuracy returns the share of rows that are called what they are.
func (c Confusion) Accuracy() Proportion {
	return Proportion{Count: c.TruePositives + c.TrueNegatives, Total: c.Rows()}
}

// An Estimate is a figure that is not a proportion, with its 95 % interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// F1 returns the harmonic mean of precision and recall of the malicious rows, 0 where none was
// found.
func (c Confusion) F1() Estimate {
	value, slope := f1(c.TruePositives, c.FalsePositives+c.FalseNegatives)
	return c.estimate(value, cellSlopes{slope.hit, slope.miss, 0, slope.miss})
}

// MacroF1 returns the mean of two F1: of the malicious rows and of the benign ones.
func (c Confusion) MacroF1() Estimate {
	errors := c.FalsePositives + c.FalseNegatives
	malicious, slope := f1(c.TruePositives, errors)
	benign, benignSlope := f1(c.TrueNegatives, errors)
	miss := (slope.miss + benignSlope.miss) / 2
	return c.estimate((malicious+benign)/2, cellSlopes{slope.hit / 2, miss, benignSlope.hit / 2, miss})
}

type slope struct{ hit, miss float64 }

// f1 returns 2h / (2h+m) for h hits and m errors of either sort, and its derivatives by both.
func f1(hits, misses int) (value float64, s slope) {
	h, m := float64(hits), float64(misses)
	total := 2*h + m
	if total == 0 {
		return 0, slope{}
	}
	return 2 * h / total, slope{hit: 2 * m / (total * total), miss: -2 * h / (total * total)}
}

// cellSlopes are a figure's derivatives by each count of a Confusion, in the order of its fields.
type cellSlopes [4]float64

// estimate returns a figure of the counts with its interval by the delta method, which takes the
// counts for a sample of a multinomial distribution (Takahashi et al. 2022, doi
// 10.1007/s10489-021-02635-5). The figure must not change when all counts are multiplied, so that
// the mean of the slopes is 0.
func (c Confusion) estimate(value float64, slopes cellSlopes) Estimate {
	variance := 0.0
	for i, count := range []int{c.TruePositives, c.FalsePositives, c.TrueNegatives, c.FalseNegatives} {
		variance += float64(count) * slopes[i] * slopes[i]
	}
	return newEstimate(value, variance)
}

func newEstimate(value, variance float64) Estimate {
	margin := normalQuantile * math.Sqrt(variance)
	return Estimate{Value: value, Low: max(0, value-margin), High: min(1, value+margin)}
}

// AUCEstimate returns the area under the curve with the interval of DeLong, DeLong and
// Clarke-Pearson (1988, doi 10.2307/2531595). With fewer than two rows on either side there is
// none, and ok is false.
func (r ROC) AUCEstimate() (area Estimate, ok bool) {
	if len(r.benign) < 2 || len(r.malicious) < 2 {
		return Estimate{}, false
	}
	auc, _ := r.AUC()
	// A row's share of wins is the share of the other side's rows that are ranked right against it.
	sumOfSquares := func(side, other []float64, share func(wins float64) float64) float64 {
		sum := 0.0
		for i := range side {
			deviation := share(wins(other, side[i:i+1])/float64(len(other))) - auc
			sum += deviation * deviation
		}
		return sum
	}
	m, n := float64(len(r.malicious)), float64(len(r.benign))
	variance := sumOfSquares(r.malicious, r.benign, func(wins float64) float64 { return wins })/(m*(m-1)) +
		sumOfSquares(r.benign, r.malicious, func(wins float64) float64 { return 1 - wins })/(n*(n-1))
	return newEstimate(auc, variance), true
}
