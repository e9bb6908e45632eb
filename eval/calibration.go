package eval

import (
	"math"
	"sort"
)

// A Bin is the texts whose probability of malicious is at or above Low and below High. The last bin
// includes 1.
type Bin struct {
	Low             float64    `json:"low"`
	High            float64    `json:"high"`
	MeanProbability float64    `json:"mean_probability"` // 0 if the bin is empty
	Truth           Proportion `json:"truth"`            // the malicious among the bin's texts
}

// CalibrationError returns the expected calibration error of probabilities of malicious, given
// those of benign and of malicious texts (Naeini et al. 2015, Guo et al. 2017). In each of some
// bins of equal width it takes the distance between the mean probability and the share of malicious
// texts; the error is the mean of these, weighed by the bins' texts. It also returns the bins,
// empty ones included.
//
// If bins is less than 1, there are 15, as in Guo et al. A probability below 0, or NaN, counts as
// 0, and one above 1 as 1. The error of no texts is 0.
func CalibrationError(benign, malicious []float64, bins int) (expected float64, filled []Bin) {
	if bins < 1 {
		bins = 15
	}
	filled = make([]Bin, bins)
	for i := range filled {
		filled[i].Low = float64(i) / float64(bins)
		filled[i].High = float64(i+1) / float64(bins)
	}

	// Until all texts are in, MeanProbability holds the sum.
	fill := func(probabilities []float64, truth int) {
		for _, p := range probabilities {
			if !(p > 0) {
				p = 0
			}
			p = min(p, 1)
			bin := &filled[sort.Search(bins-1, func(i int) bool { return p < filled[i].High })]
			bin.MeanProbability += p
			bin.Truth.Count += truth
			bin.Truth.Total++
		}
	}
	fill(benign, 0)
	fill(malicious, 1)

	texts := float64(len(benign) + len(malicious))
	for i := range filled {
		bin := &filled[i]
		if bin.Truth.Total == 0 {
			continue
		}
		bin.MeanProbability /= float64(bin.Truth.Total)
		distance := math.Abs(bin.MeanProbability - bin.Truth.Rate())
		expected += float64(bin.Truth.Total) / texts * distance
	}
	return expected, filled
}
