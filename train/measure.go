package train

import (
	"math"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// A Validation is what the part choose says of the network after an epoch, and the mean loss of the
// epoch's steps. Where choose lacks benign or malicious rows, its figures are 0.
type Validation struct {
	Epoch            int     `json:"epoch"`
	Loss             float64 `json:"loss"`
	AUC              float64 `json:"auc"`
	TruePositiveRate float64 `json:"true_positive_rate"` // at a false positive rate of at most 1e-2
}

// isBetterThan prefers what is found at few false alarms over the order of all scores.
func (v Validation) isBetterThan(other Validation) bool {
	if v.TruePositiveRate != other.TruePositiveRate {
		return v.TruePositiveRate > other.TruePositiveRate
	}
	return v.AUC > other.AUC
}

func (r *run) validate() Validation {
	var benign, malicious []float64
	for i, score := range r.options.scores(cnn.NewNetwork(r.parameters), r.choose, 1) {
		if r.choose.kinds[i] == 0 {
			benign = append(benign, score)
		} else {
			malicious = append(malicious, score)
		}
	}
	roc := eval.NewROC(benign, malicious)
	var v Validation
	v.AUC, _ = roc.AUC()
	if point, ok := roc.AtFalsePositiveRate(1e-2); ok {
		v.TruePositiveRate = point.TruePositives.Rate()
	}
	return v
}

// logits returns the logits of all texts, [len][K].
func (o Options) logits(network *cnn.Network, texts encoded) []float32 {
	const textsPerTask = 256
	kinds := network.Kinds()
	all := make([]float32, texts.len()*kinds)
	o.parallel((texts.len()+textsPerTask-1)/textsPerTask, func(task int) {
		first, last := task*textsPerTask, min((task+1)*textsPerTask, texts.len())
		var scratch cnn.Scratch
		network.Logits(all[first*kinds:last*kinds], &scratch, texts.texts(first, last))
	})
	return all
}

// scores returns each text's score.
func (o Options) scores(network *cnn.Network, texts encoded, temperature float64) []float64 {
	kinds := network.Kinds()
	logits := o.logits(network, texts)
	probabilities := make([]float64, kinds)
	scores := make([]float64, texts.len())
	for i := range scores {
		cnn.Softmax(probabilities, logits[i*kinds:][:kinds], temperature)
		scores[i] = cnn.Score(probabilities)
	}
	return scores
}

// fitTemperature returns the temperature that gives the texts the lowest cross-entropy (Guo et al.
// 2017, arXiv 1706.04599), 1 where there are none.
func fitTemperature(logits []float32, texts encoded) float64 {
	if texts.len() == 0 {
		return 1
	}
	kinds := len(logits) / texts.len()
	probabilities := make([]float64, kinds)
	loss := func(logarithm float64) float64 {
		sum, temperature := 0.0, math.Exp(logarithm)
		for i, kind := range texts.kinds {
			cnn.Softmax(probabilities, logits[i*kinds:][:kinds], temperature)
			truth := cnn.Score(probabilities)
			if kind != cnn.UnknownMalicious {
				truth = probabilities[kind]
			}
			sum -= float64(texts.weights[i]) * math.Log(max(truth, math.SmallestNonzeroFloat64))
		}
		return sum
	}
	// Golden-section search; the loss has one minimum.
	const ratio = 0.6180339887498949
	low, high := math.Log(0.1), math.Log(10.0)
	left, right := high-ratio*(high-low), low+ratio*(high-low)
	lossLeft, lossRight := loss(left), loss(right)
	for high-low > 1e-4 {
		if lossLeft < lossRight {
			high, right, lossRight = right, left, lossLeft
			left = high - ratio*(high-low)
			lossLeft = loss(left)
		} else {
			low, left, lossLeft = left, right, lossRight
			right = low + ratio*(high-low)
			lossRight = loss(right)
		}
	}
	return math.Exp((low + high) / 2)
}

// levels are the levels above none and the false positive rates that they stand for.
var levels = []struct {
	name              string
	falsePositiveRate float64
}{{"low", 1e-2}, {"medium", 1e-3}, {"high", 1e-4}}

// thresholds measures the levels on scores of benign texts, none where there are no texts.
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
