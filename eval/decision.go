package eval

// A Decision is how well a threshold that was chosen on other rows tells a set of rows apart, and
// how well their scores are ordered. It holds the figures that are published of benchmarks.
type Decision struct {
	Benign    int        `json:"benign"`
	Malicious int        `json:"malicious"`
	Threshold float64    `json:"threshold"`
	Confusion Confusion  `json:"confusion"`
	Accuracy  Proportion `json:"accuracy"`
	MacroF1   Estimate   `json:"macro_f1"`
	F1        Estimate   `json:"f1"` // of the malicious rows

	// AUC is nil with fewer than two rows on either side.
	AUC *Estimate `json:"auc"`

	// OperatingPoints are at false positive rates of at most 1e-2 and 1e-3, with thresholds chosen
	// on these rows. There are none if there are no benign rows.
	OperatingPoints []OperatingPoint `json:"operating_points"`
}

// Decide measures the rows at the threshold.
func (r ROC) Decide(threshold float64) Decision {
	confusion := r.At(threshold)
	d := Decision{
		Benign:          len(r.benign),
		Malicious:       len(r.malicious),
		Threshold:       threshold,
		Confusion:       confusion,
		Accuracy:        confusion.Accuracy(),
		MacroF1:         confusion.MacroF1(),
		F1:              confusion.F1(),
		OperatingPoints: []OperatingPoint{},
	}
	if auc, ok := r.AUCEstimate(); ok {
		d.AUC = &auc
	}
	for _, limit := range []float64{1e-2, 1e-3} {
		if point, ok := r.AtFalsePositiveRate(limit); ok {
			d.OperatingPoints = append(d.OperatingPoints, point)
		}
	}
	return d
}
