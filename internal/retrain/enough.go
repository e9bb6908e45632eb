package retrain

import (
	"fmt"

	"github.com/snowman-ml/snowman/dataset"
)

// fewestToTrain is the number of rows of each kind below which nothing is trained: a network would
// learn them by heart.
const fewestToTrain = 20

// whatIsMissing says why a set is too small to train and judge a model by.
func whatIsMissing(set *dataset.Set) (reasons []string) {
	byKind := make(map[string]int)
	for _, row := range set.Parts[dataset.Train] {
		byKind[row.Kind]++
	}
	for _, kind := range set.Kinds {
		if byKind[kind] < fewestToTrain {
			reasons = append(reasons, fmt.Sprintf("there are %d rows of kind %s to train on, want at least %d", byKind[kind], kind, fewestToTrain))
		}
	}
	for _, part := range []dataset.Part{dataset.Choose, dataset.Calibrate, dataset.Report} {
		benign, malicious := 0, 0
		for _, row := range set.Parts[part] {
			if row.Malicious {
				malicious++
			} else {
				benign++
			}
		}
		if benign == 0 || malicious == 0 {
			reasons = append(reasons, fmt.Sprintf("the part %s has %d benign and %d malicious rows, want some of each", part, benign, malicious))
		}
	}
	return reasons
}
