package retrain

import "github.com/snowman-ml/snowman/eval"

// frequent finds what stands most often in a list.
type frequent struct {
	counts map[string]int
	total  int
}

func newFrequent() frequent { return frequent{counts: make(map[string]int)} }

func (f *frequent) add(text string) {
	f.counts[text]++
	f.total++
}

// most returns the most frequent text, the first in order of those that are equal.
func (f *frequent) most() (text string, share eval.Proportion) {
	share.Total = f.total
	for candidate, count := range f.counts {
		if count > share.Count || count == share.Count && candidate < text {
			text, share.Count = candidate, count
		}
	}
	return text, share
}
