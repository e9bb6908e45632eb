package train_test

import (
	"context"
	"fmt"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
)

func ExampleRun() {
	var rows []dataset.Row
	for i := range 100 {
		rows = append(rows,
			dataset.Row{Text: fmt.Sprintf("example%d.com", i), Kind: dataset.Benign, Weight: 1},
			dataset.Row{Text: fmt.Sprintf("xqzvkwj%dqz.top", i*i), Malicious: true, Kind: dataset.DGA, Weight: 1})
	}
	set := &dataset.Set{Kinds: []string{dataset.Benign, dataset.DGA}}
	set.Parts[dataset.Train], set.Parts[dataset.Choose] = rows[:150], rows[150:]

	model, err := train.Run(context.Background(), set, train.Options{
		Options: provenance.Options{
			Embedding: 4, Widths: []int{2, 3}, Filters: 16, Hidden: 8, BatchSize: 16, LearningRate: 0.02,
		},
		Progress: func(p train.Progress) {
			if p.Validation != nil {
				fmt.Printf("epoch %d of %d: AUC %.2f\n", p.Epoch, p.Epochs, p.Validation.AUC)
			}
		},
	})
	fmt.Println(model.Metadata.Kinds, err)
	// Output:
	// epoch 1 of 3: AUC 1.00
	// epoch 2 of 3: AUC 1.00
	// epoch 3 of 3: AUC 1.00
	// [benign dga] <nil>
}
