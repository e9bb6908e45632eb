package train

import (
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// falsePositiveRates are what the levels above none stand for.
var falsePositiveRates = [len(modelfile.Levels)]float64{1e-2, 1e-3, 1e-4}

// thresholds measures the levels on the scores of benign texts. Without texts it returns nil.
func thresholds(benign []float64) []modelfile.Threshold {
	roc := eval.NewROC(benign, nil)
	var measured []modelfile.Threshold
	for i, rate := range falsePositiveRates {
		point, ok := roc.AtFalsePositiveRate(rate)
		if !ok {
			return nil
		}
		measured = append(measured, modelfile.Threshold{
			Level:             modelfile.Levels[i],
			Score:             point.Threshold,
			FalsePositiveRate: rate,
			FalsePositives:    point.FalsePositives.Count,
			Benign:            point.FalsePositives.Total,
		})
	}
	return measured
}
