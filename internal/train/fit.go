package train

import (
	"context"
	"math/rand/v2"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// A fit trains parameters on texts: those of a network, or of the head that names families.
type fit struct {
	options    Options
	parameters *cnn.Parameters
	trained    func(*cnn.Parameters) []float32 // the part of the parameters that is trained
	optimiser  adam                            // of that part
	encoded    encoded
	rows       []int // of encoded, those to train on
}

func (f fit) workers() workers { return workers(f.options.Workers) }

func (f fit) stepsPerEpoch() int {
	return (len(f.rows) + f.options.BatchSize - 1) / f.options.BatchSize
}

// epochs takes the steps from the given one on, which counts from 0, and calls done after each. It
// ends early with the context's error, or with that of done.
func (f fit) epochs(ctx context.Context, step int, done func(Progress) error) error {
	o, stepsPerEpoch := f.options, f.stepsPerEpoch()
	steps := o.Epochs * stepsPerEpoch
	gradient, err := cnn.NewBackpropagation(f.parameters, viewCount*min(o.BatchSize, len(f.rows)))
	if err != nil {
		return err
	}
	var order []int
	rowsOf := func(step int) []int {
		epoch, first := step/stepsPerEpoch, step%stepsPerEpoch*o.BatchSize
		if order == nil || first == 0 {
			order = rand.New(rand.NewPCG(o.Seed, uint64(epoch)+1)).Perm(len(f.rows))
			for i, row := range order {
				order[i] = f.rows[row]
			}
		}
		return order[first:min(first+o.BatchSize, len(order))]
	}
	batch, next := new(cnn.TrainingBatch), new(cnn.TrainingBatch)
	if step < steps {
		f.encoded.fill(batch, rowsOf(step))
	}
	for ; step < steps; step++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		loss := gradient.Run(batch, o.Dropout, o.Seed<<32+uint64(step), f.alongside(func() {
			if step+1 < steps {
				f.encoded.fill(next, rowsOf(step+1))
			}
		}))
		f.optimiser.step(f.trained(f.parameters), f.trained(gradient.Gradient), step+1, learningRate(o.Options, step, steps), o.WeightDecay)
		err := done(Progress{Epoch: step/stepsPerEpoch + 1, Epochs: o.Epochs, Step: step + 1, Steps: steps, Texts: batch.RowCount(), Loss: loss})
		if err != nil {
			return err
		}
		batch, next = next, batch
	}
	return nil
}

// alongside is do, by the workers, with one more task in the first call.
func (f fit) alongside(task func()) (do func(tasks int, task func(int))) {
	left := 1
	return func(tasks int, others func(int)) {
		more := left
		left = 0
		f.workers().do(tasks+more, func(i int) {
			if i == tasks {
				task()
				return
			}
			others(i)
		})
	}
}
