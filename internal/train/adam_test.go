package train

import (
	"math"
	"testing"

	"github.com/snowman-ml/snowman/internal/provenance"
)

// Two steps from weight 1 with the gradients 0.5 and -1, rate 0.1 and decay 0.5, as Kingma and Ba's
// algorithm 1 has them, with Loshchilov and Hutter's decay; on more weights than one task takes.
func TestAdamEqualsTwoStepsByHand(t *testing.T) {
	const size = 40_000
	// Step 1: m = 0.05, v = 0.00025; corrected by 1 - 0.9 and 1 - 0.999 they are 0.5 and 0.25.
	first := 1*(1-0.1*0.5) - 0.1*0.5/(math.Sqrt(0.25)+1e-8) // 0.85
	// Step 2: m = 0.9*0.05 - 0.1 = -0.055, v = 0.999*0.00025 + 0.001 = 0.00124975.
	second := first*(1-0.1*0.5) - 0.1*(-0.055/(1-0.9*0.9))/(math.Sqrt(0.00124975/(1-0.999*0.999))+1e-8)
	a := newAdam(size, 3)
	weights, gradient := make([]float32, size), make([]float32, size)
	for i := range weights {
		weights[i] = 1
	}
	for step, test := range []struct {
		gradient float32
		want     float64
	}{{0.5, first}, {-1, second}} {
		for i := range gradient {
			gradient[i] = test.gradient
		}
		a.step(weights, gradient, step+1, 0.1, 0.5)
		for i, weight := range weights {
			if math.Abs(float64(weight)-test.want) > 1e-6 {
				t.Fatalf("weight %d is %v after step %d, want %v", i, weight, step+1, test.want)
			}
		}
	}
	if math.Abs(second-0.8441104) > 1e-6 {
		t.Errorf("by hand the second step leads to %v, not to 0.8441104", second)
	}
}

func TestAdamLeavesAWeightWithoutGradientToTheDecay(t *testing.T) {
	a := newAdam(1, 1)
	weights := []float32{2}
	a.step(weights, []float32{0}, 1, 0.1, 0)
	if weights[0] != 2 {
		t.Errorf("without decay the weight is %v, want 2", weights[0])
	}
	a.step(weights, []float32{0}, 2, 0.1, 0.5)
	if math.Abs(float64(weights[0])-1.9) > 1e-6 {
		t.Errorf("with decay the weight is %v, want 1.9", weights[0])
	}
}

func TestLearningRate(t *testing.T) {
	for _, test := range []struct {
		name        string
		warmUp      float64
		step, steps int
		want        float64 // of the peak
	}{
		{"the first step", 0.1, 0, 1000, 0.005},
		{"half the warm-up", 0.1, 49, 1000, 0.495},
		{"the end of the warm-up", 0.1, 99, 1000, 0.995},
		{"the peak", 0.1, 100, 1000, 1},
		{"half the way down", 0.1, 549, 1000, 0.5},
		{"the end", 0.1, 999, 1000, 0},
		{"the first step without a warm-up", 0, 0, 1000, 1},
		{"nothing but a warm-up", 1, 999, 1000, 0.9995},
		{"one step in all", 0.05, 0, 1, 0.54},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := learningRate(provenance.Options{LearningRate: 3, WarmUp: test.warmUp}, test.step, test.steps)
			if math.Abs(got-3*test.want) > 0.005 {
				t.Errorf("the rate is %v, want %v", got, 3*test.want)
			}
		})
	}
}

func TestLearningRateRisesToItsPeakAndFallsToZero(t *testing.T) {
	o := provenance.Options{LearningRate: 1e-3, WarmUp: 0.2}
	const steps = 500
	for step := 1; step < steps; step++ {
		before, now := learningRate(o, step-1, steps), learningRate(o, step, steps)
		if rises := now > before; rises != (step < steps/5) && step != steps/5 {
			t.Errorf("from step %d to %d the rate goes from %v to %v", step-1, step, before, now)
		}
		if !(now > 0 && now <= o.LearningRate) {
			t.Errorf("the rate of step %d is %v, want above 0 and at most %v", step, now, o.LearningRate)
		}
	}
}
