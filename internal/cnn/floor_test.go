package cnn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// z is the log-odds of malicious.
func z(logits []float64) float64 {
	sum := 0.0
	for _, logit := range logits[1:] {
		sum += math.Exp(logit)
	}
	return math.Log(sum) - logits[0]
}

func TestTheFloorIsTheLargestOfThree(t *testing.T) {
	floor := Floor{Host: 0.5, RegisteredDomain: 1}
	shape := shapes["two views of a text"]
	p := newParameters(t, shape, 41)
	p.Floor = floor
	for i := range p.OutputWeight {
		p.OutputWeight[i] *= 10 // so that views differ by more than the floor
	}
	batch := randomBatch(rand.New(rand.NewPCG(42, 42)), shape, 300, 30)
	for i := range batch.Rows {
		batch.Rows[i].HasFloor = i%4 > 0
	}
	logits := make([]float32, len(batch.Rows)*shape.Kinds)
	NewNetwork(p).Logits(logits, new(Scratch), &batch)
	raised := make([]int, viewCount) // by which part
	for i, row := range batch.Rows {
		best := -1
		var want []float64
		for part, views := range []Views{row.Views, alone(row.Views[Host]), alone(row.Views[RegisteredDomain])} {
			logits := Reference[float64](p, batch.Text(int(views[Host])), batch.Text(int(views[Whole])))
			if part > 0 {
				logits[0] += []float64{0, floor.Host, floor.RegisteredDomain}[part]
			}
			if part == 0 || row.HasFloor && z(logits) > z(want)+1e-5 {
				best, want = part, logits
			}
		}
		raised[best]++
		for k, logit := range logits[i*shape.Kinds:][:shape.Kinds] {
			if relativeError(float64(logit), want[k]) > 1e-5 {
				t.Errorf("logit %d of row %d is %v, want %v", k, i, logit, want[k])
			}
		}
	}
	if slices.Min(raised) < 10 {
		t.Errorf("the whole, the host and the domain decide %v rows: too few to test", raised)
	}
}

func TestTheShortcutOfTheFloorDecidesAsTheExponentials(t *testing.T) {
	random := rand.New(rand.NewPCG(43, 43))
	p := newParameters(t, shapes["two views of a text"], 44)
	h := newHead(p)
	one, other := make([]float32, h.kinds), make([]float32, h.kinds)
	for range 10_000 {
		for k := range one {
			one[k], other[k] = float32(random.NormFloat64()), float32(random.NormFloat64())
		}
		if h.isMoreMalicious(one, other) != (benignOdds(one) < benignOdds(other)) {
			t.Fatalf("%v against %v is decided in another way", one, other)
		}
	}
}

func TestTheFloorOfNumbersThatOverflow(t *testing.T) {
	h := newHead(newParameters(t, shapes["two views of a text"], 45))
	nan, infinity := float32(math.NaN()), float32(math.Inf(1))
	for _, logits := range [][]float32{{nan, 0, 0, 0}, {0, nan, 0, 0}, {infinity, 0, 0, 0}, {0, infinity, 0, 0}} {
		h.isMoreMalicious(logits, []float32{0, 0, 0, 0}) // must not hang or panic
		h.isMoreMalicious(logits, logits)
	}
}
