package retrain

import "github.com/snowman-ml/snowman/dataset"

// Own rows together weigh as much as ownShare of all others, so that a few count and many do not
// rule. A single row weighs at most maxWeight, or a network learns it by heart and with it whatever
// it happens to have in common with others: the mean row weighs 1, and the shipped recipe gives at
// most 4.
const (
	ownShare  = 0.01
	maxWeight = 50
)

// weigh sets the weight of the own rows that are trained on.
func weigh(set *dataset.Set, mine map[string]bool) {
	own, others := 0, 0.0
	rows := set.Parts[dataset.Train]
	for _, row := range rows {
		if mine[row.Source] {
			own++
		} else {
			others += float64(row.Weight)
		}
	}
	if own == 0 {
		return
	}
	weight := min(max(ownShare*others/float64(own), 1), maxWeight)
	for i := range rows {
		if mine[rows[i].Source] {
			rows[i].Weight = float32(weight)
		}
	}
}
