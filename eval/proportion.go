package eval

import (
	"encoding/json"
	"math"
)

// A Proportion is Count out of Total.
type Proportion struct {
	Count int `json:"count"`
	Total int `json:"total"`
}

// normalQuantile is the 97.5 % quantile of the standard normal distribution: an interval of 95 %
// extends this many standard deviations to either side.
const normalQuantile = 1.959963984540054

// Rate returns Count / Total, and 0 for 0 of 0.
func (p Proportion) Rate() float64 {
	if p.Total == 0 {
		return 0
	}
	return float64(p.Count) / float64(p.Total)
}

// Wilson returns the 95 % score interval of Wilson (1927). It stays within [0, 1] and covers rates
// near either end as well, where the rates of a good model are. The interval is [0, 1] where Total
// is 0 or Count is outside [0, Total].
func (p Proportion) Wilson() (low, high float64) {
	if p.Total <= 0 || p.Count < 0 || p.Count > p.Total {
		return 0, 1
	}
	count, total := float64(p.Count), float64(p.Total)
	const z = normalQuantile
	centre := count + z*z/2
	margin := z * math.Sqrt(count*(total-count)/total+z*z/4)
	low = (centre - margin) / (total + z*z)
	high = (centre + margin) / (total + z*z)
	// At the ends the formula is exact; its rounding is not.
	if p.Count == 0 {
		low = 0
	}
	if p.Count == p.Total {
		high = 1
	}
	return low, high
}

// MarshalJSON writes the rate and its Wilson interval next to the counts.
func (p Proportion) MarshalJSON() ([]byte, error) {
	low, high := p.Wilson()
	return json.Marshal(struct {
		Count int     `json:"count"`
		Total int     `json:"total"`
		Rate  float64 `json:"rate"`
		Low   float64 `json:"low"`
		High  float64 `json:"high"`
	}{p.Count, p.Total, p.Rate(), low, high})
}
