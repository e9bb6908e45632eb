package retrain

import (
	"fmt"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

const (
	// fewContradictions are made by every list.
	fewContradictions = 5
	// fewestToRepeat is the number of rows below which a list may well be of one domain.
	fewestToRepeat = 100
	// orderOfChance is the AUC below which rows are not told from those of the other label. What is
	// labelled wrong has about .5: benign among benign. Of the files of the shipped model the
	// lowest has .87.
	orderOfChance = 0.6
)

// refuse says why the rows are not trained on. The limit is the share that may contradict what is
// known.
func (p *part) refuse(limit float64) (reasons []string) {
	refuse := func(format string, values ...any) {
		reasons = append(reasons, fmt.Sprintf("feed %s: ", p.Name)+fmt.Sprintf(format, values...))
	}
	rows := p.Benign + p.Malicious
	for _, against := range []struct {
		what       string
		count, all int
	}{
		{"popular names", p.AgainstPopular, p.Malicious},
		{"rows accepted earlier", p.AgainstAccepted, rows},
		{"own rows", p.AgainstMine, rows},
	} {
		if against.count > fewContradictions && float64(against.count) > limit*float64(against.all) {
			refuse("%d of %d rows contradict %s", against.count, against.all, against.what)
		}
	}
	if p.Most.Total >= fewestToRepeat && 2*p.Most.Count > p.Most.Total {
		refuse("%d of %d rows are of %q alone", p.Most.Count, p.Most.Total, visible.Abbreviate(p.MostOften, 100))
	}
	looksFlipped := func(area *eval.Estimate, below float64, ranks string) {
		if area != nil && area.High < below {
			refuse("the labels look flipped: the present model ranks %s (AUC %.3f)", ranks, area.Value)
		}
	}
	looksFlipped(p.OwnOrder, 0.5, "its malicious rows below its benign ones")
	looksFlipped(p.MaliciousOrder, orderOfChance, "its malicious rows no higher than benign rows of other feeds")
	looksFlipped(p.BenignOrder, orderOfChance, "its benign rows no lower than malicious rows of other feeds")
	return reasons
}
