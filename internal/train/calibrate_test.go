package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// Each text stands there once for each kind, weighed with its true probability: then no temperature
// and no biases have a lower cross-entropy than the true ones.
func TestCalibrateFindsWhatBentTheLogits(t *testing.T) {
	const kinds = 4
	bias := []float64{0, 1.5, -0.7, 0.2}
	for _, unknown := range []bool{false, true} {
		for _, temperature := range []float64{0.25, 1, 1.7, 6} {
			random := rand.New(rand.NewPCG(1, 2))
			var logits []float32
			var texts encoded
			add := func(sharpened []float32, kind int, weight float64) {
				logits = append(logits, sharpened...)
				texts.rows = append(texts.rows, row{})
				texts.kinds = append(texts.kinds, kind)
				texts.weights = append(texts.weights, float32(1e4*weight)) // large, so that the prior says nothing
			}
			for range 200 {
				honest, sharpened := make([]float32, kinds), make([]float32, kinds)
				for k := range honest {
					honest[k] = float32(random.NormFloat64() * 2)
					sharpened[k] = (honest[k] - float32(bias[k])) * float32(temperature)
				}
				probabilities := make([]float64, kinds)
				cnn.Softmax(probabilities, honest, 1)
				if unknown {
					add(sharpened, 0, probabilities[0])
					add(sharpened, cnn.UnknownMalicious, cnn.Score(probabilities))
					continue
				}
				for k, p := range probabilities {
					add(sharpened, k, p)
				}
			}
			got, biases := calibrate(logits, texts)
			if math.Abs(got/temperature-1) > 1e-2 {
				t.Errorf("the temperature is %v, want %v (kinds unknown: %v)", got, temperature, unknown)
			}
			for k := range biases {
				if !unknown && math.Abs(biases[k]-bias[k]) > 1e-2 { // where kinds are unknown, theirs are open
					t.Errorf("the bias of kind %d is %v, want %v", k, biases[k], bias[k])
				}
			}
		}
	}
}

func TestCalibratingOnNothingChangesNothing(t *testing.T) {
	if got, biases := calibrate(nil, encoded{}); got != 1 || biases != nil {
		t.Errorf("the temperature is %v and the biases are %v, want 1 and none", got, biases)
	}
}
