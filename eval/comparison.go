package eval

import "math"

// The bounds of a [Comparison].
const (
	ScoreTolerance   = 0.05   // a score that differs by more is counted
	MaxDifferingRate = 1e-3   // of the rows
	MaxAUCDifference = 0.0005 // either way
)

// A Comparison is how far the scores of a fast arithmetic are from the exact scores of the same
// rows.
type Comparison struct {
	LargestDifference float64    `json:"largest_difference"` // of the two scores of a row
	Differing         Proportion `json:"differing"`          // rows whose scores differ by more than ScoreTolerance
	LevelChanges      Proportion `json:"level_changes"`      // rows that reach another level

	// The areas under both ROC curves are nil if there are no malicious or no benign rows.
	AUC           *float64 `json:"auc"`
	ExactAUC      *float64 `json:"exact_auc"`
	AUCDifference float64  `json:"auc_difference"` // of both, 0 where there are none

	WithinBounds bool `json:"within_bounds"`
}

// Compare compares the scores of rows, fast and exact. malicious[i] is the truth about row i, and
// isURL[i] decides whose thresholds its levels have.
func Compare(scores, exact []float64, malicious, isURL []bool, levels []Level) Comparison {
	total := Proportion{Total: len(scores)}
	c := Comparison{Differing: total, LevelChanges: total}
	for i, score := range scores {
		difference := math.Abs(score - exact[i])
		if math.IsNaN(difference) {
			difference = 1 // as wrong as a score can be
		}
		c.LargestDifference = max(c.LargestDifference, difference)
		if difference > ScoreTolerance {
			c.Differing.Count++
		}
		for _, level := range levels {
			if level.IsReached(score, isURL[i]) != level.IsReached(exact[i], isURL[i]) {
				c.LevelChanges.Count++
				break
			}
		}
	}
	if auc, ok := NewROCOf(scores, malicious).AUC(); ok {
		exactAUC, _ := NewROCOf(exact, malicious).AUC() // of the same rows
		c.AUC, c.ExactAUC, c.AUCDifference = &auc, &exactAUC, math.Abs(auc-exactAUC)
	}
	c.WithinBounds = c.Differing.Rate() <= MaxDifferingRate && c.AUCDifference <= MaxAUCDifference
	return c
}
