package train

import (
	"sync"
	"sync/atomic"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// A network is what scores texts: *cnn.Network or *cnn.Quantized.
type network interface {
	Kinds() int
	Logits(logits []float32, scratch *cnn.Scratch, batch *cnn.Batch)
}

// workers is how many goroutines share the work.
type workers int

// do calls task(0) ... task(tasks-1), each worker one at a time, and returns when all are done.
func (w workers) do(tasks int, task func(int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(int(w), tasks) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < tasks; i = int(next.Add(1)) - 1 {
				task(i)
			}
		})
	}
	group.Wait()
}

// logits returns the network's logits of the texts, [len][K].
func (w workers) logits(network network, texts encoded) []float32 {
	const textsPerTask = 256
	kinds := network.Kinds()
	all := make([]float32, texts.len()*kinds)
	w.do((texts.len()+textsPerTask-1)/textsPerTask, func(task int) {
		first, last := task*textsPerTask, min((task+1)*textsPerTask, texts.len())
		var batch cnn.Batch
		for i := first; i < last; i++ {
			texts.add(&batch, i)
		}
		network.Logits(all[first*kinds:last*kinds], new(cnn.Scratch), &batch)
	})
	return all
}

// scores returns the score of each text.
func (w workers) scores(network network, texts encoded, temperature float64) []float64 {
	kinds := network.Kinds()
	logits := w.logits(network, texts)
	probabilities := make([]float64, kinds)
	scores := make([]float64, texts.len())
	for i := range scores {
		cnn.Softmax(probabilities, logits[i*kinds:][:kinds], temperature)
		scores[i] = cnn.Score(probabilities)
	}
	return scores
}
