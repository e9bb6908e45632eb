//go:build unix

package train

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/snowman-ml/snowman/dataset"
)

// processorTime is what this process has used of all processors. It says more than the clock where
// others work beside it.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkStep trains the network whose speed docs/performance.md gives on random texts, half of
// them with a path. An iteration is a step.
func BenchmarkStep(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	letters := func(from string, least, most int) string {
		text := make([]byte, least+random.IntN(most-least))
		for i := range text {
			text[i] = from[random.IntN(len(from))]
		}
		return string(text)
	}
	const host = "abcdefghijklmnopqrstuvwxyz0123456789"
	set := &dataset.Set{Kinds: []string{dataset.Benign, dataset.DGA}}
	for i := range 20_000 {
		row := dataset.Row{Text: letters(host, 6, 20) + ".com", Kind: set.Kinds[i%2], Malicious: i%2 == 1, Weight: 1}
		if random.IntN(2) == 0 {
			row.Text += "/" + letters(host+"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_=&/.", 10, 90)
		}
		set.Parts[dataset.Train] = append(set.Parts[dataset.Train], row)
	}
	enough := errors.New("enough")
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			var options Options
			options.Workers, options.Widths, options.Views, options.Epochs = workers, []int{2, 3, 4, 5}, 1, 1_000_000
			r, err := newModelRun(set, options)
			if err != nil {
				b.Fatal(err)
			}
			var begin time.Duration
			steps, texts := -1, 0 // the first step, which also allocates, does not count
			firstLoss, loss := 0.0, 0.0
			err = r.epochs(b.Context(), 0, func(p Progress) error {
				if loss = p.Loss; steps < 0 {
					firstLoss = loss
				}
				if steps++; steps == 0 {
					b.ResetTimer()
					begin = processorTime()
				} else {
					texts += p.Texts
				}
				if steps == b.N {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				b.Fatal(err)
			}
			if !(loss <= firstLoss) {
				b.Fatalf("the loss went from %v to %v", firstLoss, loss)
			}
			b.ReportMetric((processorTime()-begin).Seconds()*1e6/float64(texts), "processor-us/text")
			b.ReportMetric(float64(texts)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}
