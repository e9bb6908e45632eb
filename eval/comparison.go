package eval

import "math"

// The bounds of a [Comparison].
const (
	ScoreTolerance   = 0.001  // a score that differs by more is counted
	MaxDifferingRate = 1e-4   // of the rows
	MaxAUCDifference = 0.0002 // either way
)

// A Comparison is how far the scores of a fast arithmetic are from the exact ones of the same rows.
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

// Compare compares the scores of rows, fast and exact. Which rows are malicious is the truth; which
// are URLs decides where levels begin.
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
	c.AUC, c.ExactAUC = area(scores, malicious), area(exact, malicious)
	if c.AUC != nil && c.ExactAUC != nil {
		c.AUCDifference = math.Abs(*c.AUC - *c.ExactAUC)
	}
	c.WithinBounds = c.Differing.Rate() <= MaxDifferingRate && c.AUCDifference <= MaxAUCDifference
	return c
}

// area returns the area under the ROC curve of the scores, nil where there is none.
func area(scores []float64, malicious []bool) *float64 {
	var sides [2][]float64
	for i, score := range scores {
		side := 0
		if malicious[i] {
			side = 1
		}
		sides[side] = append(sides[side], score)
	}
	auc, ok := NewROC(sides[0], sides[1]).AUC()
	if !ok {
		return nil
	}
	return &auc
}
