package train

import (
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// levels are the levels above none and the false positive rates that they stand for.
var levels = []struct {
	name              string
	falsePositiveRate float64
}{{"low", 1e-2}, {"medium", 1e-3}, {"high", 1e-4}}

// thresholds measures the levels on the scores of benign texts. Without texts it returns nil.
func thresholds(benign []float64) []modelfile.Threshold {
	roc := eval.NewROC(benign, nil)
	var measured []modelfile.Threshold
	for _, level := range levels {
		point, ok := roc.AtFalsePositiveRate(level.falsePositiveRate)
		if !ok {
			return nil
		}
		measured = append(measured, modelfile.Threshold{
			Level:             level.name,
			Score:             point.Threshold,
			FalsePositiveRate: level.falsePositiveRate,
			FalsePositives:    point.FalsePositives.Count,
			Benign:            point.FalsePositives.Total,
		})
	}
	return measured
}
